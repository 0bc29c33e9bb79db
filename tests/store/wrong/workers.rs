//! Faults of what workers write: among them a checkpoint outside of the transaction, and an epoch, a checkpoint or names that are
//! not looked at.

use intent_runtime::{
    Cursor, TenantId,
    read_model::Cell,
    store::tables::{Flush, Key, Lease},
};
use uuid::Uuid;

use super::{Faults, Wrong, tables::Calls};

/// Whether a lease of the worker was given to another owner, who did not give it back.
fn is_anothers(it: &Wrong, worker: &str, owner: Uuid) -> bool {
    let held = it.known(Uuid::nil());
    held.is_some_and(|held| {
        held.split_once(' ')
            .is_some_and(|(by, of)| of == worker && by != owner.to_string())
    })
}

pub const FAULTS: Faults = &[
    ("a_lease_belongs_to_one_owner", || {
        Wrong::with_tables(Calls {
            // The last who asks has it.
            claim: |it, claim| {
                Box::pin(async move {
                    for worker in claim.workers {
                        let state = it.state_of(worker).await;
                        let other = state.and_then(|state| Some((state.epoch, state.holder?)));
                        if let Some((epoch, holder)) = other
                            && holder != claim.owner
                        {
                            let lease = Lease::new(epoch, Cursor::START, false, None);
                            it.right_tables().release(worker, lease, holder).await?;
                        }
                    }
                    it.right_tables().claim(claim).await
                })
            },
            ..Calls::right()
        })
    }),
    ("a_lease_given_back_is_free", || {
        Wrong::with_tables(Calls {
            // Anybody gives it back.
            release: |it, worker, mut lease, owner| {
                Box::pin(async move {
                    let state = it.state_of(worker).await;
                    let holder = state.as_ref().and_then(|state| state.holder);
                    lease.epoch = state.map_or(lease.epoch, |state| state.epoch);
                    let holder = holder.unwrap_or(owner);
                    it.right_tables().release(worker, lease, holder).await
                })
            },
            ..Calls::right()
        })
    }),
    ("a_lease_that_ran_out_is_taken_over", || {
        Wrong::with_tables(Calls {
            // Only what is given back is free.
            claim: |it, claim| {
                Box::pin(async move {
                    let mut workers = claim.workers.iter();
                    if workers.any(|worker| is_anothers(it, worker, claim.owner)) {
                        return Ok(Vec::new());
                    }
                    for worker in claim.workers {
                        it.remember(Uuid::nil(), format!("{} {worker}", claim.owner));
                    }
                    it.right_tables().claim(claim).await
                })
            },
            release: |it, worker, lease, owner| {
                it.seen.lock().unwrap().remove(&Uuid::nil());
                it.right_tables().release(worker, lease, owner)
            },
            ..Calls::right()
        })
    }),
    ("an_earlier_lease_writes_nothing", || {
        Wrong::with_tables(Calls {
            // It does not look at the epoch.
            flush: |it, mut flush| {
                Box::pin(async move {
                    if let Some(state) = it.state_of(flush.worker).await
                        && state.holder == Some(flush.owner)
                    {
                        flush.lease.epoch = state.epoch;
                    }
                    it.right_tables().flush(flush).await
                })
            },
            ..Calls::right()
        })
    }),
    ("another_owner_writes_nothing", || {
        Wrong::with_tables(Calls {
            // It does not look at the owner.
            flush: |it, mut flush| {
                Box::pin(async move {
                    let state = it.state_of(flush.worker).await;
                    if let Some(holder) = state.and_then(|state| state.holder) {
                        flush.owner = holder;
                    }
                    it.right_tables().flush(flush).await
                })
            },
            ..Calls::right()
        })
    }),
    ("a_write_that_was_lost_is_found", || {
        Wrong::with_tables(Calls {
            // It does not look at the checkpoint that was written last.
            flush: |it, mut flush| {
                Box::pin(async move {
                    if let Some(state) = it.state_of(flush.worker).await {
                        flush.lease.cursor = state.cursor;
                    }
                    it.right_tables().flush(flush).await
                })
            },
            ..Calls::right()
        })
    }),
    ("rows_and_checkpoint_move_together", || {
        Wrong::with_tables(Calls {
            // It writes the checkpoint outside of the transaction.
            flush: |it, mut flush| {
                Box::pin(async move {
                    if !it.moves_only(flush).await {
                        return Ok(false);
                    }
                    flush.lease.cursor = flush.cursor;
                    it.right_tables().flush(flush).await
                })
            },
            ..Calls::right()
        })
    }),
    ("names_heard_are_compared", || {
        Wrong::with_tables(Calls {
            // It does not look at the names when it writes.
            flush: |it, flush| {
                Box::pin(async move {
                    let heard = it.right_tables().heard(flush.worker).await?;
                    let mut flush: Flush<'_> = flush;
                    flush.heard = heard.as_deref();
                    it.right_tables().flush(flush).await
                })
            },
            ..Calls::right()
        })
    }),
    ("names_heard_are_compared", || {
        Wrong::with_tables(Calls {
            // It does not look at the names when it notes others.
            hear: |it, worker, names, _| {
                Box::pin(async move {
                    let heard = it.right_tables().heard(worker).await?;
                    it.right_tables()
                        .hear(worker, names, heard.as_deref())
                        .await
                })
            },
            ..Calls::right()
        })
    }),
    ("tenants_that_are_held_back_are_known", || {
        Wrong::with_tables(Calls {
            // Of several it keeps one.
            flush: |it, mut flush| {
                flush.park = &flush.park[..flush.park.len().min(1)];
                it.right_tables().flush(flush)
            },
            ..Calls::right()
        })
    }),
    ("removed_rows_are_gone", || {
        Wrong::with_tables(Calls {
            // Beside rows that it writes it removes none.
            flush: |it, mut flush| {
                if !flush.put.is_empty() {
                    flush.gone = &[];
                }
                it.right_tables().flush(flush)
            },
            ..Calls::right()
        })
    }),
    ("rows_stay_in_their_tenants", || {
        Wrong::with_tables(Calls {
            // It removes rows of every tenant that it has heard of.
            flush: |it, flush| {
                Box::pin(async move {
                    for row in flush.put {
                        let tenant = row.tenant.as_uuid();
                        it.remember(tenant, tenant.to_string());
                    }
                    let tenants: Vec<Uuid> = it.seen.lock().unwrap().keys().copied().collect();
                    let of_all = flush.gone.iter().flat_map(|key| {
                        let tenants = tenants.iter().map(|tenant| TenantId::from_uuid(*tenant));
                        tenants.map(|tenant| Key::new(tenant, key.cells.clone()))
                    });
                    let of_all: Vec<Key> = of_all.collect();
                    let mut flush: Flush<'_> = flush;
                    flush.gone = &of_all;
                    it.right_tables().flush(flush).await
                })
            },
            ..Calls::right()
        })
    }),
    ("rows_are_read_back_as_they_were_written", || {
        Wrong::with_tables(Calls {
            // It reads floats with as many digits as people see.
            load: |it, build, keys| {
                Box::pin(async move {
                    let mut rows = it.right_tables().load(build, keys).await?;
                    for cell in rows.iter_mut().flat_map(|row| &mut row.cells) {
                        if let Cell::Float(float) = cell {
                            *float = format!("{float:.3}").parse().unwrap();
                        }
                    }
                    Ok(rows)
                })
            },
            ..Calls::right()
        })
    }),
    ("many_rows_are_written_at_once", || {
        Wrong::with_tables(Calls {
            flush: |it, mut flush| {
                flush.put = &flush.put[..flush.put.len().min(3_600)];
                it.right_tables().flush(flush)
            },
            ..Calls::right()
        })
    }),
    ("a_paused_worker_writes_nothing", || {
        Wrong::with_tables(Calls {
            pause: |_, _, _| Box::pin(async { Ok(()) }),
            ..Calls::right()
        })
    }),
    ("why_a_worker_fails_is_known", || {
        Wrong::with_tables(Calls {
            note_failure: |_, _, _, _| Box::pin(async { Ok(()) }),
            ..Calls::right()
        })
    }),
];
