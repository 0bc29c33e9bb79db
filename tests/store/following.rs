//! A subscription to the log of each kind of store, beside what is appended and imported meanwhile.

use std::time::Duration;

use intent_runtime::LogFilter;
use tokio::{task::JoinSet, time::timeout};

use super::appending::{append, append_payload, stream};
use crate::transfer::fixture::{every_store, log, recorded};

const WRITERS: usize = 8;
const APPENDS: usize = 40;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn subscriptions_beside_writers_miss_nothing() {
    for opened in every_store().await {
        let mut writers = JoinSet::new();
        for _ in 0..WRITERS {
            let app = opened.app.clone();
            writers.spawn(async move {
                let streams = [stream(), stream()];
                for turn in 0..APPENDS {
                    let append = append(&streams[turn % 2], 2);
                    app.store().append(append).await.unwrap();
                    let page = vec![recorded("{}"), recorded("{}")];
                    app.store().import(page).await.unwrap();
                }
            });
        }
        let mut readers = JoinSet::new();
        for _ in 0..3 {
            let mut log = opened.app.subscribe(LogFilter::all());
            readers.spawn(async move {
                let mut seen = Vec::new();
                while seen.len() < WRITERS * APPENDS * 4 {
                    seen.push(log.next().await.unwrap());
                }
                seen
            });
            tokio::task::yield_now().await;
        }
        writers.join_all().await;
        let all = log(opened.store()).await;
        for seen in readers.join_all().await {
            assert_eq!(seen, all, "each saw the same: {:?}", opened.store());
        }
    }
}

#[tokio::test]
async fn a_subscription_is_woken_by_appends_and_imports_with_polling_switched_off() {
    for opened in every_store().await {
        let store = opened.store();
        let mut log = opened.app.subscribe(LogFilter::all()).poll(None);
        for _ in 0..5 {
            let appended = store.append(append(&stream(), 1));
            let (event, _) = tokio::join!(log.next(), appended);
            assert_eq!(event.unwrap().payload, "{}", "{store:?}");
            let imported = store.import(vec![recorded("{}")]);
            let (event, _) = tokio::join!(log.next(), imported);
            assert_eq!(event.unwrap().payload, "1", "{store:?}");
        }
    }
}

#[tokio::test]
async fn a_cancelled_subscription_loses_nothing() {
    for opened in every_store().await {
        let store = opened.store();
        let mut log = opened.app.subscribe(LogFilter::all());
        let mut seen = Vec::new();
        for turn in 0..30_u64 {
            let append = append_payload(&stream(), &turn.to_string());
            store.append(append).await.unwrap();
            let brief = Duration::from_micros(turn * 40);
            if let Ok(event) = timeout(brief, log.next()).await {
                seen.push(event.unwrap().payload);
            }
        }
        while seen.len() < 30 {
            seen.push(log.next().await.unwrap().payload);
        }
        let expected: Vec<String> = (0..30).map(|turn| turn.to_string()).collect();
        assert_eq!(seen, expected, "{store:?}");
    }
}
