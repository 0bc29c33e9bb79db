//! The server as its clients see it: a sequence, one transaction of each writer, and the lock that each holds on the table
//! of events.
//!
//! This is what the rule takes for granted of Postgres:
//! - The sequence gives out each position once, in order (`CACHE 1`), and nobody chooses a position.
//! - An INSERT holds `RowExclusiveLock` on the table before it draws a position. The server releases the lock after the
//!   commit can be seen, or after the rollback, and not before.
//! - A statement sees what is committed when it begins.
//! - The lock is listed with the same `virtualtransaction` until the transaction ends, even if the transaction is prepared
//!   meanwhile (since the minor releases of October 2021).
//! - A crash ends every transaction that is neither committed nor prepared. It takes the sequence back, but never below a
//!   position that is stored. Each statement tells in which run of the server, from crash to crash, it was executed.

use super::{Action, LogModel, mistakes::Mistake};

/// The position of an event, from 1; 0 is the start of the log.
pub type Position = u8;

/// How many writers there are. Each runs one transaction.
pub const WRITERS: usize = 3;

/// How many events a transaction has at most.
const EVENTS: usize = 2;

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Server {
    /// The last position that the sequence has given out, as `sql/last_position.sql` tells it.
    pub last_value: Position,
    /// How many crashes there were, which `sql/run.sql` tells apart.
    pub run: u8,
    pub writers: [Writer; WRITERS],
}

/// A writer with its transaction. Writers are all alike, so they are numbered in the order in which they begin.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Writer {
    pub phase: Phase,
    /// Whether it holds the lock on the table.
    pub locked: bool,
    /// The positions it has drawn, in order; then zeros.
    drawn: [Position; EVENTS],
    /// How many of them have a row.
    inserted: u8,
    /// The version that its stream had when it began.
    version: u8,
    /// Whose connection runs the transaction. It is the writer's own, unless the mistake is about connections.
    session: u8,
    /// With [`Mistake::CachedPositions`]: a position that the connection keeps for its next event.
    cached: Position,
    /// With [`Mistake::XminFilter`]: the transaction's id, given to it with its first row.
    xid: u8,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Phase {
    #[default]
    NotBegun,
    UnderWay,
    /// It can still commit or roll back, also after a crash.
    Prepared,
    Committed,
    RolledBack,
}

/// An event: its writer, and its number among the writer's events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Event {
    pub writer: usize,
    pub number: usize,
}

/// A set of transactions, by what the server lists beside their locks: `virtualtransaction`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Transactions(u8);

impl Server {
    /// What a writer can do next.
    pub fn actions(&self, number: usize, model: &LogModel, actions: &mut Vec<Action>) {
        let writer = &self.writers[number];
        let under_way = writer.phase == Phase::UnderWay;
        let complete = under_way && writer.is_complete();
        if writer.phase == Phase::NotBegun {
            let earlier = &self.writers[..number];
            if earlier.iter().all(|writer| writer.phase != Phase::NotBegun) {
                self.begin_actions(number, model, actions);
            }
        }
        if under_way && writer.has_rows() && writer.positions().len() < model.events {
            self.draw_actions(number, model, actions);
        }
        if under_way && !writer.has_rows() && !(model.one_stream && self.conflicts(number)) {
            actions.push(Action::Insert(number));
        }
        if complete && model.prepares {
            actions.push(Action::Prepare(number));
        }
        if complete || writer.phase == Phase::Prepared {
            actions.push(Action::Commit(number));
        }
        if under_way || writer.phase == Phase::Prepared {
            actions.push(Action::RollBack(number));
        }
        let unlocks_early = complete && model.makes(Mistake::UnlocksBeforeVisible);
        if writer.locked && (writer.is_over() || unlocks_early) {
            actions.push(Action::Unlock(number));
        }
    }

    fn begin_actions(&self, writer: usize, model: &LogModel, actions: &mut Vec<Action>) {
        let session = writer;
        actions.push(Action::Begin { writer, session });
        if let Some(Mistake::CachedPositions | Mistake::WaitsForSessions) = model.mistake {
            let free =
                |&other: &usize| self.writers[other].is_over() && !self.writers[other].locked;
            let begin = |session| Action::Begin { writer, session };
            actions.extend((0..writer).filter(free).map(begin));
        }
    }

    fn draw_actions(&self, writer: usize, model: &LogModel, actions: &mut Vec<Action>) {
        let may_draw = self.writers[writer].locked || model.makes(Mistake::DrawsBeforeLock);
        if may_draw && self.last_value < model.positions {
            actions.push(Action::Draw(writer));
        }
        if model.makes(Mistake::SuppliedPosition) {
            let is_free = |position: &Position| {
                let drawn = |writer: &Writer| writer.drawn.contains(position);
                !self.writers.iter().any(drawn)
            };
            let supply = |position| Action::Supply { writer, position };
            actions.extend((1..=self.last_value).filter(is_free).map(supply));
        }
    }

    /// Whether another transaction has a row with the version of the writer's next row. The unique key refuses the writer's
    /// row if the other one has committed, and makes the writer wait if it has not.
    fn conflicts(&self, writer: usize) -> bool {
        let number = usize::from(self.writers[writer].inserted);
        let version = self.version(Event { writer, number });
        let mut others = (0..WRITERS).filter(|&other| other != writer);
        others.any(|writer| {
            let mut rows = 0..usize::from(self.writers[writer].inserted);
            rows.any(|number| self.version(Event { writer, number }) == version)
        })
    }

    pub fn begin(&mut self, number: usize, session: usize, model: &LogModel) {
        let version = if model.one_stream {
            self.visible().len()
        } else {
            0
        };
        let writer = &mut self.writers[number];
        writer.phase = Phase::UnderWay;
        writer.locked = !model.makes(Mistake::DrawsBeforeLock);
        writer.version = version as u8;
        writer.session = session as u8;
    }

