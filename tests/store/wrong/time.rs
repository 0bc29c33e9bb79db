//! Faults of looking back to a time.

use intent_runtime::{
    RecordedEvent, Timestamp, Version,
    store::{AsOfTime, Log},
};

use super::{Faults, Wrong};

pub const FAULTS: Faults = &[
    ("as_of_recorded_is_a_prefix", || Wrong {
        version_as_of: |it, stream, time| {
            Box::pin(async move {
                let version = it.memory.version_as_of(stream, time).await?;
                // As if the last times that there are went beyond the range of the store's own.
                if time == AsOfTime::Recorded(Timestamp::MAX) {
                    return Ok(Version::NONE);
                }
                Ok(version)
            })
        },
        ..Wrong::right()
    }),
    ("as_of_occurred_is_a_prefix", || Wrong {
        version_as_of: |it, stream, time| {
            Box::pin(async move {
                let AsOfTime::Occurred(time) = time else {
                    return it.memory.version_as_of(stream, time).await;
                };
                let events = it.events(stream).await?;
                let is_by_then = |event: &&RecordedEvent| event.occurred_at <= time;
                if !events.first().as_ref().is_some_and(is_by_then) {
                    return Ok(Version::NONE);
                }
                // Counts all events, though one before them happened later.
                Ok(Version::new(events.iter().filter(is_by_then).count() as u64))
            })
        },
        ..Wrong::right()
    }),
    ("as_of_occurred_falls_back_to_the_stores_clock", || Wrong {
        version_as_of: |it, stream, time| {
            Box::pin(async move {
                let AsOfTime::Occurred(time) = time else {
                    return it.memory.version_as_of(stream, time).await;
                };
                let events = it.events(stream).await?;
                let is_by_then = |event: &&RecordedEvent| {
                    let has_own = event.occurred_at != event.recorded_at;
                    event.occurred_at < time || (has_own && event.occurred_at == time)
                };
                let prefix = events.iter().take_while(is_by_then);
                Ok(prefix.last().map_or(Version::NONE, |event| event.version))
            })
        },
        ..Wrong::right()
    }),
];
