//! A read model of a domain, without its type.

use std::{any::TypeId, fmt, sync::Arc};

use crate::{
    dispatch::inline::InlineModel,
    model::{
        hears::{Heard, Hears},
        projection::{Projection, sealed::Lent as _},
        read_model::{ReadModel, inline::InlineFold, route::Routes},
    },
    read_model::{fold::Fold, inline::InlineFolder, projection::Hand},
    record::{access::AccessRule, column::Column},
    store::{
        selection::{EventName, LogSelection},
        tables::{Database, Table},
    },
    worker::supervisor::{Kept, NewFolder},
};

/// A read model of a domain, or a projection of an app.
#[derive(Clone)]
pub(crate) struct ReadModelKind {
    pub(crate) type_id: TypeId,
    pub(crate) table: &'static Table,
    /// The database that it writes in, together with its checkpoint.
    pub(crate) database: Option<Database>,
    folder: NewFolder,
    selection: fn() -> LogSelection,
    heard: fn() -> Vec<Heard>,
    inline: Option<fn() -> InlineModel>,
}

impl ReadModelKind {
    pub(crate) fn of<M: ReadModel>() -> Self {
        Self {
            type_id: TypeId::of::<M>(),
            table: table::<M>(),
            database: None,
            folder: Arc::new(|| match M::INLINE {
                true => Box::new(InlineFolder::new(inline_model::<M>())),
                false => Box::new(Fold::<M>::new()),
            }),
            selection: || selection(&Routes::<M>::of_model().0),
            heard: || Routes::<M>::of_model().0.aggregates(),
            inline: M::INLINE.then_some(inline_model::<M>),
        }
    }

    pub(crate) fn of_projection<P: Projection>(projection: P) -> Self {
        let projection = Arc::new(projection);
        Self {
            type_id: TypeId::of::<P>(),
            table: projection_table::<P>(),
            database: P::Transaction::DATABASE,
            folder: Arc::new(move || Box::new(Hand::new(Arc::clone(&projection)))),
            selection: || selection(&hears::<P>()),
            heard: || hears::<P>().aggregates(),
            inline: None,
        }
    }

    /// What keeps its rows.
    pub(crate) fn kept(&self) -> Kept {
        Kept {
            table: self.table,
            selection: self.selection(),
            folder: Arc::clone(&self.folder),
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
        aggregate: routes.0.aggregate_type(),
        begin: Arc::new(move || Box::new(InlineFold::new(Arc::clone(&routes)))),
    }
}

fn selection<T: 'static>(hears: &Hears<T>) -> LogSelection {
    let names = hears.names();
    names.fold(LogSelection::all(), |selection, (aggregate, event)| {
        selection.name(EventName::new(Some(aggregate), Some(event)))
    })
}

/// What a projection hears.
pub(super) fn hears<P: Projection>() -> Hears<P::Event> {
    let mut hears = Hears::nothing();
    P::hears(&mut hears);
    hears
}

/// What stands for the table of a projection, which has none.
fn projection_table<P: Projection>() -> &'static Table {
    struct Of<P>(P);

    impl<P: Projection> Of<P> {
        const TABLE: &'static Table = &{
            assert!(
                is_name(P::NAME),
                "the name of a projection has 1 to 40 of `a-z`, `0-9` and `_`, begins with a letter, and has no `__`"
            );
            assert!(P::VERSION > 0, "the version of a projection is 1 or more");
            Table::new(P::NAME, P::VERSION, &[])
        };
    }

    Of::<P>::TABLE
}

/// Whether it may be the name of a table, as the derive of a read model asks of one.
const fn is_name(name: &str) -> bool {
    let name = name.as_bytes();
    let mut index = 0;
    while index < name.len() {
        let is_fine = match name[index] {
            b'a'..=b'z' => true,
            b'0'..=b'9' => index > 0,
            b'_' => index > 0 && name[index - 1] != b'_',
            _ => false,
        };
        if !is_fine {
            return false;
        }
        index += 1;
    }
    !name.is_empty() && name.len() <= 40
}

impl fmt::Debug for ReadModelKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadModelKind")
            .field("table", self.table)
            .finish_non_exhaustive()
    }
}

/// The table of a read model.
pub(crate) fn table<M: ReadModel>() -> &'static Table {
    struct Of<M>(M);

    impl<M: ReadModel> Of<M> {
        const COLUMNS: &'static [Column] = M::COLUMNS;
        const ACCESS: &'static [AccessRule] = M::ACCESS;
        const ROWS: Table = Table::new(M::TABLE, M::VERSION, Self::COLUMNS).access(Self::ACCESS);
        const LINKS: &'static Table = &Table::links_of(M::TABLE, M::VERSION);
        const TABLE: &'static Table = &match (M::INLINE, M::LINKS) {
            (true, _) => Self::ROWS.inline(),
            (false, true) => Self::ROWS.links(Self::LINKS),
            (false, false) => Self::ROWS,
        };
    }

    Of::<M>::TABLE
}
