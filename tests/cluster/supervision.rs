//! A server ends when the process that started it ends, in whatever way.

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use sqlx::{Connection, PgConnection};

struct Started {
    process: Child,
    _output: BufReader<ChildStdout>,
    url: String,
    directory: PathBuf,
}

fn start(how: &str) -> Started {
    let mut process = Command::new(env!("CARGO_BIN_EXE_child"))
        .args(["server", how])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(process.stdout.take().unwrap());
    let mut told = String::new();
    output.read_line(&mut told).unwrap();
    let (url, directory) = told
        .trim_end()
        .split_once(' ')
        .expect("the child has a cluster");
    Started {
        process,
        _output: output,
        url: url.to_owned(),
        directory: PathBuf::from(directory),
    }
}

#[tokio::test]
async fn a_killed_process_leaves_no_server_and_no_directory() {
    for how in ["up", "down"] {
        let mut started = start(how);
        assert!(started.directory.join("data").is_dir());
        if how == "up" {
            let connection = PgConnection::connect(&started.url).await.unwrap();
            // Left open: a client must not keep the server alive.
            std::mem::forget(connection);
        }
        started.process.kill().unwrap();
        started.process.wait().unwrap();
        let began = Instant::now();
        while started.directory.exists() {
            assert!(
                began.elapsed() < Duration::from_secs(30),
                "{} stays",
                started.directory.display()
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        PgConnection::connect(&started.url).await.unwrap_err();
    }
}
