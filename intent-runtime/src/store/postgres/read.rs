//! Reading: one statement a call, its rows taken in as they arrive, so that memory does not grow with the stream.

use std::{io, ops::ControlFlow};

use futures_util::TryStreamExt;
use sqlx::{
    PgConnection, Postgres,
    postgres::{PgArguments, PgRow},
    query::Query,
};

use crate::{
    record::{
        event::RecordedEvent,
        id::{CommandId, EventId, TenantId},
        snapshot::StoredSnapshot,
        stream::StreamId,
        version::Version,
    },
    store::{
        AsOf, EventSink, RawEvent, ReadStream, StateSink,
        error::StoreError,
        postgres::{
            command,
            connection::{
                error::{Failure, Kind, Place},
                pool::{Lent, Pool},
                within,
            },
            rows::{self, Json, corrupt, get},
        },
    },
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

/// How often a statement is tried whose connection breaks, or which conflicts with another transaction.
pub(super) const TRIES: u32 = 3;

/// Why a read ended early.
pub(super) enum ReadError {
    /// The connection or a statement failed; the read may go on where it stopped.
    Failure(Failure),
    /// What was read is wrong, or the read is refused.
    Error(StoreError),
}

impl From<sqlx::Error> for ReadError {
    fn from(error: sqlx::Error) -> Self {
        Self::Failure(error.into())
    }
}

impl From<Failure> for ReadError {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<StoreError> for ReadError {
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
                Err(error) => tries = self.left(tries, error)?,
            }
        }
    }

    async fn state_on_a_connection(
        &self,
        read: &mut ReadStream<'_>,
        sink: &mut dyn StateSink,
    ) -> Result<(), ReadError> {
        let mut lent = self.acquire().await?;
        let done = self.state_on(lent.connection().await?, read, sink).await;
        give_back_after(lent, done)
    }

    /// Gives a stream to a sink: the snapshot and the events after it, or all events if the sink refuses the snapshot.
    pub(super) async fn state_on(
        &self,
        connection: &mut PgConnection,
        read: &mut ReadStream<'_>,
        sink: &mut dyn StateSink,
    ) -> Result<Read, ReadError> {
        loop {
            match self.stream_state(connection, read, sink).await? {
                Read::Again => {}
                read => return Ok(read),
            }
        }
    }

    /// Gives a stream to a sink. `read` notes how far it came, so that another try goes on there.
    async fn stream_state(
        &self,
        connection: &mut PgConnection,
        read: &mut ReadStream<'_>,
        sink: &mut dyn StateSink,
    ) -> Result<Read, ReadError> {
        let stream = read.stream;
        let query = range(of_stream!("sql/read_state.sql"), *read).bind(read.snapshot);
        let mut rows = query.fetch(connection);
        let Some(head) = with_timeout(&self.place, rows.try_next()).await? else {
            return Ok(Read::Done);
        };
        check_type(stream, get(&head, 1, stream)?)?;
        let last = rows::version(get(&head, 0, stream)?);
        sink.ends_with(last, EventId::from_uuid(get(&head, 4, stream)?));
        let end = last.min(read.to);
        while let Some(row) = with_timeout(&self.place, rows.try_next()).await? {
            let version = rows::version(get(&row, 0, stream)?);
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
                Err(error) => tries = self.left(tries, error)?,
            }
        }
    }

    async fn events_on_a_connection(
        &self,
        read: &mut ReadStream<'_>,
        sink: &mut EventSink<'_>,
    ) -> Result<(), ReadError> {
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
    ) -> Result<Read, ReadError> {
        let stream = read.stream;
        let mut rows = range(of_stream!("sql/read_events.sql"), *read).fetch(connection);
        let Some(head) = with_timeout(&self.place, rows.try_next()).await? else {
            return Ok(Read::Done);
        };
        check_type(stream, get(&head, 1, stream)?)?;
        let end = rows::version(get(&head, 0, stream)?).min(read.to);
        while let Some(row) = with_timeout(&self.place, rows.try_next()).await? {
            let event = rows::recorded(&row, 0, stream)?;
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
        Ok(rows::version(get(row, 1, stream)?))
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
                    with_timeout(&self.place, found).await.unwrap_or_else(Err)
                }
                Err(failure) => Err(failure.into()),
            };
            match give_back(lent, done) {
                Ok(events) => return Ok(events),
                Err(error) => tries = self.left(tries, error)?,
            }
        }
    }

    /// The rows of a query, which is run again as a whole if it fails.
    pub(super) async fn rows(
        &self,
        query: impl Fn() -> Query<'static, Postgres, PgArguments>,
    ) -> Result<Vec<PgRow>, StoreError> {
        let mut tries = TRIES;
        loop {
            let mut lent = self.acquire().await?;
            let done = match lent.connection().await {
                Ok(connection) => with_timeout(&self.place, query().fetch_all(connection)).await,
                Err(failure) => Err(failure.into()),
            };
            match give_back(lent, done) {
                Ok(rows) => return Ok(rows),
                Err(error) => tries = self.left(tries, error)?,
            }
        }
    }

    /// How many tries are left after a failed one, if another may succeed.
    pub(super) fn left(&self, tries: u32, error: ReadError) -> Result<u32, StoreError> {
        match &error {
            ReadError::Failure(failure) if tries > 1 => match failure.kind() {
                // After a restart of the server all connections are dead.
                Kind::Lost | Kind::InTransaction => self.pool.clear(),
                Kind::Contended => {}
                _ => return Err(self.store_error(error)),
            },
            _ => return Err(self.store_error(error)),
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

    pub(super) fn store_error(&self, error: ReadError) -> StoreError {
        match error {
            ReadError::Error(error) => error,
            ReadError::Failure(failure) => self.place.error(failure),
        }
    }
}

/// The result of a statement, or [`StoreError::Unavailable`] if the server falls silent. A silent server is not tried again
/// on another connection, which would wait for just as long.
pub(super) async fn with_timeout<T>(
    place: &Place,
    work: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, ReadError> {
    // A time-out by the operating system has an error number. It means that this connection is dead; another may work.
    let silence = |error: &io::Error| {
        error.kind() == io::ErrorKind::TimedOut && error.raw_os_error().is_none()
    };
    within(work).await.map_err(|error| match &error {
        sqlx::Error::Io(cause) if silence(cause) => ReadError::Error(place.error(error)),
        _ => ReadError::Failure(error.into()),
    })
}

/// Gives a connection back to its pool after its answers were read to the end, or after a failure. It is discarded instead
/// if it is dead, if its server fell silent, or if a transaction is open on it.
pub(super) fn give_back<T>(lent: Lent, done: Result<T, ReadError>) -> Result<T, ReadError> {
    match &done {
        Ok(_) => lent.give_back(),
        Err(ReadError::Error(StoreError::Unavailable { .. })) => lent.discard(),
        Err(ReadError::Failure(failure)) if failure.ends_connection() => lent.discard(),
        Err(_) => drop(lent),
    }
    done
}

/// The same after a sink was given what was read.
fn give_back_after(lent: Lent, done: Result<Read, ReadError>) -> Result<(), ReadError> {
    match done {
        // The rows that the sink did not want are still on their way.
        Ok(Read::Stopped) => {
            drop(lent);
            Ok(())
        }
        done => give_back(lent, done).map(drop),
    }
}

/// How a read ended that did not fail.
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
        .bind(rows::from_version(read.after))
        .bind(rows::from_version(read.to))
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
