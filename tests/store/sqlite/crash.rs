//! S3: what was acknowledged survives `kill -9`.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
};

use intent_runtime::{AggregateId, Store, StreamId};

use super::directory::{Directory, append, stream, versions};

/// Tells the child process which file to write to.
const FILE: &str = "INTENT_CRASH_FILE";

/// Writes until it is killed, when it is the child: then each stored append is one line on standard output.
#[tokio::test(flavor = "multi_thread")]
async fn crash_child() {
    let Ok(file) = std::env::var(FILE) else {
        return;
    };
    let store = intent_runtime::SqliteStore::connect(&file).await.unwrap();
    let mut writers = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let store = store.clone();
        writers.spawn(async move {
            let stream = stream();
            for version in (2..).step_by(2) {
                store.append(append(&stream, 2)).await.unwrap();
                let line = format!("acknowledged {} {version}\n", stream.aggregate_id);
                std::io::stdout().write_all(line.as_bytes()).unwrap();
            }
        });
    }
    writers.join_all().await;
}

#[tokio::test]
async fn acknowledged_appends_survive_kill_9() {
    let directory = Directory::new();
    for acknowledgements in [1, 40, 333] {
        let acknowledged = write_and_kill(&directory, acknowledgements);
        assert!(
            acknowledged.len() >= acknowledgements,
            "the child wrote until it was killed"
        );
        holds_what_it_acknowledged(&directory, acknowledged).await;
    }
}

#[tokio::test]
async fn two_processes_take_turns_at_one_file() {
    let directory = Directory::new();
    let acknowledged = std::thread::scope(|scope| {
        let children = [200, 300].map(|acknowledgements| {
            let directory = &directory;
            scope.spawn(move || write_and_kill(directory, acknowledgements))
        });
        children.map(|child| child.join().unwrap())
    });
    assert!(acknowledged[0].len() >= 200 && acknowledged[1].len() >= 300);
    holds_what_it_acknowledged(&directory, acknowledged.concat()).await;
}

async fn holds_what_it_acknowledged(
    directory: &Directory,
    acknowledged: Vec<(AggregateId, usize)>,
) {
    let store = directory.open().await;
    for (aggregate_id, version) in acknowledged {
        let stream = StreamId {
            aggregate_id,
            ..stream()
        };
        let found = versions(&store, &stream).await.unwrap();
        assert!(
            found.len() >= version,
            "{version} was acknowledged, found {}",
            found.len()
        );
        assert_eq!(found.len() % 2, 0, "an append is there whole or not at all");
    }
    store.close().await.unwrap();
}

/// Runs this test binary as a child, kills it after some acknowledgements, and returns all that it gave.
fn write_and_kill(directory: &Directory, acknowledgements: usize) -> Vec<(AggregateId, usize)> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "store::sqlite::crash::crash_child",
            "--nocapture",
        ])
        .env(FILE, directory.file())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut acknowledged = Vec::new();
    for line in lines {
        let line = line.unwrap();
        // The harness prints the test's name in front of its first line.
        let Some((_, told)) = line.split_once("acknowledged ") else {
            continue;
        };
        // The last line may be cut short by the end.
        if let Some((id, version)) = told.split_once(' ')
            && let (Ok(id), Ok(version)) = (id.parse(), version.parse())
        {
            acknowledged.push((id, version));
        }
        if acknowledged.len() == acknowledgements {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    acknowledged
}
