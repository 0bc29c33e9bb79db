//! The store's own pool: the connections that it reads and imports with.
//!
//! The store shares them with nobody. Each is as the [`Connector`] made it, so no statement runs in an open transaction of
//! the user's, on an old snapshot, or under other settings. A connection goes back at once when its last answer was read to
//! the end. Otherwise, as after a cancelled call, it is checked first.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use sqlx::{Database, PgConnection, PgPool, Postgres};
use sqlx_core::transaction::TransactionManager;
use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep, timeout},
};

use crate::store::postgres::connection::{
    error::{Failure, Place},
    open::{Connector, Idle, is_sound},
};

/// Lends connections to one part of the store at a time.
#[derive(Clone)]
pub(crate) struct Pool(Arc<Shared>);

struct Shared {
    connector: Connector,
    /// One for each connection that may be lent.
    permits: Arc<Semaphore>,
    limits: Limits,
    kept: Mutex<Kept>,
    runtime: Handle,
}

/// The limits of the user's pool, which are also those of this one.
#[derive(Clone, Copy)]
struct Limits {
    connections: u32,
    acquire: Duration,
    idle: Option<Duration>,
    lifetime: Option<Duration>,
}

#[derive(Default)]
struct Kept {
    /// The idle connections, the one used last at the end.
    idle: Vec<Idle>,
    /// Whether a task closes those that are idle for too long. It ends when none is left.
    reaped: bool,
    closed: bool,
}

/// A turn with a connection of the pool.
pub(crate) struct Lent {
    /// The connection, and since when it is open; `None` before it is asked for, and once it was returned.
    connection: Option<(PgConnection, Instant)>,
    /// Returned after the connection, so that there are never more connections than allowed.
    permit: Option<OwnedSemaphorePermit>,
    pool: Arc<Shared>,
}

impl Pool {
    /// A pool with no connection yet, of the size of the user's.
    pub(crate) fn new(users: &PgPool, connector: Connector) -> Self {
        let options = users.options();
        let limits = Limits {
            connections: options.get_max_connections().max(1),
            acquire: options.get_acquire_timeout(),
            idle: options.get_idle_timeout(),
            lifetime: options.get_max_lifetime(),
        };
        let permits = usize::try_from(limits.connections).unwrap_or(Semaphore::MAX_PERMITS);
        Self(Arc::new(Shared {
            connector,
            permits: Arc::new(Semaphore::new(permits.min(Semaphore::MAX_PERMITS))),
            limits,
            kept: Mutex::default(),
            runtime: Handle::current(),
        }))
    }

    /// Waits for a turn, no longer than the user's pool would let one wait.
    pub(crate) async fn acquire(&self) -> Result<Lent, Failure> {
        let pool = &self.0;
        let turn = Arc::clone(&pool.permits).acquire_owned();
        match timeout(pool.limits.acquire, turn).await {
            Ok(Ok(permit)) if !pool.lock().closed => Ok(Lent {
                connection: None,
                permit: Some(permit),
                pool: Arc::clone(pool),
            }),
            Ok(_) => Err(sqlx::Error::PoolClosed.into()),
            Err(_) => Err(sqlx::Error::PoolTimedOut.into()),
        }
    }

    pub(crate) fn place(&self) -> &Place {
        self.0.connector.place()
    }

    /// Drops the idle connections: if one is dead, they probably all are.
    pub(crate) fn clear(&self) {
        self.0.lock().idle.clear();
    }

    /// Lends no more connections, waits for those that are lent, and closes all.
    pub(crate) async fn close(&self) {
        self.0.lock().closed = true;
        // If it was closed before, there is nothing to wait for.
        let all = self.0.permits.acquire_many(self.0.limits.connections).await;
        self.0.permits.close();
        drop(all);
        let idle = std::mem::take(&mut self.0.lock().idle);
        for idle in idle {
            idle.close().await;
        }
    }
}

impl Shared {
    /// Nothing that runs under the lock panics half-way through a change.
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(self: &Arc<Self>, idle: Idle) {
        let mut kept = self.lock();
        if kept.closed || self.limits.expired(&idle) {
            drop(kept);
            self.runtime.spawn(idle.close());
            return;
        }
        kept.idle.push(idle);
        if let Some(period) = self.limits.period()
            && !std::mem::replace(&mut kept.reaped, true)
        {
            self.runtime.spawn(reap(Arc::downgrade(self), period));
        }
    }
}

impl Limits {
    fn expired(&self, idle: &Idle) -> bool {
        let beyond = |limit: Option<Duration>, age| limit.is_some_and(|limit| age >= limit);
        beyond(self.idle, idle.since.elapsed()) || beyond(self.lifetime, idle.opened.elapsed())
    }

    /// How often the task looks for connections to close.
    fn period(&self) -> Option<Duration> {
        [self.idle, self.lifetime].into_iter().flatten().min()
    }
}

/// Closes connections that were idle or open for too long, until none is left or the pool is gone.
async fn reap(pool: Weak<Shared>, period: Duration) {
    loop {
        sleep(period).await;
        let Some(pool) = pool.upgrade() else {
            return;
        };
        let expired: Vec<Idle> = {
            let mut kept = pool.lock();
            let expired = kept.idle.extract_if(.., |it| pool.limits.expired(it));
            let expired = expired.collect();
            if kept.idle.is_empty() {
                kept.reaped = false;
            }
            expired
        };
        let ended = !pool.lock().reaped;
        for idle in expired {
            idle.close().await;
        }
        if ended {
            return;
        }
    }
}

impl Lent {
    /// The connection: one that was kept and is sound, or a new one.
    pub(crate) async fn connection(&mut self) -> Result<&mut PgConnection, Failure> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => {
                let kept = self.pool.lock().idle.pop();
                self.pool.connector.keep_or_connect(kept).await?
            }
        };
        Ok(&mut self.connection.insert(connection).0)
    }

    /// The connection, if one was asked for.
    pub(crate) fn opened(&mut self) -> Option<&mut PgConnection> {
        Some(&mut self.connection.as_mut()?.0)
    }

    /// Gives the connection back at once. Its last answer must have been read to the end.
    pub(crate) fn give_back(mut self) {
        if let Some(connection) = self.connection.take() {
            self.pool.keep(Idle::new(connection));
        }
    }

    /// Discards the connection: it is dead, its server has fallen silent, or a transaction is open on it.
    pub(crate) fn discard(mut self) {
        self.connection = None;
    }
}

impl Drop for Lent {
    /// Rolls back a transaction that was begun on the connection and reads the rest of an answer first, and closes a connection
    /// that is no longer sound.
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else {
            return;
        };
        <Postgres as Database>::TransactionManager::start_rollback(&mut connection.0);
        let (pool, permit) = (Arc::clone(&self.pool), self.permit.take());
        self.pool.runtime.spawn(async move {
            if is_sound(&mut connection.0).await {
                pool.keep(Idle::new(connection));
            }
            drop(permit);
        });
    }
}
