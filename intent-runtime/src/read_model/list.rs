//! [`List`]: rows in pages, for screens.

use std::{
    fmt,
    future::{Future, IntoFuture},
    pin::Pin,
};

use crate::{
    model::read_model::ReadModel,
    read_model::{
        error::ReadError,
        kind::table,
        read::{self, Parameter, Rows},
    },
    record::column::{Column, ColumnKind},
    schema::nearest::nearest,
    store::tables::select::{Page, Wanted},
};

/// How many rows a page has at most, unless the caller sets another limit.
const LIMIT: u32 = 100;

/// The rows of a read model, page by page: made by [`Rows::list`], and awaited. Columns are named at run time, as a screen sends
/// them, and are checked against the model.
///
/// Without [`order_by`](Self::order_by) rows are in the order of their keys. A text is ordered by its bytes, on every store, and
/// an empty value counts as the largest. Rows that are equal in the column are in the order of their keys.
///
/// ```
/// # mod account { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/account.rs")); }
/// # use account::*;
/// # use intent_runtime::prelude::*;
/// # #[derive(ReadModel, Debug, Clone)]
/// # #[read_model(created_by(Opened), events())]
/// # struct Balance { #[key] account: Id<Account>, #[on(Opened = |e| e.owner.clone())] owner: String }
/// # async fn pages(app: &App) -> Result<(), ReadError> {
/// let list = || app.read::<Balance>().list().order_by("owner").descending().limit(50);
/// let mut page = list().await?;
/// while let Some(last) = page.last() {
///     page = list().after(last).await?;
/// }
/// # Ok(()) }
/// ```
#[must_use = "nothing is read until it is awaited"]
pub struct List<M> {
    rows: Rows<M>,
    page: Result<Page, ReadError>,
}

impl<M: ReadModel> List<M> {
    pub(super) fn new(rows: Rows<M>) -> Self {
        let page = Ok(Page::new(LIMIT));
        Self { rows, page }
    }

    /// Only rows in which a column has this value. Several filters are all met. An empty value of an `Option` finds the rows
    /// whose column is empty. A column of an enum holds the name of a variant as text: a text that no variant has finds no row.
    pub fn filter(self, column: &str, value: impl Parameter) -> Self {
        self.with(|page| {
            let column = comparable::<M>(column)?;
            let cell = value.cell().map_err(read::value::<M>)?;
            if cell.kind().is_some_and(|kind| kind != column.kind) {
                let what = format!(" with {}", cell.what());
                return Err(not_comparable::<M>(column, what));
            }
            page.equal.push((column, cell));
            Ok(())
        })
    }

    /// Orders the rows by a column. Of several calls, the last one counts.
    pub fn order_by(self, column: &str) -> Self {
        self.with(|page| {
            page.order = Some(comparable::<M>(column)?);
            Ok(())
        })
    }

    /// From the largest to the smallest.
    pub fn descending(self) -> Self {
        self.with(|page| {
            page.descending = true;
            Ok(())
        })
    }

    /// Only the rows that follow this one, which is the last of the page before. It counts as it was when it was read, even if
    /// it has changed or is gone.
    pub fn after(self, row: &M) -> Self {
        self.with(|page| {
            let cells = row.to_cells();
            page.after = Some(cells.map_err(|unfit| read::value::<M>(unfit.what))?);
            Ok(())
        })
    }

    /// How many rows at most; 100 unless set.
    pub fn limit(self, limit: u32) -> Self {
        self.with(|page| {
            page.limit = limit;
            Ok(())
        })
    }

    /// The first mistake counts, and is returned when the list is awaited.
    fn with(mut self, change: impl FnOnce(&mut Page) -> Result<(), ReadError>) -> Self {
        if let Ok(page) = &mut self.page
            && let Err(mistake) = change(page)
        {
            self.page = Err(mistake);
        }
        self
    }
}

/// The column of a name, if its values are compared and ordered.
fn comparable<M: ReadModel>(name: &str) -> Result<&'static Column, ReadError> {
    let Some(column) = table::<M>().column(name) else {
        let known = M::COLUMNS.iter().map(|column| column.name);
        return Err(ReadError::UnknownColumn {
            model: M::TABLE,
            column: name.to_owned(),
            nearest: nearest(name, known),
        });
    };
    match column.kind {
        ColumnKind::Json => Err(not_comparable::<M>(
            column,
            ", since it has JSON".to_owned(),
        )),
        _ => Ok(column),
    }
}

fn not_comparable<M: ReadModel>(column: &Column, what: String) -> ReadError {
    ReadError::NotComparable {
        model: M::TABLE,
        column: column.name,
        what,
    }
}

/// The rows of the page. Fails with [`ReadError::UnknownColumn`] or [`ReadError::NotComparable`] for a column, or as
/// [`Rows::get`] does.
impl<M: ReadModel> IntoFuture for List<M> {
    type Output = Result<Vec<M>, ReadError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let page = self.page?;
            self.rows.select(Wanted::Page(&page)).await
        })
    }
}

impl<M: ReadModel> fmt::Debug for List<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("List")
            .field("rows", &self.rows)
            .field("page", &self.page)
            .finish()
    }
}
