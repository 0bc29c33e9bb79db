//! Which rows are read.

use crate::{
    record::{
        column::{Cell, Column},
        id::TenantId,
    },
    store::tables::Table,
};

/// Rows that are wanted of a tenant.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Select<'a> {
    /// The table.
    pub table: &'a Table,
    /// The tenant.
    pub tenant: TenantId,
    /// Only rows in which one of these columns has its value: the actor's own. Without a column there are none. `None` for all
    /// rows of the tenant.
    pub own: Option<&'a [(&'static str, Cell)]>,
    /// Which of them.
    pub wanted: Wanted<'a>,
}

/// Which of the rows that may be read are wanted.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Wanted<'a> {
    /// Those that a text of SQL selects.
    Text {
        /// What follows `SELECT … FROM …`: conditions, order, limit. It comes from the program, never from outside of it, and was
        /// checked to name no other table.
        tail: &'static str,
        /// Its parameters, `$1` and so on.
        parameters: &'a [Cell],
    },
    /// Those of a page.
    Page(&'a Page),
}

/// Rows in an order, a number of them after a given one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Page {
    /// Only rows in which these columns have these values.
    pub equal: Vec<(&'static Column, Cell)>,
    /// The column by which they are ordered, before the columns of the key. An empty value counts as the largest.
    pub order: Option<&'static Column>,
    /// Whether the order is from the largest to the smallest, that of the key too.
    pub descending: bool,
    /// Only rows after the one with these cells, one for each column of the table.
    pub after: Option<Vec<Cell>>,
    /// How many at most.
    pub limit: u32,
}

/// How a row policy of a table differs from the one that the access rules ask for. On Postgres, policies guard the rows from
/// statements that others write.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PolicyDrift {
    /// What differs, as in "the policy `tenants` is missing".
    pub what: String,
    /// The statement that makes the table's policies those that are wanted.
    pub repair: String,
}

impl<'a> Select<'a> {
    /// The rows of a tenant that a text selects.
    pub const fn new(
        table: &'a Table,
        tenant: TenantId,
        tail: &'static str,
        parameters: &'a [Cell],
    ) -> Self {
        Self::of(table, tenant, Wanted::Text { tail, parameters })
    }

    /// Rows of a tenant.
    pub const fn of(table: &'a Table, tenant: TenantId, wanted: Wanted<'a>) -> Self {
        Self {
            table,
            tenant,
            own: None,
            wanted,
        }
    }

    /// Only an actor's own rows, if there are columns that say so.
    #[must_use]
    pub const fn own(mut self, own: Option<&'a [(&'static str, Cell)]>) -> Self {
        self.own = own;
        self
    }
}

impl Page {
    /// The first rows by their key, so many at most.
    pub const fn new(limit: u32) -> Self {
        Self {
            equal: Vec::new(),
            order: None,
            descending: false,
            after: None,
            limit,
        }
    }
}

impl PolicyDrift {
    /// A difference with the statement that repairs it.
    pub const fn new(what: String, repair: String) -> Self {
        Self { what, repair }
    }
}
