//! City and street change independently.

use intent_runtime::prelude::*;
use intent_tests::on;

use super::{Opened, append, told};

mod before {
    use super::super::{Opened, account};
    use intent_runtime::prelude::*;

    // ANCHOR: before
    #[event]
    pub struct Moved {
        pub city: String,
        pub street: String,
    }
    // ANCHOR_END: before

    account!(Moved);
}

mod after {
    use super::super::Opened;
    use intent_runtime::prelude::*;

    // ANCHOR: after
    #[derive(Aggregate)]
    #[aggregate(
        created_by(Opened),
        events(CityChanged, StreetChanged),
        split(Moved => split_moved)
    )]
    pub struct Account {
        #[id]
        pub id: Id<Account>,
        #[on(CityChanged = |e| e.city.clone())]
        pub city: String,
        #[on(StreetChanged = |e| e.street.clone())]
        pub street: String,
    }

    #[event]
    pub struct CityChanged {
        pub city: String,
    }

    #[event]
    pub struct StreetChanged {
        pub street: String,
    }

    /// Stays as it was, to read what is stored; it is not listed, so nothing emits it.
    #[event]
    pub struct Moved {
        pub city: String,
        pub street: String,
    }

    fn split_moved(moved: Moved) -> (CityChanged, StreetChanged) {
        let Moved { city, street } = moved;
        (CityChanged { city }, StreetChanged { street })
    }
    // ANCHOR_END: after
}

mod between {
    use super::{super::Opened, after, before};
    pub use after::{CityChanged, StreetChanged};
    pub use before::Moved;
    use intent_runtime::prelude::*;

    // ANCHOR: between
    #[derive(Aggregate)]
    #[aggregate(created_by(Opened), events(CityChanged, StreetChanged, Moved))]
    pub struct Account {
        #[id]
        pub id: Id<Account>,
        #[on(CityChanged = |e| e.city.clone(), Moved = |e| e.city.clone())]
        pub city: String,
        #[on(StreetChanged = |e| e.street.clone(), Moved = |e| e.street.clone())]
        pub street: String,
    }
    // ANCHOR_END: between
}

mod forgotten {
    use super::super::Opened;
    use intent_runtime::prelude::*;

    #[derive(Aggregate)]
    #[aggregate(created_by(Opened), events(CityChanged => (), StreetChanged => ()))]
    pub struct Account {
        #[id]
        pub id: Id<Account>,
    }

    #[event]
    pub struct CityChanged {
        pub city: String,
    }

    #[event]
    pub struct StreetChanged {
        pub street: String,
    }
}

#[tokio::test]
async fn what_is_stored_is_read_as_both() {
    let (city, street) = ("Bergen".into(), "Bryggen".into());
    let old = before::Moved { city, street };
    let city = "Oslo".into();
    let new = Some(after::CityChanged { city }.into());
    let account =
        told::<before::Account, after::Account, forgotten::Account>("event_split", old.into(), new)
            .await;
    assert_eq!((&*account.city, &*account.street), ("Bergen", "Bryggen"));
}

#[tokio::test]
async fn a_build_between_reads_what_either_stores_and_is_read_by_both() {
    let app = App::connect("memory:", Domain::new()).await.unwrap();
    let before = on::<before::Account>(&app).await;
    let between = on::<between::Account>(&app).await;
    let after = on::<after::Account>(&app).await;
    let id = Id::<between::Account>::new();
    append(&app, id, &Opened.into()).await;
    let (city, street) = ("Bergen".into(), "Bryggen".into());
    append(&app, id, &between::Moved { city, street }.into()).await;
    let of_before = Id::<before::Account>::from_uuid(id.as_uuid());
    assert_eq!(before.history(of_before).await.unwrap().len(), 2);

    let of_after = Id::<after::Account>::from_uuid(id.as_uuid());
    let city = "Oslo".into();
    append(&app, of_after, &after::CityChanged { city }.into()).await;
    let read = [
        between.load(id).await.unwrap().city.clone(),
        after.load(of_after).await.unwrap().city.clone(),
    ];
    assert_eq!(read, ["Oslo", "Oslo"]);
}
