//! An event reads under its former names.

use intent_runtime::model::AggregateEvent;
use intent_runtime::{DecodeError, LogFilter, prelude::*};
use intent_tests::on;

use super::stored::{append, on_every_store, recorded};

#[derive(Aggregate, Debug, PartialEq)]
#[aggregate(created_by(Opened), events(Deposited))]
pub struct Account {
    #[id]
    pub id: Id<Account>,
    #[on(Deposited += |e| e.amount)]
    pub balance: i64,
    #[on(Deposited => |channels, e| channels.push(e.channel.clone()))]
    pub channels: Vec<String>,
}

#[event(formerly("Began"))]
pub struct Opened;

/// It was `PaidIn` while it had no channel, then `Received`.
#[event(version = 3, name = "Deposited", formerly("PaidIn", "Received"), from = Received)]
pub struct Deposited {
    pub amount: i64,
    pub channel: String,
}

#[event(version = 2, formerly("PaidIn"))]
pub struct Received {
    pub cents: i64,
    #[since(2, default = "counter".into())]
    pub channel: String,
}

impl From<Received> for Deposited {
    fn from(old: Received) -> Self {
        Self {
            amount: old.cents,
            channel: old.channel,
        }
    }
}

#[commands]
impl Account {
    #[handle]
    pub fn deposit(&self, amount: i64) -> Deposited {
        let channel = "online".into();
        Deposited { amount, channel }
    }
}

const STORED: [(&str, u32, &str); 5] = [
    ("Began", 1, "{}"),
    ("PaidIn", 1, r#"{"cents":1}"#),
    ("Received", 1, r#"{"cents":2}"#),
    ("Received", 2, r#"{"cents":3,"channel":"web"}"#),
    ("PaidIn", 3, r#"{"amount":4,"channel":"app"}"#),
];

#[tokio::test]
async fn an_event_is_read_under_any_name_at_any_version() {
    on_every_store(async |app| {
        let app = on::<Account>(&app).await;
        let id = Id::<Account>::new();
        append(&app, id, &STORED).await;
        app.send(Deposit { id, amount: 5 }).await.unwrap();
        let account = app.load(id).await.unwrap();
        assert_eq!(account.balance, 15);
        assert_eq!(
            account.channels,
            ["counter", "counter", "web", "app", "online"]
        );
        let history = app.history(id).await.unwrap();
        let names: Vec<_> = history
            .iter()
            .map(|event| &*event.source().event_type)
            .collect();
        assert_eq!(
            names,
            [
                "Began",
                "PaidIn",
                "Received",
                "Received",
                "PaidIn",
                "Deposited"
            ],
            "what is stored stays as it is"
        );
        assert_eq!(recorded(&app, id).await.len(), 6);
    })
    .await;
}

#[tokio::test]
async fn a_typed_filter_finds_former_names() {
    on_every_store(async |app| {
        let app = on::<Account>(&app).await;
        let id = Id::<Account>::new();
        append(&app, id, &STORED).await;
        app.send(Deposit { id, amount: 5 }).await.unwrap();
        let mut deposits = app.subscribe(LogFilter::all().event::<Deposited>());
        for version in 2..=6 {
            assert_eq!(deposits.next().await.unwrap().version.get(), version);
        }
    })
    .await;
}

#[test]
fn a_version_from_the_future_is_refused_under_a_former_name_too() {
    let future = AccountEvent::decode("PaidIn", 4, b"{}").unwrap_err();
    assert!(matches!(
        future,
        DecodeError::FutureVersion {
            stored: 4,
            current: 3
        }
    ));
}

#[test]
fn the_catalogue_knows_former_names() {
    let kinds = AccountEvent::kinds();
    assert_eq!(kinds[1].formerly, ["PaidIn", "Received"]);
    let names: Vec<_> = kinds[1].names().collect();
    assert_eq!(names, ["Deposited", "PaidIn", "Received"]);
}

/// Written by hand, so that no macro looks at its names.
mod by_hand {
    use intent_runtime::{
        DecodeError,
        error::DomainMistake,
        model::{AggregateEvent, EventKind},
        prelude::*,
    };

    #[event(formerly("Seen"))]
    pub struct Met;

    #[event(name = "Other")]
    pub struct Seen;

    #[derive(Aggregate)]
    #[aggregate(created_by(Met), events(Seen => ()))]
    pub struct Person {
        #[id]
        id: Id<Person>,
    }

    pub struct Renamed;

    #[derive(Debug, PartialEq)]
    pub struct Clash(PersonEvent);

    impl AggregateEvent for Clash {
        fn name(&self) -> &'static str {
            self.0.name()
        }
        fn schema_version(&self) -> u32 {
            self.0.schema_version()
        }
        fn encode(&self) -> Result<Box<serde_json::value::RawValue>, serde_json::Error> {
            self.0.encode()
        }
        fn decode_one(name: &str, version: u32, payload: &[u8]) -> Result<Self, DecodeError> {
            PersonEvent::decode_one(name, version, payload).map(Self)
        }
        fn kinds() -> Vec<EventKind> {
            #[event(name = "Seen")]
            struct Taken;
            let mut kinds = PersonEvent::kinds();
            kinds.push(EventKind::of::<Taken>());
            kinds
        }
    }

    impl Aggregate for Renamed {
        type Event = Clash;
        const TYPE: &'static str = "Renamed";
        fn init(_: Id<Self>, _: &Clash) -> Result<Option<Self>, Overflow> {
            Ok(None)
        }
        fn apply(&mut self, _: &Clash) -> Result<(), Overflow> {
            Ok(())
        }
        fn is_creating(_: &Clash) -> bool {
            false
        }
    }

    #[test]
    fn a_former_name_that_is_another_events_is_a_mistake() {
        let error = Domain::of::<Renamed>().check().unwrap_err();
        assert_eq!(
            error.mistakes(),
            [DomainMistake::EventName {
                aggregate: "Renamed",
                name: "Seen"
            }]
        );
    }
}
