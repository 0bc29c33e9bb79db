//! Faults of reading a stream.

use std::ops::ControlFlow;

use intent_runtime::{
    EventId, Version,
    store::{Expect, Log, RawEvent, StateSink, StoredSnapshot, Streams},
};

use super::{Faults, Wrong, appending::in_two};

/// A sink that gives another one what it is given, but for what a fault changes.
pub struct Faulty<'a> {
    pub sink: &'a mut dyn StateSink,
    pub tells_the_end: bool,
    /// Goes on as if the sink had taken the snapshot.
    pub forces_snapshots: bool,
    /// Only events after this version.
    pub after: Version,
    pub event: for<'e> fn(RawEvent<'e>) -> Option<RawEvent<'e>>,
}

impl<'a> Faulty<'a> {
    pub fn of(sink: &'a mut dyn StateSink) -> Self {
        Self {
            sink,
            tells_the_end: true,
            forces_snapshots: false,
            after: Version::NONE,
            event: unchanged,
        }
    }
}

fn unchanged(event: RawEvent<'_>) -> Option<RawEvent<'_>> {
    Some(event)
}

impl StateSink for Faulty<'_> {
    fn ends_with(&mut self, version: Version, last: EventId) {
        if self.tells_the_end {
            self.sink.ends_with(version, last);
        }
    }

    fn snapshot(&mut self, snapshot: StoredSnapshot) -> bool {
        self.sink.snapshot(snapshot) || self.forces_snapshots
    }

    fn event(&mut self, event: RawEvent<'_>) -> ControlFlow<()> {
        match (self.event)(event) {
            Some(event) if event.version > self.after => self.sink.event(event),
            _ => ControlFlow::Continue(()),
        }
    }
}

pub const FAULTS: Faults = &[
    ("a_stream_of_several_pages_is_read_in_order", || Wrong {
        read_state: |it, read, sink| {
            Box::pin(async move {
                let mut sink = Faulty {
                    event: |event| (event.version.get() != 10_001).then_some(event),
                    ..Faulty::of(sink)
                };
                it.memory.read_state(read, &mut sink).await
            })
        },
        ..Wrong::right()
    }),
    ("a_stream_that_does_not_exist_yields_nothing", || Wrong {
        version_as_of: |it, stream, time| {
            Box::pin(async move {
                let is_default = stream.tenant_id == intent_runtime::TenantId::DEFAULT;
                if is_default && it.version(stream).await? == Version::NONE {
                    return Ok(Version::FIRST);
                }
                it.memory.version_as_of(stream, time).await
            })
        },
        ..Wrong::right()
    }),
    ("a_range_is_read_from_its_start_to_its_end", || Wrong {
        read_events: |it, read, sink| {
            let mut read = read;
            read.to = read.to.after(1).unwrap_or(Version::MAX);
            it.memory.read_events(read, sink)
        },
        ..Wrong::right()
    }),
    ("a_sink_ends_the_reading", || Wrong {
        read_events: |it, read, sink| {
            Box::pin(async move {
                let mut is_ended = false;
                let mut late = |event| {
                    let was_ended = is_ended;
                    is_ended |= sink(event).is_break();
                    if was_ended {
                        ControlFlow::Break(())
                    } else {
                        ControlFlow::Continue(())
                    }
                };
                it.memory.read_events(read, &mut late).await
            })
        },
        ..Wrong::right()
    }),
    ("a_stream_of_large_payloads_is_read_in_order", || Wrong {
        read_events: |it, read, sink| {
            Box::pin(async move {
                const MIB: usize = 1024 * 1024;
                let mut last = 0;
                let mut lossy = |event: intent_runtime::RecordedEvent| {
                    let ends_a_page = (MIB..4 * MIB).contains(&last);
                    last = event.payload.len();
                    if ends_a_page && last < MIB {
                        return ControlFlow::Continue(());
                    }
                    sink(event)
                };
                it.memory.read_events(read, &mut lossy).await
            })
        },
        ..Wrong::right()
    }),
    ("a_stream_is_read_while_it_grows", || Wrong {
        append: |it, append| {
            if append.expect == Expect::Any && append.events.len() == 3 {
                return in_two(it, append);
            }
            it.memory.append(append)
        },
        ..Wrong::right()
    }),
    ("the_end_of_a_stream_is_told", || Wrong {
        read_state: |it, read, sink| {
            Box::pin(async move {
                let mut sink = Faulty {
                    tells_the_end: read.to == Version::MAX,
                    ..Faulty::of(sink)
                };
                it.memory.read_state(read, &mut sink).await
            })
        },
        ..Wrong::right()
    }),
];
