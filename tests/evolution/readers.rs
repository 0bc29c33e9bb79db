//! An older build that meets a newer version: it stops, unless the event says that it may read on.

use intent_runtime::model::AggregateEvent;
use intent_runtime::{
    DecodeError, LoadError, LogFilter, SendError, model::SchemaVersion, prelude::*,
};
use intent_tests::on;

use super::stored::{append, on_every_store, recorded};

/// The aggregate as each build knows it; only its deposit changes.
macro_rules! build {
    ($build:ident: $(#[$args:meta])* { $($(#[$note:meta])* $field:ident: $ty:ty = $value:expr),* }) => {
        mod $build {
            use intent_runtime::prelude::*;

            #[derive(Aggregate, Clone, Debug, PartialEq)]
            #[aggregate(created_by(Opened), events(Deposited))]
            pub struct Account {
                #[id]
                pub id: Id<Account>,
                #[on(Deposited += |e| e.amount)]
                pub balance: i64,
            }

            #[event]
            pub struct Opened;

            $(#[$args])*
            pub struct Deposited {
                $($(#[$note])* pub $field: $ty,)*
            }

            #[commands]
            impl Account {
                #[create]
                pub fn open() -> Opened {
                    Opened
                }

                #[handle]
                pub fn deposit(&self) -> Deposited {
                    Deposited { $($field: $value,)* }
                }
            }
        }
    };
}

build!(second: #[event(version = 2)] {
    amount: i64 = 1,
    #[since(2)] channel: Option<String> = None
});
// Adds what older readers can do without.
build!(third: #[event(version = 3, readable_by(2))] {
    amount: i64 = 10,
    #[since(2)] channel: Option<String> = None,
    #[since(3)] note: String = "rent".into()
});
// The same, without saying so.
build!(silent: #[event(version = 3)] {
    amount: i64 = 100,
    #[since(2)] channel: Option<String> = None,
    #[since(3)] note: String = "rent".into()
});
// The first build, which knows less than the mark asks for.
build!(first: #[event] { amount: i64 = 1_000 });

fn same<A, B>(id: Id<A>) -> Id<B> {
    Id::from_uuid(id.as_uuid())
}

#[tokio::test]
async fn an_older_build_reads_on_where_it_may() {
    on_every_store(async |app| {
        let old = on::<second::Account>(&app).await;
        let new = on::<third::Account>(&app).await;
        let id = Id::<second::Account>::new();
        old.send(second::Open { id }).await.unwrap();
        new.send(third::Deposit { id: same(id) }).await.unwrap();
        old.send(second::Deposit { id }).await.unwrap();
        new.send(third::Deposit { id: same(id) }).await.unwrap();
        assert_eq!(old.load(id).await.unwrap().balance, 21);
        assert_eq!(
            new.load(same::<_, third::Account>(id))
                .await
                .unwrap()
                .balance,
            21
        );
        let history = old.history(id).await.unwrap();
        assert_eq!(history.len(), 4, "nothing is left out");
        let versions: Vec<_> = history
            .iter()
            .map(|event| SchemaVersion::from_stored(event.source().schema_version).number())
            .collect();
        assert_eq!(versions, [1, 3, 2, 3], "a version is a version to people");

        let stored = recorded(&app, id).await;
        let version = SchemaVersion::from_stored(stored[1].schema_version);
        assert_eq!((version.number(), version.readable_by()), (3, Some(2)));
        assert_eq!(stored[1].schema_version, 30_002, "as the table has it");
        let mut log = old.subscribe(LogFilter::all().event::<second::Deposited>());
        let read = log.next().await.unwrap().decode::<second::Account>();
        assert!(read.is_ok(), "{read:?}");
    })
    .await;
}

#[tokio::test]
async fn an_older_build_stops_where_it_may_not() {
    on_every_store(async |app| {
        let id = Id::<second::Account>::new();
        let old = on::<second::Account>(&app).await;
        let silent = on::<silent::Account>(&app).await;
        let marked = on::<third::Account>(&app).await;
        let first = on::<first::Account>(&app).await;
        old.send(second::Open { id }).await.unwrap();

        marked.send(third::Deposit { id: same(id) }).await.unwrap();
        let error = first.load(same::<_, first::Account>(id)).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("`Deposited` in schema version 3, event 2 of Account {id}, cannot be read")
        );
        let LoadError::Decode { source, .. } = error else {
            panic!("{error:?}")
        };
        assert_eq!(
            source.to_string(),
            "it was written in version 3, this build reads versions up to 1"
        );

        silent.send(silent::Deposit { id: same(id) }).await.unwrap();
        let error = old.load(id).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("`Deposited` in schema version 3, event 3 of Account {id}, cannot be read")
        );
        let error = old.send(second::Deposit { id }).await.unwrap_err();
        assert!(
            matches!(error, SendError::Load(LoadError::Decode { .. })),
            "nothing is decided on less: {error:?}"
        );
        let error = old.history(id).await.unwrap_err();
        assert!(matches!(error, LoadError::Decode { .. }), "{error:?}");
        let mut log = old.subscribe(LogFilter::all().event::<second::Deposited>());
        log.next().await.unwrap();
        let unmarked = log.next().await.unwrap();
        let error = unmarked.decode::<second::Account>().unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("`Deposited` in schema version 3, event 3 of Account {id}, cannot be read"),
            "a reader of the log is told as much"
        );
    })
    .await;
}

