//! [`StateView`]: a state as it can be shown to those who do not know its type.

use serde::Serialize;

use crate::{
    model::{aggregate::Aggregate, shown::ShownFields},
    record::{
        id::{AggregateId, Id},
        version::Version,
    },
};

/// The state of an aggregate, field by field. It serializes as a JSON object of these fields.
///
/// A field is JSON if its type has serde's `Serialize`. Otherwise it is the text of its `Debug`, or the name of its type. If
/// the aggregate has snapshots, the fields are those of a snapshot, with serde's attributes.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct StateView {
    /// The name of the aggregate.
    pub aggregate: &'static str,
    /// Which aggregate.
    pub id: AggregateId,
    /// The version of the last event in the state.
    pub version: Version,
    /// The fields, in their order.
    pub state: ShownFields,
}

impl StateView {
    pub(super) fn of<A: Aggregate>(id: Id<A>, version: Version, state: &A) -> Self {
        let snapshot = A::snapshots().and_then(|codec| codec.encode(state, version).ok());
        let fields = snapshot.and_then(|snapshot| ShownFields::of_json(&snapshot.state));
        Self {
            aggregate: A::TYPE,
            id: id.into(),
            version,
            state: fields.unwrap_or_else(|| {
                let mut fields = ShownFields::default();
                state.show(&mut fields);
                fields
            }),
        }
    }
}
