//! What not to do, and what sees it.

use std::sync::atomic::{AtomicI64, Ordering};

use intent_runtime::{Aggregate, prelude::*};
use intent_tests::on;

use super::{Opened, account, append};
use crate::lock::{domain::catalogue, folder::Folder};

/// Domains of one event or value, each in a module of its own.
macro_rules! builds {
    ($($build:ident: { $($rest:tt)* })*) => {$(
        mod $build {
            #[allow(unused_imports)]
            use super::*;

            $($rest)*
        }
    )*};
}

/// Whether the lock of one build refuses the other.
fn is_refused<Before: Aggregate, After: Aggregate>() -> bool {
    let lock = Folder::recording(catalogue::<Before>());
    lock.update(&catalogue::<After>()).is_err()
}

builds! {
    euros: {
        #[event]
        pub struct Deposited { pub amount: i64 }
        account!(Deposited);
    }
    cents: {
        /// The amount is in cents now.
        #[event]
        pub struct Deposited { pub amount: i64 }
        account!(Deposited);
    }
    by_serde: {
        #[event]
        pub struct Deposited {
            pub amount: i64,
            #[serde(default)]
            pub channel: String,
        }
        account!(Deposited);
    }
    gone: {
        #[derive(Aggregate)]
        #[aggregate(created_by(Opened))]
        pub struct Account {
            #[id]
            pub id: Id<Account>,
        }
    }
    used_again: {
        /// Not money, but documents.
        #[event]
        pub struct Deposited { pub document: String }
        account!(Deposited);
    }
    used_alike: {
        /// Not money, but documents: so many pages.
        #[event]
        pub struct Deposited { pub amount: i64 }
        account!(Deposited);
    }
    without_a_shape: {
        #[event]
        pub struct Deposited { pub amount: serde_json::Value }
        account!(Deposited);
    }
}

#[test]
fn a_shape_that_changes_without_a_version_is_refused() {
    assert!(is_refused::<euros::Account, by_serde::Account>());
    assert!(is_refused::<euros::Account, used_again::Account>());
    assert!(is_refused::<euros::Account, gone::Account>());
    assert!(is_refused::<euros::Account, without_a_shape::Account>());
}

#[test]
fn another_meaning_of_the_same_shape_is_not_seen() {
    assert!(!is_refused::<euros::Account, cents::Account>());
    assert!(!is_refused::<euros::Account, used_alike::Account>());
}

builds! {
    cheque: {
        #[value]
        pub enum Means { Cash, Cheque }
        #[event]
        pub struct Paid { pub by: Means }
        account!(Paid);
    }
    check: {
        #[value]
        pub enum Means { Cash, Check }
        #[event]
        pub struct Paid { pub by: Means }
        account!(Paid);
    }
    alias: {
        #[value]
        pub enum Means { Cash, #[serde(alias = "Cheque")] Check }
        #[event(version = 2, unchanged(2))]
        pub struct Paid { pub by: Means }
        account!(Paid);
    }
    merely_counted: {
        #[value]
        pub enum Means { Cash, Check }
        #[event(version = 2, unchanged(2))]
        pub struct Paid { pub by: Means }
        account!(Paid);
    }
}

#[tokio::test]
async fn a_variant_by_another_name_needs_its_old_one() {
    assert!(is_refused::<cheque::Account, check::Account>());
    let app = App::connect("memory:", Domain::new()).await.unwrap();
    let id = Id::<cheque::Account>::new();
    append(&app, id, &Opened.into()).await;
    let by = cheque::Means::Cheque;
    append(&app, id, &cheque::Paid { by }.into()).await;

    assert!(!is_refused::<cheque::Account, alias::Account>());
    let alias = on::<alias::Account>(&app).await;
    let id = Id::<alias::Account>::from_uuid(id.as_uuid());
    let history = alias.history(id).await.unwrap();
    let alias::AccountEvent::Paid(paid) = &history[1].event else {
        panic!("{history:?}")
    };
    assert_eq!(paid.by, alias::Means::Check);

    assert!(is_refused::<cheque::Account, merely_counted::Account>());
    let app = on::<merely_counted::Account>(&app).await;
    let id = Id::<merely_counted::Account>::from_uuid(id.as_uuid());
    let error = app.load(id).await.unwrap_err();
    assert!(matches!(error, intent_runtime::LoadError::Decode { .. }));
}

static NOW: AtomicI64 = AtomicI64::new(0);

/// Stands for the clock, and moves on with each look at it.
fn now() -> i64 {
    NOW.fetch_add(1, Ordering::Relaxed)
}

builds! {
    now_in_a_step: {
        #[event(version = 2)]
        pub struct Deposited {
            pub amount: i64,
            #[since(2, default = now())]
            pub at: i64,
        }
        account!(Deposited);
    }
}

#[test]
fn a_step_that_looks_at_the_clock_reads_another_event_each_time() {
    assert!(!is_refused::<euros::Account, now_in_a_step::Account>());
    let read = || now_in_a_step::Deposited::decode(1, br#"{"amount":5}"#).unwrap();
    assert_ne!(read(), read());
}

/// An account that keeps snapshots of where the last deposit was made.
macro_rules! last_channel {
    ($default:literal) => {
        #[event(version = 2)]
        pub struct Deposited {
            pub amount: i64,
            #[since(2, default = $default.into())]
            pub channel: String,
        }

        #[derive(Aggregate)]
        #[aggregate(created_by(Opened), events(Deposited), snapshot(every = 100))]
        pub struct Account {
            #[id]
            pub id: Id<Account>,
            #[on(Deposited = |e| e.channel.clone())]
            pub channel: String,
        }
    };
}

builds! {
    at_the_counter: { last_channel!("counter"); }
    unknown: { last_channel!("unknown"); }
}

#[tokio::test]
async fn a_step_that_changes_later_is_not_seen_and_snapshots_keep_what_it_said() {
    assert!(!is_refused::<at_the_counter::Account, unknown::Account>());
    let app = App::connect("memory:", Domain::new()).await.unwrap();
    let first = on::<at_the_counter::Account>(&app).await;
    let second = on::<unknown::Account>(&app).await;
    let id = Id::<at_the_counter::Account>::new();
    append(&app, id, &Opened.into()).await;
    let other = Id::<euros::Account>::from_uuid(id.as_uuid());
    append(&app, other, &euros::Deposited { amount: 5 }.into()).await;
    first.snapshot(id).await.unwrap();

    let id = Id::<unknown::Account>::from_uuid(id.as_uuid());
    let kept = second.load(id).await.unwrap();
    assert_eq!(kept.channel, "counter", "from the snapshot");
    let snapshots = app.store().delete_snapshots(TenantId::DEFAULT, None);
    snapshots.await.unwrap();
    let app = on::<unknown::Account>(&app).await;
    assert_eq!(app.load(id).await.unwrap().channel, "unknown", "replayed");
}
