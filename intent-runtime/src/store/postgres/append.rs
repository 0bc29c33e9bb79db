//! Who appends on which connection.
//!
//! An append that finds nothing under way is sent straight out by its caller, which is the quickest way for it. Those
//! that come meanwhile queue up, and all that wait go in one statement when it is done. One connection after that manner
//! does more than many side by side, for a statement costs the server more than the events in it; only when it takes
//! long, as behind somebody's lock, others are opened beside it: by whoever comes then, and by a watch over the queue for
//! those who came before. No delay is added anywhere.

use std::{
    collections::{HashSet, VecDeque},
    fmt, slice,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};
use tokio::{
    runtime::Handle,
    sync::{Notify, oneshot},
};

use super::{
    error::Place,
    lane::{Lane, Outcome, Outcomes},
};
use crate::{AggregateId, StoreError, StreamId, TenantId, store::Append};

/// How many connections append at most.
const LANES: usize = 4;
/// After how long a statement is slow enough for others to go past it on another connection.
const SLOW: Duration = Duration::from_millis(20);
/// How many events one statement takes on before others wait for the next.
const BATCH_EVENTS: usize = 1_000;
/// How many bytes of JSON one statement takes on.
const BATCH_BYTES: usize = 8 * 1024 * 1024;

type Key = (TenantId, AggregateId);

/// The appending half of the store.
#[derive(Clone)]
pub(super) struct Appender(Arc<Shared>);

struct Shared {
    work: Mutex<Work>,
    options: PgConnectOptions,
    place: Place,
    runtime: Handle,
    /// Told when the last lane has come to rest.
    rested: Notify,
}

#[derive(Default)]
struct Work {
    idle: Vec<PgConnection>,
    busy: usize,
    /// When the last statement was begun.
    begun: Option<Instant>,
    /// The streams that are being written to. Two appends to one stream would only get in each other's way.
    streams: HashSet<Key>,
    queue: VecDeque<Job>,
    /// Whether a task watches over the queue.
    watched: bool,
    closed: bool,
}

/// A queued append, and who waits for its answer.
struct Job {
    append: Append,
    reply: oneshot::Sender<Result<Outcome, StoreError>>,
}

/// What becomes of an append that was handed over.
#[expect(
    clippy::large_enum_variant,
    reason = "it lives for a moment, and a box would be one more allocation for each append"
)]
enum Begun {
    Straight(Turn, Append),
    Queued(oneshot::Receiver<Result<Outcome, StoreError>>),
}

/// A turn on a lane; at its end the lane goes on with what is queued, or comes to rest.
struct Turn {
    shared: Arc<Shared>,
    lane: Option<Lane>,
    /// The streams of its appends, each until its append is answered.
    streams: Vec<Option<Key>>,
    /// Whether it runs in a task of the store's own, which nobody cancels but the end of the runtime.
    own_task: bool,
}

impl Appender {
    /// An appender that opens connections as it needs them.
    pub(super) fn new(options: PgConnectOptions, place: Place) -> Self {
        Self(Arc::new(Shared {
            work: Mutex::default(),
            options,
            place,
            runtime: Handle::current(),
            rested: Notify::new(),
        }))
    }

    pub(super) async fn append(&self, append: Append) -> Result<Outcome, StoreError> {
        let (command_id, stream) = (append.command_id, append.stream.clone());
        let answer = match self.begin(append)? {
            Begun::Straight(turn, append) => return turn.write_alone(&append).await,
            Begun::Queued(answer) => answer.await,
        };
        answer.unwrap_or_else(|_| {
            Err(StoreError::UnknownOutcome {
                command_id,
                stream,
                source: "the runtime that the store was opened on has ended".into(),
            })
        })
    }

