//! A snapshot is stale as soon as a replay could give another state, whatever was changed: a type within the state, or the
//! version of an event.

use intent_runtime::{DecodeError, Snapshot, TenantId, prelude::*};
use intent_tests::on;

use super::stored::on_every_store;

/// A customer, whose limits are what the case is about.
macro_rules! customer {
    ($module:ident: $(#[$event:meta])* $changed:ident { $($field:tt)* } ($($more:tt)*) $($items:tt)*) => {
        mod $module {
            use intent_runtime::prelude::*;

            #[derive(Aggregate, Debug)]
            #[aggregate(
                name = "Customer",
                created_by(Joined),
                events($changed, Greeted => () $($more)*),
                snapshot(every = 2)
            )]
            pub struct Customer {
                #[id]
                pub id: Id<Customer>,
                #[on($changed = |e| e.limits)]
                pub limits: Limits,
            }

            #[event]
            pub struct Joined;

            $(#[$event])*
            pub struct $changed { $($field)* }

            #[event(version = 1, name = "Greeted")]
            pub struct Greeted;

            #[commands]
            impl Customer {
                #[create]
                pub fn join() -> Joined {
                    Joined
                }

                #[handle]
                pub fn limit(&self, limits: Limits) -> $changed {
                    $changed { limits }
                }
            }

            $($items)*
        }
    };
}

customer! { before: #[event] Limited { pub limits: Limits } ()
    #[value]
    #[derive(Copy, Default)]
    pub struct Limits {
        pub cents: u32,
    }
}

customer! { documented: #[event] Limited { pub limits: Limits } ()
    /// What a customer may spend.
    #[value]
    #[derive(Copy, Default)]
    pub struct Limits {
        /// In one day.
        pub cents: u32,
    }
}

// What older events mean is said by a step; the state's type only gained a field that need not be there.
customer! { blocking: #[event(version = 2, upcast(1 => all_blocked))] Limited { pub limits: Limits } ()
    #[value]
    #[derive(Copy, Default)]
    pub struct Limits {
        pub cents: u32,
        #[serde(default)]
        pub blocked: bool,
    }

    fn all_blocked(mut v1: JsonObject) -> Result<JsonObject, UpcastError> {
        let cents = v1.get::<Limits>("limits")?.cents;
        v1.set("limits", Limits { cents, blocked: true })?;
        Ok(v1)
    }
}

// The state is as it was; what older events mean is not.
customer! { doubling: #[event(version = 2, upcast(1 => doubled))] Limited { pub limits: Limits } ()
    #[value]
    #[derive(Copy, Default)]
    pub struct Limits {
        pub cents: u32,
    }

    fn doubled(mut v1: JsonObject) -> Result<JsonObject, UpcastError> {
        let cents = v1.get::<Limits>("limits")?.cents * 2;
        v1.set("limits", Limits { cents })?;
        Ok(v1)
    }
}

customer! { listing_more: #[event] Limited { pub limits: Limits } (, Thanked => ())
    #[value]
    #[derive(Copy, Default)]
    pub struct Limits {
        pub cents: u32,
    }

    #[event]
    pub struct Thanked {
        pub words: String,
    }
}

fn same<A, B>(id: Id<A>) -> Id<B> {
    Id::from_uuid(id.as_uuid())
}

/// A customer with a snapshot, as the first build left it.
async fn limited(app: &App) -> Id<before::Customer> {
    let app = on::<before::Customer>(app).await;
    let id = Id::new();
    app.send(before::Join { id }).await.unwrap();
    let limits = before::Limits { cents: 5 };
    app.send(before::Limit { id, limits }).await.unwrap();
    id
}

#[tokio::test]
async fn a_type_within_the_state_and_an_event_that_changed_make_snapshots_stale() {
    on_every_store(async |app| {
        let id = limited(&app).await;
        let blocking = on::<blocking::Customer>(&app).await;
        let read = blocking
            .load(same::<_, blocking::Customer>(id))
            .await
            .unwrap();
        let limits = blocking::Limits {
            cents: 5,
            blocked: true,
        };
        assert_eq!(read.limits, limits, "as a replay gives it");
        let doubling = on::<doubling::Customer>(&app).await;
        let read = doubling
            .load(same::<_, doubling::Customer>(id))
            .await
            .unwrap();
        assert_eq!(read.limits, doubling::Limits { cents: 10 });
        let deleted = app.store().delete_snapshots(TenantId::DEFAULT, None).await;
        assert_eq!(deleted.unwrap(), 1, "there was one to be misled by");
    })
    .await;
}

#[test]
fn what_leaves_the_state_as_it_is_leaves_snapshots_usable() {
    let version = <before::Customer as Snapshot>::version();
    assert_ne!(version, 0);
    assert_eq!(
        version,
        <before::Customer as Snapshot>::version(),
        "each time"
    );
    assert_eq!(version, <documented::Customer as Snapshot>::version());
    assert_eq!(version, <listing_more::Customer as Snapshot>::version());
    for other in [
        <blocking::Customer as Snapshot>::version(),
        <doubling::Customer as Snapshot>::version(),
    ] {
        assert_ne!(version, other);
    }
    let state = br#"{"id":"00000000-0000-0000-0000-000000000000","limits":{"cents":5}}"#;
    let stale = blocking::Customer::decode_state(version, state).unwrap_err();
    assert!(
        matches!(stale, DecodeError::StaleSnapshot { .. }),
        "{stale:?}"
    );
}
