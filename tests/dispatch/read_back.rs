//! What is stored is read back before it is stored: an event that would come back as another one, or not at all, is
//! refused, and its stream stays as it was.

use std::{collections::BTreeMap, convert::Infallible, error::Error as _, str::FromStr};

use intent_runtime::{
    App, Command, Context, Decide, Decision, DecodeError, MemoryStore, SendError,
    catalogue::Emits,
    model::{AggregateEvent, EventKind},
    prelude::*,
};
use serde_json::value::RawValue;

#[value]
pub struct Nested {
    pub within: Option<Box<Nested>>,
}

impl Nested {
    fn deep(levels: usize) -> Self {
        (1..levels).fold(Self { within: None }, |nested, _| Self {
            within: Some(Box::new(nested)),
        })
    }
}

/// serde keeps what stands beside a tag in a form of its own first, which knows no numbers of this size.
#[value]
#[serde(tag = "kind")]
pub enum Tagged {
    Large { number: u128 },
    Keyed { by_number: BTreeMap<u32, bool> },
    Plain { number: u64 },
}

/// Written as an object, read as a text, behind a name that hides it from the macro.
#[value]
#[serde(try_from = "Text")]
pub struct Range {
    pub from: u8,
    pub to: u8,
}

type Text = String;

impl TryFrom<String> for Range {
    type Error = std::num::ParseIntError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let (from, to) = text.split_once('-').unwrap_or((&text, &text));
        let (from, to) = (u8::from_str(from)?, u8::from_str(to)?);
        Ok(Self { from, to })
    }
}

/// A large number is read as an exact one if it is small.
#[value]
#[serde(untagged)]
pub enum Reading {
    Exact(u8),
    Large(u64),
}

#[event]
pub struct Started;

#[event]
pub struct Measured {
    pub ratio: f64,
    pub single: f32,
}

#[event]
pub struct Drawn {
    pub nested: Nested,
}

#[event]
pub struct Answered {
    pub answer: Option<Option<u8>>,
}

#[event]
pub struct Sorted {
    pub tagged: Tagged,
}

#[event]
pub struct Limited {
    pub range: Range,
}

#[event]
pub struct Weighed {
    pub reading: Reading,
}

#[derive(Aggregate, Debug)]
#[aggregate(
    created_by(Started),
    events(Measured => (), Drawn => (), Answered => (), Sorted => (), Limited => (), Weighed => ())
)]
pub struct Probe {
    #[id]
    pub id: Id<Probe>,
}

#[commands]
impl Probe {
    #[create]
    pub fn start() -> Started {
        Started
    }

    #[handle]
    pub fn measure(&self, ratio: f64, single: f32) -> Measured {
        Measured { ratio, single }
    }

    #[handle]
    pub fn draw(&self, nested: Nested) -> Drawn {
        Drawn { nested }
    }

    #[handle]
    pub fn answer(&self, answer: Option<Option<u8>>) -> Answered {
        Answered { answer }
    }

    #[handle]
    pub fn sort(&self, tagged: Tagged) -> Sorted {
        Sorted { tagged }
    }

    #[handle]
    pub fn weigh(&self, reading: Reading) -> Weighed {
        Weighed { reading }
    }

    #[handle]
    pub fn limit(&self, range: Range) -> (Drawn, Limited) {
        let nested = Nested::deep(1);
        (Drawn { nested }, Limited { range })
    }
}

fn probe() -> Id<Probe> {
    Id::from_name("probe")
}

async fn started() -> App {
    let app = App::on(MemoryStore::new(), Domain::of::<Probe>())
        .await
        .unwrap();
    app.send(Start { id: probe() }).await.unwrap();
    app
}

/// Sends a command that must be refused. Returns the event that is to blame, and why it cannot be read, if it cannot.
async fn refused<C>(command: C) -> (&'static str, Option<String>)
where
    C: Command<Aggregate = Probe>,
    Probe: Decide<C>,
{
    let (app, id) = (started().await, probe());
    let error = app.send(command).await.expect_err("it is not stored");
    let text = error.to_string();
    let SendError::NotReadBack { event, source, .. } = error else {
        panic!("{error:?}");
    };
    assert_eq!(
        text,
        format!(
            "`{event}` of Probe {id} is not stored, because it does not survive a JSON round trip: emit values that JSON keeps, \
             or fix its serde attributes"
        )
    );
    let history = app.history(id).await.unwrap();
    assert_eq!(history.len(), 1, "nothing was stored");
    let version = app.load(id).await.unwrap().version();
    assert_eq!(version, Version::new(1), "nothing was kept");
    let why = source.map(|source| {
        assert!(matches!(*source, DecodeError::Payload(_)), "{source:?}");
        source.source().unwrap().to_string()
    });
    (event, why)
}

/// Sends a command, and returns whether a load from the store, not from the cache, gives its last event.
async fn is_kept<C>(command: C) -> bool
where
    C: Command<Aggregate = Probe>,
    Probe: Decide<C>,
{
    let app = started().await;
    let sent = app.send(command).await.unwrap();
    let history = app.history(probe()).await.unwrap();
    history.last().map(|recorded| &recorded.event) == sent.events.last()
}

#[tokio::test]
async fn numbers_that_json_does_not_know_are_refused() {
    let id = probe();
    for ratio in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let (event, why) = refused(Measure {
            id,
            ratio,
            single: 0.0,
        })
        .await;
        assert_eq!(event, "Measured");
        assert!(why.unwrap().contains("null"));
    }
    for ratio in [0.1 + 0.2, -0.0, 5e-324, f64::MAX] {
        let single = 16_777_217.0_f32 / 3.0;
        assert!(is_kept(Measure { id, ratio, single }).await, "{ratio}");
    }
}

