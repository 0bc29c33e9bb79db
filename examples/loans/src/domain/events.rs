//! What can happen to a loan application.

use intent_runtime::prelude::*;

use super::{Euros, Stage, Task};

/// The customer asked for money.
#[event]
pub struct Submitted {
    /// The number of the application.
    pub number: String,
    pub amount: Euros,
    /// When the application was entered, by the institute's own books.
    pub entered_at: Timestamp,
}

/// The customer gave the first details.
#[event]
pub struct PartlySubmitted;

/// The application looks good, but more information is needed.
#[event]
pub struct PreAccepted;

/// The information is complete; an offer can be made.
#[event]
pub struct Accepted;

/// The application is ready for its first offer.
#[event]
pub struct Finalized;

/// The institute lends the money.
#[event]
pub struct Approved;

/// The loan went into the books.
#[event]
pub struct Registered;

/// The money can be had.
#[event]
pub struct Activated;

/// The institute does not lend the money.
#[event]
pub struct Declined {
    /// How far the application came. Read models count by it, and they see events, not the application.
    pub stage: Stage,
}

/// The customer does not want the money, or does not answer.
#[event]
pub struct Cancelled {
    /// How far the application came.
    pub stage: Stage,
}

/// Somebody began to prepare an offer.
#[event]
pub struct OfferSelected;

/// The offer was written.
#[event]
pub struct OfferCreated;

/// The offer went to the customer.
#[event]
pub struct OfferSent;

/// The customer sent the offer back, signed or with questions.
#[event]
pub struct OfferSentBack;

/// The offer holds.
#[event]
pub struct OfferAccepted;

/// The offer was withdrawn.
#[event]
pub struct OfferCancelled;

/// The institute no longer stands by the offer.
#[event]
pub struct OfferDeclined;

/// Work was put on the list.
#[event]
pub struct WorkScheduled {
    pub task: Task,
}

/// Somebody began, or began again, to work.
#[event]
pub struct WorkStarted {
    pub task: Task,
}

/// Somebody stopped working, for now or for good.
#[event]
pub struct WorkCompleted {
    pub task: Task,
}
