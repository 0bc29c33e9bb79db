//! Random events of the golden domain, in today's shapes and in past ones, and random JSON.

use proptest::{
    collection::{btree_map, vec},
    option,
    prelude::*,
};
use serde_json::{Value, json};

use crate::golden::{
    domain::{
        CarrierChosen, Finding, HandedOver, Inspected, Labelled, Left, ParcelEvent, Registered,
        Service, Weighed, Weight,
    },
    past::{
        DeliveredV1, DispatchedV1, DispatchedV2, LabelledV1, LabelledV2, RegisteredV1,
        RegisteredV2, RegisteredV3, RegisteredV4, WeighedV1, WeighedV2, WeightV2,
    },
};

fn service() -> impl Strategy<Value = Service> {
    prop_oneof![
        Just(Service::Standard),
        Just(Service::Express),
        Just(Service::Overnight)
    ]
}

/// Any characters, those that JSON escapes among them.
pub fn text() -> impl Strategy<Value = String> {
    vec(any::<char>(), 0..12).prop_map(|chars| chars.into_iter().collect())
}

pub fn registered() -> impl Strategy<Value = ParcelEvent> {
    (text(), text(), text(), service()).prop_map(|(recipient, address, currency, service)| {
        let registered = Registered {
            recipient,
            address,
            currency,
            service,
        };
        ParcelEvent::from(registered)
    })
}

/// Any event but the first.
pub fn later() -> impl Strategy<Value = ParcelEvent> {
    prop_oneof![
        any::<u64>().prop_map(|grams| {
            let weight = Weight { grams };
            ParcelEvent::from(Weighed { weight })
        }),
        (text(), any::<bool>())
            .prop_map(|(code, printed)| ParcelEvent::from(Labelled { code, printed })),
        text().prop_map(|carrier| ParcelEvent::from(CarrierChosen { carrier })),
        Just(ParcelEvent::from(Left)),
        Just(ParcelEvent::from(HandedOver)),
        inspected().prop_filter_map("not all of them can be stored", |inspected| {
            can_be_stored(&inspected).then(|| ParcelEvent::from(inspected))
        }),
    ]
}

/// Any value of the type, whether or not it can be stored.
pub fn inspected() -> impl Strategy<Value = Inspected> {
    let ratio = prop_oneof![
        4 => any::<f64>(),
        1 => prop::sample::select(vec![f64::NAN, f64::INFINITY, -0.0, 5e-324]),
    ];
    let remark = prop_oneof![
        Just(None),
        any::<u8>().prop_map(|remark| Some(Some(remark))),
        Just(Some(None)),
    ];
    let by_shelf = btree_map(any::<u32>(), any::<f32>(), 0..3);
    (ratio, remark, finding(), by_shelf).prop_map(|(ratio, remark, finding, by_shelf)| Inspected {
        ratio,
        remark,
        finding,
        by_shelf,
    })
}

/// A few deep, or so deep that serde_json does not read it.
fn finding() -> impl Strategy<Value = Finding> {
    let innermost = prop_oneof![
        4 => Just(Finding::Sound),
        1 => any::<u128>().prop_map(|letters| Finding::Torn { letters }),
        1 => btree_map(any::<u32>(), any::<bool>(), 0..2).prop_map(|by_shelf| Finding::Missing { by_shelf }),
    ];
    let depth = prop_oneof![4 => 0..40_usize, 1 => 150..200_usize];
    (innermost, depth).prop_map(|(innermost, depth)| {
        (0..depth).fold(innermost, |inner, _| Finding::Within {
            inner: Box::new(inner),
        })
    })
}

/// Whether JSON, as serde reads it, keeps all of it.
pub fn can_be_stored(inspected: &Inspected) -> bool {
    let Inspected {
        ratio,
        remark,
        finding,
        by_shelf,
    } = inspected;
    let (mut finding, mut depth) = (finding, 0);
    while let Finding::Within { inner } = finding {
        (finding, depth) = (inner, depth + 1);
    }
    let innermost = match finding {
        Finding::Torn { .. } => false,
        Finding::Missing { by_shelf } => by_shelf.is_empty(),
        Finding::Sound | Finding::Within { .. } => true,
    };
    let shelves = by_shelf.values().all(|ratio| ratio.is_finite());
    ratio.is_finite() && *remark != Some(None) && depth < 100 && innermost && shelves
}

