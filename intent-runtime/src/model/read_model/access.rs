//! Columns that say whose row it is.

use uuid::Uuid;

use crate::{
    model::read_model::column::ColumnType,
    record::id::{AggregateId, CommandId, CorrelationId, EventId, Id, TenantId},
};

/// The type of a column that `own = ..` may name: a text or an id, which is compared with the name of the actor.
#[diagnostic::on_unimplemented(
    message = "`own` names a column of the type `{Self}`, which is not the name of an actor",
    label = "not a text or an id",
    note = "`own` names the field that has the actor's name: a `String` or an id, or an `Option` or a `#[value]` of one"
)]
pub trait ActorName: ColumnType {
    /// Names the check, so that generated code can refer to it.
    const CHECK: () = ();
}

macro_rules! actor_names {
    ($($type:ty)*) => {
        $(impl ActorName for $type {})*
    };
}

actor_names!(String Uuid AggregateId CommandId CorrelationId EventId TenantId);

impl<A> ActorName for Id<A> {}

impl<T: ActorName> ActorName for Option<T> {}
