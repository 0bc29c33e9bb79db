//! Section "On behalf of a person" of the chapter "Commands".

use intent_runtime::{App, prelude::*};

// ANCHOR: domain
#[derive(Aggregate)]
#[aggregate(created_by(Opened), events(Closed => ()))]
pub struct Till {
    #[id]
    id: Id<Till>,
}

#[event]
pub struct Opened;

#[event]
pub struct Closed;

#[commands]
impl Till {
    #[create(allow("teller", "manager"))]
    pub fn open() -> Opened {
        Opened
    }

    #[handle(allow("manager"))]
    pub fn close(&self) -> Closed {
        Closed
    }
}

pub fn shop() -> Domain {
    Domain::of::<Till>().roles(["teller", "manager"])
}
// ANCHOR_END: domain

#[tokio::test]
async fn a_teller_opens_and_does_not_close() {
    let app = App::connect("memory:", shop()).await.unwrap();
    // ANCHOR: acting
    let ada = app.acting(Actor::new("ada").role("teller"));
    let id = Id::<Till>::new();
    ada.send(Open { id }).await.unwrap();
    match ada.send(Close { id }).await {
        Err(SendError::Forbidden { allowed, .. }) => assert_eq!(allowed, ["manager"]),
        other => panic!("{other:?}"),
    }
    let opened = &app.history(id).await.unwrap()[0];
    assert_eq!(opened.metadata().unwrap().actor.as_deref(), Some("ada"));
    // ANCHOR_END: acting
}
