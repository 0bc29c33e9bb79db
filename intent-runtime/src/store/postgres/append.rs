//! Who appends on which connection.
//!
//! Appends queue up, and tasks of the store's own write them: a caller may stop polling at any time without holding
//! anything up. One that finds nothing under way is written at once. Those that come meanwhile wait, and all that wait go in
//! one statement when it is done. One connection used like this does more than many side by side, because a statement
//! costs the server more than the events in it. Only when a statement takes long, as behind somebody's lock, other
//! connections are opened beside it: by the next append, and by a watch over the queue for those that wait already. The last of
//! them waits for no lock: an append that meets one there is queued again, and waits where it may. No delay is added
//! anywhere. A queued append whose caller is gone is dropped before it is sent.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::{
    runtime::Handle,
    sync::{Notify, oneshot},
};

use super::{
    connector::Connector,
    error::Place,
    lane::{Lane, Outcome, Outcomes},
    queue::{Job, Key, SLOW, Work, key},
    wake::Wake,
};
use crate::{
    StoreError,
    store::{Append, backlog::Backlog},
};

/// The appending half of the store.
#[derive(Clone)]
pub(super) struct Appender(Arc<Shared>);

struct Shared {
    work: Mutex<Work>,
    connector: Connector,
    place: Place,
    wake: Arc<Wake>,
    runtime: Handle,
    /// Told when the last lane has come to rest.
    rested: Notify,
}

type Reply = oneshot::Receiver<Result<Outcome, StoreError>>;

/// A turn on a lane; at its end the lane goes on with what is queued, or comes to rest. It runs in a task of the store's
/// own, which ends early only with the runtime.
struct Turn {
    shared: Arc<Shared>,
    lane: Option<Lane>,
    /// Which of the lanes it is.
    number: usize,
    /// The streams of its appends, each until its append is answered.
    streams: Vec<Option<Key>>,
}

impl Appender {
    /// An appender that opens connections as it needs them.
    pub(super) fn new(connector: Connector, place: Place, wake: Arc<Wake>) -> Self {
        Self(Arc::new(Shared {
            work: Mutex::default(),
            connector,
            place,
            wake,
            runtime: Handle::current(),
            rested: Notify::new(),
        }))
    }

    pub(super) async fn append(&self, append: Append) -> Result<Outcome, StoreError> {
        let (command_id, stream) = (append.command_id, append.stream.clone());
        self.begin(append)?.await.unwrap_or_else(|_| {
            Err(StoreError::UnknownOutcome {
                command_id,
                stream,
                source: "the runtime that the store was opened on has ended".into(),
            })
        })
    }

    fn begin(&self, append: Append) -> Result<Reply, StoreError> {
        let mut work = self.0.lock();
        if work.closed {
            return Err(StoreError::Closed);
        }
        let (reply, answer) = oneshot::channel();
        let job = Job::new(append, reply);
        if !work.has_room(&job) {
            return Err(Backlog::full(&self.0.place));
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

    /// Lets nothing more in, and waits for what is in.
    pub(super) async fn close(&self) {
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

    /// Sees to it that what is queued goes past a slow statement even if nobody comes any more. One task does so for all
    /// that wait, as long as any do: a timer for each would cost all of them, and be gone with a caller that gives up.
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
}

impl Turn {
    /// A turn for what is queued, if a lane may be opened for it.
    fn past(shared: &Arc<Shared>, work: &mut Work) -> Option<(Self, Vec<Job>)> {
        let (number, batch) = work.go_past()?;
        let (connector, place) = (shared.connector.clone(), shared.place.clone());
        let turn = Self {
            shared: Arc::clone(shared),
            lane: Some(Lane::new(work.idle.pop(), connector, place)),
            number,
            streams: streams(&batch),
        };
        Some((turn, batch))
    }

    fn may_wait(&self) -> bool {
        self.shared.lock().may_wait(self.number)
    }

    fn queue_locked(&self, append: Append, reply: oneshot::Sender<Result<Outcome, StoreError>>) {
        self.shared.lock().queue(Job::new(append, reply).locked());
    }

    /// Writes batch after batch until nothing is left.
    async fn work(mut self, mut batch: Vec<Job>) {
        while !batch.is_empty() {
            let jobs = batch.into_iter();
            let (appends, mut replies): (Vec<Append>, Vec<_>) =
                jobs.map(|job| (job.append, Some(job.reply))).unzip();
            let may_wait = self.may_wait();
            let Some(lane) = &mut self.lane else {
                return;
            };
            let (shared, streams) = (&self.shared, &mut self.streams);
            let answer = |known: Outcomes| {
                shared.note(&known);
                // Whoever is answered may append to the stream again.
                shared.release(known.iter().filter_map(|(job, _)| streams[*job].take()));
                for (job, outcome) in known {
                    if let Some(reply) = replies[job].take() {
                        // Whoever asked may be gone: dropping a future undoes nothing that was handed over.
                        let _ = reply.send(outcome);
                    }
                }
            };
            lane.write(&appends, may_wait, answer).await;
            let callers = appends.len();
            for (append, reply) in appends.into_iter().zip(replies) {
                if let Some(reply) = reply {
                    self.queue_locked(append, reply);
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
            let idle = self.lane.take().and_then(Lane::into_idle);
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

impl Shared {
    fn release(&self, streams: impl Iterator<Item = Key>) {
        let mut work = self.lock();
        for stream in streams {
            work.release(stream);
        }
    }

    /// Acts on answers before they are given: readers are woken of what was stored, now or by a sending before whose answer
    /// was lost, and where one is lost, nothing that is idle is trusted any more.
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

    /// Callers that were just answered often send their next append at once. Without a turn of theirs in between, the first
    /// of them would be written alone. This waits for no time and no event. A single caller has nobody to be written
    /// with, so it is not waited for.
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

/// Where the runtime has ended in the middle of a turn, the callers learn of it.
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

impl fmt::Debug for Appender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Appender").finish_non_exhaustive()
    }
}
