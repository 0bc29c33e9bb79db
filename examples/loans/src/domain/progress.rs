//! How far an application came, and how it ended.

use intent_runtime::prelude::*;

/// An amount in whole euros, as customers ask for it.
#[value]
#[derive(Copy, Default, derive_more::Display)]
#[display("{_0}")]
pub struct Euros(pub u64);

/// How far an application came. Each stage follows the one before it.
#[value]
#[derive(Copy, Eq, Hash, Default, PartialOrd, derive_more::Display)]
pub enum Stage {
    #[default]
    #[display("submitted")]
    Submitted,
    #[display("partly submitted")]
    PartlySubmitted,
    #[display("pre-accepted")]
    PreAccepted,
    #[display("accepted")]
    Accepted,
    #[display("finalized")]
    Finalized,
}

/// How an application ended.
#[value]
#[derive(Copy, Eq, derive_more::Display)]
pub enum Outcome {
    #[display("approved")]
    Approved,
    #[display("declined")]
    Declined,
    #[display("cancelled")]
    Cancelled,
}

impl Stage {
    pub const ALL: [Self; 5] = [
        Self::Submitted,
        Self::PartlySubmitted,
        Self::PreAccepted,
        Self::Accepted,
        Self::Finalized,
    ];

    /// The stage that comes next; the last one has none.
    pub fn next(self) -> Option<Self> {
        match self {
            Self::Submitted => Some(Self::PartlySubmitted),
            Self::PartlySubmitted => Some(Self::PreAccepted),
            Self::PreAccepted => Some(Self::Accepted),
            Self::Accepted => Some(Self::Finalized),
            Self::Finalized => None,
        }
    }
}
