//! Two builds at once: this build beside a file that a newer one migrated. The newer build is played by a migration that
//! it might bring.

use intent_runtime::{
    StoreError, Version,
    store::{Expect, Store, Streams},
};

use super::directory::{Directory, versions};
use crate::store::appending::{append, stream};

/// A change that a newer build might make and that this one can ignore.
const COMPATIBLE: &str = "
    BEGIN IMMEDIATE;
    ALTER TABLE intent_events ADD COLUMN topic TEXT;
    CREATE INDEX intent_events_topic ON intent_events (topic) WHERE topic IS NOT NULL;
    CREATE TABLE intent_leases (name TEXT PRIMARY KEY, owner BLOB) STRICT;
    INSERT INTO intent_migrations (version, description, compatible_from) VALUES (2, 'topics and leases', 1);
    COMMIT;
";

/// A change that this build does not understand.
const INCOMPATIBLE: &str = "
    BEGIN IMMEDIATE;
    ALTER TABLE intent_events RENAME COLUMN payload TO body;
    INSERT INTO intent_migrations (version, description, compatible_from) VALUES (3, 'bodies', 3);
    COMMIT;
";

// The whole contract holds for this build on a newer schema that it understands.
intent_runtime::store_conformance!(async {
    let directory = Directory::new();
    directory.open().await.close().await.unwrap();
    directory.execute(COMPATIBLE).await;
    (directory.open().await, directory)
});

#[tokio::test]
async fn an_older_build_goes_on_and_starts_again_while_the_schema_becomes_newer() {
    let directory = Directory::new();
    let (running, stream) = (directory.open().await, stream());
    running.append(append(&stream, 2)).await.unwrap();
    let migrated = directory.execute(COMPATIBLE);
    let writing = async {
        for version in 2..200 {
            let mut append = append(&stream, 1);
            append.expect = Expect::Version(Version::new(version));
            running.append(append).await.unwrap();
        }
    };
    tokio::join!(writing, migrated);
    let restarted = directory.open().await;
    for store in [&running, &restarted] {
        store.append(append(&stream, 1)).await.unwrap();
    }
    let all: Vec<u64> = (1..=202).collect();
    for store in [&running, &restarted] {
        assert_eq!(versions(store, &stream).await.unwrap(), all);
    }
    // As a reader of a file that may not be written.
    let reading = directory.try_open("?mode=ro").await.unwrap();
    assert_eq!(versions(&reading, &stream).await.unwrap(), all);
}

#[tokio::test]
async fn a_build_that_does_not_understand_the_schema_is_refused_by_name() {
    let directory = Directory::new();
    let (running, stream) = (directory.open().await, stream());
    running.append(append(&stream, 2)).await.unwrap();
    directory.execute(COMPATIBLE).await;
    directory.execute(INCOMPATIBLE).await;
    for parameters in ["", "?mode=rw", "?mode=ro"] {
        let error = directory.try_open(parameters).await.unwrap_err();
        let newer = matches!(
            error,
            StoreError::NewerSchema {
                found: 3,
                known: 1,
                ..
            }
        );
        assert!(newer, "{parameters}: {error:?}");
    }
    running.append(append(&stream, 1)).await.unwrap_err();
}
