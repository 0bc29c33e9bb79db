//! What can be done wrong, by readers and by writers.

use super::{LogModel, properties};

/// A mistake that is planted in the model. [`Mistake::what`] says what each is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    PlainCursor,
    XminFilter,
    PageReadBefore,
    TimeOut,
    DenseOnly,
    NewerBounds,
    OneSnapshot,
    HorizonAsCursor,
    TrustsLastPosition,
    WritersBeforePosition,
    WaitsForOne,
    WaitsForNewest,
    WaitsForAll,
    WaitsForSessions,
    RaisedRound,
    PreparedUnseen,
    PrepareRenames,
    KeepsSettled,
    KeepsRound,
    PageOfAnyRun,
    DrawsBeforeLock,
    UnlocksBeforeVisible,
    CachedPositions,
    SuppliedPosition,
    AsynchronousCommit,
}

impl Mistake {
    /// The first four are those of the storm, by the same names.
    pub const ALL: [Self; 25] = [
        Self::PlainCursor,
        Self::XminFilter,
        Self::PageReadBefore,
        Self::TimeOut,
        Self::DenseOnly,
        Self::NewerBounds,
        Self::OneSnapshot,
        Self::HorizonAsCursor,
        Self::TrustsLastPosition,
        Self::WritersBeforePosition,
        Self::WaitsForOne,
        Self::WaitsForNewest,
        Self::WaitsForAll,
        Self::WaitsForSessions,
        Self::RaisedRound,
        Self::PreparedUnseen,
        Self::PrepareRenames,
        Self::KeepsSettled,
        Self::KeepsRound,
        Self::PageOfAnyRun,
        Self::DrawsBeforeLock,
        Self::UnlocksBeforeVisible,
        Self::CachedPositions,
        Self::SuppliedPosition,
        Self::AsynchronousCommit,
    ];

    pub fn what(self) -> &'static str {
        match self {
            Self::PlainCursor => "The reader goes on behind the last position it saw.",
            Self::XminFilter => {
                "The reader leaves out what is not older than the oldest transaction under way, and goes on behind the last \
                 position. The order in which transactions get their ids is not the order in which they draw positions."
            }
            Self::PageReadBefore => {
                "At a gap, the reader waits for those who write, and then believes the page that it read before."
            }
            Self::TimeOut => "The reader gives up on a gap after a while.",
            Self::DenseOnly => {
                "The reader gives only what follows without a gap. A rollback stops it for good."
            }
            Self::NewerBounds => {
                "The page and its bounds come from two snapshots: the function `intent.log_ahead` is VOLATILE and not STABLE."
            }
            Self::OneSnapshot => {
                "The reader looks at the server and reads the page in one transaction that is REPEATABLE READ."
            }
            Self::HorizonAsCursor => {
                "The reader goes on behind the position up to which the log is settled. A full page ends before it."
            }
            Self::TrustsLastPosition => {
                "The reader takes the last position drawn for settled, and asks for no writers."
            }
            Self::WritersBeforePosition => {
                "The reader asks for the writers first, and then for the last position."
            }
            Self::WaitsForOne => {
                "The reader takes a round for over when one of its transactions has ended."
            }
            Self::WaitsForNewest => {
                "The reader waits until nobody writes, instead of keeping only the intersection. It misses nothing, but a busy \
                 log holds it up for good."
            }
            Self::WaitsForAll => {
                "The reader keeps the union instead of the intersection: it adds to the round the transactions that it meets \
                 later."
            }
            Self::WaitsForSessions => {
                "The reader tells writers by their sessions (`pid`) and not by their transactions (`virtualtransaction`)."
            }
            Self::RaisedRound => {
                "A second reader raises the position of the round under way, whose writers were asked for before."
            }
            Self::PreparedUnseen => "The reader asks only for writers that have a session.",
            Self::PrepareRenames => {
                "A transaction that is prepared is listed under another name, as before the minor releases of October 2021."
            }
            Self::KeepsSettled => {
                "After a crash the reader forgets the round, but keeps the position up to which the log was settled."
            }
            Self::KeepsRound => {
                "The reader compares runs of the server when it asks for the last position, but not when it asks for the \
                 writers."
            }
            Self::PageOfAnyRun => "The page does not tell in which run of the server it was read.",
            Self::DrawsBeforeLock => {
                "A writer draws its position before it takes the lock, as with `nextval` in a statement of its own."
            }
            Self::UnlocksBeforeVisible => {
                "A writer lets go of the lock before its commit can be seen."
            }
            Self::CachedPositions => {
                "The sequence has CACHE 2, so a session draws positions ahead."
            }
            Self::SuppliedPosition => {
                "A writer chooses its position, with OVERRIDING SYSTEM VALUE."
            }
            Self::AsynchronousCommit => {
                "A commit can be seen before it is on disk: `synchronous_commit` is off."
            }
        }
    }

    /// Which property it breaks.
    pub fn breaks(self) -> &'static str {
        match self {
            Self::DenseOnly => properties::THE_END_IS_REACHED,
            Self::WaitsForNewest | Self::WaitsForAll | Self::WaitsForSessions => {
                properties::NO_OTHER_HOLDS_UP
            }
            Self::SuppliedPosition => properties::VERSIONS_IN_ORDER,
            Self::AsynchronousCommit => properties::ONCE_AND_IN_ORDER,
            _ => properties::NONE_IS_MISSED,
        }
    }

    /// The smallest model that shows it.
    pub fn model(self) -> LogModel {
        let smallest = LogModel {
            readers: 1,
            events: 1,
            positions: 2,
            crashes: 0,
            prepares: false,
            one_stream: false,
            mistake: Some(self),
        };
        match self {
            Self::HorizonAsCursor => LogModel {
                positions: 3,
                ..smallest
            },
            Self::CachedPositions => LogModel {
                positions: 5,
                ..smallest
            },
            Self::RaisedRound => LogModel {
                readers: 2,
                ..smallest
            },
            Self::PreparedUnseen | Self::PrepareRenames => LogModel {
                prepares: true,
                ..smallest
            },
            Self::KeepsSettled | Self::KeepsRound | Self::PageOfAnyRun => LogModel {
                events: 2,
                crashes: 1,
                ..smallest
            },
            Self::AsynchronousCommit => LogModel {
                crashes: 1,
                ..smallest
            },
            Self::SuppliedPosition => LogModel {
                one_stream: true,
                ..smallest
            },
            _ => smallest,
        }
    }
}
