//! The entry of a read model in the catalogue.

use crate::{
    model::read_model::{ReadModel, route::Routes},
    record::{access::AccessRule, column::Column},
};

/// One read model, as the catalogue knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadModelKind {
    /// [`ReadModel::TABLE`].
    pub table: &'static str,
    /// [`ReadModel::VERSION`].
    pub version: u32,
    /// [`ReadModel::DOC`].
    pub doc: &'static str,
    /// [`ReadModel::INLINE`]: whether its rows are written with the events.
    pub inline: bool,
    /// [`ReadModel::COLUMNS`]: those of the key first.
    pub columns: &'static [Column],
    /// [`ReadModel::ACCESS`]: which roles may read its rows.
    pub access: &'static [AccessRule],
    /// The events that change its rows, each with the name of its aggregate, in the order of the model's lists.
    pub events: Vec<(&'static str, &'static str)>,
}

impl ReadModelKind {
    pub(crate) fn of<M: ReadModel>() -> Self {
        Self {
            table: M::TABLE,
            version: M::VERSION,
            doc: M::DOC,
            inline: M::INLINE,
            columns: M::COLUMNS,
            access: M::ACCESS,
            events: Routes::<M>::of_model().0.events(),
        }
    }
}
