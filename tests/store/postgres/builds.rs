//! Two builds at once, as during every deployment: this build beside a schema that a newer one migrated.
//!
//! The newer build is played by a migration that it might bring.

use intent_runtime::{
    PgStore, StoreError, Version,
    store::{Appended, Expect, StreamId, Streams},
};
use tokio::{sync::watch, task::JoinSet};

use super::{refusals::version, roles::Roles};
use crate::store::appending::{append, snapshot, stream};

/// A change that a newer build might make and that this one can ignore.
const COMPATIBLE: &str = "
    ALTER TABLE intent.events ADD COLUMN topic text;
    ALTER TABLE intent.snapshots ADD COLUMN taken_at timestamptz DEFAULT now();
    CREATE INDEX events_topic ON intent.events (topic) WHERE topic IS NOT NULL;
    CREATE TABLE intent.leases (name text PRIMARY KEY, owner uuid);
    INSERT INTO intent.migrations (version, description, compatible_from) VALUES (2, 'topics and leases', 1);
";

/// A change that this build does not understand.
const INCOMPATIBLE: &str = "
    ALTER TABLE intent.events RENAME COLUMN payload TO body;
    INSERT INTO intent.migrations (version, description, compatible_from) VALUES (3, 'bodies', 3);
";

/// Applies a migration in one transaction, as a newer build would.
async fn migrate(roles: &Roles, migration: &str) {
    roles.run(&format!("BEGIN; {migration} COMMIT")).await;
}

// The whole contract holds for this build on a newer schema that it understands.
intent_runtime::store_conformance!(async {
    let roles = Roles::new().await;
    migrate(&roles, COMPATIBLE).await;
    roles
        .run(&format!("SELECT intent.grant_worker('{}')", roles.app))
        .await;
    (roles.open(&roles.app).await.unwrap(), roles)
});

#[tokio::test(flavor = "multi_thread")]
async fn an_older_build_goes_on_and_starts_again_while_the_schema_becomes_newer() {
    let roles = Roles::new().await;
    let running = roles.open(&roles.app).await.unwrap();
    let mut writers = Writers::begin(&running, 4);
    writers.until_each_wrote(5).await;
    migrate(&roles, COMPATIBLE).await;
    writers.until_each_wrote(5).await;
    let restarted = roles.open(&roles.app).await.unwrap();
    writers.also(&restarted, 4);
    writers.until_each_wrote(5).await;
    for (stream, wrote) in writers.end().await {
        let wrote = wrote.unwrap();
        for store in [&running, &restarted] {
            let found = version(store, &stream).await.unwrap();
            assert_eq!(found, wrote, "{stream}");
        }
    }
    // The owner finds nothing to migrate either.
    roles.open(&roles.owner).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_that_does_not_understand_the_schema_is_refused_by_name() {
    let roles = Roles::new().await;
    let running = roles.open(&roles.app).await.unwrap();
    let stream = stream();
    running.append(append(&stream, 2)).await.unwrap();
    let mut writers = Writers::begin(&running, 4);
    writers.until_each_wrote(5).await;
    migrate(&roles, COMPATIBLE).await;
    migrate(&roles, INCOMPATIBLE).await;
    let refused = |error: StoreError| {
        let newer = matches!(
            error,
            StoreError::NewerSchema {
                found: 3,
                known: 1,
                ..
            }
        );
        assert!(newer, "{error:?}");
    };
    for role in [&roles.app, &roles.reader, &roles.owner] {
        refused(roles.open(role).await.unwrap_err());
    }
    // Work under way gets the same error. An append that was acknowledged is there, and the others are refused.
    for (_, wrote) in writers.until_refused().await {
        refused(wrote.unwrap_err());
    }
    refused(running.append(append(&stream, 1)).await.unwrap_err());
}

/// Tasks that append to a stream each, with two events or a snapshot now and then.
struct Writers {
    tasks: JoinSet<(StreamId, Result<Version, StoreError>)>,
    progress: Vec<watch::Receiver<u64>>,
    stop: watch::Sender<bool>,
}

impl Writers {
    fn begin(store: &PgStore, writers: usize) -> Self {
        let mut all = Self {
            tasks: JoinSet::new(),
            progress: Vec::new(),
            stop: watch::Sender::new(false),
        };
        all.also(store, writers);
        all
    }

    fn also(&mut self, store: &PgStore, writers: usize) {
        for _ in 0..writers {
            let (wrote, progress) = watch::channel(0);
            let (store, stop) = (store.clone(), self.stop.subscribe());
            self.progress.push(progress);
            self.tasks.spawn(async move {
                let stream = stream();
                let written = write(&store, &stream, &wrote, &stop).await;
                (stream, written)
            });
        }
    }

    /// Waits until each task has appended this many times more.
    async fn until_each_wrote(&mut self, appends: u64) {
        for progress in &mut self.progress {
            let from = *progress.borrow();
            let done = progress.wait_for(|wrote| *wrote >= from + appends).await;
            assert!(
                done.is_ok(),
                "a writer failed: {:?}",
                self.tasks.join_next().await
            );
        }
    }

    /// Stops the tasks, and returns how far each came.
    async fn end(self) -> Vec<(StreamId, Result<Version, StoreError>)> {
        self.stop.send_replace(true);
        self.tasks.join_all().await
    }

    /// Waits until each task gets an error.
    async fn until_refused(self) -> Vec<(StreamId, Result<Version, StoreError>)> {
        self.tasks.join_all().await
    }
}

async fn write(
    store: &PgStore,
    stream: &StreamId,
    wrote: &watch::Sender<u64>,
    stop: &watch::Receiver<bool>,
) -> Result<Version, StoreError> {
    let mut at = Version::NONE;
    while !*stop.borrow() {
        let events = 1 + usize::from(at.get() % 3 == 2);
        let mut append = append(stream, events);
        append.expect = Expect::Version(at);
        at = append.version_after(at).unwrap();
        append.snapshot = (at.get().is_multiple_of(5)).then(|| snapshot(at));
        match store.append(append).await? {
            Appended::Stored { version, .. } => assert_eq!(version, at),
            before => panic!("{before:?}"),
        }
        assert_eq!(version(store, stream).await?, at);
        wrote.send_modify(|wrote| *wrote += 1);
    }
    Ok(at)
}
