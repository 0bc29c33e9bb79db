//! However many read models an app has, its process reads the end of the log once.

use std::sync::atomic::Ordering;

use intent_runtime::prelude::*;

use super::domain::*;
use crate::dispatch::fixture::Interposed;

macro_rules! totals {
    ($($name:ident $table:literal)*) => {
        $(
            #[derive(ReadModel, Debug, Clone)]
            #[read_model(table = $table, events(Paid))]
            struct $name {
                #[key]
                #[allow(dead_code, reason = "rows are found by it")]
                account: Id<Account>,
                #[on(Paid += |e| e.amount)]
                cents: i64,
            }
        )*

        fn ten_models() -> Domain {
            Domain::of::<Account>()$(.read_model::<$name>())*
        }

        async fn all_have(app: &App, id: Id<Account>, cents: i64) {
            $(
                let row = app.read::<$name>().get(id).await.unwrap().unwrap();
                assert_eq!(row.cents, cents, $table);
            )*
        }
    };
}

totals! {
    T0 "t0" T1 "t1" T2 "t2" T3 "t3" T4 "t4" T5 "t5" T6 "t6" T7 "t7" T8 "t8" T9 "t9"
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_models_read_the_log_as_often_as_one() {
    const PAYMENTS: usize = 30;

    let store = Interposed::default();
    let app = App::on(store.clone(), ten_models()).await.unwrap();
    let workers = app.start().await.unwrap();
    let id = opened(&app, "north").await;
    pay(&app, id, 1).await;
    app.settled(LONG).await.unwrap();
    let before = store.events_read.load(Ordering::Relaxed);
    for _ in 0..PAYMENTS {
        pay(&app, id, 1).await;
        app.settled(LONG).await.unwrap();
    }
    all_have(&app, id, 31).await;
    let read = store.events_read.load(Ordering::Relaxed) - before;
    // Each of ten would have read all of them.
    assert!(read < 2 * PAYMENTS, "{read} readings of {PAYMENTS} events");
    workers.stop(LONG).await.unwrap();
}
