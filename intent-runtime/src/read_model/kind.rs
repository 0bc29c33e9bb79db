//! A read model of a domain, without its type.

use std::{any::TypeId, sync::Arc};

use crate::{
    dispatch::inline::InlineModel,
    model::read_model::{
        ReadModel,
        inline::InlineFold,
        route::{Heard, Routes},
    },
    read_model::{fold::Fold, inline::InlineFolder},
    record::{access::AccessRule, column::Column},
    store::{
        selection::{EventName, LogSelection},
        tables::Table,
    },
    worker::{folder::Folder, supervisor::Kept},
};

/// A read model of a domain.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadModelKind {
    pub(crate) type_id: TypeId,
    pub(crate) table: &'static Table,
    folder: fn() -> Box<dyn Folder>,
    selection: fn() -> LogSelection,
    heard: fn() -> Vec<Heard>,
    inline: Option<fn() -> InlineModel>,
}

impl ReadModelKind {
    pub(crate) fn of<M: ReadModel>() -> Self {
        Self {
            type_id: TypeId::of::<M>(),
            table: table::<M>(),
            folder: || match M::INLINE {
                true => Box::new(InlineFolder::new(inline_model::<M>())),
                false => Box::new(Fold::<M>::new()),
            },
            selection: || {
                let routes = Routes::<M>::of_model();
                let names = routes.names();
                names.fold(LogSelection::all(), |selection, (aggregate, event)| {
                    selection.name(EventName::new(Some(aggregate), Some(event)))
                })
            },
            heard: || Routes::<M>::of_model().aggregates(),
            inline: M::INLINE.then_some(inline_model::<M>),
        }
    }

    /// What keeps its rows.
    pub(crate) fn kept(&self) -> Kept {
        Kept {
            table: self.table,
            selection: self.selection(),
            folder: self.folder,
        }
    }

    /// How its rows are written with the events of its aggregate, if they are.
    pub(crate) fn inline(&self) -> Option<InlineModel> {
        self.inline.map(|model| model())
    }

    /// The events that it is made of.
    pub(crate) fn selection(&self) -> LogSelection {
        (self.selection)()
    }

    /// The aggregates whose events it is made of.
    pub(crate) fn heard(&self) -> Vec<Heard> {
        (self.heard)()
    }
}

fn inline_model<M: ReadModel>() -> InlineModel {
    let routes = Arc::new(Routes::<M>::of_model());
    InlineModel {
        table: table::<M>(),
        aggregate: routes.aggregate_type(),
        begin: Arc::new(move || Box::new(InlineFold::new(Arc::clone(&routes)))),
    }
}

/// The table of a read model.
pub(crate) fn table<M: ReadModel>() -> &'static Table {
    struct Of<M>(M);

    impl<M: ReadModel> Of<M> {
        const COLUMNS: &'static [Column] = M::COLUMNS;
        const ACCESS: &'static [AccessRule] = M::ACCESS;
        const ROWS: Table = Table::new(M::TABLE, M::VERSION, Self::COLUMNS).access(Self::ACCESS);
        const TABLE: &'static Table = &match M::INLINE {
            true => Self::ROWS.inline(),
            false => Self::ROWS,
        };
    }

    Of::<M>::TABLE
}