#[tokio::test]
async fn what_is_too_deep_to_be_read_is_refused() {
    let id = probe();
    let (event, why) = refused(Draw {
        id,
        nested: Nested::deep(200),
    })
    .await;
    assert_eq!(event, "Drawn");
    assert!(why.unwrap().contains("recursion limit"));
    assert!(
        is_kept(Draw {
            id,
            nested: Nested::deep(100)
        })
        .await
    );
}

#[tokio::test]
async fn what_comes_back_as_something_else_is_refused() {
    let id = probe();
    assert_eq!(
        refused(Answer {
            id,
            answer: Some(None)
        })
        .await,
        ("Answered", None)
    );
    for answer in [None, Some(Some(7))] {
        assert!(is_kept(Answer { id, answer }).await);
    }
}

#[tokio::test]
async fn a_tag_beside_what_serde_cannot_keep_for_later_is_refused() {
    let id = probe();
    let number = u128::MAX;
    let (event, _) = refused(Sort {
        id,
        tagged: Tagged::Large { number },
    })
    .await;
    assert_eq!(event, "Sorted");
    let by_number = BTreeMap::from([(1, true)]);
    refused(Sort {
        id,
        tagged: Tagged::Keyed { by_number },
    })
    .await;
    assert!(
        is_kept(Sort {
            id,
            tagged: Tagged::Plain { number: u64::MAX }
        })
        .await
    );
}

/// No type shows which values are concerned: only large numbers are kept.
#[tokio::test]
async fn an_untagged_value_that_is_read_as_another_one_is_refused() {
    let id = probe();
    let small = Weigh {
        id,
        reading: Reading::Large(5),
    };
    assert_eq!(refused(small).await, ("Weighed", None));
    for reading in [Reading::Exact(5), Reading::Large(500)] {
        assert!(is_kept(Weigh { id, reading }).await);
    }
}

/// The event before it is not stored either.
#[tokio::test]
async fn a_value_that_reads_another_form_than_it_writes_is_refused() {
    let (event, why) = refused(Limit {
        id: probe(),
        range: Range { from: 1, to: 2 },
    })
    .await;
    assert_eq!(event, "Limited");
    assert!(why.unwrap().contains("expected a string"));
}

/// An aggregate written by hand has a decoding of its own, which is asked as well.
mod by_hand {
    use super::*;

    #[derive(Debug, PartialEq)]
    pub struct Any(ProbeEvent);

    impl AggregateEvent for Any {
        fn name(&self) -> &'static str {
            "Any"
        }

        fn schema_version(&self) -> u32 {
            1
        }

        fn encode(&self) -> Result<Box<RawValue>, serde_json::Error> {
            self.0.encode()
        }

        fn decode_one(name: &str, _: u32, payload: &[u8]) -> Result<Self, DecodeError> {
            match name {
                "Another" => Started::decode(1, payload).map(|event| Self(event.into())),
                _ => Err(DecodeError::unknown_event(name)),
            }
        }

        fn kinds() -> Vec<EventKind> {
            Vec::new()
        }
    }

    #[derive(Debug)]
    pub struct Hand;

    impl Aggregate for Hand {
        type Event = Any;
        const TYPE: &'static str = "Hand";

        fn init(_: Id<Self>, _: &Any) -> Result<Option<Self>, Overflow> {
            Ok(Some(Self))
        }

        fn apply(&mut self, _: &Any) -> Result<(), Overflow> {
            Ok(())
        }

        fn is_creating(_: &Any) -> bool {
            true
        }
    }

    #[command]
    pub struct Begin {
        #[id]
        pub id: Id<Hand>,
    }

    impl Decide<Begin> for Hand {
        type Error = Infallible;
        const ONLY_CREATES: bool = true;

        fn decide(_: Option<&Self>, _: Begin, _: &Context) -> Result<Decision<Self>, Infallible> {
            Ok(Decision::Events(vec![Any(Started.into())]))
        }

        fn emits() -> Emits {
            Emits::Any
        }
    }

    #[tokio::test]
    async fn a_decoding_that_does_not_know_its_own_names_is_found() {
        let domain = Domain::of::<Hand>().command::<Begin>();
        let app = App::on(MemoryStore::new(), domain).await.unwrap();
        let error = app.send(Begin { id: Id::new() }).await.unwrap_err();
        let SendError::NotReadBack {
            event: "Any",
            source,
            ..
        } = error
        else {
            panic!("{error:?}");
        };
        assert!(matches!(*source.unwrap(), DecodeError::UnknownEvent { .. }));
    }
}
