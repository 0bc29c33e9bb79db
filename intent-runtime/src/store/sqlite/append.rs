//! The one writer: a task that owns one connection and writes whatever is queued in one transaction.
//!
//! SQLite has one writer at a time in any case. With several connections, each would wait for the locks of the others, and each
//! append would pay for its own sync of the file. Appends that wait in a queue share one sync. No delay is added: a lone append
//! is written at once.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use sqlx::{SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::sync::{mpsc, oneshot, watch};

use crate::{
    record::{
        event::RecordedEvent,
        id::TenantId,
        snapshot::NewSnapshot,
        stream::{AggregateType, StreamId},
    },
    store::{
        append::Append,
        backlog::Backlog,
        error::StoreError,
        import::Imported,
        sqlite::{
            batch::{Unwritten, Verdict, write},
            connection::{Turn, WriteConnection, connect_to_write},
            error::{Failure, Kind, Place, RunError},
            import::import,
            snapshot,
        },
    },
};

/// How many events one transaction writes at most. Further appends wait for the next.
const BATCH_EVENTS: usize = 1_000;
/// How many bytes of JSON one transaction writes at most.
const BATCH_BYTES: usize = 8 * 1024 * 1024;

/// A request, with the channel of its answer.
#[derive(Debug)]
pub(super) struct Job<R, A> {
    pub(super) request: R,
    reply: oneshot::Sender<Result<A, StoreError>>,
}

#[derive(Debug)]
pub(super) enum Request {
    Append(Job<Append, Verdict>),
    Import(Job<Vec<RecordedEvent>, Imported>),
    Save(Job<(StreamId, NewSnapshot), ()>),
    Delete(Job<(TenantId, Option<AggregateType>), u64>),
    Close,
}

/// Appends that are written in one transaction.
type Batch = Vec<Job<Append, Verdict>>;

/// Where requests are handed to the writer.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    requests: mpsc::UnboundedSender<Request>,
    backlog: Arc<Mutex<Backlog>>,
    place: Place,
}

impl Queue {
    /// Hands a request over and waits for its answer. `None` if the writer ended before it answered.
    ///
    /// # Errors
    /// The error of the request. Or [`StoreError::Busy`] when too much waits, or [`StoreError::Closed`]; then the request was
    /// not handed over.
    pub(super) async fn ask<R, A>(
        &self,
        wrap: fn(Job<R, A>) -> Request,
        request: R,
    ) -> Result<Option<A>, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.hand_over(wrap(Job { request, reply }))?;
        answer.await.ok().transpose()
    }

    fn hand_over(&self, request: Request) -> Result<(), StoreError> {
        let bytes = request.bytes();
        {
            let mut backlog = lock(&self.backlog);
            if !backlog.has_room(bytes) {
                return Err(Backlog::full(&self.place));
            }
            backlog.add(bytes);
        }
        let sent = self.requests.send(request);
        sent.map_err(|_| StoreError::Closed)
    }

    /// Refuses further requests. Those accepted are still written.
    pub(super) fn close(&self) {
        // An error means that the writer has ended, which is the aim.
        let _ = self.requests.send(Request::Close);
    }
}

impl Request {
    /// How many bytes of JSON wait with it.
    fn bytes(&self) -> usize {
        match self {
            Self::Append(append) => append.request.bytes(),
            Self::Import(import) => import.request.iter().map(RecordedEvent::bytes).sum(),
            Self::Save(save) => save.request.1.state.get().len(),
            Self::Delete(_) | Self::Close => 0,
        }
    }
}

/// Nothing that runs under the lock panics.
fn lock(backlog: &Mutex<Backlog>) -> MutexGuard<'_, Backlog> {
    backlog.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The task at the other end of a [`Queue`].
#[derive(Debug)]
pub(super) struct Writer {
    requests: mpsc::UnboundedReceiver<Request>,
    backlog: Arc<Mutex<Backlog>>,
    /// Requests from the queue that do not go into a batch, or did not fit into it.
    held: VecDeque<Request>,
    /// Signals that events were stored. The writer does so, not the callers, since a cancelled caller would signal nothing.
    grown: watch::Sender<()>,
    connection: WriteConnection,
    options: SqliteConnectOptions,
    place: Place,
}

impl Writer {
    pub(super) fn new(
        connection: WriteConnection,
        options: SqliteConnectOptions,
        place: Place,
        grown: watch::Sender<()>,
    ) -> (Queue, Self) {
        let (sender, requests) = mpsc::unbounded_channel();
        let backlog = Arc::<Mutex<Backlog>>::default();
        let queue = Queue {
            requests: sender,
            backlog: Arc::clone(&backlog),
            place: place.clone(),
        };
        let writer = Self {
            requests,
            backlog,
            held: VecDeque::new(),
            grown,
            connection,
            options,
            place,
        };
        (queue, writer)
    }

    /// Writes until the queue is closed and empty, or nobody is left who could fill it.
    pub(super) async fn run(mut self) {
        while let Some(next) = self.next().await {
            match next {
                Request::Append(first) => {
                    self.let_others_in().await;
                    let batch = self.gather(first);
                    self.write(batch).await;
                }
                Request::Import(job) => {
                    let imported = async |connection: &mut SqliteConnection| {
                        import(connection, &job.request).await
                    };
                    let imported = self.alone(imported).await;
                    // Also after an error: a COMMIT may fail although everything is stored.
                    self.grown.send_replace(());
                    job.answer(imported);
                }
                Request::Save(job) => {
                    let saved = async |connection: &mut SqliteConnection| {
                        let (stream, new) = &job.request;
                        Ok(snapshot::keep(connection, stream, new).await?)
                    };
                    let saved = self.alone(saved).await;
                    job.answer(saved);
                }
                Request::Delete(job) => {
                    let deleted = async |connection: &mut SqliteConnection| {
                        let (tenant, of_type) = &job.request;
                        Ok(snapshot::delete(connection, *tenant, of_type.as_ref()).await?)
                    };
                    let deleted = self.alone(deleted).await;
                    job.answer(deleted);
                }
                Request::Close => self.requests.close(),
            }
        }
        self.connection.close().await;
    }

