//! A wrong store for each rule of the conformance suite: a store in memory with one fault, which this rule refuses and every other
//! one accepts. So a rule that stops looking, or two rules that look at the same, are found here.
//!
//! A new method of the port is forwarded in [`port`] and gets a field in [`Wrong`] once a fault is in it.

mod appending;
mod beside;
mod commands;
mod copies;
mod importing;
mod lifecycle;
mod limits;
mod log;
mod lookups;
mod payloads;
mod port;
mod reading;
mod rebuilds;
mod rows;
mod snapshots;
mod tables;
mod tenants;
mod time;
mod transactions;
mod workers;

use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    ops::ControlFlow,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize},
    },
};

use intent_runtime::{
    AggregateId, CommandId, Cursor, EventId, MemoryStore, RecordedEvent, StoreError, TenantId,
    Timestamp, Version,
    store::{
        AggregateType, Append, Appended, AsOfTime, BegunTransaction, EventPage, EventSink, Import,
        Imported, ListStreams, Log, LogPage, LookBack, NewSnapshot, ReadCorrelation, ReadLog,
        ReadStream, Snapshots, StateSink, Store, StoreFuture, StreamId, Streams, Transact,
        conformance::{RULES, Rule, durability},
    },
};
use tokio::{
    sync::{Semaphore, watch},
    task::yield_now,
};
use uuid::Uuid;

/// The faults of one topic: the rule that refuses each, and a store that has it.
type Faults = &'static [(&'static str, fn() -> Wrong)];

const TOPICS: [(&str, Faults); 18] = [
    ("appending", appending::FAULTS),
    ("commands", commands::FAULTS),
    ("reading", reading::FAULTS),
    ("time", time::FAULTS),
    ("snapshots", snapshots::FAULTS),
    ("rows", rows::FAULTS),
    ("workers", workers::FAULTS),
    ("beside", beside::FAULTS),
    ("rebuilds", rebuilds::FAULTS),
    ("tenants", tenants::FAULTS),
    ("payloads", payloads::FAULTS),
    ("limits", limits::FAULTS),
    ("log", log::FAULTS),
    ("lookups", lookups::FAULTS),
    ("importing", importing::FAULTS),
    ("copies", copies::FAULTS),
    ("lifecycle", lifecycle::FAULTS),
    ("transactions", transactions::FAULTS),
];

/// Stands in for work of some length: a time limit of nothing ends a call that is here.
async fn until_time_limits_end() {
    for _ in 0..10 {
        yield_now().await;
    }
}

/// A store in memory whose calls can be replaced by faulty ones.
struct Wrong {
    memory: MemoryStore,
    /// What a fault remembers between calls.
    seen: Mutex<HashMap<Uuid, String>>,
    /// Wakes readers where the fault does not let the memory do so.
    wakes: watch::Sender<()>,
    permits: Semaphore,
    under_way: AtomicUsize,
    has_lost: AtomicBool,
    shared: Arc<transactions::Shared>,
    store_id: fn(&Self) -> Uuid,
    append: fn(&Self, Append) -> StoreFuture<'_, Appended>,
    read_state: for<'a> fn(&'a Self, ReadStream<'a>, &'a mut dyn StateSink) -> StoreFuture<'a, ()>,
    read_events: for<'a> fn(&'a Self, ReadStream<'a>, &'a mut EventSink<'a>) -> StoreFuture<'a, ()>,
    events_of_command: fn(&Self, TenantId, CommandId) -> StoreFuture<'_, Vec<RecordedEvent>>,
    read_log: for<'a> fn(&'a Self, ReadLog<'a>, &'a mut EventSink<'a>) -> StoreFuture<'a, LogPage>,
    version_as_of: for<'a> fn(&'a Self, &'a StreamId, AsOfTime) -> StoreFuture<'a, Version>,
    event: fn(&Self, TenantId, EventId) -> StoreFuture<'_, Option<RecordedEvent>>,
    look_back: for<'a> fn(&'a Self, LookBack<'a>) -> StoreFuture<'a, EventPage>,
    correlation: fn(&Self, ReadCorrelation) -> StoreFuture<'_, EventPage>,
    cursor_at: fn(&Self, Option<TenantId>, Timestamp) -> StoreFuture<'_, Cursor>,
    streams: fn(&Self, ListStreams) -> StoreFuture<'_, Vec<AggregateId>>,
    wake_ups: fn(&Self) -> watch::Receiver<()>,
    import: fn(&Self, Vec<RecordedEvent>) -> StoreFuture<'_, Imported>,
    save_snapshot: for<'a> fn(&'a Self, &'a StreamId, NewSnapshot) -> StoreFuture<'a, ()>,
    delete_snapshots: fn(&Self, TenantId, Option<AggregateType>) -> StoreFuture<'_, u64>,
    begin: fn(&Self) -> StoreFuture<'_, Box<dyn BegunTransaction>>,
    close: fn(&Self) -> StoreFuture<'_, ()>,
    /// Those of the store in memory where there are none.
    tables: Option<tables::Calls>,
}

