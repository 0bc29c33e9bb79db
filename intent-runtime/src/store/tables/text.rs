//! The parts of statements that name a table and its columns. The names are ours or were checked, and each is quoted.

use std::fmt::Write as _;

use crate::{
    record::column::{Column, ColumnKind},
    store::tables::Table,
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
}

/// A name in quotation marks.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The names of columns in a list, each as `each` writes it.
pub(crate) fn list(columns: &[Column], each: impl Fn(&str) -> String) -> String {
    let names = columns.iter().map(|column| each(&quoted(column.name)));
    names.collect::<Vec<_>>().join(", ")
}

impl Table {
    /// The name of the table of this version, without its schema.
    pub(crate) fn physical(&self) -> String {
        format!("{}__{}", self.name, self.version)
    }

    /// The table of this version, as statements name it.
    pub(crate) fn quoted(&self, dialect: Dialect) -> String {
        let name = format!("{}{}", dialect.prefix, self.physical());
        format!("{}{}", dialect.schema, quoted(&name))
    }

    /// The columns with the tenant before them.
    pub(crate) fn all(columns: &[Column]) -> String {
        format!("tenant_id, {}", list(columns, str::to_owned))
    }

    /// Makes the table and its indexes.
    pub(crate) fn create(&self, dialect: Dialect) -> Vec<String> {
        let table = self.quoted(dialect);
        let mut columns = String::new();
        let stored = self.stored_columns();
        for column in &stored {
            let null = if column.nullable { "" } else { " NOT NULL" };
            let (name, of_type) = (quoted(column.name), (dialect.type_name)(column.kind));
            let collation = match column.kind {
                ColumnKind::Text => dialect.collation,
                _ => "",
            };
            let _ = write!(columns, "{name} {of_type}{collation}{null}, ");
        }
        let id = (dialect.type_name)(ColumnKind::Id);
        let (key, options) = (Self::all(self.key()), dialect.options);
        let create = format!(
            "CREATE TABLE IF NOT EXISTS {table} (tenant_id {id} NOT NULL, {columns}PRIMARY KEY ({key})){options}"
        );
        let indexed = self.columns.iter().filter(|column| column.indexed);
        let indexes = indexed.map(|column| {
            let name = format!("{}{}__{}", dialect.prefix, self.physical(), column.name);
            let name = quoted(&name);
            let column = quoted(column.name);
            format!("CREATE INDEX IF NOT EXISTS {name} ON {table} (tenant_id, {column})")
        });
        let unique = self.unique().map(|(place, column)| {
            let name = quoted(&format!("{}{}", dialect.prefix, self.unique_index(place)));
            let column = quoted(column.name);
            format!(
                "CREATE UNIQUE INDEX IF NOT EXISTS {name} ON {table} (tenant_id, {column}) WHERE NOT removed"
            )
        });
        let indexes = indexes.chain(unique);
        std::iter::once(create).chain(indexes).collect()
    }

    /// How the columns of the table that is there differ, each given with its type and whether it may be empty.
    pub(crate) fn differs(
        &self,
        dialect: Dialect,
        found: &[(String, String, bool)],
    ) -> Option<String> {
        let tenant = Column::new("tenant_id", ColumnKind::Id);
        let stored = self.stored_columns();
        let wanted = std::iter::once(&tenant).chain(&stored);
        for column in wanted.clone() {
            let (name, of_type) = (column.name, (dialect.type_name)(column.kind));
            let Some((_, found, nullable)) = found.iter().find(|(found, ..)| found == name) else {
                return Some(format!("it has no column `{name}`"));
            };
            if found != of_type {
                return Some(format!(
                    "its column `{name}` is of the type {found}, not {of_type}"
                ));
            }
            if *nullable != column.nullable {
                let not = if *nullable { "" } else { "not " };
                return Some(format!("its column `{name}` may {not}be empty"));
            }
        }
        let known = |name: &str| wanted.clone().any(|column| column.name == name);
        let unknown = found.iter().find(|(name, ..)| !known(name));
        unknown.map(|(name, ..)| format!("it has a column `{name}` that the model has not"))
    }

    /// What an insert into the table `AS kept` does with a row that is there. A row of an inline model is replaced by one that was
    /// made from more events.
    pub(crate) fn on_conflict(&self) -> String {
        let stored = self.stored_columns();
        let rest = &stored[self.key().len()..];
        let key = Self::all(self.key());
        let newer = match self.inline {
            true => " WHERE kept.stream_version < excluded.stream_version",
            false => "",
        };
        match rest {
            [] => format!("ON CONFLICT ({key}) DO NOTHING"),
            rest => {
                let set = list(rest, |name| format!("{name} = excluded.{name}"));
                format!("ON CONFLICT ({key}) DO UPDATE SET {set}{newer}")
            }
        }
    }
}
