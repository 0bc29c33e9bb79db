//! What is read in order, however much lies around it: small aggregates, and stretches of the log.

use intent_runtime::{LogFilter, Subscription};

use super::{
    log::{Cost, Log, Stream},
    table::{Limit, Table},
};

/// How many aggregates are loaded one after another.
const LOADS: usize = 500;
/// How many events of the log are read.
const STRETCH: u64 = 50_000;
const LIMIT: Limit = Limit::Times(1.3);

pub async fn report(table: &Table<'_>) {
    table
        .line(
            "load of a small aggregate, the first time",
            LIMIT,
            load_first,
        )
        .await;
    table
        .line("load of a small aggregate, again", LIMIT, load_again)
        .await;
    let from_the_middle = async |log: &Log| catch_up(log, log.events / 2).await;
    table
        .line(
            "catching up from the middle, an event",
            LIMIT,
            from_the_middle,
        )
        .await;
    let to_the_end = async |log: &Log| catch_up(log, log.events - STRETCH).await;
    table
        .line("catching up to the end, an event", LIMIT, to_the_end)
        .await;
    table
        .line(
            "catching up of the tenant with most events, an event",
            LIMIT,
            catch_up_most,
        )
        .await;
}

/// Aggregates that are chosen anew each time. The server has all pages of the small log at hand, and few of those that the
/// events of these are on in the large one.
async fn load_first(log: &Log) -> Cost {
    load(log, &log.small_streams(LOADS).await).await
}

/// Aggregates that were loaded just before.
async fn load_again(log: &Log) -> Cost {
    let streams = log.small_streams(LOADS).await;
    load(log, &streams).await;
    load(log, &streams).await
}

async fn load(log: &Log, streams: &[Stream]) -> Cost {
    let loads = async {
        for stream in streams {
            let loaded = log.app.tenant(stream.tenant()).load(stream.id()).await;
            assert_eq!(loaded.unwrap().version().get(), stream.events());
        }
    };
    log.cost(streams.len() as u64, loads).await
}

async fn catch_up(log: &Log, behind: u64) -> Cost {
    let reader = log.app.subscribe(LogFilter::all());
    take(log, reader.after(log.behind(behind)), STRETCH).await
}

async fn catch_up_most(log: &Log) -> Cost {
    let most = log.long_stream().await.tenant();
    let reader = log.app.tenant(most).subscribe(LogFilter::all());
    // It has more than three in four of the small log's events, too.
    take(log, reader.after(log.behind(log.events / 4)), STRETCH).await
}

/// What each of the next so many events takes.
pub async fn take(log: &Log, mut reader: Subscription, events: u64) -> Cost {
    let taking = async {
        for _ in 0..events {
            reader.next().await.unwrap();
        }
    };
    log.cost(events, taking).await
}
