//! The parts of statements that name a table and its columns. The names are ours or were checked, and each is quoted.

use std::fmt::Write as _;

use crate::{
    record::column::{Column, ColumnKind},
    store::tables::{Table, builds::Build},
};

/// How a kind of database writes what differs.
#[derive(Clone, Copy)]
pub(crate) struct Dialect {
    /// What stands before the name of a table.
    pub(crate) schema: &'static str,
    /// What the name of a table begins with.
    pub(crate) prefix: &'static str,
    /// The type of a column.
    pub(crate) type_name: fn(ColumnKind) -> &'static str,
    /// How texts are ordered: by their bytes.
    pub(crate) collation: &'static str,
    /// What stands behind the list of columns.
    pub(crate) options: &'static str,
    /// Whether a column can be altered.
    pub(crate) alters: bool,
    /// What the names of the tables begin with that say what is known of builds.
    pub(crate) notes: &'static str,
}

/// A name in quotation marks.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Whether a row of an inline model, called so, replaces the one that is kept.
pub(crate) fn replaces(row: &str) -> String {
    format!(
        "(kept.stream_version < {row}.stream_version OR kept.row_build < 0 AND kept.stream_version = {row}.stream_version)"
    )
}

/// The names of columns in a list, each as `each` writes it.
pub(crate) fn list(columns: &[Column], each: impl Fn(&str) -> String) -> String {
    let names = columns.iter().map(|column| each(&quoted(column.name)));
    names.collect::<Vec<_>>().join(", ")
}

impl Dialect {
    /// A table or a view of ours, as statements name it.
    pub(crate) fn name(self, name: &str) -> String {
        let Self { schema, prefix, .. } = self;
        format!("{schema}{}", quoted(&format!("{prefix}{name}")))
    }
}

impl Table {
    /// The table of an inline model, as statements name it.
    pub(crate) fn quoted(&self, dialect: Dialect) -> String {
        Build::new(self, 1).quoted(dialect)
    }

    /// What is read: a view, or the table of an inline model, with the rows that are gone.
    pub(crate) fn read(&self, dialect: Dialect) -> String {
        match self.inline {
            true => self.quoted(dialect),
            false => dialect.name(&self.view()),
        }
    }

    /// Lets those of the given rows give up their unique values that are about to be replaced: they may pass from row to row.
    pub(crate) fn give_up(&self, dialect: Dialect) -> String {
        let key = self.key().iter().map(|column| quoted(column.name));
        let own = key.map(|key| format!("kept.{key} = given.{key}"));
        let own = own.collect::<Vec<_>>().join(" AND ");
        format!(
            "UPDATE {} AS kept SET removed = true FROM given WHERE kept.tenant_id = given.tenant_id AND {own} AND {}",
            self.quoted(dialect),
            replaces("given")
        )
    }

    /// The columns with the tenant before them.
    pub(crate) fn all(columns: &[Column]) -> String {
        format!("tenant_id, {}", list(columns, str::to_owned))
    }

    /// What an insert into the table `AS kept` does with a row that is there. A row of an inline model is replaced by one that was
    /// made from more events, or anew. A row that goes on from what an earlier build made is refused: its build is none.
    pub(crate) fn on_conflict(&self) -> String {
        let stored = self.stored_columns();
        let rest = &stored[self.key().len()..];
        let key = Self::all(self.key());
        let set = list(rest, |name| format!("{name} = excluded.{name}"));
        match rest {
            [] => format!("ON CONFLICT ({key}) DO NOTHING"),
            [values @ .., _] if self.inline => {
                let set = list(values, |name| format!("{name} = excluded.{name}"));
                format!(
                    "ON CONFLICT ({key}) DO UPDATE SET {set}, row_build = \
                     CASE WHEN abs(kept.row_build) > excluded.row_build THEN NULL ELSE excluded.row_build END \
                     WHERE {} OR abs(kept.row_build) > excluded.row_build",
                    replaces("excluded")
                )
            }
            _ => format!("ON CONFLICT ({key}) DO UPDATE SET {set}"),
        }
    }
}

impl Build<'_> {
    /// The table, as statements name it.
    pub(crate) fn quoted(&self, dialect: Dialect) -> String {
        dialect.name(&self.table_name())
    }

    /// Makes the table and its indexes.
    pub(crate) fn create(&self, dialect: Dialect) -> Vec<String> {
        let (table, of) = (self.quoted(dialect), self.table);
        let mut columns = String::new();
        for column in &of.stored_columns() {
            let null = if column.nullable { "" } else { " NOT NULL" };
            let (name, of_type) = (quoted(column.name), (dialect.type_name)(column.kind));
            let collation = match column.kind {
                ColumnKind::Text => dialect.collation,
                _ => "",
            };
            let _ = write!(columns, "{name} {of_type}{collation}{null}, ");
        }
        let id = (dialect.type_name)(ColumnKind::Id);
        let (key, options) = (Table::all(of.key()), dialect.options);
        let create = format!(
            "CREATE TABLE IF NOT EXISTS {table} (tenant_id {id} NOT NULL, {columns}PRIMARY KEY ({key})){options}"
        );
        let indexes = self.indexes(dialect);
        let indexes = indexes
            .iter()
            .map(|index| index.create(&table))
            .collect::<Vec<_>>();
        std::iter::once(create).chain(indexes).collect()
    }

    /// What a view of the build shows: the rows that are there, without what is kept beside them.
    pub(crate) fn shown(&self, dialect: Dialect) -> String {
        let (columns, table) = (Table::all(self.table.columns), self.quoted(dialect));
        let there = if self.table.inline {
            " WHERE NOT removed"
        } else {
            ""
        };
        format!("SELECT {columns} FROM {table}{there}")
    }
}
