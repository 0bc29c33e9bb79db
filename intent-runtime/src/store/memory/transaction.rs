//! Transactions in memory: one at a time changes a copy of the content, which replaces the content when it commits. Other
//! writers wait until it has ended.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::OwnedMutexGuard, time::timeout};

use crate::{
    record::{
        event::RecordedEvent,
        id::{CommandId, TenantId},
    },
    store::{
        EventSink, ReadStream, StateSink,
        append::{Append, Appended},
        error::StoreError,
        memory::{MemoryStore, content::Content},
        port::{BegunTransaction, Joinable, StoreFuture, Streams, Transact, Transaction},
    },
};

/// How long others wait for a transaction that is open.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

impl Transact for MemoryStore {
    fn begin(&self) -> StoreFuture<'_, Box<dyn BegunTransaction>> {
        Box::pin(async move {
            let turn = self.turn().await?;
            let mut content = self.write()?;
            let changed = Mutex::new(content.clone());
            content.in_transaction = true;
            let open = Open {
                store: self.clone(),
                _turn: turn,
            };
            Ok(Box::new(Begun { open, changed }) as Box<_>)
        })
    }

    fn join<'t>(&'t self, _connection: Joinable<'t>) -> Option<Box<dyn Transaction + 't>> {
        None
    }
}

impl MemoryStore {
    /// Waits until no transaction is open.
    pub(super) async fn turn(&self) -> Result<OwnedMutexGuard<()>, StoreError> {
        let turn = timeout(LONGEST_WAIT, self.turn.clone().lock_owned());
        turn.await.map_err(|waited| StoreError::Busy {
            place: "memory".to_owned(),
            source: Box::new(waited),
        })
    }
}

/// A transaction that is open.
struct Begun {
    open: Open,
    /// The content as it will be.
    changed: Mutex<Content>,
}

/// Keeps other writers from the content until it is dropped.
struct Open {
    store: MemoryStore,
    _turn: OwnedMutexGuard<()>,
}

impl Drop for Open {
    fn drop(&mut self) {
        let content = &self.store.content;
        let mut content = content.write().unwrap_or_else(PoisonError::into_inner);
        content.in_transaction = false;
    }
}

impl Begun {
    /// Nothing that runs under the lock panics half-way through a change.
    fn changed(&self) -> MutexGuard<'_, Content> {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Transaction for Begun {}

impl BegunTransaction for Begun {
    fn commit(self: Box<Self>) -> StoreFuture<'static, ()> {
        Box::pin(async move {
            let Self { open, changed } = *self;
            let changed = changed.into_inner().unwrap_or_else(PoisonError::into_inner);
            *open.store.write()? = changed;
            open.store.grown.send_replace(());
            Ok(())
        })
    }

    fn rollback(self: Box<Self>) -> StoreFuture<'static, ()> {
        Box::pin(async move {
            drop(self);
            Ok(())
        })
    }
}

impl Streams for Begun {
    fn append(&self, append: Append) -> StoreFuture<'_, Appended> {
        Box::pin(async move {
            append.check()?;
            self.changed().append(append, self.open.store.clock.now())
        })
    }

    fn read_state<'a>(
        &'a self,
        read: ReadStream<'a>,
        sink: &'a mut dyn StateSink,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let found = self.changed().state(read)?;
            found.give_state(sink);
            Ok(())
        })
    }

    fn read_events<'a>(
        &'a self,
        read: ReadStream<'a>,
        sink: &'a mut EventSink<'a>,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let found = self.changed().events(read)?;
            found.give_events(sink);
            Ok(())
        })
    }

    fn events_of_command(
        &self,
        tenant: TenantId,
        command: CommandId,
    ) -> StoreFuture<'_, Vec<RecordedEvent>> {
        Box::pin(async move { Ok(self.changed().events_of_command(tenant, command)) })
    }
}
