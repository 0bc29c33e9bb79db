//! Faults of transactions.

use std::{
    mem,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
};

use futures_util::FutureExt;
use intent_runtime::{
    CommandId, MemoryStore, Position, RecordedEvent, StoreError, TenantId, Timestamp,
    store::{
        Append, Appended, AsOfTime, BegunTransaction, EventSink, Expect, Import, Log, ReadStream,
        StateSink, Store, StoreFuture, Streams, Transact, Transaction,
        tables::{Key, Row, Table},
    },
};
use tokio::{sync::watch, task::yield_now};
use uuid::Uuid;

use super::{Faults, Wrong, until_time_limits_end};

/// What a store and its transactions share for the sake of a fault.
#[derive(Default)]
pub struct Shared {
    /// The events of a transaction that is open.
    uncommitted: Mutex<Vec<RecordedEvent>>,
    /// How many transactions have begun since one ended last.
    begun: AtomicUsize,
    is_closing: AtomicBool,
    /// The end of the log for readers, beside a commit.
    end: Mutex<Option<Position>>,
}

/// A transaction in memory whose calls can be replaced by faulty ones.
pub struct WrongTransaction {
    /// `None` once it has ended.
    begun: Option<Box<dyn BegunTransaction>>,
    memory: MemoryStore,
    wakes: watch::Sender<()>,
    shared: Arc<Shared>,
    /// What was appended in it.
    appends: Mutex<Vec<Append>>,
    has_refused: AtomicBool,
    append: for<'a> fn(&'a Self, Append) -> StoreFuture<'a, Appended>,
    events_of_command: fn(&Self, TenantId, CommandId) -> StoreFuture<'_, Vec<RecordedEvent>>,
    commit: fn(Self) -> StoreFuture<'static, ()>,
    dropped: fn(Box<dyn BegunTransaction>),
}

impl WrongTransaction {
    /// One without a fault.
    async fn right(it: &Wrong) -> Result<Self, StoreError> {
        let begin = it.memory.begin();
        Ok(Self {
            begun: Some(begin.await?),
            memory: it.memory.clone(),
            wakes: it.wakes.clone(),
            shared: Arc::clone(&it.shared),
            appends: Mutex::default(),
            has_refused: AtomicBool::new(false),
            append: |it, append| it.begun().append(append),
            events_of_command: |it, tenant, command| it.begun().events_of_command(tenant, command),
            commit: |mut it| it.begun.take().expect("it is open").commit(),
            dropped: drop,
        })
    }

    fn begun(&self) -> &dyn BegunTransaction {
        self.begun.as_deref().expect("it is open")
    }
}

/// Begins a transaction that loses the rows of its appends.
pub fn losing_rows(it: &Wrong) -> StoreFuture<'_, Box<dyn BegunTransaction>> {
    begin(it, |it| {
        it.append = |it, append| {
            it.appends.lock().unwrap().push(append.clone());
            it.begun().append(append)
        };
        it.commit = |mut it| {
            Box::pin(async move {
                let appends = mem::take(&mut *it.appends.lock().unwrap());
                let begun = it.begun.take().expect("it is open");
                if appends.iter().all(|append| append.rows.is_empty()) {
                    return begun.commit().await;
                }
                begun.rollback().await?;
                let again = it.memory.begin().await?;
                for mut append in appends {
                    append.rows.clear();
                    again.append(append).await?;
                }
                again.commit().await
            })
        };
    })
}

/// Begins a transaction that a fault is put into.
fn begin(
    it: &Wrong,
    fault: fn(&mut WrongTransaction),
) -> StoreFuture<'_, Box<dyn BegunTransaction>> {
    Box::pin(async move {
        let mut transaction = WrongTransaction::right(it).await?;
        fault(&mut transaction);
        Ok(Box::new(transaction) as Box<_>)
    })
}

/// Begins one that wakes the readers whom the store's own fault has left to it.
pub fn waking(it: &Wrong) -> StoreFuture<'_, Box<dyn BegunTransaction>> {
    begin(it, |it| {
        it.commit = |mut it| {
            let begun = it.begun.take().expect("it is open");
            Box::pin(async move {
                begun.commit().await?;
                it.wakes.send_replace(());
                Ok(())
            })
        }
    })
}

impl Drop for WrongTransaction {
    fn drop(&mut self) {
        self.shared.uncommitted.lock().unwrap().clear();
        self.shared.begun.store(0, SeqCst);
        if let Some(begun) = self.begun.take() {
            (self.dropped)(begun);
        }
    }
}

