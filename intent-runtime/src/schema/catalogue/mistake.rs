//! The mistakes of a domain, as one error.

use std::fmt;

/// All mistakes of a [`Domain`](crate::Domain). Handling: correct the domain; each mistake says how.
///
/// ```
/// # mod account { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/account.rs")); }
/// # use account::*;
/// use intent_runtime::prelude::*;
///
/// let twice = Domain::of::<Account>().aggregate::<Account>();
/// let error = twice.check().unwrap_err();
/// assert_eq!(error.mistakes().len(), 1);
/// assert_eq!(error.to_string(), "the aggregate Account is in the domain twice");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct DomainError {
    mistakes: Vec<DomainMistake>,
}

impl DomainError {
    /// The error for these mistakes; none for none.
    pub(crate) fn of(mistakes: Vec<DomainMistake>) -> Result<(), Self> {
        if mistakes.is_empty() {
            return Ok(());
        }
        Err(Self { mistakes })
    }

    /// The mistakes, in the order in which the domain was built.
    pub fn mistakes(&self) -> &[DomainMistake] {
        &self.mistakes
    }
}

impl fmt::Display for DomainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [only] = &self.mistakes[..] {
            return only.fmt(f);
        }
        write!(f, "the domain has {} mistakes:", self.mistakes.len())?;
        for mistake in &self.mistakes {
            write!(f, "\n- {mistake}")?;
        }
        Ok(())
    }
}

impl std::error::Error for DomainError {}

crate::record::sentence::debug!(DomainError);

