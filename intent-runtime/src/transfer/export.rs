//! [`Export`]: the events of a store, written as text.

use std::{collections::HashSet, io, ops::ControlFlow, time::Duration};

use tokio::{
    io::{AsyncWrite, AsyncWriteExt},
    time::sleep,
};

use crate::{
    model::aggregate::Aggregate,
    record::{
        cursor::Cursor,
        event::RecordedEvent,
        id::{AggregateId, CommandId, Id, TenantId},
        version::Position,
    },
    store::{
        error::StoreError,
        log::{LogHealth, LogPage, NextPage, ReadLog},
        port::Store,
        selection::{EventName, LogSelection},
    },
    transfer::format::{End, FORMAT, Head, Seal},
};

/// How many events one read returns at most.
const PAGE: usize = 1_000;
/// How many bytes of text are collected before they are written.
const PAGE_BYTES: usize = 4 * 1024 * 1024;
/// The first wait for what an open transaction holds up. Each further one is twice as long, up to [`LONGEST`].
const HELD_UP: Duration = Duration::from_millis(1);
/// The longest of these waits.
const LONGEST: Duration = Duration::from_millis(250);

/// Writes the events of a store as [JSON lines](crate::transfer), byte for byte what is stored, in the order of the log.
///
/// All events, or those of a tenant, of some types of aggregates, or of some aggregates. It always exports whole streams, so
/// that they can be imported. It needs no domain, so nothing need be registered. It leaves out snapshots, which are a cache.
///
/// Memory stays flat. An export has everything that is committed when it begins, and little of what is stored meanwhile. So it
/// ends even if others go on writing. It first waits for the transactions that are under way, so that it has each command as a
/// whole.
///
/// ```
/// # mod account { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/account.rs")); }
/// # use account::*;
/// use intent_runtime::prelude::*;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let app = App::connect("memory:", Domain::of::<Account>()).await?;
/// let id = Id::<Account>::new();
/// app.send(Open { id, owner: "Ada".into() }).await?;
///
/// let mut file = Vec::new(); // or a `tokio::fs::File`
/// let exported = app.export().write(&mut file).await?;
/// assert_eq!(exported.events, 1);
///
/// let copy = App::connect("memory:", Domain::of::<Account>()).await?;
/// copy.import().read(&mut &file[..]).await?;
/// assert_eq!(copy.history(id).await?[0].event, app.history(id).await?[0].event);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is written before `write` is called"]
pub struct Export<'a> {
    store: &'a dyn Store,
    tenant: Option<TenantId>,
    filter: LogSelection,
    after: Cursor,
}

/// What an export wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exported {
    /// How many events.
    pub events: u64,
    /// The end of what was read. The next export begins [after](Export::after) it. That export may repeat some events, which an
    /// import recognises.
    pub cursor: Cursor,
}

