//! Reading: one statement a call, its rows taken in as they arrive, so that memory does not grow with the stream.

use std::{io, ops::ControlFlow};

use futures_util::TryStreamExt;
use sqlx::{
    PgConnection, Postgres,
    postgres::{PgArguments, PgRow},
    query::Query,
};

use super::{
    column::{self, Json, corrupt, get},
    command,
    error::{Failure, Kind, Place},
    lane::within,
    pool::{Lent, Pool},
};
use crate::{
    AsOf, CommandId, EventId, RecordedEvent, StoreError, StoredSnapshot, StreamId, TenantId,
    Version,
    store::{EventSink, RawEvent, ReadStream, StateSink},
};

macro_rules! of_stream {
    ($file:literal) => {
        concat!(include_str!("sql/stream.sql"), include_str!($file))
    };
}
pub(super) use of_stream;

/// The reading half of the store.
#[derive(Clone, Debug)]
pub(super) struct Reader {
    pub(super) pool: Pool,
    pub(super) place: Place,
}

/// How often something is tried whose connection breaks, or whose transaction met another at the same rows.
pub(super) const TRIES: u32 = 3;

/// Why a read ended early.
pub(super) enum Broken {
    /// The connection or a statement failed: it may go on where it stopped.
    Failure(Failure),
    /// What was read is not as it should be.
    Error(StoreError),
}

impl From<sqlx::Error> for Broken {
    fn from(error: sqlx::Error) -> Self {
        Self::Failure(error.into())
    }
}

impl From<Failure> for Broken {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<StoreError> for Broken {
    fn from(error: StoreError) -> Self {
        Self::Error(error)
    }
}

impl Reader {
    pub(super) async fn read_state(
        &self,
        mut read: ReadStream<'_>,
        sink: &mut dyn StateSink,
    ) -> Result<(), StoreError> {
        let mut tries = TRIES;
        loop {
            match self.state_on_a_connection(&mut read, sink).await {
                Ok(()) => return Ok(()),
                Err(broken) => tries = self.left(tries, broken)?,
            }
        }
    }

    async fn state_on_a_connection(
        &self,
        read: &mut ReadStream<'_>,
        sink: &mut dyn StateSink,
    ) -> Result<(), Broken> {
        let mut lent = self.acquire().await?;
        let done = self.state_on(lent.connection().await?, read, sink).await;
        give_back_after(lent, done)
    }

    /// Gives a stream to a sink, and all its events where that refuses the snapshot.
    pub(super) async fn state_on(
        &self,
        connection: &mut PgConnection,
        read: &mut ReadStream<'_>,
        sink: &mut dyn StateSink,
    ) -> Result<Read, Broken> {
        loop {
            match self.stream_state(connection, read, sink).await? {
                Read::Again => {}
                read => return Ok(read),
            }
        }
    }

    /// Gives a stream to a sink. How far it came is noted in `read`, from where another try goes on.
    async fn stream_state(
        &self,
        connection: &mut PgConnection,
        read: &mut ReadStream<'_>,
        sink: &mut dyn StateSink,
    ) -> Result<Read, Broken> {
        let stream = read.stream;
        let query = range(of_stream!("sql/read_state.sql"), *read).bind(read.snapshot);
        let mut rows = query.fetch(connection);
        let Some(head) = patiently(&self.place, rows.try_next()).await? else {
            return Ok(Read::Done);
        };
        check_type(stream, get(&head, 1, stream)?)?;
        let last = column::version(get(&head, 0, stream)?);
        sink.ends_with(last, EventId::from_uuid(get(&head, 4, stream)?));
        let end = last.min(read.to);
        while let Some(row) = patiently(&self.place, rows.try_next()).await? {
            let version = column::version(get(&row, 0, stream)?);
            let schema_version: i64 = get(&row, 2, stream)?;
            let schema_version = u32::try_from(schema_version);
            let Json(json) = get(&row, 3, stream)?;
            let Some(event_type) = get::<Option<&str>>(&row, 1, stream)? else {
                read.snapshot = false;
                let snapshot = schema_version.ok().map(|schema_version| StoredSnapshot {
                    version,
                    schema_version,
                    state: json.to_owned(),
                });
                // Without the snapshot, the events before it are needed too.
                if !snapshot.is_some_and(|snapshot| sink.snapshot(snapshot)) {
                    return Ok(Read::Again);
                }
                read.after = version;
                continue;
            };
            check_dense(stream, read.after.next(), version)?;
            let event = RawEvent {
                version,
                event_type,
                schema_version: schema_version.map_err(|error| {
                    corrupt(
                        stream,
                        format!("the schema version of event {version}: {error}"),
                    )
                })?,
                payload: json.as_bytes(),
            };
            read.after = version;
            read.snapshot = false;
            if sink.event(event) == ControlFlow::Break(()) {
                return Ok(Read::Stopped);
            }
        }
        check_end(stream, read.after, end)?;
        Ok(Read::Done)
    }

