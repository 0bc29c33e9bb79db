//! The work that an application takes, under the names the institute gave it.

use std::collections::BTreeMap;

use intent_runtime::prelude::*;

/// A kind of work.
#[value]
#[derive(Copy, Eq, Hash, PartialOrd, Ord, derive_more::Display)]
pub enum Task {
    /// Following up on an incomplete first submission.
    #[display("Afhandelen leads")]
    HandleLeads,
    /// Completing a pre-accepted application.
    #[display("Completeren aanvraag")]
    CompleteApplication,
    /// Calling the customer about an offer that was sent.
    #[display("Nabellen offertes")]
    CallAboutOffer,
    /// Assessing the application.
    #[display("Valideren aanvraag")]
    ValidateApplication,
    /// Calling for information that the assessment found missing.
    #[display("Nabellen incomplete dossiers")]
    CallAboutMissingFiles,
    /// Looking into suspected fraud.
    #[display("Beoordelen fraude")]
    AssessFraud,
    /// Changing the contract.
    #[display("Wijzigen contractgegevens")]
    ChangeContract,
}

impl Task {
    pub const ALL: [Self; 7] = [
        Self::HandleLeads,
        Self::CompleteApplication,
        Self::CallAboutOffer,
        Self::ValidateApplication,
        Self::CallAboutMissingFiles,
        Self::AssessFraud,
        Self::ChangeContract,
    ];
}

/// What was done of each kind of work.
#[value]
#[derive(Default)]
pub(super) struct Worklist {
    tasks: BTreeMap<Task, Work>,
}

#[value]
#[derive(Copy, Default)]
struct Work {
    scheduled: u32,
    /// How many people are at it.
    running: u32,
    completed: u32,
}

impl Worklist {
    pub(super) fn is_scheduled(&self, task: Task) -> bool {
        self.tasks.get(&task).is_some_and(|work| work.scheduled > 0)
    }

    pub(super) fn is_running(&self, task: Task) -> bool {
        self.tasks.get(&task).is_some_and(|work| work.running > 0)
    }

    pub(super) fn schedule(&mut self, task: Task) {
        self.of(task).scheduled += 1;
    }

    pub(super) fn start(&mut self, task: Task) {
        self.of(task).running += 1;
    }

    pub(super) fn complete(&mut self, task: Task) {
        let work = self.of(task);
        work.completed += 1;
        // Some work is completed without having been started; see `complete_work`.
        work.running = work.running.saturating_sub(1);
    }

    fn of(&mut self, task: Task) -> &mut Work {
        self.tasks.entry(task).or_default()
    }
}