    pub fn draw(&mut self, number: usize, model: &LogModel) {
        let session = self.writers[number].session();
        let cached = &mut self.writers[session].cached;
        let position = if *cached > 0 {
            std::mem::take(cached)
        } else if model.makes(Mistake::CachedPositions) {
            self.last_value += 2;
            *cached = self.last_value;
            self.last_value - 1
        } else {
            self.last_value += 1;
            self.last_value
        };
        self.writers[number].take(position);
    }

    pub fn insert(&mut self, number: usize, model: &LogModel) {
        let last_xid = self.writers.iter().map(|writer| writer.xid).max();
        let writer = &mut self.writers[number];
        writer.inserted += 1;
        writer.locked |= model.makes(Mistake::DrawsBeforeLock);
        if model.makes(Mistake::XminFilter) && writer.xid == 0 {
            writer.xid = 1 + last_xid.unwrap_or_default();
        }
    }

    pub fn crash(&mut self, back_to: Position, model: &LogModel) {
        self.run += 1;
        self.last_value = back_to;
        for writer in &mut self.writers {
            if writer.is_lost_in_a_crash(model) {
                writer.roll_back();
            }
            writer.locked &= writer.phase == Phase::Prepared;
        }
    }

    /// The last position that a crash cannot take back.
    pub fn stored(&self, model: &LogModel) -> Position {
        let writers = self.writers.iter();
        let stored = writers.filter(|writer| !writer.is_lost_in_a_crash(model));
        stored
            .flat_map(|writer| writer.drawn)
            .max()
            .unwrap_or_default()
    }

    /// What a statement sees: the events that are committed, in the order of the log.
    pub fn visible(&self) -> Vec<(Position, Event)> {
        self.events(|writer| writer.phase == Phase::Committed)
    }

    /// The visible events of transactions that are older than the oldest one under way: `xmin < pg_snapshot_xmin(pg_current_snapshot())`.
    pub fn visible_below_xmin(&self) -> Vec<(Position, Event)> {
        let under_way = |writer: &&Writer| writer.phase == Phase::UnderWay && writer.xid > 0;
        let open = self.writers.iter().filter(under_way);
        let xmin = open.map(|writer| writer.xid).min().unwrap_or(u8::MAX);
        self.events(|writer| writer.phase == Phase::Committed && writer.xid < xmin)
    }

    fn events(&self, wanted: impl Fn(&Writer) -> bool) -> Vec<(Position, Event)> {
        let mut events = Vec::new();
        for (writer, state) in self.writers.iter().enumerate() {
            if wanted(state) {
                let event = |number| Event { writer, number };
                let positions = state.positions().iter().enumerate();
                events.extend(positions.map(|(number, &position)| (position, event(number))));
            }
        }
        events.sort_by_key(|&(position, _)| position);
        events
    }

    /// Who holds the lock on the table, as `sql/writers.sql` tells it.
    pub fn holders(&self, model: &LogModel) -> Transactions {
        let mut holders = Transactions::default();
        for (number, writer) in self.writers.iter().enumerate() {
            let is_prepared = writer.phase == Phase::Prepared;
            let id = match model.mistake {
                Some(Mistake::PreparedUnseen) if is_prepared => continue,
                Some(Mistake::PrepareRenames) if is_prepared => WRITERS + number,
                Some(Mistake::WaitsForSessions) => writer.session(),
                _ => number,
            };
            holders.0 |= u8::from(writer.locked) << id;
        }
        holders
    }

    /// Who holds the lock, whatever the mistake is.
    pub fn true_holders(&self) -> Transactions {
        let locked = |(number, writer): (usize, &Writer)| u8::from(writer.locked) << number;
        Transactions(self.writers.iter().enumerate().map(locked).sum())
    }

    pub fn position(&self, event: Event) -> Position {
        self.writers[event.writer].drawn[event.number]
    }

    /// The version of an event in its stream.
    pub fn version(&self, event: Event) -> usize {
        usize::from(self.writers[event.writer].version) + event.number + 1
    }
}

impl Writer {
    /// The positions it has drawn.
    pub fn positions(&self) -> &[Position] {
        let drawn = self.drawn.iter().take_while(|&&position| position > 0);
        &self.drawn[..drawn.count()]
    }

    /// Whose connection runs its transaction.
    pub fn session(&self) -> usize {
        self.session.into()
    }

    /// Whether each position that it has drawn has a row.
    fn has_rows(&self) -> bool {
        self.positions().len() == usize::from(self.inserted)
    }

    /// Whether it can commit.
    fn is_complete(&self) -> bool {
        self.inserted > 0 && self.has_rows()
    }

    /// Whether its transaction has ended.
    pub fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Committed | Phase::RolledBack)
    }

    fn is_lost_in_a_crash(&self, model: &LogModel) -> bool {
        match self.phase {
            Phase::UnderWay => true,
            Phase::Committed => self.locked && model.makes(Mistake::AsynchronousCommit),
            Phase::NotBegun | Phase::Prepared | Phase::RolledBack => false,
        }
    }

    /// Notes the position of its next event.
    pub fn take(&mut self, position: Position) {
        let drawn = self.positions().len();
        self.drawn[drawn] = position;
    }

    /// Forgets what it has drawn, which will never be used.
    pub fn roll_back(&mut self) {
        self.phase = Phase::RolledBack;
        self.drawn = [0; EVENTS];
        self.inserted = 0;
        self.version = 0;
    }
}

impl Transactions {
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn intersection(self, others: Self) -> Self {
        Self(self.0 & others.0)
    }

    pub fn union(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }
}
