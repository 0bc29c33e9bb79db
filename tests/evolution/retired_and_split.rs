//! Past events that are read as nothing, or as several others. Versions and positions are those of the stored event.

use intent_runtime::model::AggregateEvent;
use intent_runtime::{
    AsOf, DecodeError, HistoryError, LoadError, LogFilter, RecordedEvent, SendOptions,
    model::Decoded, prelude::*,
};
use intent_tests::on;

use super::stored::{append, append_as, on_every_store, recorded};

#[derive(Aggregate, Clone, Debug, PartialEq)]
#[aggregate(
    created_by(Opened),
    events(Deposited, CityChanged, StreetChanged),
    split(OpenedWith => opened, Moved => Self::split_moved, Touched => nothing),
    retired("Flagged", "Unflagged"),
    snapshot(every = 4)
)]
pub struct Account {
    #[id]
    pub id: Id<Account>,
    #[on(Opened = |e| e.owner.clone())]
    pub owner: String,
    #[on(Deposited += |e| e.amount)]
    pub balance: i64,
    #[on(CityChanged = |e| e.city.clone())]
    pub city: String,
    #[on(StreetChanged = |e| e.street.clone())]
    pub street: String,
}

#[event]
pub struct Opened {
    pub owner: String,
}

#[event]
pub struct Deposited {
    pub amount: i64,
}

#[event]
pub struct CityChanged {
    pub city: String,
}

#[event]
pub struct StreetChanged {
    pub street: String,
}

/// Past: an account was opened with money.
#[event]
pub struct OpenedWith {
    pub owner: String,
    pub amount: i64,
}

fn opened(past: OpenedWith) -> (Opened, Option<Deposited>) {
    let OpenedWith { owner, amount } = past;
    (
        Opened { owner },
        (amount != 0).then_some(Deposited { amount }),
    )
}

/// Past, with a chain and a former name of its own.
#[event(version = 2, formerly("Relocated"))]
pub struct Moved {
    #[since(2, default = "Oslo".into())]
    pub city: String,
    pub street: String,
}

/// Past: with this payload it is read as nothing.
#[event]
pub struct Touched;

fn nothing(_: Touched) {}

#[commands]
impl Account {
    #[create]
    pub fn open(owner: String) -> Opened {
        Opened { owner }
    }

    #[handle]
    pub fn deposit(&self, amount: i64) -> Deposited {
        Deposited { amount }
    }

    fn split_moved(moved: Moved) -> Vec<AccountEvent> {
        let Moved { city, street } = moved;
        vec![CityChanged { city }.into(), StreetChanged { street }.into()]
    }
}