impl Transaction for WrongTransaction {}

impl BegunTransaction for WrongTransaction {
    fn commit(self: Box<Self>) -> StoreFuture<'static, ()> {
        (self.commit)(*self)
    }

    fn rollback(mut self: Box<Self>) -> StoreFuture<'static, ()> {
        self.begun.take().expect("it is open").rollback()
    }
}

impl Streams for WrongTransaction {
    fn store_id(&self) -> Uuid {
        self.begun().store_id()
    }

    fn append(&self, append: Append) -> StoreFuture<'_, Appended> {
        (self.append)(self, append)
    }

    fn read_state<'a>(
        &'a self,
        read: ReadStream<'a>,
        sink: &'a mut dyn StateSink,
    ) -> StoreFuture<'a, ()> {
        self.begun().read_state(read, sink)
    }

    fn read_events<'a>(
        &'a self,
        read: ReadStream<'a>,
        sink: &'a mut EventSink<'a>,
    ) -> StoreFuture<'a, ()> {
        self.begun().read_events(read, sink)
    }

    fn events_of_command(
        &self,
        tenant: TenantId,
        command: CommandId,
    ) -> StoreFuture<'_, Vec<RecordedEvent>> {
        (self.events_of_command)(self, tenant, command)
    }

    fn load_rows<'a>(
        &'a self,
        table: &'static Table,
        keys: &'a [Key],
    ) -> StoreFuture<'a, Vec<Row>> {
        self.begun().load_rows(table, keys)
    }
}

