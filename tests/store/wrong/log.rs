//! Faults of the log.

use std::{ops::ControlFlow, sync::atomic::Ordering::SeqCst};

use intent_runtime::{
    Cursor, Position, RecordedEvent, StoreError, TenantId,
    store::{EventName, Import, Log, LogPage, LogSelection, NextPage, Streams},
};
use tokio::task::yield_now;
use uuid::Uuid;

use super::{Faults, Wrong, transactions::waking, until_time_limits_end};

/// Says that the store has lost what a cancelled reading was about to give.
struct Unfinished<'a>(&'a Wrong);

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        self.0.has_lost.store(true, SeqCst);
    }
}

pub const FAULTS: Faults = &[
    ("the_log_is_read_in_order", || Wrong {
        read_log: |it, read, sink| {
            Box::pin(async move {
                if read.limit == 0 {
                    return Ok(LogPage::new(read.after, NextPage::End));
                }
                it.memory.read_log(read, sink).await
            })
        },
        ..Wrong::right()
    }),
    ("a_cursor_goes_on_where_it_stopped", || Wrong {
        read_log: |it, read, sink| {
            Box::pin(async move {
                let mut page = it.memory.read_log(read, sink).await?;
                if let Some((store, position)) = page.cursor.place()
                    && page.cursor == read.after
                    && read.limit < 10
                {
                    page.cursor = Cursor::after(store, Position::new(position.get() - 1));
                }
                Ok(page)
            })
        },
        ..Wrong::right()
    }),
    ("a_filter_gives_what_is_wanted", || Wrong {
        read_log: |it, read, sink| {
            Box::pin(async move {
                let filter = LogSelection::all();
                let mut unfiltered = read;
                unfiltered.filter = &filter;
                it.memory.read_log(unfiltered, sink).await
            })
        },
        ..Wrong::right()
    }),
    // Mixes the aggregate of one pair with the event of another.
    ("a_filter_gives_what_is_wanted", || Wrong {
        read_log: |it, read, sink| {
            Box::pin(async move {
                let mut filter = read.filter.clone();
                for aggregate in &read.filter.names {
                    for event in &read.filter.names {
                        let aggregate = aggregate.aggregate_type.as_deref();
                        let mixed = EventName::new(aggregate, event.event_type.as_deref());
                        filter = filter.name(mixed);
                    }
                }
                let filter = &filter;
                it.memory
                    .read_log(
                        {
                            let mut changed = read;
                            changed.filter = filter;
                            changed
                        },
                        sink,
                    )
                    .await
            })
        },
        ..Wrong::right()
    }),
    ("a_page_of_a_part_ends_where_it_says", || Wrong {
        read_log: |it, read, sink| {
            Box::pin(async move {
                let mut page = it.memory.read_log(read, sink).await?;
                if let Some((store, position)) = page.cursor.place()
                    && page.next == NextPage::More
                    && !read.filter.aggregate_ids.is_empty()
                {
                    page.cursor = Cursor::after(store, Position::new(position.get() + 1));
                }
                Ok(page)
            })
        },
        ..Wrong::right()
    }),
    ("a_tenants_log_is_its_own", || Wrong {
        read_log: |it, read, sink| {
            let mut of_all = read;
            of_all.tenant = None;
            it.memory.read_log(of_all, sink)
        },
        ..Wrong::right()
    }),
    ("cursors_name_the_store", || Wrong {
        store_id: |_| Uuid::nil(),
        ..Wrong::right()
    }),
    ("a_foreign_cursor_is_refused", || Wrong {
        read_log: |it, read, sink| {
            Box::pin(async move {
                let position = read.after.place().map(|(_, position)| position.get());
                match it.memory.read_log(read, sink).await {
                    Err(StoreError::UnknownCursor { .. }) if position > Some(1_000) => {
                        Ok(LogPage::new(read.after, NextPage::End))
                    }
                    other => other,
                }
            })
        },
        ..Wrong::right()
    }),
    ("a_sink_ends_the_page", || Wrong {
        read_log: |it, read, sink| {
            Box::pin(async move {
                let mut is_ended = false;
                let mut on = |event| {
                    is_ended = is_ended || sink(event).is_break();
                    ControlFlow::Continue(())
                };
                it.memory.read_log(read, &mut on).await
            })
        },
        ..Wrong::right()
    }),
    ("readers_beside_writers_miss_nothing", || Wrong {
        append: |it, append| {
            Box::pin(async move {
                let is_slow =
                    append.stream.tenant_id == TenantId::DEFAULT && append.events.len() == 2;
                it.under_way.fetch_add(usize::from(is_slow), SeqCst);
                yield_now().await;
                let appended = it.memory.append(append).await;
                yield_now().await;
                it.under_way.fetch_sub(usize::from(is_slow), SeqCst);
                appended
            })
        },
        read_log: |it, read, sink| {
            Box::pin(async move {
                // Passes what cannot be seen yet.
                let hides = it.under_way.load(SeqCst) > 0;
                let end = it.memory.log_health().await?.end;
                let mut lossy = |event: RecordedEvent| {
                    if hides && event.position == end {
                        return ControlFlow::Continue(());
                    }
                    sink(event)
                };
                it.memory.read_log(read, &mut lossy).await
            })
        },
        ..Wrong::right()
    }),
    ("a_waiting_reader_is_woken", || Wrong {
        import: |it, events| {
            Box::pin(async move {
                let imported = it.memory.import(events).await;
                it.wakes.send_replace(());
                imported
            })
        },
        begin: waking,
        wake_ups: |it| it.wakes.subscribe(),
        ..Wrong::right()
    }),
    ("a_cancelled_reader_loses_nothing", || Wrong {
        read_log: |it, read, sink| {
            Box::pin(async move {
                let unfinished = Unfinished(it);
                until_time_limits_end().await;
                std::mem::forget(unfinished);
                let has_lost = it.has_lost.swap(false, SeqCst);
                let mut lossy = |event| {
                    if has_lost {
                        return ControlFlow::Continue(());
                    }
                    sink(event)
                };
                it.memory.read_log(read, &mut lossy).await
            })
        },
        ..Wrong::right()
    }),
];
