//! [`Clock`]: what tells an app the time.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::record::timestamp::Timestamp;

/// Gives decisions the time, which [`Context::now`](crate::Context::now) returns.
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// The time now.
    fn now(&self) -> Timestamp;
}

/// The system's clock, the default of an app.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// A clock that stands still until it is moved, for tests. Clones are one clock.
///
/// ```
/// # mod account { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/account.rs")); }
/// # use account::*;
/// use std::time::Duration;
/// use intent_runtime::{prelude::*, testing::FixedClock};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let clock = FixedClock::at("2026-03-01T09:00:00Z".parse()?);
/// let app = App::connect("memory:", Domain::of::<Account>()).clock(clock.clone()).await?;
///
/// let id = Id::<Account>::new();
/// app.send(Open { id, owner: "Ada".into() }).await?;
/// clock.advance(Duration::from_secs(24 * 60 * 60));
/// app.send(Deposit { id, amount: 5 }).await?;
///
/// let history = app.history(id).await?;
/// assert_eq!(history[1].occurred_at().to_string(), "2026-03-02T09:00:00.000000Z");
/// assert_eq!(history[1].recorded_at(), history[1].occurred_at());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct FixedClock {
    now: Arc<Mutex<Timestamp>>,
}

impl FixedClock {
    /// A clock that says it is `time`.
    pub fn at(time: Timestamp) -> Self {
        Self {
            now: Arc::new(Mutex::new(time)),
        }
    }

    /// Moves it to `time`, which may be earlier.
    pub fn set(&self, time: Timestamp) {
        *self.hand() = time;
    }

    /// Moves it ahead by `duration`, in whole microseconds, at most to [`Timestamp::MAX`].
    pub fn advance(&self, duration: Duration) {
        let mut now = self.hand();
        *now = now.saturating_add(duration);
    }

    fn hand(&self) -> MutexGuard<'_, Timestamp> {
        // A time is whole even if a thread panicked while it was set.
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        *self.hand()
    }
}
