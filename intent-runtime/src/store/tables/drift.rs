//! How a table differs from what its model needs, and the statements that mend it.

use crate::{
    record::column::{Column, ColumnKind},
    store::tables::{
        LINKS, Table,
        builds::{Build, BuildState, Drift},
        text::{Dialect, quoted},
    },
};

/// An index of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Index {
    /// Its name.
    pub(crate) name: String,
    /// Its columns, in their order.
    pub(crate) columns: Vec<String>,
    /// Whether no two rows have the same in these columns.
    pub(crate) unique: bool,
    /// Whether it leaves rows out: those that are removed.
    pub(crate) partial: bool,
    /// Whether it is that of the primary key.
    pub(crate) primary: bool,
}

impl Index {
    pub(crate) fn create(&self, table: &str) -> String {
        let (name, unique) = (quoted(&self.name), if self.unique { "UNIQUE " } else { "" });
        let there = if self.partial {
            " WHERE NOT removed"
        } else {
            ""
        };
        let columns = self.quoted_columns();
        format!("CREATE {unique}INDEX IF NOT EXISTS {name} ON {table} ({columns}){there}")
    }

    fn drop(&self, dialect: Dialect) -> String {
        format!("DROP INDEX {}{}", dialect.schema, quoted(&self.name))
    }

    fn quoted_columns(&self) -> String {
        let columns = self.columns.iter().map(|column| match &**column {
            // As it is written elsewhere.
            "tenant_id" => column.clone(),
            column => quoted(column),
        });
        columns.collect::<Vec<_>>().join(", ")
    }
}

/// A text in quotation marks.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

