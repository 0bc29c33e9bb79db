//! Reading rows of one tenant.

use std::{fmt, marker::PhantomData, sync::Arc};

use futures_util::future::BoxFuture;

use crate::{
    dispatch::actor::Actor,
    model::read_model::{ReadModel, column::ColumnType, key::RowKey as _},
    read_model::{access, error::ReadError, kind::table, list::List, text},
    record::{column::Cell, id::TenantId},
    store::{
        error::StoreError,
        port::Store,
        tables::{
            Tables,
            select::{Page, Select, Wanted},
        },
    },
};

/// The rows of a read model in one tenant: [`Tenant::read`](crate::Tenant::read) gives all of them, and
/// [`Acting::read`](crate::Acting::read) those that the model's access rules give an actor.
#[derive(Clone)]
pub struct Rows<M> {
    store: Arc<dyn Store>,
    tenant: TenantId,
    is_registered: bool,
    actor: Option<Actor>,
    model: PhantomData<fn() -> M>,
}

impl<M: ReadModel> Rows<M> {
    pub(crate) fn new(store: Arc<dyn Store>, tenant: TenantId, is_registered: bool) -> Self {
        Self {
            store,
            tenant,
            is_registered,
            actor: None,
            model: PhantomData,
        }
    }

    /// Only those that an actor may read.
    pub(crate) fn of_actor(mut self, actor: Actor) -> Self {
        self.actor = Some(actor);
        self
    }

    /// The row that has a key. `None` also if the actor may not read it.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn get(&self, key: M::Key) -> Result<Option<M>, ReadError> {
        let cells = key.cells().map_err(|(_, what)| value::<M>(what))?;
        let mut page = Page::new(1);
        page.equal = table::<M>().key().iter().zip(cells).collect();
        let found = self.select(Wanted::Page(&page)).await?;
        Ok(found.into_iter().next())
    }

    /// The rows that a text selects: what follows `SELECT .. FROM ..` in SQL, such as `where balance > $1 order by balance`. The
    /// names in it are those of the columns. The parameters are a tuple of up to twelve values.
    ///
    /// The text sees the rows that may be read, and no others: it has no subselect, join or set operation, no comment and no
    /// backslash, and it calls no function that runs a statement. Put a column whose name is such a word, as `table`, in quotation marks.
    ///
    /// # Errors
    /// [`ReadError::Text`] for a text that could name other rows, quotes a name that is no column, or has other parameters than
    /// the values; [`StoreError::Backend`] when the database refuses the text;
    /// else as [`get`](Self::get).
    // Not an `async fn`, whose future would name the type of the parameters: a wrong one would be three errors.
    pub fn query(
        &self,
        tail: &'static str,
        parameters: impl Parameters,
    ) -> BoxFuture<'_, Result<Vec<M>, ReadError>> {
        let parameters = parameters.cells();
        Box::pin(async move {
            let parameters = &parameters.map_err(value::<M>)?;
            let model = M::TABLE;
            let checked = text::check(tail, M::COLUMNS, parameters.len());
            checked.map_err(|what| ReadError::Text { model, what })?;
            self.select(Wanted::Text { tail, parameters }).await
        })
    }

    /// The rows in pages, with columns that are named at run time: for screens.
    pub fn list(&self) -> List<M> {
        List::new(self.clone())
    }

    pub(super) async fn select(&self, wanted: Wanted<'_>) -> Result<Vec<M>, ReadError> {
        let model = M::TABLE;
        if !self.is_registered {
            return Err(ReadError::NotRegistered { model });
        }
        let own = match &self.actor {
            Some(actor) => access::own_rows::<M>(actor)?,
            None => None,
        };
        let select = Select::of(table::<M>(), self.tenant, wanted).own(own.as_deref());
        let rows = self.tables().await?.select(select).await?;
        let row = |cells| M::from_cells(cells).map_err(|source| ReadError::Row { model, source });
        rows.into_iter().map(row).collect()
    }

    /// The tables, once the rows are there to be read.
    async fn tables(&self) -> Result<&dyn Tables, ReadError> {
        let model = M::TABLE;
        let tables = self.store.tables().ok_or(StoreError::NoTables)?;
        let builds = tables.builds(Some(table::<M>())).await?;
        match builds.iter().any(|build| build.published) {
            true => Ok(tables),
            false => Err(ReadError::NotBuilt { model }),
        }
    }
}

/// The error of a value that no column takes.
pub(super) fn value<M: ReadModel>(what: String) -> ReadError {
    let model = M::TABLE;
    ReadError::Value { model, what }
}

impl<M: ReadModel> fmt::Debug for Rows<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows")
            .field("model", &M::TABLE)
            .field("tenant", &self.tenant)
            .finish_non_exhaustive()
    }
}

/// A value that a column is compared with: of each type of column, and `&str`.
#[diagnostic::on_unimplemented(
    message = "no column is compared with a `{Self}`",
    label = "not a value of a column",
    note = "a value is a `bool`, an integer, a float, a `String` or `&str`, an id, a `Timestamp`, or an `Option` of one of them"
)]
pub trait Parameter {
    /// The value.
    ///
    /// # Errors
    /// What it has that no column takes.
    fn cell(self) -> Result<Cell, String>;
}

#[diagnostic::do_not_recommend]
impl<T: ColumnType> Parameter for T {
    fn cell(self) -> Result<Cell, String> {
        self.to_cell()
    }
}

impl Parameter for &str {
    fn cell(self) -> Result<Cell, String> {
        self.to_owned().to_cell()
    }
}

/// The parameters of a text of SQL: a tuple of up to twelve values; `()` for none.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the values of a query",
    label = "not a tuple of values",
    note = "one value is a tuple with a comma: write `(1,)`, not `(1)`; no value is `()`",
    note = "a tuple has up to twelve values: `bool`, integers, floats, `String` or `&str`, ids, `Timestamp`, or an `Option` of one of them"
)]
pub trait Parameters {
    /// The values, in order.
    ///
    /// # Errors
    /// What one of them has that no column takes.
    fn cells(self) -> Result<Vec<Cell>, String>;
}

macro_rules! parameters {
    ($(($($name:ident $index:tt)*))*) => {
        $(
            impl<$($name: Parameter),*> Parameters for ($($name,)*) {
                fn cells(self) -> Result<Vec<Cell>, String> {
                    Ok(vec![$(self.$index.cell()?),*])
                }
            }
        )*
    };
}

parameters! {
    ()
    (A 0)
    (A 0 B 1)
    (A 0 B 1 C 2)
    (A 0 B 1 C 2 D 3)
    (A 0 B 1 C 2 D 3 E 4)
    (A 0 B 1 C 2 D 3 E 4 F 5)
    (A 0 B 1 C 2 D 3 E 4 F 5 G 6)
    (A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7)
    (A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8)
    (A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9)
    (A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10)
    (A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11)
}
