//! The one writer: a task that owns one connection and writes whatever is queued in one transaction.
//!
//! SQLite has one writer at a time in any case. With several connections, each would wait for the locks of the others, and each
//! append would pay for its own sync of the file. Appends that wait in a queue share one sync. No delay is added: a lone append
//! is written at once.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sqlx::sqlite::SqliteConnectOptions;
use tokio::sync::{
    mpsc::{self, error::TryRecvError},
    oneshot, watch,
};

use crate::{
    record::event::RecordedEvent,
    store::{
        append::Append,
        backlog::{Backlog, bytes_of},
        error::StoreError,
        import::Imported,
        sqlite::{
            batch::{Unwritten, Written, write},
            connection::{Turn, WriteConnection, connect_to_write},
            decide::Verdict,
            error::{Failure, Kind, Place},
            import,
            snapshot::{DeleteSnapshots, SaveSnapshot},
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

/// What the writer is asked to do.
#[derive(Debug)]
pub(super) enum Request {
    Append(Job<Append, Verdict>),
    Import(Job<Vec<RecordedEvent>, Imported>),
    Save(Job<SaveSnapshot, ()>),
    Delete(Job<DeleteSnapshots, u64>),
    Close,
}

/// What is written in one transaction.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) appends: Vec<Job<Append, Verdict>>,
    pub(super) saves: Vec<Job<SaveSnapshot, ()>>,
    pub(super) deletes: Vec<Job<DeleteSnapshots, u64>>,
    events: usize,
    bytes: usize,
}

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
            Self::Import(import) => bytes_of(&import.request),
            Self::Save(save) => save.request.snapshot.state.get().len(),
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
    /// A request from the queue that did not fit into its batch.
    held: Option<Request>,
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
            held: None,
            grown,
            connection,
            options,
            place,
        };
        (queue, writer)
    }

    /// Writes until the queue is closed and empty, or nobody is left who could fill it.
    pub(super) async fn run(mut self) {
        while let Some(first) = self.next().await {
            if let Request::Import(import) = first {
                self.import(import).await;
                continue;
            }
            self.let_others_in().await;
            let batch = self.gather(first);
            self.write(batch).await;
        }
        self.connection.close().await;
    }

    async fn next(&mut self) -> Option<Request> {
        match self.held.take() {
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

    /// The first request and all that wait behind it, as far as they fit.
    fn gather(&mut self, first: Request) -> Batch {
        let mut batch = Batch::default();
        let mut next = Ok(first);
        loop {
            match next {
                Ok(Request::Close) => self.requests.close(),
                Ok(Request::Save(save)) => batch.saves.push(save),
                Ok(Request::Delete(delete)) => batch.deletes.push(delete),
                Ok(Request::Append(append)) if batch.fits(&append.request) => batch.add(append),
                // An import is a page already, and has a transaction of its own.
                Ok(other @ (Request::Append(_) | Request::Import(_))) => {
                    self.held = Some(other);
                    return batch;
                }
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => return batch,
            }
            next = self.requests.try_recv().map(|request| self.taken(request));
        }
    }

    async fn import(&self, import: Job<Vec<RecordedEvent>, Imported>) {
        let mut turn = match self.connection.turn().await {
            Ok(turn) => turn,
            Err(error) => return import.answer(Err(error)),
        };
        let imported = import::import(&mut turn, &import.request, &self.place).await;
        if imported.is_err() {
            self.recover(&mut turn).await;
        }
        drop(turn);
        // Also after an error: a COMMIT may fail although everything is stored.
        self.grown.send_replace(());
        import.answer(imported);
    }

    async fn write(&self, batch: Batch) {
        if batch.is_empty() {
            return;
        }
        let Ok(mut turn) = self.connection.turn().await else {
            let held = || self.connection.held();
            return batch.refuse(|_| held(), held);
        };
        match write(&mut turn, &batch).await {
            Ok(written) => self.answer(batch, written),
            Err(unwritten) => {
                self.recover(&mut turn).await;
                // If the database refuses one append, the others of the batch must not fail with it.
                match unwritten {
                    Unwritten::Before(failure) if failure.kind() == Kind::Refused => {
                        self.write_singly(&mut turn, batch).await;
                    }
                    unwritten => self.fail(batch, &unwritten),
                }
            }
        }
    }

    /// Wakes readers, then answers the callers.
    fn answer(&self, batch: Batch, written: Written) {
        let stored = |answer: &Result<Verdict, _>| matches!(answer, Ok(Verdict::Accept(_)));
        if written.appends.iter().any(stored) {
            self.grown.send_replace(());
        }
        batch.answer(written);
    }

    /// The same for a batch that failed. After a failed COMMIT it may be stored nevertheless.
    fn fail(&self, batch: Batch, unwritten: &Unwritten) {
        if let Unwritten::Commit(_) = unwritten {
            self.grown.send_replace(());
        }
        batch.fail(unwritten, &self.place);
    }

    async fn write_singly(&self, turn: &mut Turn, batch: Batch) {
        for single in batch.singly() {
            match write(turn, &single).await {
                Ok(written) => self.answer(single, written),
                Err(unwritten) => {
                    self.recover(turn).await;
                    self.fail(single, &unwritten);
                }
            }
        }
    }

    /// Makes sure that no transaction is open. Takes a new connection if nothing else helps.
    async fn recover(&self, turn: &mut Turn) {
        let rollback = sqlx::query(include_str!("sql/rollback.sql"));
        let rolled_back = rollback.execute(&mut **turn).await;
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

impl Batch {
    fn fits(&self, append: &Append) -> bool {
        let events = self.events + append.events.len();
        let bytes = self.bytes + append.bytes();
        self.appends.is_empty() || (events <= BATCH_EVENTS && bytes <= BATCH_BYTES)
    }

    fn add(&mut self, append: Job<Append, Verdict>) {
        self.events += append.request.events.len();
        self.bytes += append.request.bytes();
        self.appends.push(append);
    }

    fn is_empty(&self) -> bool {
        self.appends.is_empty() && self.saves.is_empty() && self.deletes.is_empty()
    }

    /// One batch for each request.
    fn singly(self) -> impl Iterator<Item = Self> {
        let appends = self.appends.into_iter().map(|append| Self {
            appends: vec![append],
            ..Self::default()
        });
        let saves = self.saves.into_iter().map(|save| Self {
            saves: vec![save],
            ..Self::default()
        });
        let deletes = self.deletes.into_iter().map(|delete| Self {
            deletes: vec![delete],
            ..Self::default()
        });
        appends.chain(saves).chain(deletes)
    }

    fn answer(self, written: Written) {
        for (append, answer) in self.appends.into_iter().zip(written.appends) {
            append.answer(answer);
        }
        for save in self.saves {
            save.answer(Ok(()));
        }
        for (delete, deleted) in self.deletes.into_iter().zip(written.deleted) {
            delete.answer(Ok(deleted));
        }
    }

    fn fail(self, unwritten: &Unwritten, place: &Place) {
        // Snapshots are a cache, so whether one was kept or deleted need not be known.
        let (Unwritten::Before(failure) | Unwritten::Commit(failure)) = unwritten;
        let of_append = |append: &Append| match unwritten {
            Unwritten::Before(_) => place.error(failure.clone()),
            Unwritten::Commit(_) => place.commit_error(append, failure.clone()),
        };
        self.refuse(of_append, || place.error(failure.clone()));
    }

    /// Answers every request with an error, appends and others.
    fn refuse(
        self,
        of_append: impl Fn(&Append) -> StoreError,
        of_another: impl Fn() -> StoreError,
    ) {
        for append in self.appends {
            let error = of_append(&append.request);
            append.answer(Err(error));
        }
        for save in self.saves {
            save.answer(Err(of_another()));
        }
        for delete in self.deletes {
            delete.answer(Err(of_another()));
        }
    }
}

impl<R, A> Job<R, A> {
    fn answer(self, answer: Result<A, StoreError>) {
        // The caller may be gone: dropping a future does not undo a request that was handed over.
        let _ = self.reply.send(answer);
    }
}
