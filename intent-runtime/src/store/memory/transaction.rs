//! Transactions in memory: one at a time changes a copy of the content, which replaces the content when it commits. Other
//! writers wait until it has ended.

use std::{
    mem,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use tokio::{
    sync::{Mutex, OwnedMutexGuard, watch},
    time::timeout,
};
use uuid::Uuid;

use crate::{
    record::{
        event::RecordedEvent,
        id::{CommandId, TenantId},
    },
    store::{
        EventSink, ReadStream, StateSink,
        append::{Append, Appended},
        error::StoreError,
        memory::MemoryStore,
        port::{BegunTransaction, Joinable, StoreFuture, Streams, Transact, Transaction},
    },
};

#[cfg(feature = "sqlite")]
use crate::store::{
    memory::inline::Pending,
    tables::{Key, Row, Table},
};

/// How long others wait for a transaction that is open.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

impl Transact for MemoryStore {
    fn begin(&self) -> StoreFuture<'_, Box<dyn BegunTransaction>> {
        Box::pin(async move {
            let turn = self.turn().await?;
            let mut content = self.write()?;
            let copy = Self {
                content: Arc::new(RwLock::new(content.clone())),
                grown: watch::Sender::default(),
                ..self.clone()
            };
            content.in_transaction = true;
            let store = self.clone();
            Ok(Box::new(Begun {
                store,
                copy,
                #[cfg(feature = "sqlite")]
                pending: tokio::sync::Mutex::default(),
                _turn: turn,
            }) as Box<_>)
        })
    }

    fn join<'t>(&'t self, _connection: Joinable<'t>) -> Option<Box<dyn Transaction + 't>> {
        None
    }
}

impl MemoryStore {
    /// Waits until no transaction is open.
    pub(super) async fn turn(&self) -> Result<OwnedMutexGuard<()>, StoreError> {
        turn(&self.turn).await
    }
}

/// Waits until no transaction is open.
pub(super) async fn turn(of: &Arc<Mutex<()>>) -> Result<OwnedMutexGuard<()>, StoreError> {
    let turn = timeout(LONGEST_WAIT, of.clone().lock_owned());
    turn.await.map_err(|waited| StoreError::Busy {
        place: "memory".to_owned(),
        source: Box::new(waited),
    })
}

/// A transaction that is open. It keeps other writers from the store until it is dropped.
struct Begun {
    store: MemoryStore,
    /// A store of the content as it will be.
    copy: MemoryStore,
    #[cfg(feature = "sqlite")]
    pending: tokio::sync::Mutex<Pending>,
    _turn: OwnedMutexGuard<()>,
}

impl Drop for Begun {
    fn drop(&mut self) {
        let content = self.store.content.write();
        let mut content = content.unwrap_or_else(PoisonError::into_inner);
        content.in_transaction = false;
    }
}

impl Transaction for Begun {}

impl BegunTransaction for Begun {
    fn commit(self: Box<Self>) -> StoreFuture<'static, ()> {
        Box::pin(async move {
            #[cfg(feature = "sqlite")]
            let committing = self.pending.lock().await.commit(&self.store);
            #[cfg(feature = "sqlite")]
            committing.await?;
            let changed = mem::take(&mut *self.copy.write()?);
            *self.store.write()? = changed;
            self.store.grown.send_replace(());
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
    fn store_id(&self) -> Uuid {
        self.store.id
    }

    fn append(&self, append: Append) -> StoreFuture<'_, Appended> {
        #[cfg(feature = "sqlite")]
        if !append.rows.is_empty() {
            return Box::pin(async move {
                append.check()?;
                self.pending.lock().await.append(&self.copy, append).await
            });
        }
        self.copy.append(append)
    }

    fn read_state<'a>(
        &'a self,
        read: ReadStream<'a>,
        sink: &'a mut dyn StateSink,
    ) -> StoreFuture<'a, ()> {
        self.copy.read_state(read, sink)
    }

    fn read_events<'a>(
        &'a self,
        read: ReadStream<'a>,
        sink: &'a mut EventSink<'a>,
    ) -> StoreFuture<'a, ()> {
        self.copy.read_events(read, sink)
    }

    fn events_of_command(
        &self,
        tenant: TenantId,
        command: CommandId,
    ) -> StoreFuture<'_, Vec<RecordedEvent>> {
        self.copy.events_of_command(tenant, command)
    }

    #[cfg(feature = "sqlite")]
    fn load_rows<'a>(
        &'a self,
        table: &'static Table,
        keys: &'a [Key],
    ) -> StoreFuture<'a, Vec<Row>> {
        Box::pin(async move {
            self.pending
                .lock()
                .await
                .load(&self.copy, table, keys)
                .await
        })
    }
}