/// One mistake of a [`Domain`](crate::Domain).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DomainMistake {
    /// Two aggregates have one stored name, now or formerly.
    #[error(
        "the aggregate name `{name}` is used by both {first} and {second}: give one of them `#[aggregate(name = \"…\")]`"
    )]
    AggregateName {
        /// [`Aggregate::TYPE`](crate::Aggregate::TYPE), or one of [`Aggregate::FORMERLY`](crate::Aggregate::FORMERLY).
        name: &'static str,
        /// The Rust type that was added first.
        first: &'static str,
        /// The Rust type that was added second.
        second: &'static str,
    },
    /// One aggregate was added twice.
    #[error("the aggregate {aggregate} is in the domain twice")]
    Twice {
        /// [`Aggregate::TYPE`](crate::Aggregate::TYPE).
        aggregate: &'static str,
    },
    /// Two events of an aggregate have one stored name, now or formerly.
    #[error("two events of {aggregate} are stored as `{name}`")]
    EventName {
        /// [`Aggregate::TYPE`](crate::Aggregate::TYPE).
        aggregate: &'static str,
        /// [`Event::NAME`](crate::Event::NAME), or one of [`Event::FORMERLY`](crate::Event::FORMERLY).
        name: &'static str,
    },
    /// Two commands of an aggregate have one name, or one was added twice.
    #[error("two commands of {aggregate} are named `{name}`")]
    CommandName {
        /// [`Aggregate::TYPE`](crate::Aggregate::TYPE).
        aggregate: &'static str,
        /// [`Command::NAME`](crate::Command::NAME).
        name: &'static str,
    },
    /// The aggregate of a command is not in the domain.
    #[error(
        "the command `{command}` is for {aggregate}, which is not in the domain: add `.{missing}`"
    )]
    CommandWithoutAggregate {
        /// [`Command::NAME`](crate::Command::NAME).
        command: &'static str,
        /// [`Aggregate::TYPE`](crate::Aggregate::TYPE).
        aggregate: &'static str,
        /// The call that adds it, such as `aggregate::<Account>()`.
        missing: String,
    },
    /// A command is allowed to a role that the domain does not declare.
    #[error(fmt = undeclared_role)]
    UndeclaredRole {
        /// [`Aggregate::TYPE`](crate::Aggregate::TYPE).
        aggregate: &'static str,
        /// [`Command::NAME`](crate::Command::NAME).
        command: &'static str,
        /// The role that `allow(..)` names.
        role: &'static str,
        /// The declared role whose name is nearest, if one is near.
        nearest: Option<String>,
    },
    /// An access rule of a read model names a role that the domain does not declare.
    #[error(fmt = undeclared_reader)]
    UndeclaredReader {
        /// [`ReadModel::TABLE`](crate::ReadModel::TABLE).
        table: &'static str,
        /// The role that `access(..)` names.
        role: &'static str,
        /// The declared role whose name is nearest, if one is near.
        nearest: Option<String>,
    },
    /// A read model lists one event of an aggregate twice, under two names of its type. Its rules would run twice.
    #[error(
        "the read model `{table}` lists the event `{event}` of {aggregate} twice, under two names of its type: remove one"
    )]
    EventListedTwice {
        /// [`ReadModel::TABLE`](crate::ReadModel::TABLE).
        table: &'static str,
        /// [`Aggregate::TYPE`](crate::Aggregate::TYPE).
        aggregate: &'static str,
        /// [`Event::NAME`](crate::Event::NAME).
        event: &'static str,
    },
    /// One read model was added twice.
    #[error("the read model `{table}` is in the domain twice: remove one `.read_model::<…>()`")]
    ReadModelTwice {
        /// [`ReadModel::TABLE`](crate::ReadModel::TABLE).
        table: &'static str,
    },
    /// Two read models have one table.
    #[error(
        "two read models have the table `{table}`: give one of them `#[read_model(table = \"…\")]`"
    )]
    TableName {
        /// [`ReadModel::TABLE`](crate::ReadModel::TABLE).
        table: &'static str,
    },
    /// A read model has an event go by the link of an aggregate that none of its links is of.
    #[error(
        "the read model `{table}` lists `{event} by link`, and no event of {aggregate} makes a link: add one to `links(..)`"
    )]
    NoLink {
        /// [`ReadModel::TABLE`](crate::ReadModel::TABLE).
        table: &'static str,
        /// [`Aggregate::TYPE`](crate::Aggregate::TYPE).
        aggregate: &'static str,
        /// [`Event::NAME`](crate::Event::NAME).
        event: &'static str,
    },
    /// One projection was added twice.
    #[error("the projection `{name}` is in the app twice: remove one `.projection(..)`")]
    ProjectionTwice {
        /// [`Projection::NAME`](crate::Projection::NAME).
        name: &'static str,
    },
    /// Two projections have one name.
    #[error("two projections have the name `{name}`: give one of them another `NAME`")]
    ProjectionName {
        /// [`Projection::NAME`](crate::Projection::NAME).
        name: &'static str,
    },
    /// A projection has the name of a read model's table.
    #[error(
        "a projection has the name `{name}`, which is the table of a read model: give it another `NAME`"
    )]
    ProjectionOfTable {
        /// [`Projection::NAME`](crate::Projection::NAME).
        name: &'static str,
    },
    /// A projection hears events of an aggregate that is not in the domain.
    #[error(
        "the projection `{name}` hears events of {aggregate}, which is not in the domain: add `.{missing}`"
    )]
    ProjectionWithoutAggregate {
        /// [`Projection::NAME`](crate::Projection::NAME).
        name: &'static str,
        /// [`Aggregate::TYPE`](crate::Aggregate::TYPE).
        aggregate: &'static str,
        /// The call that adds it, such as `aggregate::<Account>()`.
        missing: String,
    },
    /// A read model hears events of an aggregate that is not in the domain.
    #[error(
        "the read model `{table}` hears events of {aggregate}, which is not in the domain: add `.{missing}`"
    )]
    ReadModelWithoutAggregate {
        /// [`ReadModel::TABLE`](crate::ReadModel::TABLE).
        table: &'static str,
        /// [`Aggregate::TYPE`](crate::Aggregate::TYPE).
        aggregate: &'static str,
        /// The call that adds it, such as `aggregate::<Account>()`.
        missing: String,
    },
}

fn undeclared_role(
    aggregate: &&'static str,
    command: &&'static str,
    role: &&'static str,
    nearest: &Option<String>,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    write!(
        f,
        "the command `{command}` of {aggregate} is allowed to the role \"{role}\", which the domain does not declare"
    )?;
    declare(nearest, f)
}

fn undeclared_reader(
    table: &&'static str,
    role: &&'static str,
    nearest: &Option<String>,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    write!(
        f,
        "the read model `{table}` may be read by the role \"{role}\", which the domain does not declare"
    )?;
    declare(nearest, f)
}

/// What to do about a role that is not declared.
fn declare(nearest: &Option<String>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match nearest {
        Some(nearest) => write!(f, ": did you mean \"{nearest}\"?"),
        None => write!(f, ": add it to `.roles([..])`"),
    }
}