    fn begin(&self, append: Append) -> Result<Begun, StoreError> {
        let key = key(&append.stream);
        let mut work = self.0.lock();
        if work.closed {
            return Err(StoreError::Closed);
        }
        if work.may_go_straight(key) {
            return Ok(Begun::Straight(
                Turn::begin(&self.0, &mut work, key),
                append,
            ));
        }
        let (reply, answer) = oneshot::channel();
        work.queue.push_back(Job { append, reply });
        let watched = std::mem::replace(&mut work.watched, true);
        drop(work);
        if !watched {
            self.0.runtime.spawn(Arc::clone(&self.0).watch());
        }
        Ok(Begun::Queued(answer))
    }

    /// Lets nothing more in, and waits for what is in.
    pub(super) async fn close(&self) {
        self.0.lock().closed = true;
        loop {
            let rested = self.0.rested.notified();
            let idle = {
                let mut work = self.0.lock();
                (work.busy == 0).then(|| std::mem::take(&mut work.idle))
            };
            let Some(idle) = idle else {
                rested.await;
                continue;
            };
            for connection in idle {
                // The server notices either way.
                let _ = connection.close().await;
            }
            return;
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
                if work.queue.is_empty() {
                    work.watched = false;
                    return;
                }
                Turn::begin_queued(&self, &mut work)
            };
            if let Some((turn, batch)) = begun {
                self.runtime.spawn(turn.work(batch));
            }
        }
    }
}

impl Work {
    fn may_go_straight(&self, key: Key) -> bool {
        self.may_open_lane() && !self.streams.contains(&key)
    }

    fn may_open_lane(&self) -> bool {
        self.busy == 0 || (self.busy < LANES && self.is_slow())
    }

    /// Whether every lane has been at its statement for long.
    fn is_slow(&self) -> bool {
        self.begun.is_some_and(|begun| begun.elapsed() >= SLOW)
    }

    /// What a lane that has finished takes on next, in the order of arrival.
    fn next_batch(&mut self) -> Vec<Job> {
        let mut batch = Vec::new();
        // Another lane is at it, and will take all that waits.
        if self.busy > 1 && !self.is_slow() {
            return batch;
        }
        let (mut events, mut bytes) = (0, 0);
        let mut left = VecDeque::new();
        while let Some(job) = self.queue.pop_front() {
            let key = key(&job.append.stream);
            let (more_events, more_bytes) = (job.append.events.len(), job.append.bytes());
            let fits = events + more_events <= BATCH_EVENTS && bytes + more_bytes <= BATCH_BYTES;
            if !batch.is_empty() && !fits {
                self.queue.push_front(job);
                break;
            }
            if self.streams.insert(key) {
                events += more_events;
                bytes += more_bytes;
                batch.push(job);
            } else {
                left.push_back(job);
            }
        }
        left.append(&mut self.queue);
        self.queue = left;
        if !batch.is_empty() {
            self.begun = Some(Instant::now());
        }
        // In order of key, so that two batches never wait for each other.
        batch.sort_by_key(|job| self::key(&job.append.stream));
        batch
    }
}

impl Turn {
    fn begin(shared: &Arc<Shared>, work: &mut Work, stream: Key) -> Self {
        work.begun = Some(Instant::now());
        work.streams.insert(stream);
        Self::on_lane(shared, work, vec![Some(stream)], false)
    }

    /// A turn for what is queued, if a lane may be opened for it.
    fn begin_queued(shared: &Arc<Shared>, work: &mut Work) -> Option<(Self, Vec<Job>)> {
        if !work.may_open_lane() {
            return None;
        }
        let batch = work.next_batch();
        if batch.is_empty() {
            return None;
        }
        let turn = Self::on_lane(shared, work, streams(&batch), true);
        Some((turn, batch))
    }

    fn on_lane(
        shared: &Arc<Shared>,
        work: &mut Work,
        streams: Vec<Option<Key>>,
        own_task: bool,
    ) -> Self {
        work.busy += 1;
        let (options, place) = (shared.options.clone(), shared.place.clone());
        Self {
            shared: Arc::clone(shared),
            lane: Some(Lane::new(work.idle.pop(), options, place)),
            streams,
            own_task,
        }
    }

