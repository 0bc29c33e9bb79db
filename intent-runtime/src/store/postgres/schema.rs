//! The parts of our schema, as the migrations make them, and which of them a database lacks.

use sqlx::{PgConnection, Row};

use crate::store::{
    error::StoreError,
    migrations::{self, Migration, known},
    postgres::connection::error::{Place, RunError},
};

/// Every migration there ever was. A released one never changes.
pub(super) const MIGRATIONS: [Migration; 1] =
    [(1, include_str!("migrations/0001_events_and_snapshots.sql"))];

pub(super) const KNOWN: i64 = known(&MIGRATIONS);

/// The SQL that brings a schema from a version to the newest one, in one transaction.
pub(super) fn sql_from(version: i64) -> String {
    let begin = include_str!("sql/begin_migration.sql");
    let lock = include_str!("sql/lock_migrations.sql");
    let mut sql = format!("{begin}{lock}\n");
    for migration in migrations::behind(&MIGRATIONS, version) {
        sql.push_str(migration);
        sql.push('\n');
    }
    sql.push_str("COMMIT;\n");
    sql
}

/// Fails if a part of the schema is missing or the role may not use it. The error names the statements that mend it.
pub(super) async fn check(connection: &mut PgConnection, place: &Place) -> Result<(), RunError> {
    let found = Found::of(connection).await?;
    Ok(found.judge(place, &found.missing())?)
}

/// Fails if the role lacks a right on what is there.
pub(super) async fn check_rights(
    connection: &mut PgConnection,
    place: &Place,
) -> Result<(), RunError> {
    Ok(Found::of(connection).await?.judge(place, &[])?)
}

/// The error for a schema that lacks only the list of its migrations; `None` if the schema is not ours.
pub(super) async fn without_list(
    connection: &mut PgConnection,
    place: &Place,
) -> Result<Option<StoreError>, RunError> {
    let found = Found::of(connection).await?;
    let missing = found.missing();
    let of_list = |part: &Part| part.name.contains("intent.migrations");
    let ours = missing.iter().all(of_list);
    Ok(found.judge(place, &missing).err().filter(|_| ours))
}

/// A table, index, constraint, function or policy of ours.
struct Part {
    /// As `objects.sql` names it.
    name: String,
    /// The statements that make it; for a table, also those that make something on it.
    statements: Vec<&'static str>,
}

/// What a database has.
struct Found {
    parts: Vec<String>,
    /// Tables whose row-level security is off.
    unguarded: Vec<String>,
    /// Rights that the role lacks, and the statement that gives them.
    rights: Vec<String>,
    grant: String,
}

impl Found {
    async fn of(connection: &mut PgConnection) -> Result<Self, sqlx::Error> {
        let row = sqlx::query(include_str!("sql/objects.sql"));
        let row = row.fetch_one(connection).await?;
        Ok(Self {
            parts: row.try_get(0)?,
            unguarded: row.try_get(1)?,
            rights: row.try_get(2)?,
            grant: row.try_get(3)?,
        })
    }

    /// Our parts that the database lacks.
    fn missing(&self) -> Vec<Part> {
        parts().filter(|part| !self.has(part)).collect()
    }

    fn has(&self, part: &Part) -> bool {
        let needless = |table: &String| {
            let policy = part.name.strip_prefix("policy ");
            policy.is_some_and(|policy| policy.ends_with(&format!(" on {table}")))
        };
        self.parts.contains(&part.name) || self.unguarded.iter().any(needless)
    }

    fn judge(&self, place: &Place, parts: &[Part]) -> Result<(), StoreError> {
        let mends = |statement: &&str| parts.iter().any(|it| it.statements.contains(statement));
        let mut mend: Vec<&str> = all_statements().filter(mends).collect();
        let mut missing: Vec<&str> = parts.iter().map(|part| &*part.name).collect();
        // A table that is made again needs its grants again.
        if !self.rights.is_empty() || missing.iter().any(|name| name.starts_with("table ")) {
            mend.push(&self.grant);
        }
        missing.extend(self.rights.iter().map(|right| &**right));
        if missing.is_empty() {
            return Ok(());
        }
        Err(StoreError::Incomplete {
            place: place.to_string(),
            missing: missing.join(", "),
            mend: mend.join("\n"),
        })
    }
}

/// All that the migrations make.
fn parts() -> impl Iterator<Item = Part> {
    all_statements().filter_map(|statement| {
        let name = name(statement)?;
        let statements = match name.strip_prefix("table ") {
            Some(table) => all_statements().filter(|it| is_about(it, table)).collect(),
            None => vec![statement],
        };
        Some(Part { name, statements })
    })
}

fn all_statements() -> impl Iterator<Item = &'static str> {
    MIGRATIONS.iter().flat_map(|(_, sql)| statements(sql))
}

/// The statements of a file of ours, without the comments above them. Each ends where a line does.
fn statements(sql: &'static str) -> impl Iterator<Item = &'static str> {
    let mut rest = sql;
    std::iter::from_fn(move || {
        let skipped = |line: &&str| line.starts_with("--") || line.trim().is_empty();
        let comments = rest.split_inclusive('\n').take_while(skipped);
        rest = rest.split_at(comments.map(str::len).sum()).1;
        let (mut end, mut quoted) = (0, false);
        for line in rest.split_inclusive('\n') {
            end += line.len();
            quoted ^= line.matches("$$").count() % 2 == 1;
            if !quoted && line.trim_end().ends_with(';') {
                break;
            }
        }
        let (statement, behind) = rest.split_at(end);
        rest = behind;
        (!statement.is_empty()).then_some(statement.trim_end())
    })
}

/// The name of what a statement makes, as `objects.sql` tells it.
fn name(statement: &str) -> Option<String> {
    let words = statement.split([' ', '\n', '(']);
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    Some(match words[..] {
        ["CREATE", "TABLE", table, ..] => format!("table {table}"),
        ["CREATE", "FUNCTION", function, ..] => format!("function {function}"),
        ["CREATE", "INDEX", index, ..] => format!("index intent.{index}"),
        ["CREATE", "POLICY", policy, "ON", table, ..] => format!("policy {policy} on {table}"),
        ["ALTER", "TABLE", table, "ADD", "CONSTRAINT", constraint, ..] => {
            format!("constraint {constraint} on {table}")
        }
        _ => return None,
    })
}

/// Whether a statement makes a table, fills it, or makes something on it.
fn is_about(statement: &str, table: &str) -> bool {
    let head = statement.lines().next().unwrap_or_default();
    head.split([' ', '(', ';']).any(|word| word == table)
}

#[cfg(test)]
mod tests {
    use super::{all_statements, name, parts};

    #[test]
    fn every_statement_makes_a_part_or_is_about_a_table() {
        let parts: Vec<_> = parts().collect();
        for statement in all_statements() {
            let known = parts.iter().any(|it| it.statements.contains(&statement));
            assert!(known || statement.starts_with("DO $$"), "{statement}");
            assert!(statement.ends_with(';'), "{statement}");
        }
        let tables = parts.iter().filter(|it| it.name.starts_with("table "));
        assert_eq!(tables.count(), 7);
        assert_eq!(all_statements().filter_map(name).count(), parts.len());
    }
}
