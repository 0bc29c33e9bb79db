//! The offers made for an application. One can be with the customer while the next is being selected; it is withdrawn
//! before the next is created.

use intent_runtime::prelude::*;

/// An offer that is being prepared.
#[value]
#[derive(Copy, Eq)]
pub(super) enum Draft {
    Selected,
    Created,
}

/// An offer that the customer has, or has answered.
#[value]
#[derive(Copy, Eq)]
pub(super) enum Offer {
    Sent,
    SentBack,
}

/// What became of the offers so far.
#[value]
#[derive(Copy, Default)]
pub struct OfferTally {
    pub selected: u32,
    pub created: u32,
    pub sent: u32,
    pub sent_back: u32,
    pub accepted: u32,
    pub cancelled: u32,
    pub declined: u32,
}