impl Build<'_> {
    /// The indexes of the table, without that of its key. Each has the number of its column in its name: with that of the column it
    /// could be longer than Postgres keeps apart.
    pub(crate) fn indexes(&self, dialect: Dialect) -> Vec<Index> {
        let prefix = dialect.prefix;
        let index = |name: String, column: &Column| Index {
            name,
            columns: vec!["tenant_id".to_owned(), column.name.to_owned()],
            unique: false,
            partial: false,
            primary: false,
        };
        let numbered = (1..).zip(self.table.columns);
        let indexed = numbered.filter(|(_, column)| column.indexed);
        let indexed = indexed.map(|(number, column): (u32, _)| {
            index(format!("{prefix}{}__{number}", self.table_name()), column)
        });
        let unique = self.table.unique().map(|(place, column)| Index {
            unique: true,
            partial: true,
            ..index(
                format!("{prefix}{}", self.table.unique_index(place)),
                column,
            )
        });
        indexed.chain(unique).collect()
    }

    /// How the columns of the table that is there differ, each given with its type and whether it may be empty.
    pub(crate) fn differs(&self, dialect: Dialect, found: &[(String, String, bool)]) -> Vec<Drift> {
        let table = self.quoted(dialect);
        if found.is_empty() {
            let sql = match self.table.inline {
                true => self.begin_anew(dialect),
                false => self.rebuild(dialect),
            };
            return vec![Drift::new(format!("the table {table} is gone")).mended_by(sql)];
        }
        let tenant = Column::new("tenant_id", ColumnKind::Id);
        let stored = self.table.stored_columns();
        let wanted = || std::iter::once(&tenant).chain(&stored);
        let mut drifts = Vec::new();
        for column in wanted() {
            let (name, of_type) = (column.name, (dialect.type_name)(column.kind));
            match found.iter().find(|(found, ..)| found == name) {
                None => {
                    drifts.push(self.rebuilt(dialect, format!("{table} has no column `{name}`")));
                }
                Some((_, found, _)) if found != of_type => drifts.push(self.rebuilt(
                    dialect,
                    format!("the column `{name}` of {table} is of the type {found}, not {of_type}"),
                )),
                Some((_, _, nullable)) if *nullable != column.nullable => {
                    let not = if *nullable { "" } else { "not " };
                    let what = format!("the column `{name}` of {table} may {not}be empty");
                    let (set, name) = (if *nullable { "SET" } else { "DROP" }, quoted(name));
                    drifts.push(match dialect.alters {
                        true => Drift::new(what).mended_by(format!(
                            "ALTER TABLE {table} ALTER COLUMN {name} {set} NOT NULL;"
                        )),
                        false => self.rebuilt(dialect, what),
                    });
                }
                Some(_) => {}
            }
        }
        for (name, ..) in found {
            if !wanted().any(|column| column.name == name) {
                let what = format!("{table} has a column `{name}` that the model has not");
                let drop = format!("ALTER TABLE {table} DROP COLUMN {};", quoted(name));
                drifts.push(Drift::new(what).mended_by(drop));
            }
        }
        drifts
    }

    /// How the indexes of the table that is there differ. Those that somebody else has added are left out.
    pub(crate) fn index_drifts(&self, dialect: Dialect, found: &[Index]) -> Vec<Drift> {
        let table = self.quoted(dialect);
        let key = self.table.key().iter().map(|column| column.name);
        let key: Vec<&str> = std::iter::once("tenant_id").chain(key).collect();
        let mut drifts = Vec::new();
        if !found
            .iter()
            .any(|index| index.primary && index.columns == key)
        {
            let what = format!("the primary key of {table} is not ({})", key.join(", "));
            drifts.push(self.rebuilt(dialect, what));
        }
        let wanted = self.indexes(dialect);
        for index in &wanted {
            let create = index.create(&table);
            let (kind, columns) = (
                if index.unique {
                    "unique index"
                } else {
                    "index"
                },
                index.columns.join(", "),
            );
            let drift = match found.iter().find(|found| found.name == index.name) {
                None => Drift::new(format!("{table} has no {kind} on ({columns})"))
                    .mended_by(format!("{create};")),
                Some(found) if found != index => {
                    let what = format!(
                        "the index `{}` of {table} is on ({}), and is to be a {kind} on ({columns})",
                        index.name,
                        found.columns.join(", ")
                    );
                    Drift::new(what).mended_by(format!("{}; {create};", index.drop(dialect)))
                }
                Some(_) => continue,
            };
            drifts.push(drift.stops(index.unique));
        }
        let ours = format!("{}{}__", dialect.prefix, self.table_name());
        for index in found {
            let is_ours = !index.primary && index.name.starts_with(&ours);
            if is_ours && !wanted.iter().any(|wanted| wanted.name == index.name) {
                let what = format!("the index `{}` of {table} is none of the model", index.name);
                let drop = format!("{};", index.drop(dialect));
                drifts.push(Drift::new(what).mended_by(drop).stops(index.unique));
            }
        }
        drifts
    }

    /// A difference that a rebuild mends, of a model that can be rebuilt.
    fn rebuilt(&self, dialect: Dialect, what: String) -> Drift {
        let drift = Drift::new(what);
        match self.table.inline {
            true => drift,
            false => drift.mended_by(self.rebuild(dialect)),
        }
    }

    /// Notes one more build, which takes the place of those that are there.
    fn rebuild(&self, dialect: Dialect) -> String {
        let Table { name, version, .. } = *self.table;
        let workers = format!("{}workers", dialect.notes);
        let (start, name) = (literal(&format!("{}_", self.table.view())), literal(name));
        let of_version = format!("model = {name} AND version = {version}");
        format!(
            "INSERT INTO {workers} (name, model, version, build) \
             SELECT {start} || (max(build) + 1), {name}, {version}, max(build) + 1 FROM {workers} WHERE {of_version}; \
             DELETE FROM {workers} WHERE {of_version} AND NOT published \
             AND build < (SELECT max(build) FROM {workers} WHERE {of_version});"
        )
    }

    /// Notes that the build has not begun.
    fn begin_anew(&self, dialect: Dialect) -> String {
        let (unpublished, expired) = match dialect.alters {
            true => ("false", "NULL"),
            false => ("0", "0"),
        };
        format!(
            "UPDATE {}workers SET cursor = 'start', last_position = NULL, last_event = NULL, published = {unpublished}, epoch = epoch + 1, \
             owner = NULL, expires = {expired}, failure = NULL WHERE name = {};",
            dialect.notes,
            literal(&self.worker())
        )
    }
}

impl BuildState {
    /// Drops the build with all that is noted of it.
    pub(crate) fn drop_statements(&self, newest: bool, dialect: Dialect) -> String {
        let Self { model, version, .. } = self;
        let notes = dialect.notes;
        let mut views = vec![dialect.name(&format!("{model}__{version}"))];
        views.extend(newest.then(|| dialect.name(model)));
        let drop = |view: &String| format!("DROP VIEW IF EXISTS {view}; ");
        let views: String = views.iter().map(drop).collect();
        let (table, worker) = (dialect.name(&self.worker), literal(&self.worker));
        let links = dialect.name(&format!("{}{LINKS}", self.worker));
        // The builds of an inline model share the table of the first one.
        let first = dialect.name(&format!("{model}__{version}_1"));
        format!(
            "{views}DROP TABLE IF EXISTS {table}; DROP TABLE IF EXISTS {links}; DROP TABLE IF EXISTS {first}; DELETE FROM {notes}parked WHERE worker = {worker}; \
             DELETE FROM {notes}skips WHERE model = {} AND version = {version}; DELETE FROM {notes}workers WHERE name = {worker};",
            literal(model)
        )
    }
}
