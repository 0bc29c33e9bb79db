//! Appends to a SQLite file. Each stored append is one line on standard output.

use std::io::Write;

use intent_runtime::{SqliteStore, StoreError, store::Streams};

use crate::appending::{append as append_of, stream};

/// Writes with eight tasks until it is killed.
pub async fn append(file: &str) {
    let store = SqliteStore::connect(file).await.unwrap();
    let mut writers = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let store = store.clone();
        writers.spawn(async move {
            let stream = stream();
            for version in (2..).step_by(2) {
                store.append(append_of(&stream, 2)).await.unwrap();
                let line = format!("acknowledged {} {version}\n", stream.aggregate_id);
                std::io::stdout().write_all(line.as_bytes()).unwrap();
            }
        });
    }
    writers.join_all().await;
}

/// Appends to one stream until the file cannot grow, and prints the error.
pub async fn fill(file: &str) {
    let store = SqliteStore::connect(file).await.unwrap();
    let stream = stream();
    for version in 1.. {
        match store.append(append_of(&stream, 1)).await {
            Ok(_) => println!("acknowledged {} {version}", stream.aggregate_id),
            Err(error) => {
                let unknown = matches!(error, StoreError::UnknownOutcome { .. });
                assert!(unknown, "COMMIT writes the log: {error:?}");
                return println!("unknown");
            }
        }
    }
}
