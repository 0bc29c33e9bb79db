//! The appender: who appends on which connection, and what follows when a statement fails.
//!
//! Appends queue up, and tasks of the store's own write them, so a caller who stops polling holds nothing up. A task has a
//! connection to itself while it writes one batch after the other: that is a [`Turn`] on a *lane*. One lane used like this
//! does more than many side by side, because a statement costs the server more than the events in it. No delay is added
//! anywhere.
//!
//! # Lanes
//!
//! [`Work`] says which of the four lanes are at work. Each row is a state, something that happens in it, and what follows.
//!
//! | lanes at work | what happens | what follows |
//! |---|---|---|
//! | none | an append arrives | A turn writes it at once. |
//! | one | an append arrives | It waits in the queue. One task for all watches the queue from now on ([`Shared::watch`]). |
//! | one | its statement ends | Its appends are answered, and it takes whatever waits as its next batch. If nothing does, it comes to rest. |
//! | one to three | all their statements take longer than [`SLOW`] | The next append, or the watching task, opens another lane for what waits. |
//! | several | a statement ends | Its lane takes what waits, if the other lanes are still slow. Otherwise it comes to rest, since one of them will take it. |
//! | all four | an append meets another transaction's lock | It waits, except on the lane that took its batch while the other three were at work: appends that meet no lock need one lane that is free ([`Work::may_wait`]). |
//! | any | the stream of a queued append is being written | The append stays in the queue until the one before it is answered: two at once would conflict. |
//! | any | the caller of a queued append is gone | The append is dropped before it is sent. |
//! | any | the queue is full | One more append is [`StoreError::Busy`]. |
//! | any | a connection breaks during a statement | No idle connection is trusted any more; each lane opens a new one when it needs one. |
//! | any | the store is closed | Further appends are [`StoreError::Closed`]. Those accepted are written, and then the connections close. |
//! | any | the runtime ends | The outcome of what was accepted is unknown ([`Turn`]'s `Drop`). |
//!
//! # A batch
//!
//! A statement answers each of its appends: with the events stored, or with a conflict, which is a conflict only if the
//! append's command was not stored before. A statement that fails has stored nothing, unless its connection broke. What
//! follows then is a `Step`. After a conflict at a key, appends whose command was stored before are answered first.
//!
//! | step | when | what follows |
//! |---|---|---|
//! | `Again` | Another transaction took a key first, or it was a deadlock: once for several appends, ten times for one. | The same statement again: now it sees who lost. |
//! | `Split` | Several appends met a lock (55P03), lost twice, or failed for a reason that one of them may have. | Each append by itself, behind all others, and waits only briefly for a lock. |
//! | `WaitLonger` | One append alone met a lock, on a lane that may wait. | The same append behind all others. It waits for as long as an append may. |
//! | `HandBack` | The same on the lane that may not wait. | The append gets no answer. It is queued again, to wait alone on a lane that may. |
//! | `Fail` | One append alone failed, or waited for as long as it may. Or the connection broke. | The appends of the statement get the error. If the connection broke, their outcome is unknown. |
//! | `FailAll` | The failure would meet every append: the server cannot be reached, is full, read-only, or is not migrated. | All appends of the batch get the error. |
//! | `GiveUp` | The batch has been tried for five seconds. | The appends of the statement get the error, those left [`StoreError::Busy`]. |

pub(super) mod batch;
mod rows;
mod schedule;
pub(crate) mod statement;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::{
    runtime::Handle,
    sync::{Notify, oneshot},
};

use crate::store::{
    append::Append,
    backlog::Backlog,
    error::StoreError,
    postgres::{
        append::{
            batch::{Outcome, Outcomes},
            schedule::{Job, Key, SLOW, Work, key},
        },
        connection::{open::Connector, run::Dedicated},
        log::notify::Wake,
    },
};

/// The appending half of the store.
#[derive(Clone)]
pub(crate) struct Appender(Arc<Shared>);

struct Shared {
    work: Mutex<Work>,
    connector: Connector,
    wake: Arc<Wake>,
    runtime: Handle,
    /// Notified when the last lane comes to rest.
    rested: Notify,
}

/// A turn on a lane. When it has written its batch, the lane takes the next one from the queue, or comes to rest. It runs in
/// a task of the store's own, which only the end of the runtime cuts short.
struct Turn {
    shared: Arc<Shared>,
    lane: Option<Dedicated>,
    /// Which of the lanes it is.
    number: usize,
    /// The streams of its appends, each until its append is answered.
    streams: Vec<Option<Key>>,
}

impl Appender {
    /// An appender that opens connections as it needs them.
    pub(crate) fn new(connector: Connector, wake: Arc<Wake>) -> Self {
        Self(Arc::new(Shared {
            work: Mutex::default(),
            connector,
            wake,
            runtime: Handle::current(),
            rested: Notify::new(),
        }))
    }

    pub(crate) async fn append(&self, append: Append) -> Result<Outcome, StoreError> {
        let (command_id, stream) = (append.command_id, append.stream.clone());
        self.begin(append)?.await.unwrap_or_else(|_| {
            Err(StoreError::UnknownOutcome {
                command_id,
                stream,
                source: "the runtime that the store was opened on has ended".into(),
            })
        })
    }

    fn begin(
        &self,
        append: Append,
    ) -> Result<oneshot::Receiver<Result<Outcome, StoreError>>, StoreError> {
        let mut work = self.0.lock();
        if work.closed {
            return Err(StoreError::Closed);
        }
        let (reply, answer) = oneshot::channel();
        let job = Job::new(append, reply);
        if !work.has_room(&job) {
            return Err(Backlog::full(self.0.connector.place()));
        }
        work.queue(job);
        let turn = Turn::past(&self.0, &mut work);
        let watch = work.queued() > 0 && !std::mem::replace(&mut work.watched, true);
        drop(work);
        if let Some((turn, batch)) = turn {
            self.0.runtime.spawn(turn.work(batch));
        }
        if watch {
            self.0.runtime.spawn(Arc::clone(&self.0).watch());
        }
        Ok(answer)
    }

