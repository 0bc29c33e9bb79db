//! What waits to be appended, and which lanes are at work.

use std::{
    collections::{HashSet, VecDeque},
    time::{Duration, Instant},
};

use tokio::sync::oneshot;

use crate::{
    record::{
        id::{AggregateId, TenantId},
        stream::StreamId,
    },
    store::{
        append::Append,
        backlog::Backlog,
        error::StoreError,
        postgres::{append::batch::Outcome, connection::open::Idle},
    },
};

/// How many connections append at most.
const LANES: usize = 4;
/// After this time a statement is slow, and another connection may be opened for the appends behind it.
pub(crate) const SLOW: Duration = Duration::from_millis(20);
/// How many events one statement writes at most. Further appends wait for the next.
const BATCH_EVENTS: usize = 1_000;
/// How many bytes of JSON one statement writes at most.
const BATCH_BYTES: usize = 8 * 1024 * 1024;

pub(crate) type Key = (TenantId, AggregateId);

/// Lanes and queue.
#[derive(Default)]
pub(crate) struct Work {
    pub(crate) idle: Vec<Idle>,
    /// When each lane that is at work began its statement.
    turns: [Option<Instant>; LANES],
    /// The streams that are being written to. Two appends to one stream at once would conflict.
    streams: HashSet<Key>,
    queue: VecDeque<Job>,
    backlog: Backlog,
    /// Whether a task watches the queue.
    pub(crate) watched: bool,
    pub(crate) closed: bool,
}

/// A queued append, with the channel of its answer.
pub(crate) struct Job {
    pub(crate) append: Append,
    pub(crate) reply: oneshot::Sender<Result<Outcome, StoreError>>,
    /// How many bytes of JSON it has.
    bytes: usize,
    /// Whether it met a lock on a lane that may not wait.
    locked: bool,
}

impl Job {
    pub(crate) fn new(append: Append, reply: oneshot::Sender<Result<Outcome, StoreError>>) -> Self {
        Self {
            bytes: append.bytes(),
            append,
            reply,
            locked: false,
        }
    }

    /// The same for an append that has met a lock.
    pub(crate) fn locked(self) -> Self {
        Self {
            locked: true,
            ..self
        }
    }
}

impl Work {
    pub(crate) fn is_at_rest(&self) -> bool {
        self.turns.iter().all(Option::is_none)
    }

    pub(crate) fn queued(&self) -> usize {
        self.queue.len()
    }

    /// Whether an append may join the queue.
    pub(crate) fn has_room(&self, job: &Job) -> bool {
        self.backlog.has_room(job.bytes)
    }

    pub(crate) fn queue(&mut self, job: Job) {
        self.backlog.add(job.bytes);
        self.queue.push_back(job);
    }

    fn next_job(&mut self) -> Option<Job> {
        let job = self.queue.pop_front()?;
        self.backlog.remove(job.bytes);
        Some(job)
    }

    /// Drops the queued appends; their callers get an error.
    pub(crate) fn clear(&mut self) {
        self.queue.clear();
        self.backlog = Backlog::default();
    }

    /// A lane for queued appends and its batch, if a lane is at rest, all others have been at their statements for long, and there
    /// is something to write.
    pub(crate) fn go_past(&mut self) -> Option<(usize, Vec<Job>)> {
        let lane = self.turns.iter().position(Option::is_none)?;
        let batch = self.next_batch(lane);
        (!batch.is_empty()).then_some((lane, batch))
    }

    pub(crate) fn rest(&mut self, lane: usize) {
        self.turns[lane] = None;
    }

    pub(crate) fn release(&mut self, stream: Key) {
        self.streams.remove(&stream);
    }

    /// Whether a lane may wait for another transaction's lock. A lane may not while all others are at work: they may all be
    /// waiting, and appends that meet no lock need one lane that is free.
    pub(crate) fn may_wait(&self, lane: usize) -> bool {
        self.others(lane).count() < LANES - 1
    }

    fn others_are_slow(&self, lane: usize) -> bool {
        self.others(lane).all(|since| since.elapsed() >= SLOW)
    }

    fn others(&self, lane: usize) -> impl Iterator<Item = &Instant> {
        let others = self.turns.iter().enumerate();
        others.filter_map(move |(other, turn)| turn.as_ref().filter(|_| other != lane))
    }

    /// The next batch of a lane, in the order of arrival. It is empty while another lane is at a statement that is not slow,
    /// since that lane will write all that is queued. Appends whose callers are gone are dropped.
    pub(crate) fn next_batch(&mut self, lane: usize) -> Vec<Job> {
        let mut batch = Vec::new();
        if !self.others_are_slow(lane) {
            return batch;
        }
        let may_wait = self.may_wait(lane);
        let (mut events, mut bytes) = (0, 0);
        let mut left = VecDeque::new();
        while let Some(job) = self.next_job() {
            if job.reply.is_closed() {
                continue;
            }
            let key = key(&job.append.stream);
            let (more_events, more_bytes) = (job.append.events.len(), job.bytes);
            let fits = events + more_events <= BATCH_EVENTS && bytes + more_bytes <= BATCH_BYTES;
            if !batch.is_empty() && !fits {
                left.push_back(job);
                break;
            }
            // An append that waits for a lock waits alone.
            let alone = job.locked;
            if (!alone || (may_wait && batch.is_empty())) && self.streams.insert(key) {
                events += more_events;
                bytes += more_bytes;
                batch.push(job);
                if alone {
                    break;
                }
            } else {
                left.push_back(job);
            }
        }
        self.put_back(left);
        if !batch.is_empty() {
            self.turns[lane] = Some(Instant::now());
        }
        // Sorted by key, so that two batches never wait for each other.
        batch.sort_by_key(|job| self::key(&job.append.stream));
        batch
    }

    /// Puts jobs back at the front of the queue.
    fn put_back(&mut self, jobs: VecDeque<Job>) {
        for job in jobs.into_iter().rev() {
            self.backlog.add(job.bytes);
            self.queue.push_front(job);
        }
    }
}

pub(crate) fn key(stream: &StreamId) -> Key {
    (stream.tenant_id, stream.aggregate_id)
}
