//! What waits to be appended, and which lanes are at work.

use std::{
    collections::{HashSet, VecDeque},
    time::{Duration, Instant},
};

use sqlx::PgConnection;
use tokio::sync::oneshot;

use super::lane::Outcome;
use crate::{AggregateId, StoreError, StreamId, TenantId, store::Append};

/// How many connections append at most.
const LANES: usize = 4;
/// After how long a statement is slow enough for others to go past it on another connection.
pub(super) const SLOW: Duration = Duration::from_millis(20);
/// How many events one statement takes on before others wait for the next.
const BATCH_EVENTS: usize = 1_000;
/// How many bytes of JSON one statement takes on.
const BATCH_BYTES: usize = 8 * 1024 * 1024;

pub(super) type Key = (TenantId, AggregateId);

/// Lanes and queue.
#[derive(Default)]
pub(super) struct Work {
    pub(super) idle: Vec<PgConnection>,
    /// Since when each lane has been at its statement, if it is at one.
    begun: [Option<Instant>; LANES],
    /// The streams that are being written to. Two appends to one stream would only get in each other's way.
    streams: HashSet<Key>,
    queue: VecDeque<Job>,
    /// Whether a task watches over the queue.
    pub(super) watched: bool,
    pub(super) closed: bool,
}

/// A queued append, and who waits for its answer.
pub(super) struct Job {
    pub(super) append: Append,
    pub(super) reply: oneshot::Sender<Result<Outcome, StoreError>>,
    /// Whether it has met a lock where it could not be waited for.
    pub(super) locked: bool,
}

impl Work {
    pub(super) fn is_at_rest(&self) -> bool {
        self.begun.iter().all(Option::is_none)
    }

    pub(super) fn queued(&self) -> usize {
        self.queue.len()
    }

    pub(super) fn queue(&mut self, job: Job) {
        self.queue.push_back(job);
    }

    /// Gives up what is queued; whoever waits for it learns of it.
    pub(super) fn clear(&mut self) {
        self.queue.clear();
    }

    /// A lane for an append to a stream, if it may go straight out.
    pub(super) fn go_straight(&mut self, stream: Key) -> Option<usize> {
        let lane = self.free_lane()?;
        self.streams.insert(stream).then(|| self.begin(lane))
    }

    /// A lane for what is queued, if one may be opened and there is something for it.
    pub(super) fn go_past(&mut self) -> Option<(usize, Vec<Job>)> {
        let lane = self.free_lane()?;
        let batch = self.next_batch(lane);
        (!batch.is_empty()).then_some((lane, batch))
    }

    /// A lane that may be opened: all others have been at their statements for long.
    fn free_lane(&self) -> Option<usize> {
        let free = self.begun.iter().position(Option::is_none)?;
        self.others_are_slow(free).then_some(free)
    }

    fn begin(&mut self, lane: usize) -> usize {
        self.begun[lane] = Some(Instant::now());
        lane
    }

    pub(super) fn rest(&mut self, lane: usize) {
        self.begun[lane] = None;
    }

    pub(super) fn release(&mut self, stream: Key) {
        self.streams.remove(&stream);
    }

    /// Whether a lane may wait for somebody's lock. One never does while all others are at work: they may all be waiting,
    /// and who waits for no lock would have nobody left.
    pub(super) fn may_wait(&self, lane: usize) -> bool {
        self.others(lane).count() < LANES - 1
    }

    fn others_are_slow(&self, lane: usize) -> bool {
        self.others(lane).all(|begun| begun.elapsed() >= SLOW)
    }

    fn others(&self, lane: usize) -> impl Iterator<Item = &Instant> {
        let others = self.begun.iter().enumerate();
        others.filter_map(move |(other, begun)| begun.as_ref().filter(|_| other != lane))
    }

    /// What a lane takes on next, in the order of arrival. Where another one is at it, that will take all that waits.
    pub(super) fn next_batch(&mut self, lane: usize) -> Vec<Job> {
        let mut batch = Vec::new();
        if !self.others_are_slow(lane) {
            return batch;
        }
        let may_wait = self.may_wait(lane);
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
            // What waits for a lock does so alone.
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
        left.append(&mut self.queue);
        self.queue = left;
        if !batch.is_empty() {
            self.begin(lane);
        }
        // In order of key, so that two batches never wait for each other.
        batch.sort_by_key(|job| self::key(&job.append.stream));
        batch
    }
}

pub(super) fn key(stream: &StreamId) -> Key {
    (stream.tenant_id, stream.aggregate_id)
}
