//! Why a reader of the log on Postgres misses no event: the rule as a model, checked in every order of steps.
//!
//! A writer draws a position when it inserts an event, and others see the event when the writer commits. So a later position
//! can be seen first. A reader that goes past such a gap never gets the event that belongs there. Our reader delivers the
//! events that follow each other without a gap. At a gap it looks at the server, in separate statements:
//!
//! 1. It asks the sequence for the last position that was drawn, H.
//! 2. It asks who holds the lock on the table. These transactions make a round. An INSERT takes the lock before it draws a
//!    position, and the transaction keeps the lock until its commit can be seen. So the round contains every transaction
//!    that has drawn a position up to H and can still commit.
//! 3. It asks again, and keeps only the transactions of the round that still hold the lock, until none is left. Then the log
//!    is settled up to H: every position is either seen or will never be used.
//! 4. It reads a page after that. The page can be trusted up to H.
//!
//! The model has three writers ([`server`]), two readers ([`reader`]) that share one settler ([`settler`]) like the readers
//! of one process, and crashes. Each statement and each step of a transaction is one [`Action`]. The checker takes every
//! possible action in every state that can be reached, and tests the [`properties`] in each state.
//!
//! A model that finds nothing wrong proves little by itself. So each known mistake ([`mistakes`]), those of the storm
//! (`store/postgres/storm.rs`) included, is planted once, and the checker must find a counterexample. The page
//! `counterexamples.md` tells the shortest one of each step by step. Read it to see what each part of the rule is for.
//!
//! The model takes for granted what [`server`] lists about Postgres. The storm and the tests beside it try that on a real
//! server.

mod counterexamples;
mod mistakes;
mod properties;
mod reader;
mod server;
mod settler;
mod story;

use stateright::{Checker, Model, Property};

use self::{
    mistakes::Mistake,
    reader::Reader,
    server::{Phase, Position, Server, WRITERS},
    settler::{Look, Settler},
};

/// What is modelled, and up to which bounds.
#[derive(Clone, Debug)]
pub struct LogModel {
    pub readers: usize,
    /// How many events a transaction has at most.
    pub events: usize,
    /// The last position that the sequence gives out.
    pub positions: Position,
    /// How often the server crashes at most.
    pub crashes: u8,
    /// Whether transactions may be prepared, for a commit in two phases.
    pub prepares: bool,
    /// Whether all writers append to one stream, or each to its own.
    pub one_stream: bool,
    /// What the reader or the writers do wrong.
    pub mistake: Option<Mistake>,
}

/// Everything at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct State {
    pub server: Server,
    pub settler: Settler,
    pub readers: Vec<Reader>,
}

/// What happens at one moment, and to which writer or reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A writer begins its transaction and takes the lock, in the session of this writer.
    Begin {
        writer: usize,
        session: usize,
    },
    Draw(usize),
    Insert(usize),
    Prepare(usize),
    /// Others can see what the writer inserted. It still holds the lock.
    Commit(usize),
    RollBack(usize),
    Unlock(usize),
    /// The sequence goes back to this position.
    Crash(Position),
    /// A reader learns what the last look found, without a look of its own. Each call begins with that.
    Recall(usize),
    ReadPage(usize),
    /// A reader looks at the server: it asks for the last position that was drawn.
    LastPosition(usize),
    /// A reader looks at the server: it asks who writes.
    Writers(usize),
    /// A look ends without an answer.
    Disconnect(usize),
    /// With [`Mistake::SuppliedPosition`]: a writer does not draw its position.
    Supply {
        writer: usize,
        position: Position,
    },
    /// With [`Mistake::OneSnapshot`] and [`Mistake::NewerBounds`]: a reader reads its rows before the rest of its statements.
    Snapshot(usize),
    /// With [`Mistake::TimeOut`].
    GiveUp(usize),
}

impl LogModel {
    /// Without mistakes.
    const CORRECT: Self = Self {
        readers: 2,
        events: 2,
        positions: 3,
        crashes: 0,
        prepares: false,
        one_stream: false,
        mistake: None,
    };

    fn makes(&self, mistake: Mistake) -> bool {
        self.mistake == Some(mistake)
    }

    /// Checks every state that can be reached, and returns how many there are.
    fn check(self) -> usize {
        let checker = self.checker().threads(2).spawn_bfs().join();
        checker.assert_properties();
        checker.unique_state_count()
    }
}

