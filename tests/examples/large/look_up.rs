//! Looking for few events among many: a tenant's, and an aggregate's.

use intent_runtime::{LogFilter, TenantId};

use super::{
    log::{Cost, Log},
    read,
    table::{
        Limit::{Milliseconds, Times},
        Table,
    },
};

/// The events of a small tenant.
const FEW: u64 = 500;
/// So many of the long stream's events.
const STRETCH: u64 = 1_000;

pub async fn report(table: &Table<'_>) {
    let soon = Milliseconds(20.0);
    table
        .line("a small tenant's 500 events", soon, tenant)
        .await;
    table
        .line("the export of a small tenant", soon, export)
        .await;
    let default_is_small = table.logs()[1].long_stream().await.tenant() != TenantId::DEFAULT;
    if default_is_small {
        let default = async |log| events_of(log, TenantId::DEFAULT).await;
        table
            .line("the default tenant's 500 events", soon, default)
            .await;
    }
    table
        .line(
            "an aggregate's events by a filter, in its tenant",
            soon,
            aggregate,
        )
        .await;
    table
        .line(
            "an aggregate's events by a filter, in all tenants",
            soon,
            aggregate_of_all,
        )
        .await;
    table
        .line(
            "the long stream by a filter from the middle of the log, an event",
            Times(1.3),
            long_stream,
        )
        .await;
}

async fn tenant(log: &Log) -> Cost {
    let tenant = log.small_tenant().await;
    events_of(log, tenant).await
}

async fn events_of(log: &Log, tenant: TenantId) -> Cost {
    let reader = log.app.tenant(tenant).subscribe(LogFilter::all());
    whole(read::take(log, reader, FEW).await, FEW)
}

async fn export(log: &Log) -> Cost {
    let tenant = log.small_tenant().await;
    let export = async {
        let exported = log.app.tenant(tenant).export().write(&mut Vec::new()).await;
        assert_eq!(exported.unwrap().events, FEW);
    };
    log.cost(1, export).await
}

async fn aggregate(log: &Log) -> Cost {
    let stream = log.small_streams(1).await[0];
    let tenant = log.app.tenant(stream.tenant());
    let reader = tenant.subscribe(LogFilter::all().id(stream.id()));
    let events = stream.events();
    whole(read::take(log, reader, events).await, events)
}

async fn aggregate_of_all(log: &Log) -> Cost {
    let stream = log.small_streams(1).await[0];
    let reader = log.app.subscribe(LogFilter::all().id(stream.id()));
    let events = stream.events();
    whole(read::take(log, reader, events).await, events)
}

async fn long_stream(log: &Log) -> Cost {
    let stream = log.long_stream().await;
    let tenant = log.app.tenant(stream.tenant());
    let reader = tenant.subscribe(LogFilter::all().id(stream.id()));
    let reader = reader.after(log.behind(log.events / 2));
    read::take(log, reader, STRETCH.min(stream.events() / 4)).await
}

/// All of them together.
fn whole(each: Cost, events: u64) -> Cost {
    Cost {
        wall: each.wall * events as f64,
        server_cpu: each.server_cpu * events as f64,
    }
}
