//! Commands on behalf of a person: who may send them, and what is stored of the person.

use intent_runtime::{App, CommandId, Metadata, SendOptions, error::DomainMistake, prelude::*};

use super::fixture::on_store_of_each_kind;
use crate::warnings::Warnings;

#[derive(Aggregate, Debug)]
#[aggregate(created_by(Opened), events(Counted => (), Closed => (), Signed => ()))]
pub struct Till {
    #[id]
    id: Id<Till>,
}

#[event]
pub struct Opened;

#[event]
pub struct Counted;

#[event]
pub struct Closed;

#[event]
pub struct Signed {
    pub by: String,
    pub at: Timestamp,
}

#[commands]
impl Till {
    #[create(allow("manager"))]
    pub fn open() -> Opened {
        Opened
    }

    #[handle]
    pub fn count(&self) -> Counted {
        Counted
    }

    #[handle(allow("manager", "teller"))]
    pub fn close(&self) -> Closed {
        Closed
    }

    #[handle(allow("teller"))]
    pub fn sign(&self, ctx: &Context) -> Signed {
        let Metadata { actor, role, .. } = ctx.metadata();
        let by = [actor, role].map(|who| who.clone().unwrap_or_default());
        let at = ctx.now();
        Signed {
            by: by.join(", "),
            at,
        }
    }
}

fn shop() -> Domain {
    Domain::of::<Till>().roles(["manager", "teller", "guest"])
}

async fn last(app: &App, id: Id<Till>) -> Metadata {
    let history = app.history(id).await.unwrap();
    history.last().unwrap().metadata().unwrap().clone()
}

#[tokio::test]
async fn a_role_that_may_not_is_refused_and_nothing_is_stored() {
    on_store_of_each_kind(shop, async |app| {
        let id = Id::new();
        let ada = app.acting(Actor::new("ada").role("guest").role("teller"));
        let error = ada.send(Open { id }).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "ada may not send `Open` to Till: the actor has the roles `guest`, `teller`, and the command needs `manager`"
        );
        let missing = app.load(id).await;
        assert!(matches!(missing, Err(LoadError::NotFound { .. })), "{missing:?}");

        let nobody = app.acting(Actor::new("bo"));
        let error = nobody.send(Open { id }).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "bo may not send `Open` to Till: the actor has no role, and the command needs `manager`"
        );
    })
    .await;
}

