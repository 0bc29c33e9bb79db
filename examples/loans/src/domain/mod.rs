//! The whole domain: a loan application, the offers made for it, and the work it takes.
//!
//! Every rule in here holds for all 262,200 events of the real log; none is so weak that nonsense passes.

mod commands;
pub mod events;
mod offers;
mod progress;
pub mod read_models;
mod refused;
#[cfg(test)]
mod tests;
mod work;

pub use commands::{
    Accept, AcceptOffer, Activate, Approve, Cancel, CancelOffer, CompleteWork, CreateOffer,
    Decline, DeclineOffer, Finalize, PartlySubmit, PreAccept, ReceiveOfferBack, Register,
    ScheduleWork, SelectOffer, SendOffer, StartWork, Submit,
};
pub use offers::OfferTally;
pub use progress::{Euros, Outcome, Stage};
pub use refused::Refused;
pub use work::Task;

use intent_runtime::prelude::*;

use self::{
    events::{
        Accepted, Activated, Approved, Cancelled, Declined, Finalized, OfferAccepted,
        OfferCancelled, OfferCreated, OfferDeclined, OfferSelected, OfferSent, OfferSentBack,
        PartlySubmitted, PreAccepted, Registered, Submitted, WorkCompleted, WorkScheduled,
        WorkStarted,
    },
    offers::{Draft, Offer},
    read_models::{Application, OfferWeek, OpenWork, StageCount},
    work::Worklist,
};

/// What the program consists of.
pub fn loans() -> Domain {
    Domain::of::<LoanApplication>()
        .read_model::<Application>()
        .read_model::<StageCount>()
        .read_model::<OfferWeek>()
        .read_model::<OpenWork>()
}

/// An application for a personal loan or an overdraft.
#[derive(Aggregate, Debug, Clone, PartialEq)]
#[aggregate(
    created_by(Submitted),
    events(
        PartlySubmitted,
        PreAccepted,
        Accepted,
        Finalized,
        Approved,
        Registered,
        Activated,
        Declined,
        Cancelled,
        OfferSelected,
        OfferCreated,
        OfferSent,
        OfferSentBack,
        OfferAccepted,
        OfferCancelled,
        OfferDeclined,
        WorkScheduled,
        WorkStarted,
        WorkCompleted,
    ),
    // Half of the applications have fewer than 11 events, the longest has 175.
    snapshot(every = 20)
)]
pub struct LoanApplication {
    #[id]
    pub id: Id<LoanApplication>,
    /// The number the institute gave it.
    #[on(Submitted = |e| e.number.clone())]
    pub number: String,
    #[on(Submitted = |e| e.amount)]
    pub requested: Euros,
    /// How far it came, whatever was decided then.
    #[on(
        PartlySubmitted = Stage::PartlySubmitted,
        PreAccepted = Stage::PreAccepted,
        Accepted = Stage::Accepted,
        Finalized = Stage::Finalized
    )]
    pub stage: Stage,
    #[on(
        Approved = Some(Outcome::Approved),
        Declined = Some(Outcome::Declined),
        Cancelled = Some(Outcome::Cancelled)
    )]
    pub outcome: Option<Outcome>,
    /// The loan is in the books. It may be so before the approval: the log has the two in either order.
    #[on(Registered = true)]
    pub registered: bool,
    /// The money can be had.
    #[on(Activated = true)]
    pub activated: bool,
    /// The offer that is being prepared.
    #[on(OfferSelected = Some(Draft::Selected), OfferCreated = Some(Draft::Created), OfferSent = None)]
    draft: Option<Draft>,
    /// The offer that the customer has; one at a time.
    #[on(
        OfferSent = Some(Offer::Sent),
        OfferSentBack = Some(Offer::SentBack),
        OfferAccepted = None,
        OfferCancelled = None,
        OfferDeclined = None
    )]
    offer: Option<Offer>,
    #[on(
        OfferSelected => |offers, _| offers.selected += 1,
        OfferCreated => |offers, _| offers.created += 1,
        OfferSent => |offers, _| offers.sent += 1,
        OfferSentBack => |offers, _| offers.sent_back += 1,
        OfferAccepted => |offers, _| offers.accepted += 1,
        OfferCancelled => |offers, _| offers.cancelled += 1,
        OfferDeclined => |offers, _| offers.declined += 1
    )]
    pub offers: OfferTally,
    #[on(
        WorkScheduled => |work, e| work.schedule(e.task),
        WorkStarted => |work, e| work.start(e.task),
        WorkCompleted => |work, e| work.complete(e.task)
    )]
    work: Worklist,
}
