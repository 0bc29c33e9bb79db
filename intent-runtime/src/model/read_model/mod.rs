//! Read models: rows that follow from the events of any number of aggregates.

pub(crate) mod access;
pub(crate) mod column;
pub(crate) mod inline;
pub(crate) mod json;
pub(crate) mod key;
pub(crate) mod kind;
pub(crate) mod link;
pub(crate) mod route;
pub(crate) mod value;

use crate::{
    model::read_model::{
        column::{UnfitCell, UnfitValue},
        key::RowKey,
        route::Routes,
    },
    record::{
        access::AccessRule,
        column::{Cell, Column},
    },
};

/// A row that follows from events, and nothing else. `#[derive(ReadModel)]` implements it from the rules on the fields.
///
/// A worker keeps the rows of all tenants in a table of the store's database, and never skips an event. See
/// [`Tenant::read`](crate::Tenant::read) for how rows are read.
///
/// ```
/// # mod account { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/account.rs")); }
/// # use account::*;
/// use intent_runtime::prelude::*;
///
/// /// What each account has.
/// #[derive(ReadModel, Debug, Clone)]
/// #[read_model(table = "balances", created_by(Opened), events(Deposited, Withdrawn))]
/// struct Balance {
///     #[key]
///     account: Id<Account>,
///     #[on(Opened = |e| e.owner.clone())]
///     owner: String,
///     #[on(Deposited += |e| e.amount, Withdrawn -= |e| e.amount)]
///     balance: i64,
/// }
/// assert_eq!(Balance::COLUMNS[2].name, "balance");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a read model",
    label = "not a read model",
    note = "add `#[derive(ReadModel)]` to `struct {Self}`"
)]
pub trait ReadModel: Sized + Clone + Send + Sync + 'static {
    /// The key of a row: the type of the `#[key]` field, or a tuple of the types of several.
    type Key: RowKey;

    /// The name of its table: 1 to 40 of `a-z`, `0-9` and `_`, beginning with a letter, without `__`.
    const TABLE: &'static str;
    /// The version of its rules, from 1. Rows of another version are built anew.
    const VERSION: u32 = 1;
    /// Whether its rows are written with the events that change them, each with those of its own aggregate: the mode `"inline"`.
    const INLINE: bool = false;
    /// Its doc comment.
    const DOC: &'static str = "";
    /// Its columns: those of the key first, in the order of the key.
    const COLUMNS: &'static [Column];
    /// Whether events lead to rows by keys that earlier events named: `links(..)`.
    const LINKS: bool = false;
    /// Which roles may read its rows. Without a rule, only the program itself may.
    const ACCESS: &'static [AccessRule] = &[];

    /// The key of this row.
    fn key(&self) -> Self::Key;

    /// The row, a cell for each column, in their order.
    ///
    /// # Errors
    /// [`UnfitValue`] if a field has a value that no column takes.
    fn to_cells(&self) -> Result<Vec<Cell>, UnfitValue>;

    /// The row that has these cells, one for each column, in their order.
    ///
    /// # Errors
    /// [`UnfitCell`] if one of them is not a value of its field.
    fn from_cells(cells: Vec<Cell>) -> Result<Self, UnfitCell>;

    /// Says which events change which rows, and how.
    fn routes(routes: &mut Routes<Self>);
}