#[tokio::test]
async fn a_mark_that_is_not_true_is_an_error_on_the_payload() {
    on_every_store(async |app| {
        let app = on::<second::Account>(&app).await;
        let id = Id::<second::Account>::new();
        let missing = ("Deposited", 30_002, r#"{"sum":5}"#);
        append(&app, id, &[("Opened", 1, "{}"), missing]).await;
        let error = app.load(id).await.unwrap_err();
        let LoadError::Decode {
            source,
            schema_version: 3,
            ..
        } = error
        else {
            panic!("{error:?}")
        };
        assert!(matches!(*source, DecodeError::Payload(_)), "{source:?}");
    })
    .await;
}

#[test]
fn a_mark_that_came_or_went_changes_nothing_for_those_who_know_the_version() {
    let json = br#"{"amount":1,"channel":null,"note":"rent"}"#;
    for version in [3, 30_002, 30_001] {
        assert!(third::Deposited::decode(version, json).is_ok());
        assert!(silent::Deposited::decode(version, json).is_ok());
    }
    let old = br#"{"amount":1}"#;
    for version in [2, 20_001] {
        assert_eq!(third::Deposited::decode(version, old).unwrap().note, "");
    }
    for (version, readable) in [(40_002, true), (40_003, true), (40_004, false), (4, false)] {
        let read = third::Deposited::decode(version, json);
        assert_eq!(read.is_ok(), readable, "{version}: {read:?}");
    }
    assert!(second::Deposited::decode(10_000, old).is_ok(), "version 1");
    assert!(second::Deposited::decode(0, old).is_err());
}

#[test]
fn a_version_is_one_number_in_a_store() {
    for (stored, number, readable_by) in [
        (1, 1, None),
        (9_999, 9_999, None),
        (30_002, 3, Some(2)),
        (99_999_998, 9_999, Some(9_998)),
        (30_000, 3, None),
    ] {
        let version = SchemaVersion::from_stored(stored);
        assert_eq!(
            (version.number(), version.readable_by()),
            (number, readable_by)
        );
    }
    assert_eq!(SchemaVersion::of::<third::Deposited>().stored(), 30_002);
    assert_eq!(SchemaVersion::of::<second::Deposited>().stored(), 2);
    let kinds = third::AccountEvent::kinds();
    assert_eq!((kinds[1].version, kinds[1].readable_by), (3, Some(2)));
}
