//! What must hold in every state. And what must happen in some state, or the model would not reach the difficult cases.

use stateright::Property;

use super::{
    Action, LogModel, State,
    reader::Reader,
    server::{Event, Phase, Position, Writer},
    settler::Look,
};

pub const NONE_IS_MISSED: &str = "no reader goes past an event that commits later";
pub const ONCE_AND_IN_ORDER: &str = "a reader gets only what is stored, once and in order";
pub const VERSIONS_IN_ORDER: &str = "the events of a stream come in the order of their versions";
pub const NO_OTHER_HOLDS_UP: &str =
    "a reader waits only for transactions that have been under way since it looked";
pub const THE_END_IS_REACHED: &str = "while nobody writes, every reader reaches the end";

/// The properties of a model.
pub fn of(model: &LogModel) -> Vec<Property<LogModel>> {
    let mut properties = vec![
        Property::always(NONE_IS_MISSED, |_, state: &State| {
            state
                .readers
                .iter()
                .all(|reader| missed(state, reader).is_empty())
        }),
        Property::always(ONCE_AND_IN_ORDER, once_and_in_order),
        Property::always(VERSIONS_IN_ORDER, versions_in_order),
        Property::always(NO_OTHER_HOLDS_UP, |_, state: &State| {
            let round = state.settler.round.as_ref();
            round.is_none_or(|round| round.writers.is_empty() || !round.under_way.is_empty())
        }),
        Property::always(THE_END_IS_REACHED, the_end_is_reached),
        Property::sometimes(
            "a later position is seen first",
            a_later_position_is_seen_first,
        ),
        Property::sometimes(
            "a reader goes past a position that is never used",
            |_, state: &State| {
                let skips = |reader: &Reader| usize::from(reader.cursor) > reader.delivered.len();
                state.readers.iter().any(skips)
            },
        ),
    ];
    if model.crashes > 0 {
        properties.push(Property::sometimes(
            "a crash takes back positions that were settled",
            |_, state: &State| state.server.last_value < state.settler.known.position,
        ));
    }
    properties
}

/// The positions of the events that a reader has gone past and was not given.
pub fn missed(state: &State, reader: &Reader) -> Vec<Position> {
    let events = state.server.visible().into_iter();
    let missed = events.filter(|(position, event)| {
        *position <= reader.cursor && !reader.delivered.contains(event)
    });
    missed.map(|(position, _)| position).collect()
}

fn once_and_in_order(_: &LogModel, state: &State) -> bool {
    let server = &state.server;
    let stored = |event: &Event| server.writers[event.writer].phase == Phase::Committed;
    let before = |one: &Event, next: &Event| server.position(*one) < server.position(*next);
    let mut delivered = state.readers.iter().map(|reader| &reader.delivered);
    delivered.all(|events| events.iter().all(stored) && events.is_sorted_by(before))
}

fn versions_in_order(model: &LogModel, state: &State) -> bool {
    let mut delivered = state.readers.iter().map(|reader| &reader.delivered);
    let version = |event: &Event| state.server.version(*event);
    !model.one_stream || delivered.all(|events| events.iter().map(version).eq(1..=events.len()))
}

/// Where nobody writes, lets each reader go on alone. It must get every event, whatever the readers were doing before.
///
/// The checker's own `eventually` is not used, because it finds no counterexample that is a loop.
fn the_end_is_reached(model: &LogModel, state: &State) -> bool {
    let writes = |writer: &Writer| {
        writer.locked || matches!(writer.phase, Phase::UnderWay | Phase::Prepared)
    };
    let end = state
        .server
        .visible()
        .last()
        .map_or(0, |&(position, _)| position);
    state.server.writers.iter().any(writes)
        || (0..model.readers).all(|reader| {
            let mut state = state.clone();
            (0..model.readers).for_each(|other| finish_look(&mut state, other, model));
            // A round of an earlier run may come first, and each page has two events.
            (0..8).any(|_| {
                state.apply(Action::Recall(reader), model);
                state.apply(Action::ReadPage(reader), model);
                let is_there = state.readers[reader].cursor >= end;
                state.apply(state.look(reader, model), model);
                finish_look(&mut state, reader, model);
                is_there
            })
        })
}

fn finish_look(state: &mut State, reader: usize, model: &LogModel) {
    while state.readers[reader].look != Look::None {
        state.apply(state.look(reader, model), model);
    }
}

fn a_later_position_is_seen_first(_: &LogModel, state: &State) -> bool {
    let end = state
        .server
        .visible()
        .last()
        .map_or(0, |&(position, _)| position);
    let under_way = state
        .server
        .writers
        .iter()
        .filter(|writer| writer.phase == Phase::UnderWay);
    let mut drawn = under_way.flat_map(Writer::positions);
    drawn.any(|&position| position < end)
}
