//! A domain in its fifth release: each event went another way to today's shape.

use std::collections::BTreeMap;

use intent_runtime::prelude::*;

#[derive(Aggregate, Debug, Clone, PartialEq)]
#[aggregate(
    name = "Shipment",
    formerly("Parcel"),
    created_by(Registered),
    events(Weighed, Labelled, CarrierChosen, Left => (), HandedOver, Inspected => ()),
    split(Dispatched => chosen_and_left),
    snapshot(every = 4)
)]
pub struct Parcel {
    #[id]
    pub id: Id<Parcel>,
    #[on(Registered = |e| e.recipient.clone())]
    pub recipient: String,
    #[on(Registered = |e| e.address.clone())]
    pub address: String,
    #[on(Registered = |e| e.service)]
    pub service: Service,
    #[on(Weighed = |e| e.weight.grams)]
    pub grams: u64,
    #[on(Labelled => |labels, e| labels.push(e.code.clone()))]
    pub labels: Vec<String>,
    #[on(CarrierChosen = |e| e.carrier.clone())]
    pub carrier: String,
    #[on(HandedOver = true)]
    pub delivered: bool,
}

#[value]
#[derive(Copy, Default)]
pub enum Service {
    #[default]
    Standard,
    Express,
    Overnight,
}

#[value]
#[derive(Copy)]
pub struct Weight {
    pub grams: u64,
}

/// Notes, a function that makes one field of two, and a value with a variant more.
#[event(version = 5, removed(3, "legacy"), upcast(3 => service_of_priority), unchanged(5))]
pub struct Registered {
    pub recipient: String,
    #[renamed(3, from = "addr")]
    pub address: String,
    #[since(2, default = "EUR".into())]
    pub currency: String,
    pub service: Service,
}

fn service_of_priority(mut v3: JsonObject) -> Result<JsonObject, UpcastError> {
    let priority: u8 = v3.take("priority")?;
    let service = if priority < 5 {
        Service::Standard
    } else {
        Service::Express
    };
    v3.set("service", service)?;
    Ok(v3)
}

/// A function, then a step that changes nothing.
#[event(version = 3, upcast(1 => weight_of_grams), unchanged(3))]
pub struct Weighed {
    pub weight: Weight,
}

fn weight_of_grams(mut v1: JsonObject) -> Result<JsonObject, UpcastError> {
    let grams = v1.take("grams")?;
    v1.set("weight", Weight { grams })?;
    Ok(v1)
}

/// Typed predecessors: an object, then bare text, then an object again.
#[event(version = 3, from = LabelledV2)]
pub struct Labelled {
    pub code: String,
    pub printed: bool,
}

#[event(version = 2, name = "Labelled", from = LabelledV1)]
pub struct LabelledV2(pub String);

#[event(version = 1, name = "Labelled")]
pub struct LabelledV1 {
    pub code: String,
}

impl From<LabelledV1> for LabelledV2 {
    fn from(v1: LabelledV1) -> Self {
        Self(v1.code)
    }
}

impl From<LabelledV2> for Labelled {
    fn from(v2: LabelledV2) -> Self {
        Self {
            code: v2.0,
            printed: true,
        }
    }
}

/// A unit event that got a field, and became two others.
#[event(version = 2)]
pub struct Dispatched {
    #[since(2, default = "post".into())]
    pub carrier: String,
}

fn chosen_and_left(Dispatched { carrier }: Dispatched) -> (CarrierChosen, Left) {
    (CarrierChosen { carrier }, Left)
}

#[event]
pub struct CarrierChosen {
    pub carrier: String,
}

#[event]
pub struct Left;

/// Unchanged, under another name.
#[event(formerly("Delivered"))]
pub struct HandedOver;

/// What JSON and serde keep least well; not all of its values can be stored.
#[event]
pub struct Inspected {
    pub ratio: f64,
    pub remark: Option<Option<u8>>,
    pub finding: Finding,
    pub by_shelf: BTreeMap<u32, f32>,
}

/// Behind a tag, serde reads neither large numbers nor keys that are numbers.
#[value]
#[serde(tag = "kind")]
pub enum Finding {
    Sound,
    Torn { letters: u128 },
    Missing { by_shelf: BTreeMap<u32, bool> },
    Within { inner: Box<Finding> },
}

#[commands]
impl Parcel {
    #[create]
    pub fn register(recipient: String, address: String, service: Service) -> Registered {
        Registered {
            recipient,
            address,
            currency: "EUR".into(),
            service,
        }
    }

    #[handle]
    pub fn prepare(&self, grams: u64, code: String) -> (Weighed, Labelled) {
        let weight = Weight { grams };
        let printed = true;
        (Weighed { weight }, Labelled { code, printed })
    }

    #[handle]
    pub fn dispatch(&self, carrier: String) -> (CarrierChosen, Left) {
        (CarrierChosen { carrier }, Left)
    }

    #[handle]
    pub fn deliver(&self) -> Option<HandedOver> {
        (!self.delivered).then_some(HandedOver)
    }

    #[handle]
    pub fn inspect(
        &self,
        ratio: f64,
        remark: Option<Option<u8>>,
        finding: Finding,
        by_shelf: BTreeMap<u32, f32>,
    ) -> Inspected {
        Inspected {
            ratio,
            remark,
            finding,
            by_shelf,
        }
    }
}
