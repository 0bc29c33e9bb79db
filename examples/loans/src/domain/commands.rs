//! What may be asked of a loan application, and when the answer is no.

use intent_runtime::prelude::*;

use super::{
    Euros, LoanApplication, Outcome, Refused, Stage, Task,
    events::{
        Accepted, Activated, Approved, Cancelled, Declined, Finalized, OfferAccepted,
        OfferCancelled, OfferCreated, OfferDeclined, OfferSelected, OfferSent, OfferSentBack,
        PartlySubmitted, PreAccepted, Registered, Submitted, WorkCompleted, WorkScheduled,
        WorkStarted,
    },
    offers::{Draft, Offer},
};

#[commands]
impl LoanApplication {
    /// Asks for money.
    #[create]
    pub fn submit(number: String, amount: Euros, entered_at: Timestamp) -> Submitted {
        Submitted {
            number,
            amount,
            entered_at,
        }
    }

    /// Gives the first details.
    #[handle]
    pub fn partly_submit(&self) -> Result<PartlySubmitted, Refused> {
        self.advances_to(Stage::PartlySubmitted)?;
        Ok(PartlySubmitted)
    }

    /// Finds that the application looks good.
    #[handle]
    pub fn pre_accept(&self) -> Result<PreAccepted, Refused> {
        self.advances_to(Stage::PreAccepted)?;
        Ok(PreAccepted)
    }

    /// Finds that all information is there.
    #[handle]
    pub fn accept(&self) -> Result<Accepted, Refused> {
        self.advances_to(Stage::Accepted)?;
        Ok(Accepted)
    }

    /// Makes the application ready for its first offer.
    #[handle]
    pub fn finalize(&self) -> Result<Finalized, Refused> {
        self.advances_to(Stage::Finalized)?;
        Ok(Finalized)
    }

    /// Lends the money.
    #[handle]
    pub fn approve(&self) -> Result<Approved, Refused> {
        self.is_open()?;
        self.has_terms()?;
        Ok(Approved)
    }

    /// Puts the loan into the books.
    #[handle]
    pub fn register(&self) -> Result<Registered, Refused> {
        if self.registered {
            return Err(Refused::Twice { what: "registered" });
        }
        self.is_not_turned_down()?;
        self.has_terms()?;
        Ok(Registered)
    }

    /// Makes the money available.
    #[handle]
    pub fn activate(&self) -> Result<Activated, Refused> {
        if self.activated {
            return Err(Refused::Twice { what: "activated" });
        }
        self.is_not_turned_down()?;
        self.has_terms()?;
        Ok(Activated)
    }

    /// Does not lend the money.
    #[handle]
    pub fn decline(&self) -> Result<Declined, Refused> {
        self.can_be_turned_down()?;
        Ok(Declined { stage: self.stage })
    }

    /// Ends the application without a loan, because the customer no longer wants it or does not answer.
    #[handle]
    pub fn cancel(&self) -> Result<Cancelled, Refused> {
        self.can_be_turned_down()?;
        Ok(Cancelled { stage: self.stage })
    }

    /// Begins to prepare an offer. The customer may still have an earlier one.
    #[handle]
    pub fn select_offer(&self) -> Result<OfferSelected, Refused> {
        self.is_undecided()?;
        self.is_at_least(Stage::Accepted)?;
        self.has_no_draft()?;
        if self.offers.accepted + self.offers.declined > 0 {
            return Err(Refused::OfferSettled);
        }
        Ok(OfferSelected)
    }

    /// Writes the offer that was selected.
    #[handle]
    pub fn create_offer(&self) -> Result<OfferCreated, Refused> {
        self.is_undecided()?;
        self.is_at_least(Stage::Finalized)?;
        if self.draft != Some(Draft::Selected) {
            return Err(Refused::NoOfferSelected);
        }
        if self.offer.is_some() {
            return Err(Refused::OfferOut);
        }
        Ok(OfferCreated)
    }

    /// Sends the offer that was created.
    #[handle]
    pub fn send_offer(&self) -> Result<OfferSent, Refused> {
        self.is_undecided()?;
        if self.draft != Some(Draft::Created) {
            return Err(Refused::NoOfferCreated);
        }
        Ok(OfferSent)
    }

    /// Takes the offer that the customer sent back.
    #[handle]
    pub fn receive_offer_back(&self) -> Result<OfferSentBack, Refused> {
        self.is_undecided()?;
        self.has_no_draft()?;
        match self.offer {
            Some(Offer::Sent) => Ok(OfferSentBack),
            Some(Offer::SentBack) => Err(Refused::SentBackAlready),
            None => Err(Refused::NoOffer),
        }
    }

    /// Stands by the offer. The log has this before, among and after approval, registration and activation.
    #[handle]
    pub fn accept_offer(&self) -> Result<OfferAccepted, Refused> {
        self.is_not_turned_down()?;
        self.has_no_draft()?;
        self.has_offer()?;
        Ok(OfferAccepted)
    }

