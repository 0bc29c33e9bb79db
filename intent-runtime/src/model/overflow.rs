//! [`Overflow`]: the error of a rule whose arithmetic has no result.

use std::fmt;

use crate::model::{aggregate::Aggregate, read_model::ReadModel};

/// An event takes a field of a state or a row out of its range, so it cannot be applied.
///
/// A rule such as `Deposited += |e| e.amount` is checked in every build profile if the field is an integer, a
/// [`Duration`](std::time::Duration) or a `#[value(arithmetic)]`. A decision whose event has this error is refused before
/// anything is stored. A stored event that has it under today's rules is a [`HistoryError`](crate::HistoryError) on load.
///
/// An [`Aggregate`] written by hand makes one with [`of`](Self::of), and so does a function that the list of events names:
///
/// ```
/// use intent_runtime::{Overflow, prelude::*};
///
/// #[derive(Aggregate, Debug)]
/// #[aggregate(created_by(Opened), events(Moved => Self::moved))]
/// struct Stock {
///     #[id]
///     id: Id<Stock>,
///     here: u32,
///     there: u32,
/// }
/// #[event]
/// struct Opened;
/// #[event]
/// struct Moved {
///     pieces: u32,
/// }
///
/// impl Stock {
///     fn moved(&mut self, event: &Moved) -> Result<(), Overflow> {
///         let overflow = |field| Overflow::of::<Self>(Moved::NAME, field);
///         self.here = self.here.checked_sub(event.pieces).ok_or_else(|| overflow("here"))?;
///         self.there = self.there.checked_add(event.pieces).ok_or_else(|| overflow("there"))?;
///         Ok(())
///     }
/// }
///
/// let id = Id::new();
/// let error = Stock::rehydrate(id, [Opened.into(), Moved { pieces: 1 }.into()]).unwrap_err();
/// assert_eq!(error.to_string(), "`Moved` overflows `here` of Stock at version 2");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overflow {
    /// Boxed, so that the result of [`Aggregate::apply`] fits a register.
    fault: Box<Fault>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Fault {
    subject: &'static str,
    event: &'static str,
    field: &'static str,
    what: &'static str,
}

impl Overflow {
    /// `field` of an aggregate `A` overflows when the event with this stored name is applied.
    #[cold]
    pub fn of<A: Aggregate>(event: &'static str, field: &'static str) -> Self {
        Self::that(A::TYPE, event, "overflows", field)
    }

    /// `field` of a row of `M` overflows when the event with this stored name is applied.
    #[cold]
    pub fn of_row<M: ReadModel>(event: &'static str, field: &'static str) -> Self {
        Self::that(M::TABLE, event, "overflows", field)
    }

    /// The same with another verb, such as "cannot divide".
    #[cold]
    pub(crate) fn that(
        subject: &'static str,
        event: &'static str,
        what: &'static str,
        field: &'static str,
    ) -> Self {
        let fault = Fault {
            subject,
            event,
            field,
            what,
        };
        Self {
            fault: Box::new(fault),
        }
    }

    /// What has the field: [`Aggregate::TYPE`], or [`ReadModel::TABLE`].
    pub fn subject(&self) -> &'static str {
        self.fault.subject
    }

    /// The stored name of the event.
    pub fn event(&self) -> &'static str {
        self.fault.event
    }

    /// The field that cannot hold the result.
    pub fn field(&self) -> &'static str {
        self.fault.field
    }
}

impl fmt::Display for Overflow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fault {
            subject,
            event,
            field,
            what,
        } = &*self.fault;
        write!(f, "`{event}` {what} `{field}` of {subject}")
    }
}

impl std::error::Error for Overflow {}