    /// Writes one append in the task of its caller.
    async fn write_alone(mut self, append: &Append) -> Result<Outcome, StoreError> {
        let mut outcome = None;
        if let Some(lane) = &mut self.lane {
            let answer = |mut known: Outcomes| outcome = known.pop();
            lane.write(slice::from_ref(append), answer).await;
        }
        self.pass_on();
        outcome.map_or(Err(StoreError::Closed), |(_, outcome)| outcome)
    }

    /// Goes on with what is queued in a task of its own, or comes to rest.
    fn pass_on(mut self) {
        let batch = self.take_next();
        if !batch.is_empty() {
            self.own_task = true;
            let runtime = self.shared.runtime.clone();
            runtime.spawn(self.work(batch));
        }
    }

    /// Writes batch after batch until nothing is left.
    async fn work(mut self, mut batch: Vec<Job>) {
        while !batch.is_empty() {
            let jobs = batch.into_iter();
            let (appends, mut replies): (Vec<Append>, Vec<_>) =
                jobs.map(|job| (job.append, Some(job.reply))).unzip();
            let Some(lane) = &mut self.lane else {
                return;
            };
            let (shared, streams) = (&self.shared, &mut self.streams);
            let answer = |known: Outcomes| {
                // Whoever is answered may append to the stream again.
                shared.release(known.iter().filter_map(|(job, _)| streams[*job].take()));
                for (job, outcome) in known {
                    if let Some(reply) = replies[job].take() {
                        // Whoever asked may be gone: dropping a future undoes nothing that was handed over.
                        let _ = reply.send(outcome);
                    }
                }
            };
            lane.write(&appends, answer).await;
            self.shared.let_others_in().await;
            batch = self.take_next();
        }
    }

    /// What to write next. When there is nothing, the lane comes to rest.
    fn take_next(&mut self) -> Vec<Job> {
        self.release_streams();
        let mut work = self.shared.lock();
        let batch = work.next_batch();
        if batch.is_empty() {
            let connection = self.lane.take().and_then(Lane::into_connection);
            if !work.closed {
                work.idle.extend(connection);
            }
            work.busy -= 1;
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

    /// Ends a turn that was cancelled: its connection may still be busy with the append.
    async fn recover(mut self) {
        if let Some(lane) = &mut self.lane {
            lane.recover().await;
        }
        let batch = self.take_next();
        self.work(batch).await;
    }
}

impl Shared {
    fn release(&self, streams: impl Iterator<Item = Key>) {
        let mut work = self.lock();
        for stream in streams {
            work.streams.remove(&stream);
        }
    }

    /// Callers just answered often send their next append at once. Without a turn of theirs in between, the first of
    /// them would be written alone. This waits for no time and no event.
    async fn let_others_in(&self) {
        let mut waiting = None;
        loop {
            let now = self.lock().queue.len();
            if waiting == Some(now) {
                return;
            }
            waiting = Some(now);
            tokio::task::yield_now().await;
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(lane) = self.lane.take() else {
            return;
        };
        if self.own_task {
            // The runtime has ended; whoever still waits learns of it.
            self.release_streams();
            let mut work = self.shared.lock();
            work.busy -= 1;
            if work.busy == 0 {
                work.queue.clear();
            }
            self.shared.rested.notify_waiters();
            return;
        }
        let turn = Self {
            shared: Arc::clone(&self.shared),
            lane: Some(lane),
            streams: std::mem::take(&mut self.streams),
            own_task: true,
        };
        self.shared.runtime.spawn(turn.recover());
    }
}

fn streams(batch: &[Job]) -> Vec<Option<Key>> {
    let streams = batch.iter().map(|job| key(&job.append.stream));
    streams.map(Some).collect()
}

fn key(stream: &StreamId) -> Key {
    (stream.tenant_id, stream.aggregate_id)
}

impl fmt::Debug for Appender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Appender").finish_non_exhaustive()
    }
}