/// What an older build stored.
const STORED: [(&str, u32, &str); 6] = [
    ("OpenedWith", 1, r#"{"owner":"Ada","amount":5}"#),
    ("Flagged", 7, "[]"),
    ("Relocated", 1, r#"{"street":"Karl Johans gate"}"#),
    ("Touched", 1, "{}"),
    ("Moved", 2, r#"{"city":"Bergen","street":"Bryggen"}"#),
    ("Unflagged", 1, r#"{"by":"somebody"}"#),
];

fn text(event: &AccountEvent) -> String {
    match event {
        AccountEvent::Opened(event) => format!("opened by {}", event.owner),
        AccountEvent::Deposited(event) => format!("{} more", event.amount),
        AccountEvent::CityChanged(event) => format!("to {}", event.city),
        AccountEvent::StreetChanged(event) => format!("to {}", event.street),
    }
}

#[tokio::test]
async fn a_load_is_at_the_version_of_what_is_stored() {
    on_every_store(async |app| {
        let app = on::<Account>(&app).await;
        let id = Id::<Account>::new();
        append(&app, id, &STORED).await;
        let account = app.load(id).await.unwrap();
        assert_eq!(account.version(), Version::new(6));
        assert_eq!((&*account.owner, account.balance), ("Ada", 5));
        assert_eq!((&*account.city, &*account.street), ("Bergen", "Bryggen"));

        for (version, city) in [(1, ""), (2, ""), (3, "Oslo"), (4, "Oslo"), (5, "Bergen")] {
            let then = app.load_at(id, Version::new(version)).await.unwrap();
            assert_eq!(then.version().get(), version);
            assert_eq!((then.balance, &*then.city), (5, city), "at {version}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_command_appends_behind_what_is_stored_and_snapshots_count_it() {
    on_every_store(async |app| {
        let app = on::<Account>(&app).await;
        let id = Id::<Account>::new();
        append(&app, id, &STORED).await;
        let receipt = app.send(Deposit { id, amount: 2 }).await.unwrap();
        assert_eq!(receipt.version, Version::new(7));
        assert_eq!(app.snapshot(id).await.unwrap(), Version::new(7));
        app.send(Deposit { id, amount: 3 }).await.unwrap();
        append(&app, id, &[STORED[4], STORED[1]]).await;
        let account = app.load(id).await.unwrap();
        assert_eq!((account.version().get(), account.balance), (10, 10));
        app.store()
            .delete_snapshots(TenantId::DEFAULT, None)
            .await
            .unwrap();
        assert_eq!(app.load(id).await.unwrap(), account, "by replay");
    })
    .await;
}

#[tokio::test]
async fn a_history_gives_the_parts_the_place_of_the_whole() {
    on_every_store(async |app| {
        let app = on::<Account>(&app).await;
        let id = Id::<Account>::new();
        append(&app, id, &STORED).await;
        let stored = recorded(&app, id).await;
        let history = app.history(id).await.unwrap();
        let read: Vec<_> = history
            .iter()
            .map(|part| (part.version().get(), &*part.source().event_type, text(part)))
            .collect();
        let expected = [
            (1, "OpenedWith", "opened by Ada"),
            (1, "OpenedWith", "5 more"),
            (3, "Relocated", "to Oslo"),
            (3, "Relocated", "to Karl Johans gate"),
            (5, "Moved", "to Bergen"),
            (5, "Moved", "to Bryggen"),
        ];
        let expected = expected.map(|(version, name, text)| (version, name, text.to_owned()));
        assert_eq!(read, expected);
        for part in &history {
            let whole = &stored[usize::try_from(part.version().get()).unwrap() - 1];
            assert_eq!((part.position(), part.id()), (whole.position, whole.id));
            assert_eq!(part.recorded_at(), whole.recorded_at);
            assert_eq!(part.source().schema_version, whole.schema_version);
        }
    })
    .await;
}

#[tokio::test]
async fn a_moment_is_looked_back_to_by_what_is_stored() {
    on_every_store(async |app| {
        let app = on::<Account>(&app).await;
        let id = Id::<Account>::new();
        for stored in [STORED[1], STORED[0], STORED[4]] {
            append(&app, id, &[stored]).await;
            // The store's clock counts microseconds; the next append has a later one.
            let last = recorded(&app, id).await.last().unwrap().recorded_at;
            while Timestamp::now() <= last {
                tokio::task::yield_now().await;
            }
        }
        let times = recorded(&app, id).await;
        let as_of = |event: &RecordedEvent| AsOf::Recorded(event.recorded_at);
        let before = app.load_as_of(id, as_of(&times[0])).await.unwrap_err();
        assert!(
            matches!(before, LoadError::NotFound { as_of: Some(_), .. }),
            "nothing but a retired event: {before:?}"
        );
        let then = app.load_as_of(id, as_of(&times[1])).await.unwrap();
        assert_eq!(
            (then.version().get(), then.balance, &*then.city),
            (2, 5, "")
        );
        let later = app.load_as_of(id, as_of(&times[2])).await.unwrap();
        assert_eq!((later.version().get(), &*later.city), (3, "Bergen"));
    })
    .await;
}

#[tokio::test]
async fn a_subscription_finds_what_a_split_gives() {
    on_every_store(async |app| {
        let app = on::<Account>(&app).await;
        let id = Id::<Account>::new();
        append(&app, id, &STORED).await;
        app.send(Deposit { id, amount: 2 }).await.unwrap();
        for mut log in [
            app.subscribe(LogFilter::all().event::<Deposited>()),
            app.subscribe(LogFilter::all().aggregate::<Account>().event::<Deposited>()),
        ] {
            let mut deposits = Vec::new();
            let mut places = Vec::new();
            while deposits.len() < 2 {
                let stored = log.next().await.unwrap();
                places.push((stored.version, log.cursor()));
                for part in stored.decode::<Account>().unwrap() {
                    if let AccountEvent::Deposited(deposited) = &part.event {
                        deposits.push((part.version().get(), deposited.amount));
                    }
                }
            }
            assert_eq!(deposits, [(1, 5), (7, 2)]);
            // A reader that has taken the parts of one event goes on after the whole event.
            let [(_, first), (second, _), ..] = places[..] else {
                panic!("{places:?}");
            };
            let rest = app.subscribe(LogFilter::all().event::<Deposited>());
            let next = rest.after(first).next().await.unwrap();
            assert_eq!(next.version, second);
            assert!(second > Version::FIRST);
        }
    })
    .await;
}

#[tokio::test]
async fn a_command_that_stored_what_is_past_is_answered_with_its_parts() {
    on_every_store(async |app| {
        let app = on::<Account>(&app).await;
        let id = Id::<Account>::new();
        append(&app, id, &STORED[..1]).await;
        let command_id = CommandId::new();
        append_as(&app, id, command_id, &[STORED[4], STORED[5]]).await;
        let options = SendOptions::new().command_id(command_id);
        let receipt = app
            .send_with(Deposit { id, amount: 1 }, options)
            .await
            .unwrap();
        assert!(receipt.repeated);
        assert_eq!(receipt.version, Version::new(3));
        let events: Vec<_> = receipt.events.iter().map(text).collect();
        assert_eq!(events, ["to Bergen", "to Bryggen"]);
    })
    .await;
}

#[tokio::test]
async fn a_stream_of_retired_events_is_no_aggregate_yet() {
    on_every_store(async |app| {
        let app = on::<Account>(&app).await;
        let id = Id::<Account>::new();
        append(&app, id, &[STORED[1], STORED[3]]).await;
        let missing = app.load(id).await.unwrap_err();
        assert!(matches!(missing, LoadError::NotFound { .. }), "{missing:?}");
        let missing = app.history(id).await.unwrap_err();
        assert!(matches!(missing, LoadError::NotFound { .. }), "{missing:?}");
        let owner = String::from("Ada");
        let receipt = app.send(Open { id, owner }).await.unwrap();
        assert_eq!(receipt.version, Version::new(3));
        assert_eq!(app.load(id).await.unwrap().owner, "Ada");
    })
    .await;
}

#[tokio::test]
async fn the_error_of_a_part_that_breaks_a_history_has_its_version() {
    on_every_store(async |app| {
        let app = on::<Account>(&app).await;
        let again = Id::<Account>::new();
        append(&app, again, &[STORED[0], STORED[1], STORED[0]]).await;
        let error = app.load(again).await.unwrap_err();
        let LoadError::History { source, .. } = error else {
            panic!("{error:?}")
        };
        assert_eq!(
            source.to_string(),
            "a history of Account has the creating event `Opened` again at version 3"
        );
        let without = Id::<Account>::new();
        append(&app, without, &[STORED[1], STORED[4]]).await;
        let error = app.load(without).await.unwrap_err();
        let LoadError::History { source, .. } = error else {
            panic!("{error:?}")
        };
        assert!(matches!(
            source,
            HistoryError::NotCreated {
                event: "CityChanged",
                ..
            }
        ));
        assert_eq!(
            source.to_string(),
            "a history of Account begins at version 2 with `CityChanged`, which creates none"
        );
    })
    .await;
}

/// Events that are folded by hand are counted by hand: `rehydrate` is given parts, and each part has the version of its whole
/// event.
#[tokio::test]
async fn parts_folded_by_hand_make_the_same_and_are_counted_as_they_are_given() {
    on_every_store(async |app| {
        let app = on::<Account>(&app).await;
        let id = Id::<Account>::new();
        append(&app, id, &STORED).await;
        let history = app.history(id).await.unwrap();
        let versions: Vec<_> = history.iter().map(|part| part.version().get()).collect();
        assert_eq!(versions, [1, 1, 3, 3, 5, 5]);
        let parts = history.into_iter().map(|part| part.event);
        let account = Account::rehydrate(id, parts).unwrap().unwrap();
        assert_eq!(account, *app.load(id).await.unwrap());
    })
    .await;

    let twice = [STORED[0], STORED[0]].map(|(name, version, payload)| {
        AccountEvent::decode(name, version, payload.as_bytes()).unwrap()
    });
    let error = Account::rehydrate(Id::new(), twice.into_iter().flatten()).unwrap_err();
    let HistoryError::CreatedAgain { version, .. } = error else {
        panic!("{error:?}")
    };
    assert_eq!(version, Version::new(3), "the third of what is given");
}

#[test]
fn a_stored_event_decodes_to_one_event_several_or_an_error() {
    let one = AccountEvent::decode("Deposited", 1, br#"{"amount":5}"#).unwrap();
    assert_eq!(one, Decoded::One(Deposited { amount: 5 }.into()));
    let only = AccountEvent::decode("OpenedWith", 1, br#"{"owner":"Ada","amount":0}"#).unwrap();
    assert_eq!(only.into_iter().count(), 1);
    for nothing in ["Flagged", "Unflagged"] {
        let read = AccountEvent::decode(nothing, 9, b"whatever").unwrap();
        assert_eq!(read, Decoded::NOTHING);
    }
    let future = AccountEvent::decode("Moved", 3, b"{}").unwrap_err();
    assert!(matches!(
        future,
        DecodeError::FutureVersion {
            stored: 3,
            current: 2
        }
    ));
    let wrong = AccountEvent::decode("Relocated", 1, b"[]").unwrap_err();
    assert!(matches!(wrong, DecodeError::Step { from: 1, .. }));
}

#[tokio::test]
async fn the_catalogue_knows_what_is_past() {
    let app = App::connect("memory:", Domain::of::<Account>())
        .await
        .unwrap();
    let account = &app.catalogue().aggregates()[0];
    assert_eq!(account.retired, ["Flagged", "Unflagged"]);
    let split: Vec<_> = account
        .split
        .iter()
        .map(|kind| (kind.name, kind.formerly, kind.version))
        .collect();
    assert_eq!(
        split,
        [
            ("OpenedWith", &[][..], 1),
            ("Moved", &["Relocated"][..], 2),
            ("Touched", &[][..], 1)
        ]
    );
}
