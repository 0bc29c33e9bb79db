//! The row policies of the tables of read models.

use sqlx::{AssertSqlSafe, PgConnection, Row as _, postgres::PgRow};

use crate::store::{
    error::StoreError,
    postgres::{
        cells::PgQuery,
        connection::error::{Place, RunError},
    },
    tables::{Table, builds::Drift, select::PolicyDrift},
};

/// Makes the policies of a table, which statements call `name`.
pub(super) async fn guard(
    connection: &mut PgConnection,
    table: &Table,
    name: &str,
) -> Result<(), sqlx::Error> {
    let guard = sqlx::query(include_str!("sql/guard_rows.sql"));
    with_rules(guard, table, name).execute(connection).await?;
    Ok(())
}

/// Binds the table and what its access rules ask for.
fn with_rules<'q>(query: PgQuery<'q>, table: &Table, name: &'q str) -> PgQuery<'q> {
    let rules = table.access.iter();
    let (roles, own): (Vec<&str>, Vec<Option<&str>>) =
        rules.map(|rule| (rule.role, rule.own)).unzip();
    query.bind(name).bind(table.name).bind(roles).bind(own)
}

/// What is missing if the worker of a table does not see its rows, and would take them for missing.
pub(super) async fn hidden(
    connection: &mut PgConnection,
    table: &Table,
    name: &str,
) -> Result<Option<Drift>, sqlx::Error> {
    let hides = sqlx::query(include_str!("sql/hides_rows.sql"));
    let hides = with_rules(hides, table, name);
    let Some(row) = hides.fetch_optional(connection).await? else {
        return Ok(None);
    };
    let what = format!("a row policy of the worker of {name} is missing");
    let repair: String = row.try_get(0)?;
    Ok(Some(Drift::new(what).mended_by(repair)))
}

/// Fails if the worker of a table does not see its rows, and would take them for missing.
pub(super) async fn shows_rows(
    connection: &mut PgConnection,
    table: &Table,
    name: &str,
    place: &Place,
) -> Result<(), RunError> {
    let Some(Drift { what, sql, .. }) = hidden(connection, table, name).await? else {
        return Ok(());
    };
    let repair = sql.unwrap_or_default();
    Err(RunError::Error(StoreError::TableDrift {
        place: place.to_string(),
        table: name.to_owned(),
        what: format!("{what}; `{repair}` makes the policies anew"),
    }))
}

/// How the policies of a table differ from those that are wanted.
///
/// A server prints an expression in a form of its own, which versions may change. So the wanted policies are made for a table
/// that goes with the transaction, and both are compared as the server prints them.
pub(super) async fn drift(
    connection: &mut PgConnection,
    table: &Table,
    name: &str,
) -> Result<Vec<PolicyDrift>, RunError> {
    let begin = format!(
        "BEGIN ISOLATION LEVEL READ COMMITTED; CREATE TEMPORARY TABLE intent_wanted (LIKE {name}) ON COMMIT DROP"
    );
    let begin = sqlx::raw_sql(AssertSqlSafe(begin));
    begin.execute(&mut *connection).await?;
    guard(connection, table, "pg_temp.intent_wanted").await?;
    let drift = sqlx::query(include_str!("sql/policies.sql"));
    let drift = with_rules(drift, table, name);
    let rows = drift.fetch_all(&mut *connection).await?;
    sqlx::raw_sql("ROLLBACK").execute(connection).await?;
    let drift = |row: &PgRow| Ok(PolicyDrift::new(row.try_get(0)?, row.try_get(1)?));
    rows.iter().map(drift).collect()
}