    pub(super) async fn read_events(
        &self,
        mut read: ReadStream<'_>,
        sink: &mut EventSink<'_>,
    ) -> Result<(), StoreError> {
        let mut tries = TRIES;
        loop {
            match self.events_on_a_connection(&mut read, sink).await {
                Ok(()) => return Ok(()),
                Err(broken) => tries = self.left(tries, broken)?,
            }
        }
    }

    async fn events_on_a_connection(
        &self,
        read: &mut ReadStream<'_>,
        sink: &mut EventSink<'_>,
    ) -> Result<(), Broken> {
        let mut lent = self.acquire().await?;
        let done = self.stream_events(lent.connection().await?, read, sink);
        let done = done.await;
        give_back_after(lent, done)
    }

    pub(super) async fn stream_events(
        &self,
        connection: &mut PgConnection,
        read: &mut ReadStream<'_>,
        sink: &mut EventSink<'_>,
    ) -> Result<Read, Broken> {
        let stream = read.stream;
        let mut rows = range(of_stream!("sql/read_events.sql"), *read).fetch(connection);
        let Some(head) = patiently(&self.place, rows.try_next()).await? else {
            return Ok(Read::Done);
        };
        check_type(stream, get(&head, 1, stream)?)?;
        let end = column::version(get(&head, 0, stream)?).min(read.to);
        while let Some(row) = patiently(&self.place, rows.try_next()).await? {
            let event = column::recorded(&row, 0, stream)?;
            check_dense(stream, read.after.next(), event.version)?;
            read.after = event.version;
            if sink(event) == ControlFlow::Break(()) {
                return Ok(Read::Stopped);
            }
        }
        check_end(stream, read.after, end)?;
        Ok(Read::Done)
    }

    pub(super) async fn version_as_of(
        &self,
        stream: &StreamId,
        time: AsOf,
    ) -> Result<Version, StoreError> {
        let own = matches!(time, AsOf::Occurred(_));
        let (AsOf::Recorded(time) | AsOf::Occurred(time)) = time;
        let rows = self.rows(|| {
            sqlx::query(of_stream!("sql/as_of.sql"))
                .bind(stream.tenant_id.as_uuid())
                .bind(stream.aggregate_id.as_uuid())
                .bind(time)
                .bind(own)
        });
        let rows = rows.await?;
        let Some(row) = rows.first() else {
            return Ok(Version::NONE);
        };
        check_type(stream, get(row, 0, stream)?)?;
        Ok(column::version(get(row, 1, stream)?))
    }

    pub(super) async fn events_of_command(
        &self,
        tenant: TenantId,
        command: CommandId,
    ) -> Result<Vec<RecordedEvent>, StoreError> {
        let mut tries = TRIES;
        loop {
            let mut lent = self.acquire().await?;
            let done = match lent.connection().await {
                Ok(connection) => {
                    let found = async { Ok(command::events(connection, tenant, command).await) };
                    patiently(&self.place, found).await.unwrap_or_else(Err)
                }
                Err(failure) => Err(failure.into()),
            };
            match give_back(lent, done) {
                Ok(events) => return Ok(events),
                Err(broken) => tries = self.left(tries, broken)?,
            }
        }
    }

    /// The rows of a query that can be run again whole.
    pub(super) async fn rows(
        &self,
        query: impl Fn() -> Query<'static, Postgres, PgArguments>,
    ) -> Result<Vec<PgRow>, StoreError> {
        let mut tries = TRIES;
        loop {
            let mut lent = self.acquire().await?;
            let done = match lent.connection().await {
                Ok(connection) => patiently(&self.place, query().fetch_all(connection)).await,
                Err(failure) => Err(failure.into()),
            };
            match give_back(lent, done) {
                Ok(rows) => return Ok(rows),
                Err(broken) => tries = self.left(tries, broken)?,
            }
        }
    }

