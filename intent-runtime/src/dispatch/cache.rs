//! A cache of the aggregates that were used last, so that a hot command is one round trip to the store.
//!
//! A gate for each aggregate lets one command of this process through at a time. So tasks that race for one aggregate queue up
//! and do not run into conflicts. Correctness needs neither: the append's own check decides.

use std::{
    any::{Any, TypeId},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::future::{Either, select};
use quick_cache::{
    DefaultHashBuilder, OptionsBuilder, Weighter,
    sync::{Cache, DefaultLifecycle},
};
use tokio::{
    sync::{Mutex, MutexGuard, Notify},
    time::timeout,
};

use crate::{
    dispatch::{inline::Rows, load::Folded},
    model::aggregate::Aggregate,
    record::id::{AggregateId, Id, TenantId},
};

/// The default limit of all cached aggregates together, in estimated bytes.
pub(crate) const DEFAULT_BYTES: u64 = 64 * 1024 * 1024;
/// The most that one aggregate can count for. The estimate is the number of payload bytes folded into it, which is too high
/// for a state that keeps little of them, such as a counter.
const MOST_BYTES: u64 = 256 * 1024;
/// How many aggregates the cache has room for at first. Its limit is the weight.
const EXPECTED_ENTRIES: usize = 10_000;
/// How many of the heaviest aggregates a shard has room for. The cache refuses what does not fit a shard, so there are
/// only as many shards as keep each of them large.
const HEAVIEST_PER_SHARD: u64 = 16;
const MOST_SHARDS: u64 = 64;
/// How long a waiting command waits before it asks the command that holds the gate whether that is still polled, and how long it
/// waits for the answer. A caller may keep a command's future without polling it, as in a loop that selects, and may itself wait
/// for another command to the same aggregate.
const PATIENCE: Duration = Duration::from_secs(1);

type Key = (TenantId, TypeId, AggregateId);

#[derive(Debug)]
pub(crate) struct AggregateCache {
    slots: Cache<Key, Slot, ByWeight>,
}

/// The place of one aggregate.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    key: Key,
    gate: Arc<Gate>,
    weight: u64,
}

/// Lets one command through at a time.
#[derive(Debug)]
struct Gate {
    kept: Mutex<Kept>,
    /// Asks the command that holds the gate whether it is still polled.
    asked: Notify,
    /// Counts the commands that came through, and their answers to `asked`.
    signs: AtomicU64,
}

/// What the gate guards: the state, if a command has been through, and its size as the cache last counted it.
#[derive(Debug)]
struct Kept {
    state: Option<Box<dyn Any + Send>>,
    weight: u64,
}

/// One command's exclusive access to the kept state of its aggregate; empty for a command that does not use the cache.
pub(crate) struct CacheGuard<'a>(Option<Locked<'a>>);

struct Locked<'a> {
    cache: &'a AggregateCache,
    slot: &'a Slot,
    kept: MutexGuard<'a, Kept>,
}

#[derive(Clone, Debug)]
struct ByWeight;

impl Weighter<Key, Slot> for ByWeight {
    fn weight(&self, _: &Key, slot: &Slot) -> u64 {
        slot.weight
    }
}

impl AggregateCache {
    pub(crate) fn new(bytes: u64) -> Self {
        let shards = (bytes / (HEAVIEST_PER_SHARD * MOST_BYTES)).clamp(1, MOST_SHARDS);
        let options = OptionsBuilder::new()
            .estimated_items_capacity(EXPECTED_ENTRIES)
            .weight_capacity(bytes)
            .shards(usize::try_from(shards).unwrap_or(1))
            .build();
        let slots = match options {
            Ok(options) => {
                let (hasher, lifecycle) = <(DefaultHashBuilder, DefaultLifecycle<_, _>)>::default();
                Cache::with_options(options, ByWeight, hasher, lifecycle)
            }
            // Only options that lack a capacity are refused.
            Err(_) => Cache::with_weighter(EXPECTED_ENTRIES, bytes, ByWeight),
        };
        Self { slots }
    }

