//! One type for all commands of the domain, so that a log becomes a list of them.

use std::error::Error;

use intent_runtime::{App, Receipt, SendError, SendOptions};

use crate::Failure;
use crate::domain::{
    Accept, AcceptOffer, Activate, Approve, Cancel, CancelOffer, CompleteWork, CreateOffer,
    Decline, DeclineOffer, Finalize, LoanApplication, PartlySubmit, PreAccept, ReceiveOfferBack,
    Register, ScheduleWork, SelectOffer, SendOffer, StartWork, Submit,
};

/// What came of sending an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// Its event is stored now.
    Stored,
    /// It was sent before, by this import or another.
    Before,
}

/// Why an order had no effect.
#[derive(Debug)]
pub enum NotSent {
    /// The domain's rules do not allow it; the text says which.
    Refused(String),
    /// It could not be decided or stored.
    Failed(Failure),
}

macro_rules! orders {
    ($($command:ident),+ $(,)?) => {
        /// Any command for a [`LoanApplication`].
        #[derive(Clone, Debug)]
        pub enum Order {
            $($command($command)),+
        }

        $(
            impl From<$command> for Order {
                fn from(command: $command) -> Self {
                    Self::$command(command)
                }
            }
        )+

        impl Order {
            /// Sends the command that it is.
            pub async fn send(self, app: &App, options: SendOptions) -> Result<Sent, NotSent> {
                match self {
                    $(Self::$command(command) => outcome(app.send_with(command, options).await)),+
                }
            }
        }
    };
}

orders!(
    Submit,
    PartlySubmit,
    PreAccept,
    Accept,
    Finalize,
    Approve,
    Register,
    Activate,
    Decline,
    Cancel,
    SelectOffer,
    CreateOffer,
    SendOffer,
    ReceiveOfferBack,
    AcceptOffer,
    CancelOffer,
    DeclineOffer,
    ScheduleWork,
    StartWork,
    CompleteWork,
);

fn outcome<E: Error + Send + Sync + 'static>(
    sent: Result<Receipt<LoanApplication>, SendError<E>>,
) -> Result<Sent, NotSent> {
    match sent {
        Ok(receipt) if receipt.repeated => Ok(Sent::Before),
        Ok(_) => Ok(Sent::Stored),
        Err(SendError::Rejected(refusal)) => Err(NotSent::Refused(refusal.to_string())),
        Err(SendError::NotFound { .. }) => {
            Err(NotSent::Refused("nothing was submitted before".into()))
        }
        Err(SendError::AlreadyExists { .. }) => Err(NotSent::Refused(
            "the application was submitted already".into(),
        )),
        Err(error) => Err(NotSent::Failed(error.into())),
    }
}
