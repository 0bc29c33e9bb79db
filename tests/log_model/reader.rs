//! A reader of the log, as the `LogReader` of `store/postgres` is one.

use super::{
    LogModel,
    mistakes::Mistake,
    server::{Event, Position, Server},
    settler::{Look, Settled},
};

/// How many events a page has at most.
const PAGE: usize = 2;

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Reader {
    /// The position of the last event that it was given, or 0.
    pub cursor: Position,
    /// What it was given, in that order.
    pub delivered: Vec<Event>,
    /// Up to where it knows the log to be settled. It learns this before it reads a page. So the page shows every event up to
    /// there that will ever exist.
    pub known: Settled,
    /// How far its look at the server has come.
    pub look: Look,
    /// With some mistakes: rows that it has read before.
    pub rows: Option<Vec<(Position, Event)>>,
}

/// What is ahead of a reader. Each is the position of an event, or where the reader stands.
struct Ahead {
    /// Ends those that follow each other without a gap: nothing can be missing among them.
    dense: Position,
    /// Ends those up to the position that is known to be settled.
    settled: Position,
    /// Ends those that were looked at.
    last: Position,
}

impl Reader {
    /// Learns up to where the log is settled. A position behind the cursor is of no use and is not kept.
    pub fn recall(&mut self, known: Settled) {
        let is_ahead = known.position > self.cursor;
        self.known = if is_ahead { known } else { Settled::default() };
    }

    /// Goes on with a look. Where the look has ended, the reader learns what it found.
    pub fn go_on(&mut self, look: Look, found: Settled) {
        self.look = look;
        if look == Look::None {
            self.recall(found);
        }
    }

    /// Treats every position that is drawn as settled.
    pub fn give_up(&mut self, server: &Server) {
        self.known = Settled {
            position: server.last_value,
            run: Some(server.run),
        };
    }

    /// Reads a page in one statement, and delivers the events before which nothing can be missing.
    pub fn read_page(&mut self, server: &Server, model: &LogModel) {
        let now = match model.mistake {
            Some(Mistake::XminFilter) => server.visible_below_xmin(),
            _ => server.visible(),
        };
        let before = self.rows.take();
        let is_first = before.is_none();
        let rows = before.unwrap_or_else(|| now.clone());
        let ahead = self.ahead(if model.makes(Mistake::NewerBounds) {
            &now
        } else {
            &rows
        });
        let safe = self.safe(&ahead, server, model);
        if model.makes(Mistake::PageReadBefore) && is_first && safe < ahead.last {
            self.rows = Some(rows);
            return;
        }
        let page = rows
            .iter()
            .filter(|(position, _)| (self.cursor + 1..=safe).contains(position));
        self.delivered.extend(page.map(|&(_, event)| event));
        self.cursor = safe;
        if model.makes(Mistake::HorizonAsCursor) {
            self.cursor = safe.max(self.known.position);
        }
        // The next call begins with what is known then.
        self.known = Settled::default();
    }

    /// What `intent.log_ahead` tells.
    fn ahead(&self, rows: &[(Position, Event)]) -> Ahead {
        let positions = rows.iter().map(|&(position, _)| position);
        let positions = positions.filter(|&position| position > self.cursor);
        let positions: Vec<Position> = positions.take(PAGE).collect();
        let follows = |&(next, position): &(Position, &Position)| next == *position;
        let dense = (self.cursor + 1..).zip(&positions).take_while(follows);
        let settled = positions
            .iter()
            .take_while(|&&position| position <= self.known.position);
        Ahead {
            dense: self.cursor + dense.count() as Position,
            settled: settled.last().copied().unwrap_or(self.cursor),
            last: positions.last().copied().unwrap_or(self.cursor),
        }
    }

    /// Up to where nothing can be missing.
    fn safe(&self, ahead: &Ahead, server: &Server, model: &LogModel) -> Position {
        let holds = self.known.run == Some(server.run) || model.makes(Mistake::PageOfAnyRun);
        match model.mistake {
            Some(Mistake::PlainCursor | Mistake::XminFilter) => ahead.last,
            Some(Mistake::DenseOnly) => ahead.dense,
            _ if holds => ahead.dense.max(ahead.settled),
            _ => ahead.dense,
        }
    }
}
