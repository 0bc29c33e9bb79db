//! A cluster starts, is killed, comes back and stops.

use std::{fs::Permissions, os::unix::fs::PermissionsExt, path::Path};

use intent_tests::postgres::{Binaries, Cluster, Options};
use sqlx::{Connection, PgConnection};

use super::{TABLE, lines};

#[tokio::test]
async fn committed_rows_survive_kill_9() {
    for options in [Options::fast(), Options::durable()] {
        let cluster = Cluster::start(options).await;
        cluster.server().create_database("kept").await;
        let url = cluster.url("kept");
        let mut connection = PgConnection::connect(&url).await.unwrap();
        sqlx::query(TABLE).execute(&mut connection).await.unwrap();
        sqlx::query("INSERT INTO lines VALUES ('committed')")
            .execute(&mut connection)
            .await
            .unwrap();
        let mut open = PgConnection::connect(&url).await.unwrap();
        let mut transaction = open.begin().await.unwrap();
        sqlx::query("INSERT INTO lines VALUES ('open')")
            .execute(&mut *transaction)
            .await
            .unwrap();

        let killed = cluster.pid().await;
        cluster.kill_9().await;
        connection.ping().await.unwrap_err();
        PgConnection::connect(&url).await.unwrap_err();

        cluster.restart().await;
        assert_ne!(cluster.pid().await, killed);
        assert_eq!(lines(&url).await, ["committed"]);
        assert!(
            cluster.log().contains("automatic recovery"),
            "{}",
            cluster.log()
        );
    }
}

#[tokio::test]
async fn kill_9_ends_a_statement_that_is_running() {
    let cluster = Cluster::start(Options::fast()).await;
    let mut connection = PgConnection::connect(&cluster.superuser_url())
        .await
        .unwrap();
    let mut observer = PgConnection::connect(&cluster.superuser_url())
        .await
        .unwrap();
    // It is busy all the time, so it would not notice for long that its parent is dead.
    let busy = tokio::spawn(async move {
        sqlx::query("SELECT count(*) FROM generate_series(1, 1000000000000)")
            .execute(&mut connection)
            .await
            .unwrap_err()
    });
    while sqlx::query("SELECT FROM pg_stat_activity WHERE query LIKE '%generate_series%' AND state = 'active' AND pid <> pg_backend_pid()")
        .fetch_optional(&mut observer)
        .await
        .unwrap()
        .is_none()
    {}
    cluster.kill_9().await;
    busy.await.unwrap();
    cluster.restart().await;
    PgConnection::connect(&cluster.superuser_url())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_stopped_cluster_starts_again_and_leaves_nothing_when_dropped() {
    let cluster = Cluster::start(Options::fast()).await;
    cluster.stop().await;
    PgConnection::connect(&cluster.superuser_url())
        .await
        .unwrap_err();
    cluster.restart().await;
    PgConnection::connect(&cluster.superuser_url())
        .await
        .unwrap();
    cluster.restart().await;
    let url = cluster.superuser_url();
    PgConnection::connect(&url).await.unwrap();
    let directory = cluster.directory().to_owned();
    let pid = cluster.pid().await;
    drop(cluster);
    assert!(!directory.exists());
    assert!(!Path::new("/proc").join(pid.to_string()).exists());
    PgConnection::connect(&url).await.unwrap_err();
}

#[tokio::test]
async fn a_kept_directory_gives_the_next_server_its_data() {
    // Root's servers run under another account, which must reach it.
    let open = Permissions::from_mode(0o755);
    let parent = tempfile::Builder::new()
        .permissions(open)
        .tempdir_in("/tmp");
    let directory = parent.as_ref().unwrap().path().join("kept");

    let first = Cluster::kept(&directory, Options::fast()).await;
    first.server().create_database("kept").await;
    let pid = first.pid().await;
    drop(first);
    assert!(directory.exists());
    assert!(!Path::new("/proc").join(pid.to_string()).exists());

    let second = Cluster::kept(&directory, Options::fast()).await;
    PgConnection::connect(&second.url("kept")).await.unwrap();
}

#[tokio::test]
async fn settings_are_those_of_production_unless_a_test_says_otherwise() {
    let shown = async |options: Options, name: &str| -> String {
        let cluster = Cluster::start(options).await;
        let mut connection = PgConnection::connect(&cluster.superuser_url())
            .await
            .unwrap();
        let shown = sqlx::query_scalar("SELECT current_setting($1)")
            .bind(name)
            .fetch_one(&mut connection)
            .await;
        shown.unwrap()
    };
    assert_eq!(shown(Options::durable(), "fsync").await, "on");
    assert_eq!(shown(Options::fast(), "synchronous_commit").await, "on");
    let named = Options::fast().set("cluster_name", "a name's quote");
    assert_eq!(shown(named, "cluster_name").await, "a name's quote");
}

#[tokio::test]
async fn a_second_version_is_there() {
    let cluster = Cluster::start(Options::fast().binaries(Binaries::of(18))).await;
    assert_eq!(cluster.major(), 18);
    let mut connection = PgConnection::connect(&cluster.superuser_url())
        .await
        .unwrap();
    let version: String = sqlx::query_scalar("SHOW server_version")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert!(version.starts_with("18"), "{version}");
}
