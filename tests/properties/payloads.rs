//! Old payloads, and what is no payload at all.

use intent_runtime::{JsonObject, model::AggregateEvent};
use proptest::{collection::vec, prelude::*};
use serde_json::Value;

use super::arbitrary::{document, key, past, spaced};
use crate::golden::domain::ParcelEvent;

const NAMES: [&str; 10] = [
    "Registered",
    "Weighed",
    "Labelled",
    "CarrierChosen",
    "Left",
    "HandedOver",
    "Dispatched",
    "Delivered",
    "Inspected",
    "Unknown",
];

/// What a stored event of some name is read as.
fn read_as(name: &'static str) -> Vec<&'static str> {
    match name {
        "Dispatched" => vec!["CarrierChosen", "Left"],
        "Delivered" => vec!["HandedOver"],
        name => vec![name],
    }
}

/// Every name at every version that ever was, and at some that never were.
fn decode_as_everything(payload: &[u8]) {
    for name in NAMES {
        for version in [0, 1, 2, 3, 4, 5, u32::MAX] {
            if let Ok(read) = ParcelEvent::decode(name, version, payload) {
                let names: Vec<_> = read.into_iter().map(|event| event.name()).collect();
                assert_eq!(names, read_as(name));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn an_old_payload_becomes_a_current_one((name, version, payload) in past()) {
        let read = ParcelEvent::decode(name, version, payload.as_bytes());
        let events: Vec<_> = read.unwrap().into_iter().collect();
        let names: Vec<_> = events.iter().map(AggregateEvent::name).collect();
        prop_assert_eq!(names, read_as(name));
        for event in events {
            let current = event.encode().unwrap();
            let (name, version) = (event.name(), event.schema_version());
            let again = ParcelEvent::decode(name, version, current.get().as_bytes());
            prop_assert_eq!(again.unwrap().one(), Some(event));
        }
    }

    #[test]
    fn no_document_makes_decoding_panic(document in document(), spaced in spaced()) {
        decode_as_everything(document.to_string().as_bytes());
        decode_as_everything(spaced.as_bytes());
    }

    #[test]
    fn no_bytes_make_decoding_panic(
        (_, _, payload) in past(),
        noise in vec(any::<u8>(), 0..64),
        place in any::<prop::sample::Index>(),
    ) {
        decode_as_everything(&noise);
        let mut torn = payload.into_bytes();
        let place = place.index(torn.len());
        decode_as_everything(&torn[..place]);
        torn.splice(place..place, noise);
        decode_as_everything(&torn);
    }

    /// An object that no step touches says what it said, each key once, the last value of each.
    #[test]
    fn a_json_object_keeps_what_it_read(text in spaced()) {
        let object = JsonObject::parse(text.as_bytes()).unwrap();
        let written: Value = serde_json::from_str(&object.to_string()).unwrap();
        let meant: Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&written, &meant);
        let keys: Vec<&str> = object.keys().collect();
        prop_assert_eq!(keys.len(), meant.as_object().unwrap().len());
    }

    /// Steps of any kind, in any order, do to it what they do to a map.
    #[test]
    fn a_json_object_changes_as_a_map_does(
        text in spaced(),
        steps in vec((0..3_u8, key(), key(), document()), 0..12),
    ) {
        let mut object = JsonObject::parse(text.as_bytes()).unwrap();
        let mut map: serde_json::Map<String, Value> = serde_json::from_str(&text).unwrap();
        for (kind, from, to, value) in steps {
            match kind {
                0 => {
                    object.set(&from, &value).unwrap();
                    map.insert(from, value);
                }
                1 => prop_assert_eq!(object.remove(&from), map.remove(&from).is_some()),
                _ => {
                    let occupied = from != to && map.contains_key(&from) && map.contains_key(&to);
                    prop_assert_eq!(object.rename(&from, &to).is_err(), occupied);
                    if !occupied && let Some(value) = map.remove(&from) {
                        map.insert(to, value);
                    }
                }
            }
        }
        let written: Value = serde_json::from_str(&object.to_string()).unwrap();
        prop_assert_eq!(written, Value::Object(map));
    }
}
