//! Between the fields of a row and the cells of its table.

use std::vec;

use crate::{
    model::read_model::column::{UnfitCell, UnfitValue},
    record::column::Cell,
};

/// `#[derive(ReadModel)]`: the cell of a column, or the error that names the column.
pub fn fit(column: &'static str, cell: Result<Cell, String>) -> Result<Cell, UnfitValue> {
    cell.map_err(|what| UnfitValue::new(column, what))
}

/// `#[derive(ReadModel)]`: the cells of a row that is read.
#[derive(Debug)]
pub struct Cells(vec::IntoIter<Cell>);

impl Cells {
    /// The cells, in the order of the columns.
    pub fn new(cells: Vec<Cell>) -> Self {
        Self(cells.into_iter())
    }

    /// The value of the next column.
    ///
    /// # Errors
    /// If the cell is missing, or is not a value of the field.
    pub fn read<T>(
        &mut self,
        column: &'static str,
        from_cell: fn(Cell) -> Result<T, String>,
    ) -> Result<T, UnfitCell> {
        let cell = self.0.next();
        let cell = cell.ok_or_else(|| UnfitCell::new(column, "no cell"))?;
        from_cell(cell).map_err(|what| UnfitCell::new(column, what))
    }
}