impl Wrong {
    /// A store without a fault.
    fn right() -> Self {
        Self {
            memory: MemoryStore::new(),
            seen: Mutex::default(),
            wakes: watch::Sender::new(()),
            permits: Semaphore::new(8),
            under_way: AtomicUsize::new(0),
            has_lost: AtomicBool::new(false),
            shared: Arc::default(),
            store_id: |it| it.memory.store_id(),
            append: |it, append| it.memory.append(append),
            read_state: |it, read, sink| it.memory.read_state(read, sink),
            read_events: |it, read, sink| it.memory.read_events(read, sink),
            events_of_command: |it, tenant, command| it.memory.events_of_command(tenant, command),
            read_log: |it, read, sink| it.memory.read_log(read, sink),
            version_as_of: |it, stream, time| it.memory.version_as_of(stream, time),
            event: |it, tenant, id| it.memory.event(tenant, id),
            look_back: |it, look| it.memory.look_back(look),
            correlation: |it, read| it.memory.correlation(read),
            cursor_at: |it, tenant, time| it.memory.cursor_at(tenant, time),
            streams: |it, list| it.memory.streams(list),
            wake_ups: |it| it.memory.wake_ups(),
            import: |it, events| it.memory.import(events),
            save_snapshot: |it, stream, snapshot| it.memory.save_snapshot(stream, snapshot),
            delete_snapshots: |it, tenant, of_type| it.memory.delete_snapshots(tenant, of_type),
            begin: |it| it.memory.begin(),
            close: |it| it.memory.close(),
            tables: None,
        }
    }

    /// The version that a stream is at.
    async fn version(&self, stream: &StreamId) -> Result<Version, StoreError> {
        let now = AsOfTime::Recorded(Timestamp::MAX);
        self.memory.version_as_of(stream, now).await
    }

    /// The events of a stream.
    async fn events(&self, stream: &StreamId) -> Result<Vec<RecordedEvent>, StoreError> {
        let mut events = Vec::new();
        let mut sink = |event| {
            events.push(event);
            ControlFlow::Continue(())
        };
        let read = ReadStream::all(stream);
        self.memory.read_events(read, &mut sink).await?;
        Ok(events)
    }

    /// Remembers something by an id, and gives what was known of it before.
    fn remember(&self, id: Uuid, what: String) -> Option<String> {
        self.seen.lock().unwrap().insert(id, what)
    }

    fn known(&self, id: Uuid) -> Option<String> {
        self.seen.lock().unwrap().get(&id).cloned()
    }
}

impl fmt::Debug for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wrong").finish_non_exhaustive()
    }
}

/// A rule refuses only the fault, not the store around it.
mod without_a_fault {
    use super::Wrong;

    intent_runtime::store_conformance!(async { (Wrong::right(), ()) });
}

