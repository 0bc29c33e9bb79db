//! The steps of a counterexample in words.

use super::{
    Action, LogModel, State,
    mistakes::Mistake,
    properties::{self, missed},
    server::{Phase, Position, WRITERS},
    settler::Look,
};

/// Tells what an action does between two states.
pub fn step(action: Action, before: &State, after: &State, model: &LogModel) -> String {
    let (actor, verb) = match action {
        Action::Begin { writer, session } => {
            let other = format!(" in the session of writer {}", session + 1);
            let session = if session == writer { "" } else { &other };
            let locked = after.server.writers[writer].locked;
            let lock = if locked { " and takes the lock" } else { "" };
            (writer_name(writer), format!("begins{session}{lock}"))
        }
        Action::Draw(writer) => {
            let position = last_drawn(after, writer);
            (writer_name(writer), format!("draws position {position}"))
        }
        Action::Supply { writer, position } => {
            (writer_name(writer), format!("chooses position {position}"))
        }
        Action::Insert(writer) => {
            let locks = !before.server.writers[writer].locked;
            let lock = if locks { "takes the lock and " } else { "" };
            let position = last_drawn(before, writer);
            let verb = format!("{lock}inserts its event at {position}");
            (writer_name(writer), verb)
        }
        Action::Prepare(writer) => (writer_name(writer), "prepares its transaction".to_owned()),
        Action::Commit(writer) => {
            let seen = events(before.server.writers[writer].positions().iter().copied());
            (writer_name(writer), format!("commits: {seen} can be seen"))
        }
        Action::RollBack(writer) => (writer_name(writer), "rolls back".to_owned()),
        Action::Unlock(writer) => (writer_name(writer), "lets go of the lock".to_owned()),
        Action::Crash(back_to) => {
            let from = before.server.last_value;
            let verb = format!("crashes, and the sequence goes back from {from} to {back_to}");
            ("The server".to_owned(), verb)
        }
        Action::Recall(reader) => {
            let position = after.readers[reader].known.position;
            let verb = format!("learns that the log is settled up to {position}");
            (reader_name(reader), verb)
        }
        Action::Snapshot(reader) => {
            let rows = kept_rows(after, reader);
            (
                reader_name(reader),
                format!("takes a snapshot, which has {rows}"),
            )
        }
        Action::ReadPage(reader) => (reader_name(reader), page(before, after, reader)),
        Action::LastPosition(reader) => {
            let last = before.server.last_value;
            let raised = model.makes(Mistake::RaisedRound) && before.settler.round.is_some();
            let found = if raised {
                ", and raises the round to it".to_owned()
            } else {
                found(after, reader)
            };
            (
                reader_name(reader),
                format!("asks for the last position: {last}{found}"),
            )
        }
        Action::Writers(reader) => {
            let (writers, found) = (holders(before, model), found(after, reader));
            (
                reader_name(reader),
                format!("asks who writes: {writers}{found}"),
            )
        }
        Action::Disconnect(reader) => (reader_name(reader), "loses its connection".to_owned()),
        Action::GiveUp(reader) => (reader_name(reader), "gives up on the gap".to_owned()),
    };
    format!("{actor} {verb}.")
}

/// Tells what is broken in the last state.
pub fn end(state: &State, breaks: &str) -> String {
    match breaks {
        properties::NONE_IS_MISSED => {
            let missed = state.readers.iter().map(|reader| missed(state, reader));
            let misses = |(reader, missed): (usize, Vec<Position>)| {
                let missed = events(missed.into_iter());
                format!("{} never gets {missed}.", reader_name(reader))
            };
            let misses = missed
                .enumerate()
                .filter(|(_, missed)| !missed.is_empty())
                .map(misses);
            misses.collect()
        }
        properties::ONCE_AND_IN_ORDER => {
            "The reader was given an event that is no longer stored.".to_owned()
        }
        properties::VERSIONS_IN_ORDER => {
            "The reader got version 2 of the stream before version 1.".to_owned()
        }
        properties::NO_OTHER_HOLDS_UP => {
            "The reader still waits, though every transaction that it met has ended.".to_owned()
        }
        properties::THE_END_IS_REACHED => {
            "The reader never gets past the gap, though nobody writes.".to_owned()
        }
        other => panic!("no words for: {other}"),
    }
}

fn page(before: &State, after: &State, reader: usize) -> String {
    if after.readers[reader].rows.is_some() {
        let rows = kept_rows(after, reader);
        return format!("reads a page, which has {rows}, and keeps it");
    }
    let had = before.readers[reader].delivered.len();
    let given = after.readers[reader].delivered[had..].iter();
    let given = events(given.map(|event| before.server.position(*event)));
    let from = if before.readers[reader].rows.is_some() {
        "goes on with what it has read"
    } else {
        "reads a page"
    };
    let cursor = after.readers[reader].cursor;
    format!("{from} and is given {given}; its cursor is {cursor}")
}

/// What a look has found, where it ends a round.
fn found(state: &State, reader: usize) -> String {
    let known = state.settler.known.position;
    match (state.readers[reader].look, &state.settler.round) {
        (Look::None, None) => format!(", and counts the log as settled up to {known}"),
        _ => String::new(),
    }
}

/// The writers as the server lists them.
fn holders(state: &State, model: &LogModel) -> String {
    let listed = |number: usize| {
        let writer = &state.server.writers[number];
        let is_prepared = writer.phase == Phase::Prepared;
        let name = format!("writer {}", number + 1);
        match model.mistake {
            _ if !writer.locked => None,
            Some(Mistake::PreparedUnseen) if is_prepared => None,
            Some(Mistake::PrepareRenames) if is_prepared => {
                Some(format!("{name} (under a new name)"))
            }
            Some(Mistake::WaitsForSessions) => {
                Some(format!("the session of writer {}", writer.session() + 1))
            }
            _ => Some(name),
        }
    };
    list((0..WRITERS).filter_map(listed), "nobody")
}

fn kept_rows(state: &State, reader: usize) -> String {
    let rows = state.readers[reader].rows.iter().flatten();
    events(rows.map(|&(position, _)| position))
}

fn events(positions: impl Iterator<Item = Position>) -> String {
    list(
        positions.map(|position| format!("the event at {position}")),
        "nothing",
    )
}

fn list(items: impl Iterator<Item = String>, none: &str) -> String {
    let items: Vec<String> = items.collect();
    if items.is_empty() {
        return none.to_owned();
    }
    items.join(" and ")
}

fn last_drawn(state: &State, writer: usize) -> Position {
    let drawn = state.server.writers[writer].positions();
    drawn.last().copied().unwrap_or_default()
}

fn writer_name(writer: usize) -> String {
    format!("Writer {}", writer + 1)
}

fn reader_name(reader: usize) -> String {
    format!("Reader {}", reader + 1)
}
