//! The events as earlier releases declared them. Their fields stand in the order that they were written in.

use serde::Serialize;

#[derive(Clone, Debug, Serialize)]
pub struct RegisteredV1 {
    pub recipient: String,
    pub addr: String,
    pub priority: u8,
    pub legacy: Option<u32>,
}

#[derive(Clone, Debug, Serialize)]
pub struct RegisteredV2 {
    pub recipient: String,
    pub addr: String,
    pub currency: String,
    pub priority: u8,
    pub legacy: Option<u32>,
}

#[derive(Clone, Debug, Serialize)]
pub struct RegisteredV3 {
    pub recipient: String,
    pub address: String,
    pub currency: String,
    pub priority: u8,
}

#[derive(Clone, Debug, Serialize)]
pub struct RegisteredV4 {
    pub recipient: String,
    pub address: String,
    pub currency: String,
    pub service: &'static str,
}

#[derive(Clone, Debug, Serialize)]
pub struct WeighedV1 {
    pub grams: u64,
}

#[derive(Clone, Debug, Serialize)]
pub struct WeighedV2 {
    pub weight: WeightV2,
}

#[derive(Clone, Debug, Serialize)]
pub struct WeightV2 {
    pub grams: u64,
}

#[derive(Clone, Debug, Serialize)]
pub struct LabelledV1 {
    pub code: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct LabelledV2(pub String);

#[derive(Clone, Debug, Serialize)]
pub struct DispatchedV1 {}

#[derive(Clone, Debug, Serialize)]
pub struct DispatchedV2 {
    pub carrier: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct DeliveredV1 {}