    /// Withdraws the offer, for another one or together with the application.
    #[handle]
    pub fn cancel_offer(&self) -> Result<OfferCancelled, Refused> {
        self.ends_only_as(Outcome::Cancelled)?;
        self.has_offer()?;
        Ok(OfferCancelled)
    }

    /// No longer stands by the offer.
    #[handle]
    pub fn decline_offer(&self) -> Result<OfferDeclined, Refused> {
        self.ends_only_as(Outcome::Declined)?;
        self.has_no_draft()?;
        self.has_offer()?;
        Ok(OfferDeclined)
    }

    /// Puts work on the list, if there is a point in it.
    #[handle]
    pub fn schedule_work(&self, task: Task) -> Result<WorkScheduled, Refused> {
        self.is_not_turned_down()?;
        let has_point = match task {
            Task::HandleLeads => self.stage == Stage::PartlySubmitted,
            Task::CompleteApplication => {
                matches!(self.stage, Stage::PartlySubmitted | Stage::PreAccepted)
            }
            Task::AssessFraud => self.stage >= Stage::PartlySubmitted && self.outcome.is_none(),
            Task::CallAboutOffer => {
                self.outcome.is_none() && (self.offer.is_some() || self.draft.is_some())
            }
            Task::CallAboutMissingFiles => self.offers.sent_back > 0 && self.outcome.is_none(),
            Task::ValidateApplication => {
                self.is_undecided()?;
                match self.offer {
                    Some(Offer::SentBack) => true,
                    Some(Offer::Sent) => return Err(Refused::NotSentBack),
                    None => return Err(Refused::NoOffer),
                }
            }
            Task::ChangeContract => self.offers.sent > 0,
        };
        if !has_point {
            return Err(Refused::NoSuchWorkNow { task });
        }
        Ok(WorkScheduled { task })
    }

    /// Begins to work, or begins again.
    #[handle]
    pub fn start_work(&self, task: Task) -> Result<WorkStarted, Refused> {
        if !self.work.is_scheduled(task) {
            return Err(Refused::NotScheduled { task });
        }
        Ok(WorkStarted { task })
    }

    /// Stops working, for now or for good.
    ///
    /// Only fraud is always assessed by somebody who said so before. Of the other work, the institute's own systems
    /// complete some 1,040 pieces that nobody was at: they clear the list when an application ends, or twice.
    #[handle]
    pub fn complete_work(&self, task: Task) -> Result<WorkCompleted, Refused> {
        if !self.work.is_scheduled(task) {
            return Err(Refused::NotScheduled { task });
        }
        if task == Task::AssessFraud && !self.work.is_running(task) {
            return Err(Refused::NotStarted { task });
        }
        Ok(WorkCompleted { task })
    }

    fn advances_to(&self, to: Stage) -> Result<(), Refused> {
        self.is_open()?;
        if self.stage.next() != Some(to) {
            return Err(Refused::OutOfTurn {
                stage: self.stage,
                to,
            });
        }
        Ok(())
    }

    fn is_at_least(&self, needed: Stage) -> Result<(), Refused> {
        if self.stage < needed {
            return Err(Refused::TooEarly {
                stage: self.stage,
                needed,
            });
        }
        Ok(())
    }

    /// No outcome stands.
    fn is_open(&self) -> Result<(), Refused> {
        match self.outcome {
            Some(outcome) => Err(Refused::Decided { outcome }),
            None => Ok(()),
        }
    }

    /// No outcome stands, and none is under way.
    fn is_undecided(&self) -> Result<(), Refused> {
        self.is_open()?;
        if self.registered || self.activated {
            return Err(Refused::Booked);
        }
        Ok(())
    }

    fn is_not_turned_down(&self) -> Result<(), Refused> {
        match self.outcome {
            None | Some(Outcome::Approved) => Ok(()),
            Some(outcome) => Err(Refused::Decided { outcome }),
        }
    }

    /// An offer that ends this way ends before the application does, or after it ended the same way.
    fn ends_only_as(&self, outcome: Outcome) -> Result<(), Refused> {
        if self.outcome == Some(outcome) {
            return Ok(());
        }
        self.is_undecided()
    }

    fn can_be_turned_down(&self) -> Result<(), Refused> {
        self.is_undecided()?;
        self.is_at_least(Stage::PartlySubmitted)?;
        self.has_no_draft()?;
        if self.offers.accepted > 0 {
            return Err(Refused::OfferSettled);
        }
        Ok(())
    }

    /// There is an offer that a loan can rest on.
    fn has_terms(&self) -> Result<(), Refused> {
        self.is_at_least(Stage::Finalized)?;
        self.has_no_draft()?;
        if self.offers.accepted > 0 {
            return Ok(());
        }
        self.has_offer()
    }

    fn has_offer(&self) -> Result<(), Refused> {
        match self.offer {
            Some(_) => Ok(()),
            None => Err(Refused::NoOffer),
        }
    }

    fn has_no_draft(&self) -> Result<(), Refused> {
        match self.draft {
            Some(_) => Err(Refused::OfferInPreparation),
            None => Ok(()),
        }
    }
}