/// Why an export ended early. The text written so far lacks its last line, so an import refuses it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The log cannot be read. Handling: see [`StoreError`]; then export again.
    #[error("the events to export cannot be read")]
    Store(#[from] StoreError),
    /// The text cannot be written. Handling: make room, or repair the connection; then export again.
    #[error("the exported history cannot be written")]
    Write(#[from] io::Error),
}

impl<'a> Export<'a> {
    /// An export of everything in a store. [`Tenant::export`](crate::Tenant::export) is that of one tenant.
    pub fn new(store: &'a dyn Store) -> Self {
        Self {
            store,
            tenant: None,
            filter: LogSelection::all(),
            after: Cursor::START,
        }
    }

    /// Only the events of this tenant.
    pub fn tenant(mut self, id: TenantId) -> Self {
        self.tenant = Some(id);
        self
    }

    /// Adds the aggregates of this type, under its name and its former ones. Without such a call all are exported.
    pub fn aggregate<A: Aggregate>(self) -> Self {
        let former = A::FORMERLY.iter().copied();
        former.fold(self.aggregate_type(A::TYPE), Self::aggregate_type)
    }

    /// Adds the aggregates of the type with this stored name.
    pub fn aggregate_type(mut self, name: impl Into<String>) -> Self {
        let name = EventName::new(Some(&name.into()), None);
        self.filter = self.filter.name(name);
        self
    }

    /// Adds this aggregate. Without such a call all are exported.
    pub fn id<A>(mut self, id: Id<A>) -> Self {
        let id = AggregateId::from_uuid(id.as_uuid());
        self.filter = self.filter.aggregate_id(id);
        self
    }

    /// Only the events after an earlier export with this [`Exported::cursor`]. Import it after that one.
    pub fn after(mut self, cursor: Cursor) -> Self {
        self.after = cursor;
        self
    }

    /// Writes the events and flushes.
    ///
    /// # Errors
    /// [`ExportError::Store`] when the log cannot be read, such as by a Postgres role without the right to that of all
    /// tenants; [`ExportError::Write`] when the writer fails.
    pub async fn write<W: AsyncWrite + Unpin + ?Sized>(
        &self,
        writer: &mut W,
    ) -> Result<Exported, ExportError> {
        let Bounds { begun, end } = self.bounds().await?;
        let mut text = Text {
            begun,
            ..Text::default()
        };
        let head = Head {
            intent_history: FORMAT,
            tenant_id: self.tenant,
        };
        text.seal.write(&head, &mut text.lines)?;
        let mut cursor = self.after;
        // If a store does not know its end, it is read until no more events come.
        let is_past = |(_, position)| end > Position::default() && position >= end;
        let mut pause = HELD_UP;
        loop {
            let page = self.page(cursor, &mut text, None).await?;
            writer.write_all(&text.lines).await?;
            text.lines.clear();
            cursor = page.cursor;
            match page.next {
                NextPage::End => break,
                _ if cursor.place().is_some_and(is_past) => {
                    self.rest(cursor, &mut text, writer).await?;
                    break;
                }
                NextPage::More => pause = HELD_UP,
                NextPage::HeldUp => wait(&mut pause).await,
            }
        }
        let events = text.events;
        text.seal.write(&End { events }, &mut text.lines)?;
        writer.write_all(&text.lines).await?;
        writer.flush().await?;
        Ok(Exported { events, cursor })
    }

    /// Waits twice. The first wait may be for a long transaction, and others may store many commands meanwhile. After the second
    /// wait all of these have ended, except for the few that are under way then.
    async fn bounds(&self) -> Result<Bounds, StoreError> {
        let health = self.settled(self.store.log_health().await?).await?;
        let begun = health.end;
        let end = self.settled(health).await?.end;
        Ok(Bounds { begun, end })
    }

    /// Waits until everything that was under way at a look is settled, and looks again.
    async fn settled(&self, mut health: LogHealth) -> Result<LogHealth, StoreError> {
        let end = health.end;
        let mut pause = HELD_UP;
        // After a crash, the log may end before positions that were given out.
        while health
            .settled
            .is_some_and(|settled| settled < end.min(health.end))
        {
            wait(&mut pause).await;
            health = self.store.log_health().await?;
        }
        Ok(health)
    }

    /// Writes the remaining events of commands that go on after the last page, since a history has each command as a whole. The
    /// store knows the end of each command.
    async fn rest<W: AsyncWrite + Unpin + ?Sized>(
        &self,
        mut after: Cursor,
        text: &mut Text,
        writer: &mut W,
    ) -> Result<(), ExportError> {
        let commands = std::mem::take(&mut text.commands);
        let mut last = Position::default();
        for (tenant, command) in &commands {
            let events = self.store.events_of_command(*tenant, *command).await?;
            last = last.max(events.last().map_or(last, |event| event.position));
        }
        let mut pause = HELD_UP;
        while after.place().is_some_and(|(_, position)| position < last) {
            let page = self.page(after, text, Some(&commands)).await?;
            after = page.cursor;
            writer.write_all(&text.lines).await?;
            text.lines.clear();
            match page.next {
                NextPage::HeldUp => wait(&mut pause).await,
                NextPage::More => pause = HELD_UP,
                NextPage::End => break,
            }
        }
        Ok(())
    }

    /// Reads a page as text, or only the events of some commands.
    async fn page(
        &self,
        after: Cursor,
        text: &mut Text,
        only: Option<&HashSet<Command>>,
    ) -> Result<LogPage, ExportError> {
        let read = ReadLog {
            after,
            tenant: self.tenant,
            filter: &self.filter,
            limit: PAGE,
        };
        let mut unreadable = Ok(());
        let mut written = Ok(());
        let mut sink = |event: RecordedEvent| {
            let command = match event.metadata() {
                Ok(metadata) => metadata.command_id.map(|id| (event.tenant_id, id)),
                Err(error) => {
                    unreadable = Err(StoreError::from(error));
                    return ControlFlow::Break(());
                }
            };
            if only.is_some_and(|only| command.is_none_or(|command| !only.contains(&command))) {
                return ControlFlow::Continue(());
            }
            if event.position > text.begun {
                text.commands.extend(command);
            }
            text.events += 1;
            written = text.seal.write_event(&event, &mut text.lines);
            if written.is_err() || text.lines.len() >= PAGE_BYTES {
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        };
        let page = self.store.read_log(read, &mut sink).await?;
        unreadable?;
        written?;
        Ok(page)
    }
}

/// Where an export ends. A command with an event at `begun` or before has all of its events at `end` or before.
struct Bounds {
    begun: Position,
    end: Position,
}

/// A command, whose events belong together.
type Command = (TenantId, CommandId);

/// The text to be written.
#[derive(Default)]
struct Text {
    seal: Seal,
    lines: Vec<u8>,
    /// How many events were written.
    events: u64,
    /// See [`Bounds`].
    begun: Position,
    /// The commands with events after `begun`.
    commands: HashSet<Command>,
}

async fn wait(pause: &mut Duration) {
    sleep(*pause).await;
    *pause = (*pause * 2).min(LONGEST);
}
