//! The notes of one step, and of one field: no stored value is overwritten, and none is lost on the way.

use intent_runtime::{DecodeError, Event, model::KeyChange, prelude::*};

/// What a failing step says.
fn said<E: Event>(version: u32, payload: &str) -> String {
    match E::decode(version, payload.as_bytes()) {
        Err(DecodeError::Step { source, .. }) => source.to_string(),
        other => panic!("{other:?}"),
    }
}

/// `c` takes over what `b` gives up, whichever field stands first.
#[event(version = 2)]
pub struct Shifted {
    #[renamed(2, from = "a")]
    pub b: u8,
    #[renamed(2, from = "b")]
    pub c: u8,
}

#[event(version = 2)]
pub struct Swapped {
    #[renamed(2, from = "right")]
    pub left: u8,
    #[renamed(2, from = "left")]
    pub right: u8,
}

#[test]
fn the_renames_of_one_step_are_made_at_once() {
    let read = Shifted::decode(1, br#"{"a":1,"b":2}"#).unwrap();
    assert_eq!(read, Shifted { b: 1, c: 2 });
    let read = Shifted::decode(1, br#"{"b":2,"a":1}"#).unwrap();
    assert_eq!(read, Shifted { b: 1, c: 2 });
    let read = Swapped::decode(1, br#"{"left":1,"right":2}"#).unwrap();
    assert_eq!(read, Swapped { left: 2, right: 1 });
    assert_eq!(
        said::<Shifted>(1, r#"{"a":1,"b":2,"c":3}"#),
        "it has a field `c` already"
    );
}

#[event(version = 2)]
pub struct Grown {
    pub kept: u8,
    #[since(2, default = 7)]
    pub added: u8,
    #[since(2)]
    #[serde(flatten)]
    pub place: Place,
}

#[value]
#[derive(Default)]
pub struct Place {
    pub city: String,
}

#[test]
fn a_field_that_is_added_overwrites_none() {
    let read = Grown::decode(1, br#"{"kept":1}"#).unwrap();
    assert_eq!((read.added, read.place.city.as_str()), (7, ""));
    assert_eq!(
        said::<Grown>(1, r#"{"kept":1,"added":2}"#),
        "it has a field `added` already"
    );
    assert_eq!(
        said::<Grown>(1, r#"{"kept":1,"city":"Oslo"}"#),
        "it has a field `city` already"
    );
}

/// A field that was there all along, beside a step that changes nothing.
#[event(version = 2, unchanged(2))]
pub struct Same {
    pub note: Option<String>,
}

#[test]
fn what_was_there_all_along_stays() {
    let read = Same::decode(1, br#"{"note":"hi"}"#).unwrap();
    assert_eq!(read.note.as_deref(), Some("hi"));
}

/// An optional field may have been left out; there is then nothing to rename.
#[event(version = 2)]
pub struct Held {
    pub kept: u8,
    #[renamed(2, from = "owner")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holder: Option<String>,
}

#[test]
fn a_renamed_field_that_was_left_out_stays_so() {
    assert_eq!(Held::decode(1, br#"{"kept":1}"#).unwrap().holder, None);
    let read = Held::decode(1, br#"{"kept":1,"owner":"Ada"}"#).unwrap();
    assert_eq!(read.holder.as_deref(), Some("Ada"));
}

/// Each step makes what its version stored: the function finds the field's name of that version.
#[event(version = 5, upcast(3 => louder))]
pub struct Said {
    #[since(2, default = "nothing".into())]
    #[renamed(3, from = "text")]
    #[renamed(5, from = "line")]
    pub words: String,
}

fn louder(mut v3: JsonObject) -> Result<JsonObject, UpcastError> {
    let line: String = v3.take("line")?;
    v3.set("line", line.to_uppercase())?;
    Ok(v3)
}

#[test]
fn a_step_leads_to_what_its_version_stored() {
    for (version, payload, words) in [
        (1, "{}", "NOTHING"),
        (2, r#"{"text":"hi"}"#, "HI"),
        (3, r#"{"line":"hi"}"#, "HI"),
        (4, r#"{"line":"hi"}"#, "hi"),
        (5, r#"{"words":"hi"}"#, "hi"),
    ] {
        let read = Said::decode(version, payload.as_bytes()).unwrap();
        assert_eq!(read.words, words, "version {version}");
    }
}

#[event(version = 3, removed(2, "old"))]
pub struct Noted {
    #[renamed(2, from = "memo")]
    #[renamed(3, from = "text")]
    pub note: String,
    #[since(3)]
    #[serde(rename = "type")]
    pub kind: u8,
    #[since(3)]
    #[serde(flatten)]
    pub place: Place,
    #[since(3)]
    #[cfg(any())]
    pub gone: Gone,
}

#[test]
fn the_steps_say_which_keys_they_expect_and_add() {
    let [second, third] = Noted::STEPS else {
        panic!("{:?}", Noted::STEPS);
    };
    let expected = KeyChange {
        to: 2,
        expects: &["memo", "old"],
        adds: &["text"],
    };
    assert_eq!(*second, expected);
    let expected = KeyChange {
        to: 3,
        expects: &["text"],
        adds: &["note", "type"],
    };
    assert_eq!(*third, expected);
    assert!(
        Said::STEPS.iter().all(|step| step.to != 4),
        "a function tells nothing"
    );
    let unchanged = |step: &KeyChange| step.expects.is_empty() && step.adds.is_empty();
    assert!(Same::STEPS.iter().all(unchanged));
    assert_eq!(Same::STEPS.len(), 1, "that nothing changes is told");
}
