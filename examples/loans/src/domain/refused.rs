//! Why the institute says no.

use super::{Outcome, Stage, Task};

/// A command that makes no sense as the application stands.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("the application is {stage}, it cannot become {to} now")]
    OutOfTurn { stage: Stage, to: Stage },
    #[error("the application is {stage}, this takes one that is {needed}")]
    TooEarly { stage: Stage, needed: Stage },
    #[error("the application is {outcome} already")]
    Decided { outcome: Outcome },
    #[error("the loan is in the books or paid out already")]
    Booked,
    #[error("the loan is {what} already")]
    Twice { what: &'static str },
    #[error("an offer is still being prepared")]
    OfferInPreparation,
    #[error("no offer is being selected")]
    NoOfferSelected,
    #[error("no offer was created that could be sent")]
    NoOfferCreated,
    #[error("the customer has no offer")]
    NoOffer,
    #[error("the customer has an offer, which must be cancelled first")]
    OfferOut,
    #[error("the customer's offer came back already")]
    SentBackAlready,
    #[error("the customer's offer has not come back")]
    NotSentBack,
    #[error("an offer was accepted or declined already")]
    OfferSettled,
    #[error("`{task}` is no work for an application at this point")]
    NoSuchWorkNow { task: Task },
    #[error("`{task}` was never scheduled")]
    NotScheduled { task: Task },
    #[error("nobody has started `{task}`")]
    NotStarted { task: Task },
}
