//! A streaming replica can be read, also at earlier moments. Until it is promoted, it takes no events, and its log cannot be
//! followed.

use std::time::Duration;

use intent_runtime::{App, AsOf, Cursor, LoadError, LogFilter, PgStore, StoreError, prelude::*};
use intent_tests::postgres::{Cluster, Options};
use sqlx::postgres::PgPoolOptions;

use crate::dispatch::{
    domain::{Account, Deposit, Withdraw},
    fixture::{opened, registered},
};

async fn app(cluster: &Cluster) -> App {
    let store = PgStore::connect(&cluster.superuser_url()).await;
    registered(store.unwrap()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_is_read_and_takes_events_once_it_is_promoted() {
    let cluster = Cluster::start(Options::fast()).await;
    let primary = app(&cluster).await;
    let id = opened(&primary).await;
    for amount in [1, 2, 3] {
        primary.send(Deposit { id, amount }).await.unwrap();
    }
    let followed = follow(&primary, 4).await;
    let replica = cluster.replica().await;
    let copy = app(&replica).await;
    primary.send(Deposit { id, amount: 4 }).await.unwrap();
    replica.catch_up(&cluster).await;
    reads_alike(&primary, &copy, id).await;

    let error = copy.send(Deposit { id, amount: 5 }).await.unwrap_err();
    let SendError::Store(error) = error else {
        panic!("{error:?}");
    };
    assert_read_only(&error);
    let error = copy.snapshot(id).await.unwrap_err();
    let LoadError::Store(error) = error else {
        panic!("{error:?}");
    };
    assert_read_only(&error);
    let refused = copy.send(Withdraw { id, amount: 11 }).await;
    assert!(
        matches!(refused, Err(SendError::Rejected(_))),
        "the domain still refuses: {refused:?}"
    );
    let mut subscription = copy.subscribe(LogFilter::all());
    let error = subscription.next().await.unwrap_err();
    assert!(matches!(error, StoreError::Unsupported { .. }), "{error:?}");
    assert!(
        error.to_string().ends_with("read the log of the primary"),
        "{error}"
    );
    reads_alike(&primary, &copy, id).await;

    cluster.stop().await;
    replica.promote().await;
    let receipt = copy.send(Deposit { id, amount: 5 }).await.unwrap();
    assert_eq!(receipt.version, Version::new(6));
    assert_eq!(copy.load(id).await.unwrap().balance, 15);
    let mut subscription = subscription.after(followed);
    for version in [5, 6] {
        let event = subscription.next().await.unwrap();
        assert_eq!(event.version, Version::new(version));
    }
}

/// Follows the log for so many events, and says where that was.
async fn follow(app: &App, events: usize) -> Cursor {
    let mut subscription = app.subscribe(LogFilter::all());
    for _ in 0..events {
        subscription.next().await.unwrap();
    }
    subscription.cursor()
}

async fn reads_alike(primary: &App, copy: &App, id: Id<Account>) {
    assert_eq!(
        copy.load(id).await.unwrap(),
        primary.load(id).await.unwrap()
    );
    let history = copy.history(id).await.unwrap();
    assert_eq!(history, primary.history(id).await.unwrap());
    for event in &history {
        let at = copy.load_at::<Account>(id, event.version()).await.unwrap();
        for time in [
            AsOf::Recorded(event.recorded_at()),
            AsOf::Occurred(event.metadata().unwrap().timestamp.unwrap()),
        ] {
            assert_eq!(copy.load_as_of::<Account>(id, time).await.unwrap(), at);
        }
    }
}

fn assert_read_only(error: &StoreError) {
    assert!(matches!(error, StoreError::ReadOnly { .. }), "{error:?}");
    assert!(
        error.to_string().contains("write to the primary"),
        "{error}"
    );
}

/// A standby without `hot_standby` permanently refuses connections, as every server does for a moment when it starts or
/// recovers.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_takes_no_connections_yet_says_so() {
    let cluster = Cluster::start(Options::fast()).await;
    let id = opened(&app(&cluster).await).await;
    let replica = cluster.replica().await;
    replica.catch_up(&cluster).await;
    let url = replica.superuser_url();
    let pool = PgPoolOptions::new().acquire_timeout(Duration::from_millis(200));
    let pool = pool.connect(&url).await.unwrap();
    let copy = registered(PgStore::new(pool).await.unwrap()).await;

    replica.restart_with("hot_standby", "off").await;
    assert_not_ready(&PgStore::connect(&url).await.unwrap_err());
    let LoadError::Store(error) = copy.load(id).await.unwrap_err() else {
        panic!("the store is what cannot answer");
    };
    assert_not_ready(&error);
    let SendError::Store(error) = copy.send(Deposit { id, amount: 1 }).await.unwrap_err() else {
        panic!("the store is what cannot answer");
    };
    assert_not_ready(&error);

    replica.restart_with("hot_standby", "on").await;
    assert_eq!(copy.load(id).await.unwrap().balance, 0, "the pool recovers");
}

fn assert_not_ready(error: &StoreError) {
    assert!(matches!(error, StoreError::NotReady { .. }), "{error:?}");
    assert!(
        error.to_string().ends_with("try again in a moment"),
        "{error}"
    );
}