#[tokio::test]
async fn what_an_actor_may_not_send_leaves_a_transaction_as_it_was() {
    on_store_of_each_kind(shop, async |app| {
        let (id, other) = (Id::new(), Id::new());
        app.send(Open { id }).await.unwrap();
        let ada = app.acting(Actor::new("ada").role("teller"));
        let mut transaction = ada.transaction().await.unwrap();
        transaction.send(Close { id }).await.unwrap();
        let told = transaction.send(Open { id: other }).await;
        assert!(matches!(told, Err(SendError::Forbidden { .. })), "{told:?}");
        transaction.send(Sign { id }).await.unwrap();
        transaction.commit().await.unwrap();

        let missing = app.load(other).await;
        assert!(
            matches!(missing, Err(LoadError::NotFound { .. })),
            "{missing:?}"
        );
        let history = app.history(id).await.unwrap();
        let stored: Vec<&TillEvent> = history.iter().map(|it| &it.event).collect();
        assert!(
            matches!(
                *stored,
                [
                    TillEvent::Opened(_),
                    TillEvent::Closed(_),
                    TillEvent::Signed(_)
                ]
            ),
            "{history:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn the_events_say_who_acted_and_in_which_role() {
    on_store_of_each_kind(shop, async |app| {
        let id = Id::new();
        // The program may do everything, and is nobody.
        app.send(Open { id }).await.unwrap();
        assert_eq!(last(&app, id).await.actor, None);

        let ada = app.acting(Actor::new("ada").role("guest").role("teller"));
        // Whatever the options say.
        let forged = Metadata::new().actor("eve").role("manager").tag("a", "b");
        let options = SendOptions::new().metadata(forged);
        ada.send_with(Close { id }, options).await.unwrap();
        let kept = last(&app, id).await;
        assert_eq!(kept.actor.as_deref(), Some("ada"));
        assert_eq!(
            kept.role.as_deref(),
            Some("teller"),
            "the role that allowed it"
        );
        assert_eq!(kept.tags["a"], "b");

        ada.send(Count { id }).await.unwrap();
        let role = last(&app, id).await.role;
        assert_eq!(
            role.as_deref(),
            Some("guest"),
            "the first, where everybody may"
        );
    })
    .await;
}

#[tokio::test]
async fn no_role_is_inherited_from_a_cause() {
    on_store_of_each_kind(shop, async |app| {
        let id = Id::new();
        let eve = app.acting(Actor::new("eve").role("manager"));
        eve.send(Open { id }).await.unwrap();
        let cause = app.history(id).await.unwrap().remove(0);
        let bo = app.acting(Actor::new("bo"));
        let options = SendOptions::new().caused_by(&cause);
        bo.send_with(Count { id }, options).await.unwrap();
        let kept = last(&app, id).await;
        assert_eq!((kept.actor.as_deref(), kept.role), (Some("bo"), None));
        assert_eq!(kept.causation_id, Some(cause.id()));
    })
    .await;
}

/// Taking a role away also counts for a command that was sent before.
#[tokio::test]
async fn a_repeated_command_is_checked_too() {
    on_store_of_each_kind(shop, async |app| {
        let id = Id::new();
        let key = CommandId::new();
        let options = || SendOptions::new().command_id(key);
        let eve = app.acting(Actor::new("eve").role("manager"));
        eve.send_with(Open { id }, options()).await.unwrap();
        let eve = app.acting(Actor::new("eve").role("teller"));
        let again = eve.send_with(Open { id }, options()).await.unwrap_err();
        assert!(matches!(again, SendError::Forbidden { .. }), "{again:?}");
    })
    .await;
}

#[tokio::test]
async fn one_acts_within_one_tenant() {
    on_store_of_each_kind(shop, async |app| {
        let id = Id::new();
        let branch = app.tenant(TenantId::from_name("eindhoven"));
        let eve = branch.acting(Actor::new("eve").role("manager"));
        eve.send(Open { id }).await.unwrap();
        branch.load(id).await.unwrap();
        let elsewhere = app.load(id).await;
        assert!(matches!(elsewhere, Err(LoadError::NotFound { .. })));
    })
    .await;
}

#[test]
fn a_role_that_nobody_declared_is_a_mistake() {
    let misspelt = Domain::of::<Till>().roles(["managers", "teller"]);
    let error = misspelt.check().unwrap_err();
    let [first, second] = error.mistakes() else {
        panic!("{error:?}")
    };
    let DomainMistake::UndeclaredRole { nearest, .. } = first else {
        panic!("{first:?}")
    };
    assert_eq!(nearest.as_deref(), Some("managers"));
    assert_eq!(
        second.to_string(),
        "the command `Close` of Till is allowed to the role \"manager\", which the domain does not declare: did you mean \"managers\"?"
    );
    let none = Domain::of::<Till>().check().unwrap_err();
    assert!(
        none.to_string().contains("add it to `.roles([..])`"),
        "{none}"
    );
}

/// It allows nothing, so it is no error: an identity provider may add roles of its own.
#[tokio::test]
async fn an_undeclared_role_of_an_actor_gives_one_warning() {
    let app = App::connect("memory:", shop()).await.unwrap();
    let warnings = Warnings::default();
    let acting = |actor: Actor| {
        tracing::subscriber::with_default(warnings.clone(), || app.acting(actor));
        warnings.taken()
    };
    let misspelt = Actor::new("ada").role("teler").role("manager");
    let told = acting(misspelt.clone());
    let [told] = &told[..] else {
        panic!("{told:?}")
    };
    assert!(told.contains("role = \"teler\""), "{told}");
    assert!(told.contains("nearest = \"teller\""), "{told}");
    assert_eq!(acting(misspelt).len(), 0, "a second time");
    assert_eq!(acting(Actor::new("bo").role("guest")).len(), 0);
    let strange = acting(Actor::new("bo").role("offline_access"));
    assert_eq!(strange.len(), 1, "{strange:?}");
    assert!(!strange[0].contains("nearest"), "{strange:?}");
    // Even if a program makes up many roles.
    for number in 0..200 {
        acting(Actor::new("eve").role(format!("number {number}")));
    }
    assert_eq!(acting(Actor::new("eve").role("one more")).len(), 0);
}

#[tokio::test]
async fn where_no_roles_are_declared_any_may_be_given() {
    let domain = Domain::of::<super::domain::Account>();
    let app = App::connect("memory:", domain).await.unwrap();
    let warnings = Warnings::default();
    tracing::subscriber::with_default(warnings.clone(), || {
        app.acting(Actor::new("ada").role("teller"))
    });
    assert_eq!(warnings.taken().len(), 0);
}
