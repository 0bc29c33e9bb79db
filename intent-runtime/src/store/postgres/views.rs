//! The views that show a build of a read model on Postgres.

use sqlx::{AssertSqlSafe, PgConnection};

use crate::store::{
    postgres::{builds::columns, connection::error::RunError, tables::DIALECT},
    tables::builds::{Build, Drift},
};

/// From this version of the server on, a view reads its table with the rights of its reader.
const HAS_INVOKERS: u32 = 15_00_00;

/// How the views differ from those that show a build, if they are to show it.
pub(super) async fn drift(
    connection: &mut PgConnection,
    build: Build<'_>,
) -> Result<Vec<Drift>, sqlx::Error> {
    let shown = sqlx::query_as(include_str!("sql/is_shown.sql")).bind(build.worker());
    let shown: Option<(bool, bool)> = shown.fetch_optional(&mut *connection).await?;
    let Some((true, is_newest)) = shown else {
        return Ok(Vec::new());
    };
    let mut drifts = Vec::new();
    let newest = is_newest.then(|| build.table.name.to_owned());
    for view in [build.table.view()].into_iter().chain(newest) {
        let what = match found(connection, build, &view).await? {
            Found::Right => continue,
            Found::Missing => "is missing",
            Found::Altered => "was altered",
        };
        let what = format!("the view {} {what}", DIALECT.name(&view));
        drifts.push(Drift::new(what).mended_by(made_anew(connection, build, &view)));
    }
    Ok(drifts)
}

enum Found {
    Right,
    Missing,
    Altered,
}

/// What a view is. Versions of the server print its statement in different ways, so its columns are compared, and which table it
/// reads, and whether it leaves rows out.
async fn found(
    connection: &mut PgConnection,
    build: Build<'_>,
    view: &str,
) -> Result<Found, sqlx::Error> {
    let made = sqlx::query_as(include_str!("sql/view.sql"))
        .bind(DIALECT.name(view))
        .bind(build.quoted(DIALECT));
    let Some((reads, has_condition, invokes)) = made.fetch_optional(&mut *connection).await? else {
        return Ok(Found::Missing);
    };
    let (reads, has_condition, invokes): (bool, bool, bool) = (reads, has_condition, invokes);
    let types = |columns: Vec<(String, String, bool)>| {
        let columns = columns.into_iter();
        columns
            .map(|(name, of_type, _)| (name, of_type))
            .collect::<Vec<_>>()
    };
    let shown = types(columns(connection, view).await?);
    let mut wanted = types(columns(connection, &build.table_name()).await?);
    wanted.truncate(build.table.columns.len() + 1);
    let is_right = reads
        && has_condition == build.table.inline
        && invokes != options(connection).is_empty()
        && shown == wanted;
    Ok(if is_right {
        Found::Right
    } else {
        Found::Altered
    })
}

fn options(connection: &PgConnection) -> &'static str {
    match connection.server_version_num() {
        Some(version) if version < HAS_INVOKERS => "",
        _ => " WITH (security_invoker = true)",
    }
}

/// What follows `CREATE` for a view of a build.
fn select(connection: &PgConnection, build: Build<'_>, view: &str) -> String {
    let (view, options) = (DIALECT.name(view), options(connection));
    format!("VIEW {view}{options} AS {}", build.shown(DIALECT))
}

/// The statements that make a view anew. Who may read the table may read it.
fn made_anew(connection: &PgConnection, build: Build<'_>, view: &str) -> String {
    let (quoted, select) = (DIALECT.name(view), select(connection, build, view));
    let names = format!(
        "SELECT set_config('intent.granted', '{}', true), set_config('intent.granting', '{quoted}', true)",
        build.quoted(DIALECT)
    );
    let copy = include_str!("sql/copy_grants.sql");
    let copy = copy.lines().filter(|line| !line.starts_with("--"));
    let copy = copy.collect::<Vec<_>>().join("\n");
    format!("BEGIN;\nDROP VIEW IF EXISTS {quoted};\nCREATE {select};\n{names};\n{copy}\nCOMMIT;")
}

/// Lets a view show a build. Who may read the view may read the table of the build too.
pub(super) async fn show(
    connection: &mut PgConnection,
    build: Build<'_>,
    view: &str,
) -> Result<(), RunError> {
    let (shown, quoted) = (columns(connection, view).await?, DIALECT.name(view));
    let select = select(connection, build, view);
    // To a view, columns can only be added.
    let wanted = columns(connection, &build.table_name()).await?;
    let same = |(shown, wanted): (&(String, String, _), &(String, String, _))| {
        (&shown.0, &shown.1) == (&wanted.0, &wanted.1)
    };
    let keeps = shown.len() <= wanted.len() && shown.iter().zip(&wanted).all(same);
    let statements = match keeps {
        true => vec![format!("CREATE OR REPLACE {select}")],
        false => vec![format!("DROP VIEW {quoted}"), format!("CREATE {select}")],
    };
    grant(connection, &quoted, &build.quoted(DIALECT)).await?;
    for statement in statements {
        sqlx::raw_sql(AssertSqlSafe(statement))
            .execute(&mut *connection)
            .await?;
    }
    Ok(grant(connection, &build.quoted(DIALECT), &quoted).await?)
}

/// Lets those read `granting` who may read `granted`.
async fn grant(
    connection: &mut PgConnection,
    granted: &str,
    granting: &str,
) -> Result<(), sqlx::Error> {
    let names = sqlx::query(include_str!("sql/grant_names.sql"));
    let names = names.bind(granted).bind(granting);
    names.execute(&mut *connection).await?;
    let copy = sqlx::raw_sql(include_str!("sql/copy_grants.sql"));
    copy.execute(connection).await?;
    Ok(())
}
