//! The parts of a statement that reads rows. They are the same on each kind of database.

use std::borrow::Cow;

use crate::{
    record::column::{Cell, Column},
    store::tables::{
        Table,
        select::{Page, Select, Wanted},
        text::quoted,
    },
};

/// What stands behind the rows that may be read, and what stands within them.
pub(crate) struct Tail<'a> {
    /// The condition that follows the one on the tenant.
    pub(crate) condition: String,
    /// What selects from the rows that may be read.
    pub(crate) text: String,
    /// The parameters of both.
    pub(crate) parameters: Vec<Cow<'a, Cell>>,
}

impl Select<'_> {
    /// What the statement has beside tenant and table.
    pub(crate) fn tail(&self) -> Tail<'_> {
        let mut parameters = Vec::new();
        let text = match self.wanted {
            Wanted::Text {
                tail,
                parameters: given,
            } => {
                parameters.extend(given.iter().map(Cow::Borrowed));
                tail.to_owned()
            }
            Wanted::Page(page) => page.text(self.table, &mut parameters),
        };
        let there = if self.table.inline {
            " AND NOT removed"
        } else {
            ""
        };
        let condition = match self.own {
            None => there.to_owned(),
            Some([]) => " AND FALSE".to_owned(),
            Some(own) => {
                let any = own.iter().map(|(column, cell)| {
                    let number = given(&mut parameters, cell);
                    format!("{} = {number}", quoted(column))
                });
                format!("{there} AND ({})", any.collect::<Vec<_>>().join(" OR "))
            }
        };
        Tail {
            condition,
            text,
            parameters,
        }
    }
}

/// The number of one more parameter.
fn given<'a>(parameters: &mut Vec<Cow<'a, Cell>>, cell: &'a Cell) -> String {
    parameters.push(Cow::Borrowed(cell));
    format!("${}", parameters.len())
}

impl Page {
    fn text<'a>(&'a self, table: &Table, parameters: &mut Vec<Cow<'a, Cell>>) -> String {
        let conditions = self.equal.iter().map(|(column, cell)| match cell {
            Cell::Null => format!("{} IS NULL", quoted(column.name)),
            cell => format!("{} = {}", quoted(column.name), given(parameters, cell)),
        });
        let mut conditions: Vec<String> = conditions.collect();
        let order = self.columns(table);
        if let Some(row) = &self.after {
            let cell_of = |column: &Column| {
                let index = table.columns.iter().position(|it| it.name == column.name);
                index
                    .and_then(|index| row.get(index))
                    .unwrap_or(&Cell::Null)
            };
            conditions.push(self.follows(&order, cell_of, parameters));
        }
        let wanted = match conditions.is_empty() {
            true => String::new(),
            false => format!("WHERE {} ", conditions.join(" AND ")),
        };
        let (direction, empty) = match self.descending {
            true => ("DESC", " NULLS FIRST"),
            false => ("ASC", " NULLS LAST"),
        };
        let order = order.iter().map(|column| {
            let empty = if column.nullable { empty } else { "" };
            format!("{} {direction}{empty}", quoted(column.name))
        });
        let order = order.collect::<Vec<_>>().join(", ");
        parameters.push(Cow::Owned(Cell::Integer(self.limit.into())));
        format!("{wanted}ORDER BY {order} LIMIT ${}", parameters.len())
    }

    /// The columns that make the order, each once.
    fn columns(&self, table: &Table) -> Vec<&'static Column> {
        let key = table.key().iter();
        let key = key.filter(|column| self.order.is_none_or(|first| first.name != column.name));
        self.order.into_iter().chain(key).collect()
    }

    /// The condition of the rows after a given one. Only the first column may be empty, which counts as the largest value.
    fn follows<'a>(
        &self,
        order: &[&'static Column],
        cell_of: impl Fn(&Column) -> &'a Cell,
        parameters: &mut Vec<Cow<'a, Cell>>,
    ) -> String {
        let than = if self.descending { "<" } else { ">" };
        let mut compared = |columns: &[&'static Column]| {
            let names = columns.iter().map(|column| quoted(column.name));
            let names = names.collect::<Vec<_>>().join(", ");
            let values = columns
                .iter()
                .map(|column| given(parameters, cell_of(column)));
            let values = values.collect::<Vec<_>>().join(", ");
            format!("({names}) {than} ({values})")
        };
        let Some((first, key)) = order.split_first().filter(|(first, _)| first.nullable) else {
            return compared(order);
        };
        let name = quoted(first.name);
        let is_empty = matches!(cell_of(first), Cell::Null);
        let of_key = if is_empty {
            compared(key)
        } else {
            compared(order)
        };
        match (is_empty, self.descending) {
            (true, false) => format!("({name} IS NULL AND {of_key})"),
            (true, true) => format!("(({name} IS NULL AND {of_key}) OR {name} IS NOT NULL)"),
            (false, false) => format!("({of_key} OR {name} IS NULL)"),
            (false, true) => of_key,
        }
    }
}