pub const FAULTS: Faults = &[
    ("a_transaction_is_stored_together", || Wrong {
        begin: |it| {
            begin(it, |it| {
                it.append = |it, append| {
                    it.appends.lock().unwrap().push(append.clone());
                    it.begun().append(append)
                };
                // What does not fit into one statement is lost.
                it.commit = |mut it| {
                    Box::pin(async move {
                        let mut appends = mem::take(&mut *it.appends.lock().unwrap());
                        let begun = it.begun.take().expect("it is open");
                        if appends.len() <= 5 {
                            return begun.commit().await;
                        }
                        begun.rollback().await?;
                        appends.truncate(5);
                        let again = it.memory.begin().await?;
                        for append in appends {
                            again.append(append).await?;
                        }
                        again.commit().await
                    })
                };
            })
        },
        ..Wrong::right()
    }),
    ("what_does_not_commit_is_not_stored", || Wrong {
        begin: |it| {
            begin(it, |it| {
                it.dropped = |begun| {
                    let _ = begun.commit().now_or_never();
                }
            })
        },
        ..Wrong::right()
    }),
    ("a_transaction_sees_what_it_appended", || Wrong {
        begin: |it| {
            begin(it, |it| {
                it.events_of_command =
                    |it, tenant, command| it.memory.events_of_command(tenant, command);
            })
        },
        ..Wrong::right()
    }),
    ("others_see_nothing_before_the_commit", || Wrong {
        begin: |it| {
            begin(it, |it| {
                it.append = |it, append| {
                    Box::pin(async move {
                        let (tenant, command) = (append.stream.tenant_id, append.command_id);
                        let appended = it.begun().append(append).await?;
                        let events = it.begun().events_of_command(tenant, command).await?;
                        it.shared.uncommitted.lock().unwrap().extend(events);
                        Ok(appended)
                    })
                };
            })
        },
        event: |it, tenant, id| {
            Box::pin(async move {
                let event = it.memory.event(tenant, id).await?;
                let uncommitted = it.shared.uncommitted.lock().unwrap();
                let uncommitted = || uncommitted.iter().find(|event| event.id == id).cloned();
                Ok(event.or_else(uncommitted))
            })
        },
        ..Wrong::right()
    }),
    ("answers_in_a_transaction_hold", || Wrong {
        begin: |it| {
            begin(it, |it| {
                it.append = |it, append| {
                    Box::pin(async move {
                        let mut appended = it.begun().append(append).await?;
                        if let Appended::Stored { position, .. } = &mut appended {
                            *position = Position::new(position.get() + 1);
                        }
                        Ok(appended)
                    })
                };
            })
        },
        ..Wrong::right()
    }),
    ("a_command_in_a_transaction_has_one_effect", || Wrong {
        begin: |it| {
            begin(it, |it| {
                it.append = |it, append| {
                    Box::pin(async move {
                        let mut appended = it.begun().append(append).await?;
                        if let Appended::Before(events) = &mut appended {
                            events.truncate(1);
                        }
                        Ok(appended)
                    })
                };
            })
        },
        ..Wrong::right()
    }),
    ("a_conflict_in_a_transaction_is_told", || Wrong {
        begin: |it| {
            begin(it, |it| {
                it.append = |it, append| {
                    Box::pin(async move {
                        let mut told = it.begun().append(append).await;
                        if let Err(StoreError::Conflict { stream, actual, .. }) = &mut told {
                            let now = AsOfTime::Recorded(Timestamp::MAX);
                            *actual = it.memory.version_as_of(stream, now).await?;
                        }
                        told
                    })
                };
            })
        },
        ..Wrong::right()
    }),
    ("a_refusal_leaves_the_transaction_as_it_was", || Wrong {
        begin: |it| {
            begin(it, |it| {
                it.append = |it, append| {
                    Box::pin(async move {
                        let appended = it.begun().append(append).await;
                        let is_invalid = matches!(appended, Err(StoreError::Invalid { .. }));
                        it.has_refused.fetch_or(is_invalid, SeqCst);
                        appended
                    })
                };
                it.commit = |mut it| {
                    let begun = it.begun.take().expect("it is open");
                    match it.has_refused.load(SeqCst) {
                        true => begun.rollback(),
                        false => begun.commit(),
                    }
                };
            })
        },
        ..Wrong::right()
    }),
    ("one_transaction_wins_each_version", || Wrong {
        begin: |it| {
            Box::pin(async move {
                let is_alone = it.shared.begun.fetch_add(1, SeqCst) == 0;
                until_time_limits_end().await;
                let mut transaction = WrongTransaction::right(it).await?;
                if !is_alone {
                    transaction.append = |it, append| {
                        let any = {
                            // It would have to be of a version that is known.
                            let mut changed = append;
                            changed.expect = Expect::Any;
                            changed.snapshot = None;
                            changed
                        };
                        it.begun().append(any)
                    };
                }
                Ok(Box::new(transaction) as Box<_>)
            })
        },
        ..Wrong::right()
    }),
    ("a_transaction_comes_to_readers_whole", || Wrong {
        begin: |it| {
            begin(it, |it| {
                it.commit = |mut it| {
                    Box::pin(async move {
                        let before = it.memory.log_health().await?.end;
                        let begun = it.begun.take().expect("it is open");
                        begun.commit().await?;
                        *it.shared.end.lock().unwrap() = Some(Position::new(before.get() + 1));
                        yield_now().await;
                        yield_now().await;
                        *it.shared.end.lock().unwrap() = None;
                        Ok(())
                    })
                };
            })
        },
        read_log: |it, read, sink| {
            let end = *it.shared.end.lock().unwrap();
            let limit = end.map_or(read.limit, |end| {
                usize::try_from(end.get()).unwrap().min(read.limit)
            });
            it.memory.read_log(
                {
                    let mut changed = read;
                    changed.limit = limit;
                    changed
                },
                sink,
            )
        },
        ..Wrong::right()
    }),
    ("a_commit_wakes_readers", || Wrong {
        append: |it, append| {
            Box::pin(async move {
                let appended = it.memory.append(append).await;
                it.wakes.send_replace(());
                appended
            })
        },
        import: |it, events| {
            Box::pin(async move {
                let imported = it.memory.import(events).await;
                it.wakes.send_replace(());
                imported
            })
        },
        wake_ups: |it| it.wakes.subscribe(),
        ..Wrong::right()
    }),
    ("dropped_calls_leave_transactions_sound", || Wrong {
        begin: |it| {
            Box::pin(async move {
                it.permits.acquire().await.unwrap().forget();
                until_time_limits_end().await;
                let transaction = WrongTransaction::right(it).await;
                it.permits.add_permits(1);
                Ok(Box::new(transaction?) as Box<_>)
            })
        },
        ..Wrong::right()
    }),
    ("close_waits_for_transactions", || Wrong {
        begin: |it| {
            begin(it, |it| {
                it.commit = |mut it| {
                    let begun = it.begun.take().expect("it is open");
                    if it.shared.is_closing.load(SeqCst) {
                        return Box::pin(async { Err(StoreError::Closed) });
                    }
                    begun.commit()
                };
            })
        },
        close: |it| {
            it.shared.is_closing.store(true, SeqCst);
            it.memory.close()
        },
        ..Wrong::right()
    }),
];
