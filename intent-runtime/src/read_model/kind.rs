//! A read model of a domain, without its type.

use std::any::TypeId;

use crate::{
    model::read_model::{
        ReadModel,
        route::{Heard, Routes},
    },
    read_model::fold::Fold,
    record::{access::AccessRule, column::Column},
    store::{
        selection::{EventName, LogSelection},
        tables::Table,
    },
    worker::folder::Folder,
};

/// A read model of a domain.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadModelKind {
    pub(crate) type_id: TypeId,
    pub(crate) table: &'static Table,
    folder: fn() -> Box<dyn Folder>,
    selection: fn() -> LogSelection,
    heard: fn() -> Vec<Heard>,
}

impl ReadModelKind {
    pub(crate) fn of<M: ReadModel>() -> Self {
        Self {
            type_id: TypeId::of::<M>(),
            table: table::<M>(),
            folder: || Box::new(Fold::<M>::new()),
            selection: || {
                let routes = Routes::<M>::of_model();
                let names = routes.names();
                names.fold(LogSelection::all(), |selection, (aggregate, event)| {
                    selection.name(EventName::new(Some(aggregate), Some(event)))
                })
            },
            heard: || Routes::<M>::of_model().aggregates(),
        }
    }

    pub(crate) fn folder(&self) -> Box<dyn Folder> {
        (self.folder)()
    }

    /// The events that it is made of.
    pub(crate) fn selection(&self) -> LogSelection {
        (self.selection)()
    }

    /// The aggregates whose events it is made of.
    pub(crate) fn heard(&self) -> Vec<Heard> {
        (self.heard)()
    }

    /// The name of its worker.
    pub(crate) fn worker(&self) -> String {
        worker(self.table)
    }
}

/// The name of the worker of a table.
pub(crate) fn worker(table: &Table) -> String {
    format!("{}__{}", table.name, table.version)
}

/// The table of a read model.
pub(crate) fn table<M: ReadModel>() -> &'static Table {
    struct Of<M>(M);

    impl<M: ReadModel> Of<M> {
        const COLUMNS: &'static [Column] = M::COLUMNS;
        const ACCESS: &'static [AccessRule] = M::ACCESS;
        const TABLE: &'static Table =
            &Table::new(M::TABLE, M::VERSION, Self::COLUMNS).access(Self::ACCESS);
    }

    Of::<M>::TABLE
}