    async fn next(&mut self) -> Option<Request> {
        match self.held.pop_front() {
            Some(held) => Some(held),
            None => {
                let request = self.requests.recv().await?;
                Some(self.taken(request))
            }
        }
    }

    /// A request that has left the queue.
    fn taken(&self, request: Request) -> Request {
        if !matches!(request, Request::Close) {
            lock(&self.backlog).remove(request.bytes());
        }
        request
    }

    /// Callers who were just answered often send their next append at once. Without yielding to them here, the first append
    /// would be written alone and the others would pay for a second sync. This waits for no time and no event.
    async fn let_others_in(&self) {
        let mut waiting = None;
        while waiting != Some(self.requests.len()) {
            waiting = Some(self.requests.len());
            tokio::task::yield_now().await;
        }
    }

    /// The first append and those that wait behind it, as far as they fit. Snapshots are a cache, so what is asked about them
    /// between two appends comes after both.
    fn gather(&mut self, first: Job<Append, Verdict>) -> Batch {
        let (mut events, mut bytes) = (first.request.events.len(), first.request.bytes());
        let mut batch = vec![first];
        while let Ok(request) = self.requests.try_recv() {
            match self.taken(request) {
                Request::Append(next)
                    if events + next.request.events.len() <= BATCH_EVENTS
                        && bytes + next.request.bytes() <= BATCH_BYTES =>
                {
                    events += next.request.events.len();
                    bytes += next.request.bytes();
                    batch.push(next);
                }
                cache @ (Request::Save(_) | Request::Delete(_)) => self.held.push_back(cache),
                other => {
                    self.held.push_back(other);
                    break;
                }
            }
        }
        batch
    }

    /// Does something on the connection in a transaction of its own.
    async fn alone<A>(
        &self,
        work: impl AsyncFnOnce(&mut SqliteConnection) -> Result<A, RunError>,
    ) -> Result<A, StoreError> {
        let mut turn = self.connection.turn().await?;
        let done = work(&mut turn).await;
        if done.is_err() {
            self.recover(&mut turn).await;
        }
        done.map_err(|error| error.at(&self.place))
    }

    async fn write(&self, batch: Batch) {
        let Ok(mut turn) = self.connection.turn().await else {
            return batch
                .into_iter()
                .for_each(|job| job.answer(Err(self.connection.held())));
        };
        let mut batches = vec![batch];
        while let Some(batch) = batches.pop() {
            let appends: Vec<&Append> = batch.iter().map(|job| &job.request).collect();
            let written = write(&mut turn, &appends).await;
            // Readers are woken before the callers get their answers. After a failed COMMIT everything may be stored nevertheless.
            let stored = match &written {
                Ok(verdicts) => verdicts
                    .iter()
                    .any(|it| matches!(it, Ok(Verdict::Accept(_)))),
                Err(unwritten) => matches!(unwritten, Unwritten::Commit(_)),
            };
            if stored {
                self.grown.send_replace(());
            }
            if written.is_err() {
                self.recover(&mut turn).await;
            }
            match written {
                Ok(verdicts) => {
                    let answered = batch.into_iter().zip(verdicts);
                    answered.for_each(|(job, verdict)| job.answer(verdict));
                }
                // If the database refuses one append, the others of the batch must not fail with it.
                Err(Unwritten::Before(failure))
                    if is_of_one(&failure, &batch) && batch.len() > 1 =>
                {
                    batches.extend(batch.into_iter().rev().map(|job| vec![job]));
                }
                Err(unwritten) => {
                    for job in batch {
                        let error = match &unwritten {
                            Unwritten::Before(failure) => self.place.error(failure.clone()),
                            Unwritten::Commit(failure) => {
                                self.place.commit_error(&job.request, failure.clone())
                            }
                        };
                        job.answer(Err(error));
                    }
                }
            }
        }
    }

    /// Makes sure that no transaction is open. Takes a new connection if nothing else helps.
    async fn recover(&self, turn: &mut Turn) {
        let rolled_back = sqlx::query("ROLLBACK").execute(&mut **turn).await;
        let broken = rolled_back
            .map_err(Failure::from)
            .is_err_and(|failure| failure.kind() != Kind::Statement);
        if broken {
            // If that fails too, the next batch fails on the old connection and tries again.
            if let Ok(connection) = connect_to_write(&self.options).await {
                **turn = connection;
            }
        }
    }
}

/// Whether one append of a batch may be the cause of a failure. The table of a read model may be missing, which concerns only the
/// appends that have rows for it.
fn is_of_one(failure: &Failure, batch: &Batch) -> bool {
    let has_rows = || batch.iter().any(|job| !job.request.rows.is_empty());
    match failure.kind() {
        Kind::Refused => true,
        Kind::Statement => has_rows(),
        _ => false,
    }
}

impl<R, A> Job<R, A> {
    fn answer(self, answer: Result<A, StoreError>) {
        // The caller may be gone: dropping a future does not undo a request that was handed over.
        let _ = self.reply.send(answer);
    }
}
