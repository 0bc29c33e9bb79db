//! S3: what was acknowledged survives `kill -9`.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use intent_runtime::{
    AggregateId,
    store::{Store, StreamId},
};

use super::directory::{Directory, versions};
use crate::store::appending::stream;

#[tokio::test]
async fn acknowledged_appends_survive_kill_9() {
    let directory = Directory::new();
    for acknowledgements in [1, 40, 333] {
        let acknowledged = write_and_kill(&directory, acknowledgements);
        assert!(
            acknowledged.len() >= acknowledgements,
            "the child wrote until it was killed"
        );
        holds_what_it_acknowledged(&directory, acknowledged, 2).await;
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
    holds_what_it_acknowledged(&directory, acknowledged.concat(), 2).await;
}

/// A file size limit makes a write of COMMIT fail, as a broken disk does.
#[cfg(unix)]
#[tokio::test]
async fn a_commit_that_the_medium_fails_is_an_unknown_outcome() {
    let directory = Directory::new();
    directory.open().await.close().await.unwrap();
    let child = Command::new("sh")
        .args(["-c", r#"trap "" XFSZ; ulimit -f 400; exec "$0" "$@""#])
        .args([env!("CARGO_BIN_EXE_child"), "fill"])
        .arg(directory.file())
        .output()
        .unwrap();
    let told = String::from_utf8(child.stdout).unwrap();
    assert!(child.status.success() && told.contains("unknown"), "{told}");
    let acknowledged: Vec<_> = told.lines().filter_map(acknowledgement).collect();
    assert!(acknowledged.len() > 10, "{told}");
    holds_what_it_acknowledged(&directory, acknowledged, 1).await;
}

async fn holds_what_it_acknowledged(
    directory: &Directory,
    acknowledged: Vec<(AggregateId, usize)>,
    events: usize,
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
        assert_eq!(
            found.len() % events,
            0,
            "an append is there whole or not at all"
        );
    }
    store.close().await.unwrap();
}

/// Runs a child that writes, kills it after some acknowledgements, and returns all that it gave.
fn write_and_kill(directory: &Directory, acknowledgements: usize) -> Vec<(AggregateId, usize)> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_child"))
        .arg("append")
        .arg(directory.file())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut acknowledged = Vec::new();
    for line in lines {
        let line = line.unwrap();
        acknowledged.extend(acknowledgement(&line));
        if acknowledged.len() == acknowledgements {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    acknowledged
}

/// What a line of a child acknowledges. The end may have cut the last one short.
fn acknowledgement(line: &str) -> Option<(AggregateId, usize)> {
    let told = line.strip_prefix("acknowledged ")?;
    let (id, version) = told.split_once(' ')?;
    Some((id.parse().ok()?, version.parse().ok()?))
}
