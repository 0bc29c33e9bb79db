//! What screens show: rows that follow from the events of all applications. `loans dashboard` draws them.

use std::time::Duration;

use intent_runtime::prelude::*;

use super::{
    LoanApplication, Outcome, Stage, Task,
    events::{
        Accepted, Approved, Cancelled, Declined, Finalized, OfferAccepted, OfferCreated, OfferSent,
        OfferSentBack, PartlySubmitted, PreAccepted, Submitted, WorkCompleted, WorkScheduled,
        WorkStarted,
    },
};

/// Where an application is: a row for each.
#[derive(ReadModel, Debug, Clone)]
#[read_model(
    table = "applications",
    created_by(Submitted),
    events(
        PartlySubmitted,
        PreAccepted,
        Accepted,
        Finalized,
        Approved,
        Declined,
        Cancelled,
    )
)]
pub struct Application {
    #[key]
    pub application: Id<LoanApplication>,
    #[on(Submitted = |e| e.number.clone())]
    pub number: String,
    #[on(
        Submitted = Stage::Submitted,
        PartlySubmitted = Stage::PartlySubmitted,
        PreAccepted = Stage::PreAccepted,
        Accepted = Stage::Accepted,
        Finalized = Stage::Finalized
    )]
    pub stage: Stage,
    /// Nothing while it is undecided.
    #[index]
    #[on(
        Approved = Some(Outcome::Approved),
        Declined = Some(Outcome::Declined),
        Cancelled = Some(Outcome::Cancelled)
    )]
    pub outcome: Option<Outcome>,
    /// Since when it is where it is.
    #[on(
        Submitted = |e| e.occurred_at(),
        PartlySubmitted = |e| e.occurred_at(),
        PreAccepted = |e| e.occurred_at(),
        Accepted = |e| e.occurred_at(),
        Finalized = |e| e.occurred_at(),
        Approved = |e| e.occurred_at(),
        Declined = |e| e.occurred_at(),
        Cancelled = |e| e.occurred_at()
    )]
    pub since: Timestamp,
}

/// How many applications reached a stage, and how many were decided there: a row for each stage.
#[derive(ReadModel, Debug, Clone)]
#[read_model(
    table = "stages",
    events(
        Submitted by |_| Stage::Submitted,
        PartlySubmitted by |_| Stage::PartlySubmitted,
        PreAccepted by |_| Stage::PreAccepted,
        Accepted by |_| Stage::Accepted,
        Finalized by |_| Stage::Finalized,
        // The rules let nothing be approved earlier.
        Approved by |_| Stage::Finalized,
        Declined by |e| e.stage,
        Cancelled by |e| e.stage,
    )
)]
pub struct StageCount {
    #[key]
    pub stage: Stage,
    #[on(Submitted += 1, PartlySubmitted += 1, PreAccepted += 1, Accepted += 1, Finalized += 1)]
    pub reached: u64,
    #[on(Approved += 1)]
    pub approved: u64,
    #[on(Declined += 1)]
    pub declined: u64,
    #[on(Cancelled += 1)]
    pub cancelled: u64,
}

/// What was done with offers in a week: a row for each week. An offer that comes back in another week than it was made counts
/// in both.
#[derive(ReadModel, Debug, Clone)]
#[read_model(
    table = "offer_weeks",
    events(
        OfferCreated by week,
        OfferSent by week,
        OfferSentBack by week,
        OfferAccepted by week,
    )
)]
pub struct OfferWeek {
    /// When the week begins: Monday at midnight, in UTC.
    #[key]
    pub week: Timestamp,
    #[on(OfferCreated += 1)]
    pub made: u64,
    #[on(OfferSent += 1)]
    pub sent: u64,
    #[on(OfferSentBack += 1)]
    pub sent_back: u64,
    #[on(OfferAccepted += 1)]
    pub accepted: u64,
}

/// Work that waits: a row for each piece that is on the list, or that somebody is at. Work that was stopped for now is back
/// when somebody begins again.
#[derive(ReadModel, Debug, Clone)]
#[read_model(
    table = "open_work",
    created_by(
        WorkScheduled by |e| (e.aggregate_id().typed(), e.task),
        WorkStarted by |e| (e.aggregate_id().typed(), e.task),
    ),
    removed_by(WorkCompleted by |e| (e.aggregate_id().typed(), e.task))
)]
pub struct OpenWork {
    #[key]
    pub application: Id<LoanApplication>,
    #[key]
    pub task: Task,
    /// Who put it on the list or is at it, if the log says so.
    #[on(WorkScheduled = |e| who(e), WorkStarted = |e| who(e))]
    pub person: Option<String>,
    /// Whether somebody is at it.
    #[on(WorkStarted = true)]
    pub begun: bool,
    #[on(WorkScheduled = |e| e.occurred_at(), WorkStarted = |e| e.occurred_at())]
    pub since: Timestamp,
}

/// When the week of an event begins.
fn week<E>(event: &Recorded<E>) -> Timestamp {
    const DAY: i64 = 24 * 60 * 60 * 1_000_000;
    let time = event.occurred_at();
    // 1970 began on a Thursday.
    let into_the_week = (time.as_micros() + 3 * DAY).rem_euclid(7 * DAY);
    time.saturating_sub(Duration::from_micros(into_the_week.unsigned_abs()))
}

/// Who did it. Metadata that cannot be read names nobody.
fn who<E>(event: &Recorded<E>) -> Option<String> {
    event.metadata().ok()?.actor.clone()
}