    /// The slot of an aggregate. If the cache drops it while it is in use, there can be a second one. Then two commands run at
    /// once, and the append's check lets one of them win.
    pub(crate) fn slot<A: Aggregate>(&self, tenant: TenantId, id: Id<A>) -> Slot {
        let key = (tenant, TypeId::of::<A>(), id.into());
        let weight = weight::<A>(0);
        let found = self.slots.get_or_insert_with(&key, || {
            let kept = Kept {
                state: None,
                weight,
            };
            let gate = Arc::new(Gate {
                kept: Mutex::new(kept),
                asked: Notify::new(),
                signs: AtomicU64::new(0),
            });
            Ok::<_, std::convert::Infallible>(Slot { key, gate, weight })
        });
        match found {
            Ok(slot) => slot,
            Err(never) => match never {},
        }
    }

    /// Waits until no other command of this process works on the aggregate. `None` if such a command is no longer polled: the
    /// aggregate then gets another slot.
    pub(crate) async fn lock<'a>(&'a self, slot: &'a Slot) -> Option<CacheGuard<'a>> {
        let kept = match slot.gate.kept.try_lock() {
            Ok(kept) => kept,
            Err(_) => match slot.gate.wait().await {
                Some(kept) => kept,
                None => {
                    let is_it = |it: &Slot| Arc::ptr_eq(&it.gate, &slot.gate);
                    self.slots.remove_if(&slot.key, is_it);
                    return None;
                }
            },
        };
        slot.gate.sign();
        Some(CacheGuard(Some(Locked {
            cache: self,
            slot,
            kept,
        })))
    }
}

impl Slot {
    /// Does `work` while it holds the gate, and answers those who ask whether it is still polled.
    pub(crate) async fn answering<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            match select(work, pin!(self.gate.asked.notified())).await {
                Either::Left((done, _)) => return done,
                Either::Right(((), rest)) => work = rest,
            }
            self.gate.sign();
        }
    }
}

impl Gate {
    /// Waits for its turn for as long as the commands before it are polled.
    async fn wait(&self) -> Option<MutexGuard<'_, Kept>> {
        let mut turn = pin!(self.kept.lock());
        let (mut signs, mut has_asked) = (self.signs.load(Ordering::Relaxed), false);
        loop {
            if let Ok(kept) = timeout(PATIENCE, &mut turn).await {
                return Some(kept);
            }
            let before = std::mem::replace(&mut signs, self.signs.load(Ordering::Relaxed));
            if signs != before {
                has_asked = false;
            } else if has_asked {
                return None;
            } else {
                has_asked = true;
                self.asked.notify_one();
            }
        }
    }

    fn sign(&self) {
        self.signs.fetch_add(1, Ordering::Relaxed);
    }
}

impl CacheGuard<'_> {
    /// No cache: no state is kept, and no other command is waited for.
    pub(crate) fn none() -> Self {
        Self(None)
    }

    /// Takes the state out. If the command fails halfway or is cancelled, the slot stays empty.
    pub(crate) fn take<A: Aggregate>(&mut self) -> Option<Folded<A>> {
        let kept = &mut self.0.as_mut()?.kept;
        let folded = kept.state.take()?.downcast::<Folded<A>>().ok()?;
        Some(*folded)
    }

    /// Puts a state in for the next command. A stream that does not exist is not remembered.
    pub(crate) fn put<A: Aggregate>(&mut self, mut folded: Folded<A>) {
        let Some(locked) = &mut self.0 else {
            return;
        };
        if folded.state.is_none() {
            return;
        }
        // Larger rows are loaded again, so that what is kept is what is counted.
        let of_rows = |rows: &Rows| u64::try_from(rows.bytes).unwrap_or(u64::MAX);
        folded.rows = folded.rows.filter(|rows| of_rows(rows) <= MOST_BYTES);
        let weight = weight::<A>(folded.bytes) + folded.rows.as_ref().map_or(0, of_rows);
        locked.kept.state = Some(Box::new(folded));
        // The cache weighs an entry when it is inserted. Inserting it again after every small change would cost more than it
        // helps.
        let known = locked.kept.weight;
        if weight > known + known / 2 || weight < known / 2 {
            locked.kept.weight = weight;
            let slot = Slot {
                weight,
                ..locked.slot.clone()
            };
            locked.cache.slots.insert(slot.key, slot);
        }
    }
}

fn weight<A>(bytes: usize) -> u64 {
    let state = u64::try_from(size_of::<Slot>() + size_of::<Gate>() + size_of::<Folded<A>>())
        .unwrap_or(MOST_BYTES);
    state + u64::try_from(bytes).unwrap_or(MOST_BYTES).min(MOST_BYTES)
}
