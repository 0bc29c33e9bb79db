//! What workers cost when nothing happens.

use std::time::{Duration, Instant};

use intent_runtime::prelude::*;
use sqlx::PgConnection;
use tokio::{task::JoinSet, time::sleep};

use super::{super::place::Place, Open, WITHIN, ten, with_workers};

/// What ten models of 2,000 tenants cost when nothing happens.
pub(super) async fn report(place: &Place) {
    const LASTS: Duration = Duration::from_secs(30);

    let database = with_workers(place).await;
    let app = App::connect(&database.url(), ten()).await.unwrap();
    let mut opening = JoinSet::new();
    for _ in 0..2_000 {
        let tenant = app.tenant(TenantId::new());
        let (id, owner) = (Id::new(), "Ada".to_owned());
        opening.spawn(async move { tenant.send(Open { id, owner }).await.unwrap() });
    }
    opening.join_all().await;
    let workers = app.start().await.unwrap();
    app.settled(WITHIN).await.unwrap();
    let mut connection = database.connection().await;
    let (before, counted) = (transactions(&mut connection).await, Instant::now());
    let (busy, begun) = (cpu(), Instant::now());
    sleep(LASTS).await;
    let busy = (cpu() - busy) / begun.elapsed().as_secs_f64();
    let statements = transactions(&mut connection).await - before;
    let statements = statements as f64 / counted.elapsed().as_secs_f64();
    workers.stop(WITHIN).await.unwrap();
    println!(
        "\n{:<48}{:>14}{:>14}",
        "ten models, 2,000 tenants, nothing to do", "statements/s", "% of a core"
    );
    println!(
        "{:<48}{:>14.2}{:>14.2}",
        "this process",
        statements,
        100.0 * busy,
    );
}

/// How many transactions have ended in the database. A statement of the workers is one.
async fn transactions(connection: &mut PgConnection) -> i64 {
    // A session that is idle tells what it did after ten seconds.
    sleep(Duration::from_secs(12)).await;
    let count = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()";
    sqlx::query_scalar(count)
        .fetch_one(connection)
        .await
        .unwrap()
}

/// The seconds of CPU that this process has used.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let behind_name = stat.rsplit_once(')').unwrap().1;
    let ticks = behind_name.split_whitespace().skip(11).take(2);
    ticks.map(|it| it.parse::<f64>().unwrap()).sum::<f64>() / 100.0
}