    /// How many tries are left after one that broke, if another may do better.
    pub(super) fn left(&self, tries: u32, broken: Broken) -> Result<u32, StoreError> {
        match &broken {
            Broken::Failure(failure) if tries > 1 => match failure.kind() {
                // After a restart of the server all of them are dead.
                Kind::Lost | Kind::InTransaction => self.pool.clear(),
                Kind::Contended => {}
                _ => return Err(self.broken(broken)),
            },
            _ => return Err(self.broken(broken)),
        }
        Ok(tries - 1)
    }

    /// A turn with a connection of the pool that is open.
    pub(super) async fn acquire(&self) -> Result<Lent, StoreError> {
        let failed = |failure| self.place.error(failure);
        let mut lent = self.pool.acquire().await.map_err(failed)?;
        lent.connection().await.map_err(failed)?;
        Ok(lent)
    }

    pub(super) fn broken(&self, broken: Broken) -> StoreError {
        match broken {
            Broken::Error(error) => error,
            Broken::Failure(failure) => self.place.error(failure),
        }
    }
}

/// What a statement comes to, unless the server falls silent. That is no broken connection to be replaced at once: each
/// of them would be waited for anew.
pub(super) async fn patiently<T>(
    place: &Place,
    work: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, Broken> {
    // A time-out of the system's own has a number: that connection is dead, and another one may be sound.
    let silence = |error: &io::Error| {
        error.kind() == io::ErrorKind::TimedOut && error.raw_os_error().is_none()
    };
    within(work).await.map_err(|error| match &error {
        sqlx::Error::Io(cause) if silence(cause) => Broken::Error(place.error(error)),
        _ => Broken::Failure(error.into()),
    })
}

/// Gives a connection back to its pool after something that read its answers to the end, or that broke. One that is dead or
/// whose server fell silent is put away, and so is one that somebody's transaction is open on.
pub(super) fn give_back<T>(lent: Lent, done: Result<T, Broken>) -> Result<T, Broken> {
    match &done {
        Ok(_) => lent.give_back(),
        Err(Broken::Error(StoreError::Unavailable { .. })) => lent.discard(),
        Err(Broken::Failure(failure)) if failure.ends_connection() => lent.discard(),
        Err(_) => drop(lent),
    }
    done
}

/// The same after a sink was given what was read.
fn give_back_after(lent: Lent, done: Result<Read, Broken>) -> Result<(), Broken> {
    match done {
        // What it did not want is still on its way.
        Ok(Read::Stopped) => {
            drop(lent);
            Ok(())
        }
        done => give_back(lent, done).map(drop),
    }
}

/// How a reading ended that nothing broke.
pub(super) enum Read {
    /// All was read.
    Done,
    /// The sink wanted no more.
    Stopped,
    /// The snapshot was refused, so all is to be read anew.
    Again,
}

/// A query for the events of a stream after a version up to another.
fn range(sql: &'static str, read: ReadStream<'_>) -> Query<'static, Postgres, PgArguments> {
    sqlx::query(sql)
        .bind(read.stream.tenant_id.as_uuid())
        .bind(read.stream.aggregate_id.as_uuid())
        .bind(column::from_version(read.after))
        .bind(column::from_version(read.to))
}

/// Refuses a stream that belongs to another type of aggregate.
pub(super) fn check_type(stream: &StreamId, found: &str) -> Result<(), StoreError> {
    if stream.aggregate_type.is(found) {
        return Ok(());
    }
    Err(StoreError::WrongAggregate {
        stream: stream.clone(),
        found: found.to_owned(),
    })
}

fn check_dense(stream: &StreamId, expected: Version, found: Version) -> Result<(), StoreError> {
    if found == expected {
        return Ok(());
    }
    let what = format!("event {expected} is missing, the next one is {found}");
    Err(corrupt(stream, what))
}

fn check_end(stream: &StreamId, found: Version, end: Version) -> Result<(), StoreError> {
    if found >= end {
        return Ok(());
    }
    let what = format!("its events after {found} up to {end} are missing");
    Err(corrupt(stream, what))
}
