//! The statement that appends: its parameters and its answer.

use sqlx::{
    AssertSqlSafe, PgConnection, Postgres, Row, SqlSafeStr as _, SqlStr,
    postgres::{PgArguments, PgRow},
    query::Query,
};
use uuid::Uuid;

use crate::{
    record::{
        event::NewEvent,
        id::{AggregateId, EventId},
        stream::AggregateType,
        version::{Position, Version},
    },
    store::{
        append::{Append, Appended, Expect},
        check::{column, version},
        error::StoreError,
        lookup::correlation_of_appended,
        postgres::{
            append::rows,
            rows::{Json, array},
        },
    },
};

macro_rules! append {
    ($($snapshots:literal)?) => {
        concat!(
            include_str!("../sql/append.sql"),
            $(include_str!($snapshots), include_str!("../sql/replace_snapshot.sql"),)?
            include_str!("../sql/append_answer.sql")
        )
    };
}

const APPEND_NEXT: &str = include_str!("../sql/append_next.sql");
const ONE: &str = include_str!("../sql/append_one.sql");
const ONE_ANSWER: &str = include_str!("../sql/append_one_answer.sql");
const APPEND_ONE: &str = concat!(
    include_str!("../sql/append_one.sql"),
    include_str!("../sql/append_one_answer.sql")
);
const ANSWER: &str = include_str!("../sql/append_answer.sql");
const APPEND: &str = append!();
const APPEND_WITH_SNAPSHOTS: &str = append!("../sql/append_snapshots.sql");
/// How many parameters the statements have without rows of inline models: for one event, for a batch, and with snapshots.
const OF_ONE: usize = 14;
const OF_BATCH: usize = 18;
const OF_SNAPSHOTS: usize = 21;

/// What the statement found of one request.
pub(crate) enum Answer {
    /// Its events are stored.
    Stored(Appended),
    /// Its stream is not as expected: this is its version, and its type if it exists.
    Mismatch(Version, Option<String>),
}

/// Appends the requests that fit, all in one transaction of one statement. No two of them may be of one stream. For
/// `lock_timeout` milliseconds it waits for rows of other transactions; without it, for as long as the connection is set to.
pub(crate) async fn append<'a>(
    connection: &mut PgConnection,
    appends: impl Iterator<Item = &'a Append> + Clone,
    lock_timeout: Option<&'static str>,
) -> Result<Vec<Answer>, sqlx::Error> {
    let single = Single::of(appends.clone());
    if let Some(single) = &single
        && single.stands_behind_another()
    {
        let query = single.query(single.next(), lock_timeout);
        // Read to its end, because the row comes before the commit.
        let rows = query.fetch_all(&mut *connection).await?;
        if let [row] = &*rows {
            return Ok(vec![Answer::Stored(Appended::Stored {
                version: version(row.try_get(0)?),
                position: position(row.try_get(1)?),
                recorded_at: row.try_get(2)?,
            })]);
        }
    }
    let query = match &single {
        Some(single) => single.query(single.one(), lock_timeout),
        None => batch(appends.clone(), lock_timeout),
    };
    let rows = query.fetch_all(connection).await?;
    if rows.len() != appends.clone().count() {
        return Err(sqlx::Error::RowNotFound);
    }
    let mut answers = Vec::with_capacity(rows.len());
    for (append, row) in appends.zip(&rows) {
        let actual = version(row.try_get(0)?);
        let stored_at: Option<i64> = row.try_get(2)?;
        answers.push(match stored_at {
            Some(stored_at) => Answer::Stored(Appended::Stored {
                version: append.version_after(actual).unwrap_or(actual),
                position: position(stored_at),
                recorded_at: row.try_get(3)?,
            }),
            None => Answer::Mismatch(actual, row.try_get(1)?),
        });
    }
    Ok(answers)
}

type Arguments<'a> = Query<'a, Postgres, PgArguments>;