/// Whether a rule refuses a store, on a runtime whose time is real.
fn in_real_time(rule: Rule, store: fn() -> Wrong) -> bool {
    let check = move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let check = async { rule.check(Arc::new(store())).await.is_err() };
        runtime.unwrap().block_on(check)
    };
    std::thread::spawn(check).join().unwrap()
}

/// The rules that refuse a store.
async fn refusing(store: fn() -> Wrong) -> Vec<String> {
    let mut refusing = Vec::new();
    for rule in RULES {
        let broken = match rule.topic {
            // These rules call nothing but the tables.
            "workers" | "beside" | "rebuilds" if store().tables.is_none() => false,
            // The rows of a store in memory are in a database with a thread of its own, which works in real time.
            "rows" | "workers" | "beside" | "rebuilds" => in_real_time(*rule, store),
            // And no other rule asks for the tables.
            _ if store().tables.is_some() => false,
            _ => rule.check(Arc::new(store())).await.is_err(),
        };
        if broken {
            refusing.push(format!("{}::{}", rule.topic, rule.name));
        }
    }
    refusing
}

/// Checks each topic: exactly the named rule refuses each fault. Time is virtual, so a rule that waits until its time is up ends at
/// once.
macro_rules! only_their_rules_refuse {
    ($($topic:ident)*) => {
        $(
            #[tokio::test(start_paused = true)]
            async fn $topic() {
                let topic = stringify!($topic);
                let mut mistakes = Vec::new();
                for (name, store) in $crate::store::wrong::$topic::FAULTS {
                    let refusing = $crate::store::wrong::refusing(*store).await;
                    if refusing != [format!("{topic}::{name}")] {
                        mistakes.push(format!("the fault of {name} is refused by {refusing:?}"));
                    }
                }
                assert!(mistakes.is_empty(), "{mistakes:#?}");
            }
        )*

        /// Every topic has a test.
        #[test]
        fn every_topic_is_asked() {
            let topics: Vec<&str> = super::TOPICS.iter().map(|(topic, _)| *topic).collect();
            assert_eq!([$(stringify!($topic)),*], *topics);
        }
    };
}

mod is_refused_by_its_rule_alone {
    only_their_rules_refuse! {
        appending commands reading time snapshots rows workers beside rebuilds tenants payloads limits log lookups importing copies lifecycle transactions
    }
}

#[test]
fn every_rule_has_a_wrong_store() {
    let rules: BTreeSet<_> = RULES.iter().map(|rule| (rule.topic, rule.name)).collect();
    let faults = TOPICS
        .iter()
        .flat_map(|(topic, faults)| faults.iter().map(move |(name, _)| (*topic, *name)));
    let faults: BTreeSet<_> = faults.collect();
    let without: Vec<_> = rules.difference(&faults).collect();
    assert!(
        without.is_empty(),
        "rules without a wrong store: {without:?}"
    );
    let unknown: Vec<_> = faults.difference(&rules).collect();
    assert!(unknown.is_empty(), "faults of no rule: {unknown:?}");
}

#[tokio::test]
#[should_panic = "every event is as it was"]
async fn a_store_that_begins_anew_is_not_durable() {
    let open = async || Arc::new(MemoryStore::new()) as _;
    durability::a_restart_finds_everything(open).await;
}

#[tokio::test]
async fn a_broken_rule_says_its_promise_and_what_it_refuses() {
    let rule = RULES
        .iter()
        .find(|rule| rule.name == "an_empty_append_is_refused")
        .unwrap();
    let (_, store) = limits::FAULTS[0];
    let broken = rule.check(Arc::new(store())).await.unwrap_err();
    let text = broken.to_string();
    let begin = "S13, held by `limits::an_empty_append_is_refused`, refuses a store that takes an append without events: ";
    assert!(text.starts_with(begin), "{text}");
    assert!(text.contains("must be refused, not Ok("), "{text}");
}
