//! Loads every application twice, from its events alone and from a snapshot with the events after it, and compares.

use std::ops::ControlFlow;

use intent_runtime::{
    Aggregate, App, Id, TenantId,
    store::{RawEvent, ReadStream, StateSink, StoredSnapshot, StreamId},
};

use crate::{Failure, concurrently::concurrently, domain::LoanApplication};

const TASKS: usize = 32;

/// What came of the comparison.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    pub compared: u64,
    pub with_snapshot: u64,
    /// The numbers of the applications that differ.
    pub mismatches: Vec<String>,
}

struct Compared {
    number: String,
    had_snapshot: bool,
    same: bool,
}

/// Compares all applications.
pub async fn verify(app: &App, applications: Vec<Id<LoanApplication>>) -> Result<Verdict, Failure> {
    let mut verdict = Verdict::default();
    let compare = |id| compare(app.clone(), id);
    let take = |compared: Compared| {
        verdict.compared += 1;
        verdict.with_snapshot += u64::from(compared.had_snapshot);
        if !compared.same {
            verdict.mismatches.push(compared.number);
        }
    };
    concurrently(applications, TASKS, compare, take).await?;
    Ok(verdict)
}

async fn compare(app: App, id: Id<LoanApplication>) -> Result<Compared, Failure> {
    let history = app.history(id).await?;
    let version = history
        .last()
        .map(intent_runtime::Recorded::version)
        .unwrap_or_default();
    let events = history.into_iter().map(|recorded| recorded.event);
    let from_events = LoanApplication::rehydrate(id, events)?;
    // Somebody may be importing meanwhile, so both are loaded up to the same version.
    let loaded = app.load_at(id, version).await?;
    Ok(Compared {
        had_snapshot: has_snapshot(&app, id).await?,
        same: from_events.as_ref() == Some(loaded.state()),
        number: loaded.into_state().number,
    })
}

async fn has_snapshot(app: &App, id: Id<LoanApplication>) -> Result<bool, Failure> {
    let stream = StreamId::of(TenantId::DEFAULT, id);
    let mut look = Look { found: false };
    let mut read = ReadStream::all(&stream);
    read.snapshot = true;
    app.store().read_state(read, &mut look).await?;
    Ok(look.found)
}

/// Looks whether a load is offered a snapshot, and reads no further.
struct Look {
    found: bool,
}

impl StateSink for Look {
    fn snapshot(&mut self, _: StoredSnapshot) -> bool {
        self.found = true;
        true
    }

    fn event(&mut self, _: RawEvent<'_>) -> ControlFlow<()> {
        ControlFlow::Break(())
    }
}
