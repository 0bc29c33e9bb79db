//! The contract of a [`Store`] as a suite of rules, for stores written anywhere.
//!
//! A [`Rule`] is a test that a store is put to. It names the promises of the [contract](crate::store) that it holds, and what it
//! refuses. [`RULES`] has all of them, and [`store_conformance!`](crate::store_conformance) makes a `#[test]` of each:
//!
//! ```
//! # mod tests {
//! use intent_runtime::MemoryStore;
//!
//! intent_runtime::store_conformance!(async { (MemoryStore::new(), ()) });
//! # }
//! ```
//!
//! A store that breaks a rule fails the test of this rule, with what was found and a sentence such as "S1, held by
//! `appending::an_append_is_all_or_nothing`, refuses a store that stores some events of an append that it refuses".
//! A single rule can also be [checked](Rule::check):
//!
//! ```
//! use std::sync::Arc;
//! use intent_runtime::{MemoryStore, store::conformance::RULES};
//! # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
//! for rule in RULES.iter().filter(|rule| rule.topic == "tenants") {
//!     rule.check(Arc::new(MemoryStore::new())).await?;
//! }
//! # Ok::<(), intent_runtime::store::conformance::Broken>(()) })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What no rule asks
//!
//! S3 concerns stores that outlive their process: they also call [`durability::a_restart_finds_everything`]. A store in memory is
//! excused from it, and from nothing else. A store without transactions is excused from S19, and one without tables from S20 and S21. Crashes (S3), lost connections (S5) and the rights of database users (S10, S11) are
//! different for each store, so each store tests them itself.
//!
//! # How to add a rule
//!
//! 1. Write `pub(super) async fn name(store: Subject)` in the file of its topic, or in a new file that this module names. It
//!    gets an empty store that no other rule uses, and panics with a sentence where the store is wrong. It uses the port and
//!    `fixture.rs` alone, and waits for conditions, not for time. It ends with an error, or is stopped by [`Rule::check`], when
//!    the store never answers.
//! 2. Name it in `rules.rs`, with its promise and what it refuses: the end of the sentence "refuses a store that …".
//! 3. Add a store with this one fault to `tests/store/wrong/`, which every other rule accepts. The test there fails for a rule
//!    without such a store, and for a store that another rule refuses too. Where two rules refuse one fault, one of them says too
//!    much: move the assertion to the rule that is about it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod appending;
mod beside;
mod commands;
mod copies;
pub mod durability;
mod fixture;
mod importing;
mod lifecycle;
mod limits;
mod log;
mod lookups;
mod payloads;
mod reader;
mod reading;
mod rebuilds;
mod rows;
mod rules;
mod snapshots;
mod tenants;
mod time;
mod transactions;
mod worker;
mod workers;

use std::{any::Any, fmt, future::Future, pin::Pin, sync::Arc, time::Duration};

use tokio::time::timeout;

use crate::store::port::Store;

/// The store under test.
pub type Subject = Arc<dyn Store>;

/// How long a store may take for one rule: far longer than any needs, so that only one which never answers is stopped.
const LONGEST: Duration = Duration::from_secs(300);

crate::__store_rules! { __rules_listed }

/// One rule of the suite: a test that a store is put to.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Rule {
    /// What it is about: the module that the macro puts its test in.
    pub topic: &'static str,
    /// Its name: that of the test.
    pub name: &'static str,
    /// Which promises of the [contract](crate::store) it holds, such as `S1` or `S7, S8`.
    pub promise: &'static str,
    /// What it refuses: `a store that …`.
    pub refuses: &'static str,
    run: fn(Subject) -> Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Rule {
    /// Whether an empty store keeps this rule. Call it on a Tokio runtime with a timer.
    ///
    /// # Errors
    /// [`Broken`] says what was found. A store that does not answer within five minutes is broken too.
    pub async fn check(&self, store: Subject) -> Result<(), Broken> {
        let mut run = tokio::spawn((self.run)(store));
        let found = match timeout(LONGEST, &mut run).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(failed)) => failed
                .try_into_panic()
                .map_or_else(|failed| failed.to_string(), |panic| text_of(&*panic)),
            Err(elapsed) => {
                run.abort();
                format!("the store does not answer: {elapsed}")
            }
        };
        Err(Broken { rule: *self, found })
    }

    /// The same as a test: panics with what [`check`](Self::check) reports.
    pub async fn assert(&self, store: Subject) {
        if let Err(broken) = self.check(store).await {
            panic!("{broken}");
        }
    }

    /// The rule of a topic with a name, for the tests that the macro makes. Panics where there is none.
    #[doc(hidden)]
    pub fn named(topic: &str, name: &str) -> &'static Self {
        let mut rules = RULES.iter();
        let named = rules.find(|rule| rule.topic == topic && rule.name == name);
        named.expect("the macro names rules of the list only")
    }
}

fn text_of(panic: &(dyn Any + Send)) -> String {
    let owned = panic.downcast_ref::<String>().map(String::as_str);
    let text = owned.or_else(|| panic.downcast_ref().copied());
    text.unwrap_or("a panic without a text").to_owned()
}

/// Its promises, its name and what it refuses, as a sentence.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            topic,
            name,
            promise,
            refuses,
            ..
        } = self;
        write!(f, "{promise}, held by `{topic}::{name}`, refuses {refuses}")
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A store breaks a rule. Handling: mend the store; the rule says what it refuses.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{rule}: {found}")]
#[non_exhaustive]
pub struct Broken {
    /// Which rule.
    pub rule: Rule,
    /// What the rule found.
    pub found: String,
}

/// Makes a test of every rule of the [suite](crate::store::conformance). The argument is a future that opens an empty store
/// and gives it together with what must live as long, such as its directory. Each test makes one anew and runs on a
/// multi-threaded Tokio runtime, so the crate needs `tokio` with the features `macros` and `rt-multi-thread`.
#[macro_export]
macro_rules! store_conformance {
    ($open:expr) => {
        $crate::__store_rules! { __rules_tested $open }
    };
}