    /// Refuses further appends, and waits until those accepted are written.
    pub(crate) async fn close(&self) {
        self.0.lock().closed = true;
        loop {
            let rested = self.0.rested.notified();
            if self.0.lock().is_at_rest() {
                break;
            }
            rested.await;
        }
        let idle = std::mem::take(&mut self.0.lock().idle);
        for connection in idle {
            connection.close().await;
        }
    }
}

impl Shared {
    /// Nothing that runs under the lock panics half-way through a change.
    fn lock(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens another lane for queued appends when a statement is slow. One task does so for all appends, as long as one is
    /// queued. A timer for each append would cost every append, and a caller who gives up would take it along.
    async fn watch(self: Arc<Self>) {
        loop {
            tokio::time::sleep(SLOW).await;
            let begun = {
                let mut work = self.lock();
                if work.queued() == 0 {
                    work.watched = false;
                    return;
                }
                Turn::past(&self, &mut work)
            };
            if let Some((turn, batch)) = begun {
                self.runtime.spawn(turn.work(batch));
            }
        }
    }

    fn release(&self, streams: impl Iterator<Item = Key>) {
        let mut work = self.lock();
        for stream in streams {
            work.release(stream);
        }
    }

    /// Acts on outcomes before the callers get them. If events are stored, now or by an earlier try, it wakes readers. If an
    /// outcome is unknown, the connection was lost, so it trusts no idle connection any more.
    fn note(&self, known: &Outcomes) {
        let lost =
            |outcome: &Result<_, _>| matches!(outcome, Err(StoreError::UnknownOutcome { .. }));
        if known.iter().any(|(_, outcome)| lost(outcome)) {
            self.lock().idle.clear();
        }
        if known
            .iter()
            .any(|(_, outcome)| outcome.is_ok() || lost(outcome))
        {
            self.wake.appended();
        }
    }

    /// Lets callers who were just answered queue their next appends, so that one statement writes them together. Without this,
    /// the first of them would be written alone. It yields to their tasks, and waits neither for a time nor for an event. After
    /// a single caller it does nothing, since a lone append is written alone anyway.
    async fn let_others_in(&self, callers: usize) {
        if callers == 1 {
            return;
        }
        let mut waiting = None;
        loop {
            let now = self.lock().queued();
            if waiting == Some(now) {
                return;
            }
            waiting = Some(now);
            tokio::task::yield_now().await;
        }
    }
}

impl Turn {
    /// A turn for what is queued, if a lane may be opened for it.
    fn past(shared: &Arc<Shared>, work: &mut Work) -> Option<(Self, Vec<Job>)> {
        let (number, batch) = work.go_past()?;
        let connection = Dedicated::new(shared.connector.clone(), work.idle.pop());
        let turn = Self {
            shared: Arc::clone(shared),
            lane: Some(connection),
            number,
            streams: streams(&batch),
        };
        Some((turn, batch))
    }

    /// Writes batch after batch until nothing is left.
    async fn work(mut self, mut batch: Vec<Job>) {
        while !batch.is_empty() {
            let jobs = batch.into_iter();
            let (appends, mut replies): (Vec<Append>, Vec<_>) =
                jobs.map(|job| (job.append, Some(job.reply))).unzip();
            let may_wait = self.shared.lock().may_wait(self.number);
            let Some(lane) = &mut self.lane else {
                return;
            };
            let (shared, streams) = (&self.shared, &mut self.streams);
            let answer = |known: Outcomes| {
                shared.note(&known);
                // A caller who has the answer may append to the stream again, so the stream is free before.
                shared.release(known.iter().filter_map(|(job, _)| streams[*job].take()));
                for (job, outcome) in known {
                    if let Some(reply) = replies[job].take() {
                        // The caller may be gone: dropping a future does not undo an append that was handed over.
                        let _ = reply.send(outcome);
                    }
                }
            };
            lane.write(&appends, may_wait, answer).await;
            let callers = appends.len();
            for (append, reply) in appends.into_iter().zip(replies) {
                if let Some(reply) = reply {
                    let job = Job::new(append, reply).locked();
                    self.shared.lock().queue(job);
                }
            }
            self.shared.let_others_in(callers).await;
            batch = self.take_next();
        }
    }

    /// What to write next. When there is nothing, the lane comes to rest.
    fn take_next(&mut self) -> Vec<Job> {
        self.release_streams();
        let mut work = self.shared.lock();
        let batch = work.next_batch(self.number);
        if batch.is_empty() {
            let idle = self.lane.take().and_then(Dedicated::into_idle);
            if !work.closed {
                work.idle.extend(idle);
            }
            work.rest(self.number);
            self.shared.rested.notify_waiters();
        } else {
            self.streams = streams(&batch);
        }
        batch
    }

    fn release_streams(&mut self) {
        if self.streams.iter().any(Option::is_some) {
            self.shared.release(self.streams.drain(..).flatten());
        }
    }
}

/// If the runtime ends in the middle of a turn, its callers get an error.
impl Drop for Turn {
    fn drop(&mut self) {
        if self.lane.take().is_none() {
            return;
        }
        self.release_streams();
        let mut work = self.shared.lock();
        work.rest(self.number);
        if work.is_at_rest() {
            work.clear();
        }
        self.shared.rested.notify_waiters();
    }
}

fn streams(batch: &[Job]) -> Vec<Option<Key>> {
    let streams = batch.iter().map(|job| key(&job.append.stream));
    streams.map(Some).collect()
}
