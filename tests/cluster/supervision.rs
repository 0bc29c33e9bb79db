//! A server ends with the process that started it, however that one ends.

use std::{
    io::{BufRead, BufReader, Lines, Write},
    path::PathBuf,
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use intent_tests::postgres::{Cluster, Options};
use sqlx::{Connection, PgConnection};

/// Tells the child process that it is one.
const CHILD: &str = "INTENT_CLUSTER_CHILD";

/// Starts a cluster, tells of it and waits to be killed, when it is the child.
#[tokio::test]
async fn cluster_child() {
    let Ok(how) = std::env::var(CHILD) else {
        return;
    };
    let cluster = Cluster::start(Options::fast()).await;
    let told = format!(
        "\ncluster {} {}\n",
        cluster.superuser_url(),
        cluster.directory().display()
    );
    if how == "down" {
        cluster.kill_9().await;
    }
    std::io::stdout().write_all(told.as_bytes()).unwrap();
    std::future::pending::<()>().await;
}

struct Started {
    process: Child,
    _output: Lines<BufReader<ChildStdout>>,
    url: String,
    directory: PathBuf,
}

fn start(how: &str) -> Started {
    let mut process = Command::new(std::env::current_exe().unwrap());
    process
        .args([
            "--exact",
            "cluster::supervision::cluster_child",
            "--nocapture",
        ])
        .env(CHILD, how);
    let mut process = process.stdout(Stdio::piped()).spawn().unwrap();
    let mut output = BufReader::new(process.stdout.take().unwrap()).lines();
    let told = output
        .by_ref()
        .find_map(|line| line.unwrap().strip_prefix("cluster ").map(str::to_owned));
    let told = told.expect("the child has a cluster");
    let (url, directory) = told.split_once(' ').unwrap();
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
