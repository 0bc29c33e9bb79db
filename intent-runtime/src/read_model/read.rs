//! Reading rows of one tenant.

use std::{fmt, marker::PhantomData, sync::Arc};

use crate::{
    model::read_model::{ReadModel, column::ColumnType, key::RowKey as _},
    read_model::{
        error::ReadError,
        kind::{table, worker},
    },
    record::{column::Cell, id::TenantId},
    store::{
        error::StoreError,
        port::Store,
        tables::{Key, Row, Select, Tables},
    },
};

/// The rows of a read model in one tenant: [`Tenant::read`](crate::Tenant::read).
pub struct Rows<M> {
    store: Arc<dyn Store>,
    tenant: TenantId,
    is_registered: bool,
    model: PhantomData<fn() -> M>,
}

impl<M: ReadModel> Rows<M> {
    pub(crate) fn new(store: Arc<dyn Store>, tenant: TenantId, is_registered: bool) -> Self {
        Self {
            store,
            tenant,
            is_registered,
            model: PhantomData,
        }
    }

    /// The row that has a key.
    ///
    /// # Errors
    /// [`ReadError`].
    pub async fn get(&self, key: M::Key) -> Result<Option<M>, ReadError> {
        let cells = key.cells().map_err(|(_, what)| ReadError::Value {
            model: M::TABLE,
            what,
        })?;
        let keys = [Key::new(self.tenant, cells)];
        let found = self.tables().await?.load(table::<M>(), &keys).await?;
        let row = found.into_iter().next().map(|row: Row| row.cells);
        row.map(Self::row).transpose()
    }

    /// The rows that a text selects: what follows `SELECT .. FROM ..` in SQL, such as `where balance > $1 order by balance`. The
    /// names in it are those of the columns. It sees the rows of this tenant only. The parameters are a tuple of up to twelve
    /// values, each of a type of column.
    ///
    /// # Errors
    /// [`ReadError`]; [`StoreError::Backend`] when the database refuses the text.
    pub async fn query(
        &self,
        tail: &'static str,
        parameters: impl Parameters,
    ) -> Result<Vec<M>, ReadError> {
        let parameters = parameters.cells().map_err(|what| ReadError::Value {
            model: M::TABLE,
            what,
        })?;
        let select = Select::new(table::<M>(), self.tenant, tail, &parameters);
        let rows = self.tables().await?.select(select).await?;
        rows.into_iter().map(Self::row).collect()
    }

    /// The tables, once the rows are there to be read.
    async fn tables(&self) -> Result<&dyn Tables, ReadError> {
        let model = M::TABLE;
        if !self.is_registered {
            return Err(ReadError::NotRegistered { model });
        }
        let tables = self.store.tables().ok_or(StoreError::NoTables)?;
        let progress = tables.progress(&worker(table::<M>())).await?;
        match progress.is_some_and(|progress| progress.ready) {
            true => Ok(tables),
            false => Err(ReadError::NotBuilt { model }),
        }
    }

    fn row(cells: Vec<Cell>) -> Result<M, ReadError> {
        M::from_cells(cells).map_err(|source| ReadError::Row {
            model: M::TABLE,
            source,
        })
    }
}

impl<M: ReadModel> fmt::Debug for Rows<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows")
            .field("model", &M::TABLE)
            .field("tenant", &self.tenant)
            .finish_non_exhaustive()
    }
}

/// The parameters of a text of SQL: a tuple of up to twelve values, each of a type of column; `()` for none.
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
            impl<$($name: ColumnType),*> Parameters for ($($name,)*) {
                fn cells(self) -> Result<Vec<Cell>, String> {
                    Ok(vec![$(self.$index.to_cell()?),*])
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
