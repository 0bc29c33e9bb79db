//! The ids and names that follow from an aggregate's type.

use uuid::Uuid;

use crate::{
    model::aggregate::Aggregate,
    record::{
        id::{INTENT, Id, TenantId},
        stream::{AggregateType, StreamId},
    },
};

impl<A: Aggregate> Id<A> {
    /// The id that belongs to `name` among aggregates of this type (UUID version 5, RFC 9562).
    ///
    /// The same name gives the same id on every machine, which makes imports repeatable. Names are compared byte by byte: bring
    /// what people type to one form of case, spaces and Unicode first. An aggregate that is renamed keeps
    /// its ids: they are made with the first of its [`FORMERLY`](Aggregate::FORMERLY) names.
    pub fn from_name(name: &str) -> Self {
        let original = A::FORMERLY.first().unwrap_or(&A::TYPE);
        let namespace = Uuid::new_v5(&INTENT, original.as_bytes());
        Self::from_uuid(Uuid::new_v5(&namespace, name.as_bytes()))
    }
}

impl StreamId {
    /// The stream of one aggregate in a tenant.
    pub fn of<A: Aggregate>(tenant_id: TenantId, id: Id<A>) -> Self {
        Self {
            tenant_id,
            aggregate_type: AggregateType::of::<A>(),
            aggregate_id: id.into(),
        }
    }
}

impl AggregateType {
    /// The type that `A` is: [`Aggregate::TYPE`] and [`Aggregate::FORMERLY`].
    pub const fn of<A: Aggregate>() -> Self {
        Self::renamed(A::TYPE, const { &A::FORMERLY })
    }
}
