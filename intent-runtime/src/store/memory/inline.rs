//! Rows of inline models in memory: written with their events, or kept by the open transaction until it commits.

use std::mem;

use sqlx::SqliteConnection;

use crate::{
    record::column::Cell,
    store::{
        append::{Append, Appended},
        error::StoreError,
        memory::{MemoryStore, content::Checked},
        port::StoreFuture,
        sqlite::{inline, tables::Ended},
        tables::{
            Key, Row, Table, Tables as _,
            builds::Build,
            inline::{InlineRow, id_of},
        },
    },
};

/// The rows that the open transaction has written. Nobody else sees them before it commits.
#[derive(Debug, Default)]
pub(super) struct Pending(Vec<InlineRow>);

impl MemoryStore {
    /// Stores an append with its rows, once no transaction is open.
    pub(super) async fn append_with_rows(&self, append: Append) -> Result<Appended, StoreError> {
        let _turn = self.turn().await?;
        let writing = self.tables.run(async |connection: &mut SqliteConnection| {
            let written = self.write_with_rows(connection, append).await?;
            let stored = matches!(written, Ok(Appended::Stored { .. }));
            Ok((written, stored))
        });
        writing.await?
    }

    async fn write_with_rows(
        &self,
        connection: &mut SqliteConnection,
        append: Append,
    ) -> Result<Result<Appended, StoreError>, Ended> {
        match self.read().and_then(|content| content.check(&append)) {
            Ok(Checked::Fits(_)) => {}
            Ok(Checked::Before(events)) => return Ok(Ok(Appended::Before(events))),
            Err(error) => return Ok(Err(error)),
        }
        if let Err(taken) = inline::write(connection, &append).await? {
            return Ok(Err(taken));
        }
        Ok(self.append_events(append).await)
    }
}

impl Pending {
    /// Notes the rows of an append in the open transaction, and stores its events in the transaction's copy of the store.
    pub(super) async fn append(
        &mut self,
        copy: &MemoryStore,
        append: Append,
    ) -> Result<Appended, StoreError> {
        if let Checked::Before(events) = copy.read()?.check(&append)? {
            return Ok(Appended::Before(events));
        }
        for row in &append.rows {
            if self.is_outdated(copy, row).await? {
                return Err(append.outdated());
            }
            if let Some(field) = self.taken(copy, row).await? {
                return Err(append.taken(row, field));
            }
        }
        let rows = append.rows.clone();
        let appended = copy.append_events(append).await?;
        for row in rows {
            self.0.retain(|it| !is_of(it, row.table, &row.row));
            self.0.push(row);
        }
        Ok(appended)
    }

    /// Whether a row goes on from what an earlier build made than the one that makes it anew.
    async fn is_outdated(&self, copy: &MemoryStore, row: &InlineRow) -> Result<bool, StoreError> {
        if self.0.iter().any(|it| is_of(it, row.table, &row.row)) {
            return Ok(false);
        }
        let stored = copy.tables.look(async |connection: &mut SqliteConnection| {
            Ok(inline::is_outdated(connection, row).await?)
        });
        stored.await
    }

    /// The column of a row whose value another row has.
    async fn taken(
        &self,
        copy: &MemoryStore,
        row: &InlineRow,
    ) -> Result<Option<&'static str>, StoreError> {
        let own =
            |it: &&InlineRow| it.table.name == row.table.name && it.row.tenant == row.row.tenant;
        let pending = || self.0.iter().filter(own);
        for (place, column) in row.table.unique() {
            let value = row.row.cells.get(place).filter(|it| **it != Cell::Null);
            let is_other = |it: &InlineRow| id_of(&it.row) != id_of(&row.row);
            if value.is_some()
                && pending().any(|it| is_other(it) && it.row.cells.get(place) == value)
            {
                return Ok(Some(column.name));
            }
            let stored = copy.tables.run(async |connection: &mut SqliteConnection| {
                let unique = (place, column);
                Ok((
                    inline::holder(connection, row.table, unique, &row.row).await?,
                    false,
                ))
            });
            // The transaction may have given its row another value.
            let is_replaced = |other| pending().any(|it| id_of(&it.row) == Some(other));
            if stored.await?.is_some_and(|other| !is_replaced(other)) {
                return Ok(Some(column.name));
            }
        }
        Ok(None)
    }

    /// The rows as the transaction sees them.
    pub(super) async fn load(
        &self,
        copy: &MemoryStore,
        table: &'static Table,
        keys: &[Key],
    ) -> Result<Vec<Row>, StoreError> {
        let mut rows = copy.tables.load(Build::new(table, 1), keys).await?;
        for key in keys {
            if let Some(own) = self.0.iter().find(|it| is_of(it, table, key)) {
                rows.retain(|row| !is_of(own, table, row));
                rows.push(own.row.clone());
            }
        }
        Ok(rows)
    }

    /// Writes the rows.
    pub(super) fn commit<'a>(&mut self, store: &'a MemoryStore) -> StoreFuture<'a, ()> {
        let rows = mem::take(&mut self.0);
        Box::pin(async move {
            if rows.is_empty() {
                return Ok(());
            }
            let writing = store.tables.run(async |connection: &mut SqliteConnection| {
                Ok((inline::put(connection, &rows).await?, true))
            });
            writing.await
        })
    }
}

/// Whether a row is the one of a table that has the key.
fn is_of(row: &InlineRow, table: &Table, key: &Key) -> bool {
    row.table.name == table.name
        && row.row.tenant == key.tenant
        && row.row.cells.first() == key.cells.first()
}