/// What one writer usually has: a single append of a single event.
struct Single<'a> {
    append: &'a Append,
    id: EventId,
    event: &'a NewEvent,
}

impl<'a> Single<'a> {
    fn of(mut appends: impl Iterator<Item = &'a Append>) -> Option<Self> {
        let (append, None) = (appends.next()?, appends.next()) else {
            return None;
        };
        let mut events = append.identified();
        let ((id, event), None, None) = (events.next()?, events.next(), &append.snapshot) else {
            return None;
        };
        Some(Self { append, id, event })
    }

    fn stands_behind_another(&self) -> bool {
        matches!(self.append.expect, Expect::Version(version) if version > Version::NONE)
    }

    /// The statement that appends behind the expected event. Rows are written if it is stored.
    fn next(&self) -> SqlStr {
        let rows = &self.append.rows;
        if rows.is_empty() {
            return APPEND_NEXT.into_sql_str();
        }
        let append = APPEND_NEXT.trim_end().trim_end_matches(';');
        let steps = rows::steps_of_one(rows, OF_ONE);
        let text = format!(
            "WITH stored AS (\n{append}\n){steps}SELECT version, position, recorded_at FROM stored;"
        );
        AssertSqlSafe(text).into_sql_str()
    }

    /// The statement that says what the stream has instead.
    fn one(&self) -> SqlStr {
        let rows = &self.append.rows;
        if rows.is_empty() {
            return APPEND_ONE.into_sql_str();
        }
        let steps = rows::steps_of_one(rows, OF_ONE);
        AssertSqlSafe(format!("{ONE}{steps}{ONE_ANSWER}")).into_sql_str()
    }

    /// One of the two statements for a single event, which have the same parameters.
    fn query(&self, statement: SqlStr, lock_timeout: Option<&'static str>) -> Arguments<'a> {
        let Self { append, id, event } = self;
        let query = sqlx::query(statement)
            .bind(append.stream.tenant_id.as_uuid())
            .bind(append.stream.aggregate_id.as_uuid())
            .bind(&*append.stream.aggregate_type)
            .bind(expected(append.expect))
            .bind(Json(append.metadata.json()))
            .bind(append.metadata.timestamp)
            .bind(id.as_uuid())
            .bind(&*event.event_type)
            .bind(i64::from(event.schema_version))
            .bind(Json(event.payload.get()))
            .bind(lock_timeout)
            .bind(append.stream.aggregate_type.former_names())
            .bind(append.expect_last.map(|last| last.as_uuid()))
            .bind(correlation_of_appended(append));
        rows::bind_steps_of_one(query, &append.rows)
    }
}

/// The query for any number of appends.
fn batch<'a>(
    appends: impl Iterator<Item = &'a Append> + Clone,
    lock_timeout: Option<&'static str>,
) -> Arguments<'a> {
    let snapshots = (1_i64..).zip(appends.clone());
    let snapshots = snapshots.filter_map(|(request, it)| Some((request, it.snapshot.as_ref()?)));
    let has_snapshots = snapshots.clone().next().is_some();
    let events = (1_i64..)
        .zip(appends.clone())
        .flat_map(|(request, append)| {
            let numbered = (1_i64..).zip(append.identified());
            numbered.map(move |(index, (id, event))| (request, index, id, event))
        });
    let events: Vec<(i64, i64, EventId, &NewEvent)> = events.collect();
    let events = events.iter();
    let tables = rows::tables(appends.clone());
    let (text, last) = match has_snapshots {
        true => (APPEND_WITH_SNAPSHOTS, OF_SNAPSHOTS),
        false => (APPEND, OF_BATCH),
    };
    let statement = match (&*tables, text.strip_suffix(ANSWER)) {
        ([_, ..], Some(before)) => {
            let steps = rows::steps(&tables, last);
            AssertSqlSafe(format!("{before}{steps}{ANSWER}")).into_sql_str()
        }
        _ => text.into_sql_str(),
    };
    let query = sqlx::query(statement)
        .bind(array(&appends, |it| it.stream.tenant_id.as_uuid()))
        .bind(array(&appends, |it| it.stream.aggregate_id.as_uuid()))
        .bind(array(&appends, |it| &*it.stream.aggregate_type))
        .bind(array(&appends, |it| expected(it.expect)))
        .bind(array(&appends, |it| column(it.events.len())))
        .bind(array(&appends, |it| Json(it.metadata.json())))
        .bind(array(&appends, |it| it.metadata.timestamp))
        .bind(array(&appends, |it| {
            former_names(&it.stream.aggregate_type)
        }))
        .bind(array(&events, |(request, ..)| *request))
        .bind(array(&events, |(_, index, ..)| *index))
        .bind(array(&events, |(_, _, id, _)| id.as_uuid()))
        .bind(array(&events, |(.., event)| &*event.event_type))
        .bind(array(&events, |(.., event)| {
            i64::from(event.schema_version)
        }))
        .bind(array(&events, |(.., event)| Json(event.payload.get())))
        .bind(lock_timeout)
        .bind(array(&appends, |it| Some(it.expect_last?.as_uuid())))
        .bind(one_tenant(appends.clone()))
        .bind(array(&appends, correlation_of_appended));
    let query = match has_snapshots {
        false => query,
        true => query
            .bind(array(&snapshots, |(request, _)| request))
            .bind(array(&snapshots, |(_, it)| i64::from(it.schema_version)))
            .bind(array(&snapshots, |(_, it)| Json(it.state.get()))),
    };
    rows::bind_steps(query, &tables, appends)
}