impl Model for LogModel {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            readers: vec![Reader::default(); self.readers],
            ..State::default()
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for writer in 0..WRITERS {
            state.server.actions(writer, self, actions);
        }
        if state.server.run < self.crashes {
            let back_to = state.server.stored(self)..=state.server.last_value;
            actions.extend(back_to.map(Action::Crash));
        }
        for reader in 0..self.readers {
            state.actions(reader, self, actions);
        }
    }

    fn next_state(&self, before: &State, action: Action) -> Option<State> {
        let mut state = before.clone();
        state.apply(action, self);
        (state != *before).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::of(self)
    }
}

impl State {
    /// What a reader can do next.
    fn actions(&self, number: usize, model: &LogModel, actions: &mut Vec<Action>) {
        let reader = &self.readers[number];
        let looks = |reader: &Reader| reader.look != Look::None;
        if looks(reader) {
            actions.push(self.look(number, model));
            // A counterexample that needs no lost connection is easier to read.
            if model.mistake.is_none() {
                actions.push(Action::Disconnect(number));
            }
            return;
        }
        actions.extend([Action::Recall(number), Action::ReadPage(number)]);
        match model.mistake {
            Some(Mistake::OneSnapshot | Mistake::NewerBounds) if reader.rows.is_none() => {
                actions.push(Action::Snapshot(number));
            }
            Some(Mistake::TimeOut) => actions.push(Action::GiveUp(number)),
            Some(Mistake::RaisedRound) if self.settler.round.is_some() => {
                actions.push(Action::LastPosition(number));
            }
            _ => {}
        }
        // One look at a time. A reader may look without a gap too, as a check of the log's health does.
        if !self.readers.iter().any(looks) {
            actions.push(self.look(number, model));
        }
    }

    /// The next statement of a look.
    fn look(&self, reader: usize, model: &LogModel) -> Action {
        let asks_for_writers_first = model.makes(Mistake::WritersBeforePosition);
        match self.readers[reader].look {
            Look::None if self.settler.round.is_some() || asks_for_writers_first => {
                Action::Writers(reader)
            }
            Look::None | Look::Writers(_) => Action::LastPosition(reader),
            Look::Position(_) | Look::Again => Action::Writers(reader),
        }
    }

    fn apply(&mut self, action: Action, model: &LogModel) {
        let Self {
            server,
            settler,
            readers,
        } = self;
        match action {
            Action::Begin { writer, session } => server.begin(writer, session, model),
            Action::Draw(writer) => server.draw(writer, model),
            Action::Supply { writer, position } => server.writers[writer].take(position),
            Action::Insert(writer) => server.insert(writer, model),
            Action::Prepare(writer) => server.writers[writer].phase = Phase::Prepared,
            Action::Commit(writer) => server.writers[writer].phase = Phase::Committed,
            Action::RollBack(writer) => server.writers[writer].roll_back(),
            Action::Unlock(writer) => server.writers[writer].locked = false,
            Action::Crash(back_to) => server.crash(back_to, model),
            Action::Recall(reader) => readers[reader].recall(settler.known),
            Action::Snapshot(reader) => readers[reader].rows = Some(server.visible()),
            Action::ReadPage(reader) => readers[reader].read_page(server, model),
            Action::GiveUp(reader) => readers[reader].give_up(server),
            Action::LastPosition(reader) => {
                let look = settler.last_position(readers[reader].look, server, model);
                readers[reader].go_on(look, settler.known);
            }
            Action::Writers(reader) => {
                let look = settler.writers(readers[reader].look, server, model);
                readers[reader].go_on(look, settler.known);
            }
            Action::Disconnect(reader) => readers[reader].look = Look::None,
        }
    }
}

// Each test asserts the number of states: if the model lost an action, there would be fewer.

#[test]
fn two_readers_miss_no_event_of_three_writers() {
    assert_eq!(LogModel::CORRECT.check(), 974_180);
}

/// A reader behind a pooler does not notice a crash, because its connection stands. With `INTENT_SOAK=1` there are two readers.
#[test]
fn a_reader_misses_no_event_over_a_crash_and_prepared_transactions() {
    let model = LogModel {
        readers: 1,
        crashes: 1,
        prepares: true,
        ..LogModel::CORRECT
    };
    match std::env::var_os("INTENT_SOAK") {
        None => assert_eq!(model.check(), 1_245_332),
        Some(_) => assert_eq!(
            LogModel {
                readers: 2,
                ..model
            }
            .check(),
            4_228_930
        ),
    }
}

/// Writers of one stream wait for each other at its unique key. That holds up nobody for good.
#[test]
fn a_reader_gets_the_events_of_one_stream_in_the_order_of_their_versions() {
    let model = LogModel {
        readers: 1,
        positions: 4,
        one_stream: true,
        ..LogModel::CORRECT
    };
    assert_eq!(model.check(), 551_648);
}
