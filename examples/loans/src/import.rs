//! Sends every event of a log as a command, applications concurrently, each application's events in order.

use std::{num::NonZeroUsize, sync::Arc};

use intent_runtime::{App, LoadError};
use tokio::{
    sync::{Mutex, mpsc},
    task::JoinSet,
};

use crate::{
    Failure,
    case::Case,
    order::{NotSent, Sent},
    progress::{Done, Progress},
    xes::{Log, LogError, Place},
};

/// What came of an import that was not cut short by the store.
#[derive(Debug)]
pub struct Imported {
    pub done: Done,
    /// Events that the domain's rules do not allow; the rest of their application was left out.
    pub refused: Vec<Refused>,
    /// Why the log could not be read to its end. Everything before that place was imported.
    pub broken: Option<LogError>,
}

impl Imported {
    /// Whether the log was broken before anything was imported, so that there is no other result.
    pub fn is_nothing_but_broken(&self) -> bool {
        self.broken.is_some() && self.refused.is_empty() && self.done == Done::default()
    }
}

/// An event of the log that makes no sense where it stands.
#[derive(Debug, thiserror::Error)]
#[error("{place}: application {number} refuses `{event}`: {reason}")]
pub struct Refused {
    pub number: String,
    pub place: Place,
    /// As the log names it.
    pub event: String,
    pub reason: String,
}

/// Imports a log with so many tasks. Events that are stored already, by an earlier import or one beside it, are skipped.
pub async fn import(
    app: &App,
    log: Log,
    tasks: NonZeroUsize,
    progress: &Progress,
) -> Result<Imported, Failure> {
    // No more cases wait than there are tasks: a log of any length needs the memory of a few applications.
    let (sender, receiver) = mpsc::channel(tasks.get());
    let reader = tokio::task::spawn_blocking(move || read(log, &sender));
    let receiver = Arc::new(Mutex::new(receiver));
    let mut workers = JoinSet::new();
    for _ in 0..tasks.get() {
        workers.spawn(work(app.clone(), receiver.clone(), progress.clone()));
    }
    drop(receiver);
    let mut refused = Vec::new();
    while let Some(worker) = workers.join_next().await {
        // Leaving early drops the other workers and so the receiver, which ends the reader.
        refused.extend(worker??);
    }
    Ok(Imported {
        done: progress.done(),
        refused,
        broken: reader.await?.err(),
    })
}

/// Reads the log on a thread of its own: decompressing and parsing do not wait, so they would hold up the tasks.
fn read(mut log: Log, cases: &mpsc::Sender<Case>) -> Result<(), LogError> {
    while let Some(trace) = log.next() {
        let case = Case::of(&trace?).map_err(|(place, fault)| log.error(place, fault))?;
        if cases.blocking_send(case).is_err() {
            break;
        }
    }
    Ok(())
}

async fn work(
    app: App,
    cases: Arc<Mutex<mpsc::Receiver<Case>>>,
    progress: Progress,
) -> Result<Vec<Refused>, Failure> {
    let mut refused = Vec::new();
    loop {
        let case = cases.lock().await.recv().await;
        let Some(case) = case else {
            return Ok(refused);
        };
        refused.extend(send(&app, case, &progress).await?);
        progress.finish_one();
    }
}

/// Sends the steps of a case that are not stored yet. `Some` is the step that was refused, after which none is sent.
async fn send(app: &App, mut case: Case, progress: &Progress) -> Result<Option<Refused>, Failure> {
    let stored = match app.load(case.id).await {
        Ok(loaded) => usize::try_from(loaded.version().get())?.min(case.steps.len()),
        Err(LoadError::NotFound { .. }) => 0,
        Err(error) => return Err(error.into()),
    };
    progress.were_there(u64::try_from(stored)?);
    let steps = std::mem::take(&mut case.steps);
    for (index, step) in steps.into_iter().enumerate().skip(stored) {
        let options = case.options(index, &step);
        match step.order.send(app, options).await {
            Ok(Sent::Stored) => progress.stored(),
            Ok(Sent::Before) => progress.were_there(1),
            Err(NotSent::Refused(reason)) => {
                return Ok(Some(Refused {
                    number: case.number,
                    place: step.place,
                    event: step.name,
                    reason,
                }));
            }
            Err(NotSent::Failed(error)) => return Err(error),
        }
    }
    Ok(None)
}