/// The tenant of all of them, if they have one in common.
fn one_tenant<'a>(appends: impl Iterator<Item = &'a Append>) -> Option<Uuid> {
    let mut tenants = appends.map(|append| append.stream.tenant_id);
    let first = tenants.next()?;
    tenants
        .all(|tenant| tenant == first)
        .then(|| first.as_uuid())
}

/// What `append.sql` takes for the former names of a type: joined by U+001F, which occurs in no name.
fn former_names(aggregate_type: &AggregateType) -> Option<String> {
    let names = aggregate_type.former_names();
    (!names.is_empty()).then(|| names.join("\u{1f}"))
}

/// What `append.sql` takes for an expectation.
fn expected(expect: Expect) -> i64 {
    match expect {
        Expect::NoStream => 0,
        Expect::Version(version) => column(version.get()),
        Expect::Any => -1,
        Expect::Exists => -2,
    }
}

fn position(column: i64) -> Position {
    Position::new(column.unsigned_abs())
}

/// Where the first event of a command is.
pub(crate) type Seen = (AggregateId, String);

/// Where the first event of each command is. Commands that were not seen before are missing.
pub(crate) async fn seen<'a>(
    connection: &mut PgConnection,
    appends: impl Iterator<Item = &'a Append> + Clone,
) -> Result<Vec<Option<Seen>>, sqlx::Error> {
    let rows = sqlx::query(include_str!("../sql/find_commands.sql"))
        .bind(array(&appends, |it| it.stream.tenant_id.as_uuid()))
        .bind(array(&appends, |it| {
            EventId::of(it.command_id, 0).as_uuid()
        }))
        .fetch_all(connection)
        .await?;
    let seen = |row: &PgRow| match row.try_get(0)? {
        Some(id) => Ok(Some((AggregateId::from_uuid(id), row.try_get(1)?))),
        None => Ok(None),
    };
    rows.iter().map(seen).collect()
}

/// The error of an append whose stream is not as it expects.
pub(crate) fn mismatch(append: &Append, actual: Version, found: Option<&str>) -> StoreError {
    let of_type = found.map_or(Ok(()), |found| append.stream.check_type(found));
    let beyond = of_type.and_then(|()| append.version_after(actual));
    beyond.err().unwrap_or_else(|| append.conflict(actual))
}
