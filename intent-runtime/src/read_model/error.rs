//! Errors of reading rows and of waiting for them.

use std::fmt;

use crate::{
    dispatch::actor::Actor,
    model::read_model::column::UnfitCell,
    record::id::{EventId, TenantId},
    store::error::StoreError,
};

/// Why rows could not be read.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The read model is not one of the app's domain. Handling: add `.read_model::<M>()` to the domain.
    #[error("`{model}` is not a read model of this app's domain: add it with `.read_model::<M>()`")]
    NotRegistered {
        /// Its table.
        model: &'static str,
    },
    /// The rows of this version of the read model are being built for the first time, or no worker has begun. Handling: start
    /// the workers, and read again when they have caught up with the log.
    #[error("`{model}` was not built yet: start the workers, or wait until they have caught up")]
    NotBuilt {
        /// Its table.
        model: &'static str,
    },
    /// A row is not one of the read model: somebody else wrote it. Handling: as its error says.
    #[error("a row of `{model}` cannot be read")]
    Row {
        /// Its table.
        model: &'static str,
        /// Which column, and what it has.
        source: UnfitCell,
    },
    /// A value of the key or a parameter is one that no column takes.
    #[error("a value for `{model}` is one that no column takes: {what}")]
    Value {
        /// Its table.
        model: &'static str,
        /// What it has.
        what: String,
    },
    /// No access rule names a role of the actor. Nothing was looked up. Handling: tell the user, or add an access rule.
    #[error(fmt = forbidden)]
    Forbidden {
        /// Its table.
        model: &'static str,
        /// The actor, with its roles.
        actor: Actor,
        /// The roles that may read it. If there are none, only the program itself reads it.
        allowed: Vec<&'static str>,
    },
    /// The text of a query could name other rows than those that may be read, or does not fit its model or values. Handling: rewrite
    /// the text.
    #[error("the text of a query of `{model}` is refused, since it has {what}")]
    Text {
        /// Its table.
        model: &'static str,
        /// What the text has.
        what: String,
    },
    /// A list names a column that the model does not have.
    #[error(fmt = unknown_column)]
    UnknownColumn {
        /// Its table.
        model: &'static str,
        /// The name.
        column: String,
        /// The column whose name is nearest, if one is near.
        nearest: Option<&'static str>,
    },
    /// A list orders or filters by a column that is not compared in that way.
    #[error("the column `{column}` of `{model}` is not compared{what}")]
    NotComparable {
        /// Its table.
        model: &'static str,
        /// The column.
        column: &'static str,
        /// What it would be compared with, or why it is not compared.
        what: String,
    },
    /// The store failed, or refused the statement. Handling: as its error says.
    #[error(transparent)]
    Store(#[from] StoreError),
}

crate::record::sentence::debug!(ReadError);

fn forbidden(
    model: &&'static str,
    actor: &Actor,
    allowed: &[&'static str],
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    let name = actor.name();
    write!(f, "{name} may not read `{model}`: ")?;
    match allowed {
        [] => write!(f, "it has no access rule, so only the program reads it"),
        roles => {
            actor.write_roles(f)?;
            write!(f, ", and the read model needs `{}`", roles.join("` or `"))
        }
    }
}

fn unknown_column(
    model: &&'static str,
    column: &str,
    nearest: &Option<&'static str>,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    write!(f, "`{model}` has no column `{}`", column.escape_debug())?;
    match nearest {
        Some(nearest) => write!(f, ": did you mean `{nearest}`?"),
        None => Ok(()),
    }
}

/// Why rows did not have what was waited for.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum WaitError {
    /// The read model is not one of the app's domain. Handling: add `.read_model::<M>()` to the domain.
    #[error("`{model}` is not a read model of this app's domain: add it with `.read_model::<M>()`")]
    NotRegistered {
        /// Its table.
        model: &'static str,
    },
    /// The projection is not one of the app. Handling: add it with [`AppBuilder::projection`](crate::AppBuilder::projection).
    #[error("`{name}` is not a projection of this app: add it with `.projection(..)`")]
    NoProjection {
        /// [`Projection::NAME`](crate::Projection::NAME).
        name: &'static str,
    },
    /// No worker holds the lease of the read model. Handling: start the workers, here or in another process.
    #[error("nobody keeps `{model}`: start the workers, here or in another process")]
    NoWorker {
        /// Its table.
        model: &'static str,
    },
    /// The workers of the read model stand still, since an operator asked for that. Handling: resume them with
    /// [`App::resume`](crate::App::resume).
    #[error("`{model}` is paused: resume it")]
    Paused {
        /// Its table.
        model: &'static str,
    },
    /// The rows are being built, and cannot be read yet. Handling: wait again.
    #[error("`{model}` is being built")]
    Building {
        /// Its table.
        model: &'static str,
    },
    /// The worker cannot go on, and tries again. Handling: as the reason says.
    #[error("the worker of `{model}` cannot go on: {reason}")]
    Failing {
        /// Its table.
        model: &'static str,
        /// Why.
        reason: String,
    },
    /// The worker did not come far enough in time. Handling: wait again; see [`Workers::status`](crate::Workers::status) for
    /// what holds it up.
    #[error("`{model}` has not come that far in time")]
    TooSlow {
        /// Its table.
        model: &'static str,
    },
    /// An event of a tenant could not be applied, so its rows stay as they were before it. Handling: correct the rules or the
    /// event's upcast, and start the workers again; or leave the event out with [`App::skip`](crate::App::skip).
    #[error("`{model}` holds back the tenant {tenant} at the event {event}: {reason}")]
    HeldBack {
        /// Its table.
        model: &'static str,
        /// The tenant.
        tenant: TenantId,
        /// The event.
        event: EventId,
        /// Why the event could not be applied.
        reason: String,
    },
    /// The store failed. Handling: as its error says.
    #[error(transparent)]
    Store(#[from] StoreError),
}

crate::record::sentence::debug!(WaitError);

/// Why the workers of a read model could not be asked for something.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum OperateError {
    /// The read model is not one of the app's domain. Handling: add `.read_model::<M>()` to the domain.
    #[error("`{model}` is not a read model of this app's domain: add it with `.read_model::<M>()`")]
    NotRegistered {
        /// Its table.
        model: &'static str,
    },
    /// The projection is not one of the app. Handling: add it with [`AppBuilder::projection`](crate::AppBuilder::projection).
    #[error("`{name}` is not a projection of this app: add it with `.projection(..)`")]
    NoProjection {
        /// [`Projection::NAME`](crate::Projection::NAME).
        name: &'static str,
    },
    /// The event holds back no tenant, so that it cannot be left out: its effects may be in the rows already. Handling: take the
    /// event from [`WaitError::HeldBack`] or the error in the program's log.
    #[error("`{model}` holds back no tenant at the event {event}")]
    NotHeldBack {
        /// Its table.
        model: &'static str,
        /// The event.
        event: EventId,
    },
    /// The store failed. Handling: as its error says.
    #[error(transparent)]
    Store(#[from] StoreError),
}

crate::record::sentence::debug!(OperateError);
