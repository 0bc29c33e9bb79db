//! Finding out up to where the log is settled, as the `Settler` of `store/postgres` does it. All readers of a process share
//! one settler, and only one of them at a time looks at the server.

use super::{
    LogModel,
    mistakes::Mistake,
    server::{Position, Server, Transactions},
};

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Settler {
    /// The run of the server that its last statement was in.
    run: Option<u8>,
    /// Up to where the log is settled.
    settled: Position,
    pub round: Option<Round>,
    /// What the last look found, for readers that do not look themselves.
    pub known: Settled,
}

/// A position up to which the log is settled, in one run of the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Settled {
    pub position: Position,
    pub run: Option<u8>,
}

/// A position up to which the log will be settled when these transactions have ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Round {
    position: Position,
    pub writers: Transactions,
    /// For the properties alone: the transactions that held the lock when the round began, and have held it since.
    pub under_way: Transactions,
}

/// How far a reader's look at the server has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Look {
    /// It looks at nothing.
    #[default]
    None,
    /// It knows the last position that was drawn, and asks for the writers next.
    Position(Position),
    /// It has begun a round in which somebody writes, and asks for the writers once more.
    Again,
    /// With [`Mistake::WritersBeforePosition`]: it knows the writers, and asks for the last position next.
    Writers(Transactions),
}

impl Settler {
    /// The first statement of a look, where no round is under way.
    pub fn last_position(&mut self, look: Look, server: &Server, model: &LogModel) -> Look {
        let position = server.last_value;
        self.enter(server.run, model);
        match (model.mistake, look, &mut self.round) {
            (Some(Mistake::TrustsLastPosition), _, _) => {
                self.settled = position;
                self.end()
            }
            (Some(Mistake::RaisedRound), _, Some(round)) => {
                round.position = position;
                Look::Again
            }
            (_, Look::Writers(writers), _) => self.begin(position, writers, writers),
            _ => Look::Position(position),
        }
    }

    /// The other statements of a look. It begins a round, or goes on with the one that is under way.
    pub fn writers(&mut self, look: Look, server: &Server, model: &LogModel) -> Look {
        let now = server.holders(model);
        let same_run = if model.makes(Mistake::KeepsRound) {
            self.run = Some(server.run);
            true
        } else {
            self.enter(server.run, model)
        };
        match (look, &mut self.round) {
            (Look::Position(position), _) if same_run => {
                self.begin(position, now, server.true_holders())
            }
            (Look::None, None) if model.makes(Mistake::WritersBeforePosition) => Look::Writers(now),
            (_, round) => {
                if let Some(round) = round {
                    let still_there = round.writers.intersection(now);
                    round.writers = match model.mistake {
                        Some(Mistake::WaitsForNewest) => now,
                        Some(Mistake::WaitsForAll) => round.writers.union(now),
                        Some(Mistake::WaitsForOne) if still_there != round.writers => {
                            Transactions::default()
                        }
                        _ => still_there,
                    };
                    round.under_way = round.under_way.intersection(server.true_holders());
                }
                self.end()
            }
        }
    }

    /// Begins a round. If somebody writes, the look asks for the writers once more, and then leaves the round to later looks.
    fn begin(
        &mut self,
        position: Position,
        writers: Transactions,
        under_way: Transactions,
    ) -> Look {
        self.round = Some(Round {
            position,
            writers,
            under_way,
        });
        if writers.is_empty() {
            return self.end();
        }
        Look::Again
    }

    /// Ends a look, and the round if none of its transactions is left.
    fn end(&mut self) -> Look {
        if let Some(round) = self.round.take_if(|round| round.writers.is_empty()) {
            self.settled = round.position;
        }
        self.known = Settled {
            position: self.settled,
            run: self.run,
        };
        Look::None
    }

    /// Notes the run that a statement was in, and returns whether the statement before it was in the same run. What was known
    /// of another run is forgotten, because its positions may be drawn again.
    fn enter(&mut self, run: u8, model: &LogModel) -> bool {
        let before = self.run.replace(run);
        let same = before == Some(run);
        if !same {
            self.round = None;
            if !model.makes(Mistake::KeepsSettled) {
                self.settled = 0;
            }
        }
        same
    }
}
