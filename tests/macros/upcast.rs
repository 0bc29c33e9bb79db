//! Events that live for years: every stored version reads as today's type.

use intent_runtime::{DecodeError, prelude::*};

#[value]
pub struct Money {
    pub cents: i64,
}

/// Notes and a function in one chain, as in the guide.
#[event(version = 7, name = "Deposited", upcast(2 => cents_to_money), removed(6, "legacy"), removed(6, "old"), unchanged(7))]
pub struct Deposited {
    pub amount: Money,
    #[since(2, default = "counter".into())]
    pub channel: String,
    #[renamed(4, from = "memo")]
    pub note: String,
    #[since(5)]
    #[serde(rename = "type")]
    pub kind: Option<u8>,
    // Removed and come again, under one key, in one step.
    #[since(6, default = 1)]
    pub old: u8,
}

fn cents_to_money(mut v2: JsonObject) -> Result<JsonObject, UpcastError> {
    let cents: i64 = v2.take("cents")?;
    v2.set("amount", Money { cents })?;
    Ok(v2)
}

fn today(channel: &str) -> Deposited {
    Deposited {
        amount: Money { cents: 5 },
        channel: channel.into(),
        note: "hi".into(),
        kind: None,
        old: 1,
    }
}

#[test]
fn each_version_reads_as_todays_type() {
    let stored = [
        (1, r#"{"cents":5,"memo":"hi"}"#, "counter"),
        (2, r#"{"cents":5,"memo":"hi","channel":"web"}"#, "web"),
        (
            3,
            r#"{"amount":{"cents":5},"memo":"hi","channel":"web"}"#,
            "web",
        ),
        (
            4,
            r#"{"amount":{"cents":5},"note":"hi","channel":"web"}"#,
            "web",
        ),
        (
            5,
            r#"{"amount":{"cents":5},"note":"hi","channel":"web","type":null,"old":"x","legacy":[]}"#,
            "web",
        ),
        (
            6,
            r#"{"amount":{"cents":5},"note":"hi","channel":"web","type":null,"old":1}"#,
            "web",
        ),
        (
            7,
            r#"{"amount":{"cents":5},"note":"hi","channel":"web","type":null,"old":1}"#,
            "web",
        ),
    ];
    for (version, json, channel) in stored {
        let read = Deposited::decode(version, json.as_bytes());
        assert_eq!(read.unwrap(), today(channel), "version {version}");
    }
}

#[test]
fn a_step_that_fails_says_which() {
    let error = Deposited::decode(1, br#"{"memo":"hi"}"#).unwrap_err();
    let DecodeError::Step { from, source } = error else {
        panic!("{error}");
    };
    assert_eq!(from, 2);
    assert_eq!(source.to_string(), "it has no field `cents`");
}

#[test]
fn versions_that_never_were_are_refused() {
    assert!(matches!(
        Deposited::decode(0, b"{}"),
        Err(DecodeError::NoChain { .. })
    ));
    assert!(matches!(
        Deposited::decode(8, b"{}"),
        Err(DecodeError::FutureVersion { .. })
    ));
}

/// A predecessor with a chain of its own.
#[event(version = 2, name = "Noted")]
pub struct NotedV2 {
    pub text: String,
    #[since(2, default = { let author = "nobody"; author.to_owned() })]
    pub author: String,
}

#[event(version = 3, name = "Noted", from = NotedV2)]
pub struct NotedV3(pub String);

impl From<NotedV2> for NotedV3 {
    fn from(v2: NotedV2) -> Self {
        Self(format!("{}: {}", v2.author, v2.text))
    }
}

#[event(version = 4, name = "Noted", from = NotedV3)]
pub struct Noted {
    pub line: String,
}

impl From<NotedV3> for Noted {
    fn from(v3: NotedV3) -> Self {
        Self { line: v3.0 }
    }
}

#[test]
fn a_predecessor_carries_the_chain_before_it() {
    let noted = |line: &str| Noted { line: line.into() };
    assert_eq!(
        Noted::decode(1, br#"{"text":"hi"}"#).unwrap(),
        noted("nobody: hi")
    );
    let v2 = br#"{"text":"hi","author":"Ada"}"#;
    assert_eq!(Noted::decode(2, v2).unwrap(), noted("Ada: hi"));
    assert_eq!(Noted::decode(3, br#""Ada: hi""#).unwrap(), noted("Ada: hi"));
    assert_eq!(Noted::decode(4, br#"{"line":"x"}"#).unwrap(), noted("x"));
    let future = Noted::decode(5, b"{}").unwrap_err();
    assert!(matches!(
        future,
        DecodeError::FutureVersion {
            stored: 5,
            current: 4
        }
    ));
    assert!(Noted::decode(0, b"{}").is_err());
}

#[test]
fn a_unit_event_can_get_fields() {
    #[event(version = 2)]
    pub struct Closed {
        #[since(2, default = "unknown".into())]
        pub reason: String,
    }
    assert_eq!(Closed::decode(1, b"{}").unwrap().reason, "unknown");
}

mod as_text {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(super) fn serialize<S: Serializer>(number: &u8, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(number)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

#[value]
pub struct Place {
    pub city: String,
    pub street: Option<String>,
}

/// Fields whose types have another form in JSON than the event gives them.
#[event(version = 2)]
pub struct Counted {
    #[since(2, default = 7)]
    #[serde(with = "as_text", rename = "number")]
    #[schemars(with = "String")]
    pub count: u8,
    #[since(2)]
    #[serde(
        serialize_with = "as_text::serialize",
        deserialize_with = "as_text::deserialize"
    )]
    pub other: u8,
    #[since(2, default = Place { city: "Oslo".into(), street: None })]
    #[serde(flatten)]
    pub place: Place,
}

#[test]
fn a_default_is_written_in_the_form_that_the_field_has() {
    let today = Counted {
        count: 7,
        other: 0,
        place: Place {
            city: "Oslo".into(),
            street: None,
        },
    };
    let json = serde_json::to_string(&today).unwrap();
    assert_eq!(
        json,
        r#"{"number":"7","other":"0","city":"Oslo","street":null}"#
    );
    assert_eq!(Counted::decode(2, json.as_bytes()).unwrap(), today);
    assert_eq!(Counted::decode(1, b"{}").unwrap(), today);
}

/// A field that is not there leaves nothing that refers to its type, which is not there either.
#[event(version = 3)]
pub struct Conditional {
    pub here: u8,
    #[since(2, default = Gone::new())]
    #[cfg(any())]
    pub gone: Option<Gone>,
    #[renamed(3, from = "old")]
    #[cfg(any())]
    pub renamed: Option<Gone>,
    #[since(3, default = 3)]
    #[cfg(not(any()))]
    pub there: u8,
}

#[test]
fn a_field_that_is_configured_away_is_gone_from_the_steps() {
    let read = Conditional::decode(1, br#"{"here":1,"old":2}"#).unwrap();
    assert_eq!(read, Conditional { here: 1, there: 3 });
    let schema = serde_json::to_value(schemars::schema_for!(Conditional)).unwrap();
    assert_eq!(schema["required"], serde_json::json!(["here", "there"]));
}
