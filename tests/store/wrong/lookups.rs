//! Faults of what is looked up.

use intent_runtime::{
    Cursor,
    store::{EventPage, Log, LookBack},
};

use super::{Faults, Wrong};

pub const FAULTS: Faults = &[
    ("an_event_is_found_by_its_id", || Wrong {
        event: |_, _, _| Box::pin(async { Ok(None) }),
        ..Wrong::right()
    }),
    ("looking_back_finds_the_newest_first", || Wrong {
        look_back: |it, look| {
            Box::pin(async move {
                let mut page = it.memory.look_back(look).await?;
                if look.text.is_none() && look.actor.is_none() {
                    page.events.reverse();
                }
                Ok(page)
            })
        },
        ..Wrong::right()
    }),
    ("a_search_finds_actor_and_text", || Wrong {
        look_back: |it, look| {
            Box::pin(async move {
                let mut page = it.memory.look_back(look).await?;
                if let Some(text) = look.text {
                    page.events.retain(|event| event.payload.contains(text));
                }
                Ok(page)
            })
        },
        ..Wrong::right()
    }),
    ("a_step_back_is_bounded", || Wrong {
        look_back: |it, mut look: LookBack<'_>| {
            Box::pin(async move {
                loop {
                    let page: EventPage = it.memory.look_back(look).await?;
                    if page.next.is_none() || !page.events.is_empty() {
                        return Ok(page);
                    }
                    look.from = page.next;
                }
            })
        },
        ..Wrong::right()
    }),
    ("a_page_of_what_is_looked_up_is_bounded", || Wrong {
        look_back: |it, mut look| {
            Box::pin(async move {
                let mut page = it.memory.look_back(look).await?;
                while !page.events.is_empty() && page.events.len() < look.limit {
                    let Some(next) = page.next else { break };
                    look.from = Some(next);
                    let more = it.memory.look_back(look).await?;
                    page.events.extend(more.events);
                    page.next = more.next;
                }
                Ok(page)
            })
        },
        ..Wrong::right()
    }),
    ("the_events_of_a_correlation_are_found", || Wrong {
        correlation: |it, read| {
            Box::pin(async move {
                let mut page = it.memory.correlation(read).await?;
                // Only those that name it.
                page.events
                    .retain(|event| event.metadata().unwrap().correlation_id == Some(read.id));
                Ok(page)
            })
        },
        ..Wrong::right()
    }),
    ("a_time_is_a_place_in_the_log", || Wrong {
        cursor_at: |_, _, _| Box::pin(async { Ok(Cursor::START) }),
        ..Wrong::right()
    }),
    ("aggregates_are_listed_in_order", || Wrong {
        streams: |it, list| {
            Box::pin(async move {
                let mut ids = it.memory.streams(list).await?;
                ids.reverse();
                Ok(ids)
            })
        },
        ..Wrong::right()
    }),
];