pub fn history() -> impl Strategy<Value = Vec<ParcelEvent>> {
    (registered(), vec(later(), 0..24)).prop_map(|(first, later)| {
        let mut history = vec![first];
        history.extend(later);
        history
    })
}

/// Name, version and payload of an event in a shape that an earlier release wrote.
pub fn past() -> impl Strategy<Value = (&'static str, u32, String)> {
    fn as_text(shape: &impl serde::Serialize) -> String {
        serde_json::to_string(shape).unwrap()
    }
    let weight = any::<u64>().prop_map(|grams| WeighedV2 {
        weight: WeightV2 { grams },
    });
    prop_oneof![
        (text(), text(), any::<u8>(), option::of(any::<u32>())).prop_map(
            |(recipient, addr, priority, legacy)| {
                let shape = RegisteredV1 {
                    recipient,
                    addr,
                    priority,
                    legacy,
                };
                ("Registered", 1, as_text(&shape))
            }
        ),
        (
            text(),
            text(),
            text(),
            any::<u8>(),
            option::of(any::<u32>())
        )
            .prop_map(|(recipient, addr, currency, priority, legacy)| {
                let shape = RegisteredV2 {
                    recipient,
                    addr,
                    currency,
                    priority,
                    legacy,
                };
                ("Registered", 2, as_text(&shape))
            }),
        (text(), text(), text(), any::<u8>()).prop_map(
            |(recipient, address, currency, priority)| {
                let shape = RegisteredV3 {
                    recipient,
                    address,
                    currency,
                    priority,
                };
                ("Registered", 3, as_text(&shape))
            }
        ),
        (text(), text(), text(), any::<bool>()).prop_map(|(recipient, address, currency, fast)| {
            let service = if fast { "Express" } else { "Standard" };
            let shape = RegisteredV4 {
                recipient,
                address,
                currency,
                service,
            };
            ("Registered", 4, as_text(&shape))
        }),
        any::<u64>().prop_map(|grams| ("Weighed", 1, as_text(&WeighedV1 { grams }))),
        (2..=3_u32, weight).prop_map(|(version, shape)| ("Weighed", version, as_text(&shape))),
        text().prop_map(|code| ("Labelled", 1, as_text(&LabelledV1 { code }))),
        text().prop_map(|code| ("Labelled", 2, as_text(&LabelledV2(code)))),
        Just(("Dispatched", 1, as_text(&DispatchedV1 {}))),
        text().prop_map(|carrier| ("Dispatched", 2, as_text(&DispatchedV2 { carrier }))),
        Just(("Delivered", 1, as_text(&DeliveredV1 {}))),
    ]
}

const KNOWN_KEYS: [&str; 18] = [
    "recipient",
    "addr",
    "address",
    "currency",
    "priority",
    "legacy",
    "service",
    "grams",
    "weight",
    "code",
    "printed",
    "carrier",
    "ratio",
    "remark",
    "finding",
    "kind",
    "by_shelf",
    "",
];
const SPACES: [&str; 5] = ["", " ", "\n", "\r\n", "\t"];

/// Keys that the domain knows, so that a document gets far, and others.
pub fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(&KNOWN_KEYS[..]).prop_map(str::to_owned),
        1 => text(),
    ]
}

/// Any JSON.
pub fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    let document = leaf.prop_recursive(4, 48, 8, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::from),
            vec((key(), inner), 0..8)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    });
    prop_oneof![document, Just(json!({}))]
}

/// JSON as no serializer writes it: space between everything, line breaks too, and keys that occur twice.
pub fn spaced() -> impl Strategy<Value = String> {
    let space = prop::sample::select(&SPACES[..]);
    let field = (key(), document(), space);
    vec(field, 0..6).prop_map(|fields| {
        let fields = fields.into_iter().map(|(key, value, space)| {
            let key = Value::from(key);
            format!("{space}{key}{space}:{space}{value}{space}")
        });
        format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
    })
}
