//! [`Import`]: an exported history, stored as it was recorded.

use std::io;

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt};

use crate::{
    record::{event::RecordedEvent, id::TenantId},
    store::{append::Append, error::StoreError, import::Imported, port::Store},
    transfer::format::{self, End, FORMAT, Head, Seal},
};

/// How many events are stored at once.
const PAGE: usize = 1_000;
/// How many bytes of text are stored at once, unless a single line has more.
const PAGE_BYTES: usize = 8 * 1024 * 1024;

/// Stores the events of an [export](crate::transfer::Export) in any store as they were recorded: ids, versions, payloads, metadata
/// and times, in the same order. Only the positions are new.
///
/// An import checks every line of a page of up to 1,000 events, then stores the page whole or not at all. It leaves events that
/// are there already as they are, so after an interruption run it again from the start. It needs no domain.
///
/// ```
/// # mod account { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doctest/account.rs")); }
/// # use account::*;
/// use intent_runtime::prelude::*;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let app = App::connect("memory:", Domain::of::<Account>()).await?;
/// # let id = Id::<Account>::new();
/// # app.send(Open { id, owner: "Ada".into() }).await?;
/// let mut file = Vec::new();
/// app.tenant(TenantId::DEFAULT).export().write(&mut file).await?;
///
/// let copy = App::connect("memory:", Domain::of::<Account>()).await?;
/// let branch = copy.tenant(TenantId::from_name("eindhoven"));
/// let imported = branch.import().read(&mut &file[..]).await?;
/// assert_eq!((imported.stored, imported.known), (1, 0));
/// let again = branch.import().read(&mut &file[..]).await?;
/// assert_eq!((again.stored, again.known), (0, 1));
/// assert_eq!(branch.load(id).await?.version(), Version::FIRST);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is stored before `read` is called"]
pub struct Import<'a> {
    store: &'a dyn Store,
    tenant: Option<TenantId>,
}

/// Why an import ended early. The pages before the named line are stored, and nothing of its own page is. Lines count from 1.
/// Handling: fix the cause and import again; nothing is stored twice.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The text does not begin as an export does. Handling: check which file it is.
    #[error("line 1 is not the first line of an exported history: check which file it is")]
    NotAHistory,
    /// A newer build wrote it. Handling: import with that build.
    #[error(
        "the history has format {found}, this build reads formats up to {known}: import it with a newer build"
    )]
    NewerFormat {
        /// The format of the text.
        found: u32,
        /// The newest that this build reads.
        known: u32,
    },
    /// A line was altered, or lines before it were lost, added or moved. Handling: take an intact copy.
    #[error(
        "line {line} is not as it was written, or not where: take an intact copy of the history"
    )]
    Damaged {
        /// Which line.
        line: u64,
    },
    /// The text ends before its last line. Handling: take a whole copy, or export again.
    #[error(
        "the history ends at line {line}, before its end: take a whole copy or export it again"
    )]
    Truncated {
        /// The last line there is.
        line: u64,
    },
    /// A line is undamaged, and is not an event. Handling: import with the build that wrote it.
    #[error("line {line} is not an event that this build can store")]
    Line {
        /// Which line.
        line: u64,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The history is that of all tenants, and the import is for one tenant. Handling: export one tenant, or import all as
    /// they are with [`App::import`](crate::App::import). Nothing of it is stored.
    #[error("the history is that of all tenants: export one tenant to import it into another")]
    AllTenants,
    /// The store refuses a page. Handling: see [`StoreError::ImportRefused`], which names stream and version.
    #[error("the events of lines {first} to {last} cannot be stored")]
    Store {
        /// The first line of the page.
        first: u64,
        /// The last line of the page.
        last: u64,
        /// Why.
        source: StoreError,
    },
    /// The text cannot be read. Handling: repair the connection or the disk.
    #[error("line {line} cannot be read")]
    Read {
        /// Which line.
        line: u64,
        /// Why.
        source: io::Error,
    },
}

impl<'a> Import<'a> {
    /// The longest a line may be, in bytes: a payload and metadata of the largest size, each byte of them escaped, and 64 KiB
    /// for the rest. A longer one is [`ImportError::Damaged`], and is read no further.
    pub const MAX_LINE: usize = 4 * Append::MAX_PAYLOAD + 64 * 1024;

    /// An import that keeps the tenant of each event. [`Tenant::import`](crate::Tenant::import) imports into one tenant.
    pub fn new(store: &'a dyn Store) -> Self {
        Self {
            store,
            tenant: None,
        }
    }

    /// Stores the events of one tenant under this tenant instead.
    pub fn tenant(mut self, id: TenantId) -> Self {
        self.tenant = Some(id);
        self
    }

    /// Reads the text to its end and stores its events.
    ///
    /// # Errors
    /// [`ImportError`] names the line that cannot be read or is not as it was written, or the lines of the page that the
    /// store refuses.
    pub async fn read<R: AsyncBufRead + Unpin + ?Sized>(
        &self,
        reader: &mut R,
    ) -> Result<Imported, ImportError> {
        let mut lines = Lines::new(reader);
        let head = check_head(&mut lines).await?;
        if self.tenant.is_some() && head.tenant_id.is_none() {
            return Err(ImportError::AllTenants);
        }
        let mut total = Imported::default();
        let mut events = 0;
        loop {
            let page = self.page(&mut lines, &head).await?;
            events += u64::try_from(page.events.len()).unwrap_or(u64::MAX);
            if page.end.as_ref().is_some_and(|end| end.events != events) {
                return Err(ImportError::Damaged { line: lines.number });
            }
            if !page.events.is_empty() {
                let last = lines.number - u64::from(page.end.is_some());
                let first = page.first;
                let imported = self.store.import(page.events).await;
                let imported = imported.map_err(|source| ImportError::Store {
                    first,
                    last,
                    source,
                })?;
                total.stored += imported.stored;
                total.known += imported.known;
            }
            if page.end.is_some() {
                break;
            }
        }
        // Editors add empty lines. Any other line does not belong to this history.
        while let Some(line) = lines.next_unchecked().await? {
            if !line.is_empty() {
                return Err(ImportError::Damaged { line: lines.number });
            }
        }
        Ok(total)
    }

    async fn page<R: AsyncBufRead + Unpin + ?Sized>(
        &self,
        lines: &mut Lines<'_, R>,
        head: &Head,
    ) -> Result<Page, ImportError> {
        let mut page = Page {
            events: Vec::new(),
            first: lines.number + 1,
            end: None,
        };
        let mut bytes = 0;
        while page.events.len() < PAGE && bytes < PAGE_BYTES {
            let line = lines.next().await?;
            bytes += line.len();
            page.end = format::end(line);
            if page.end.is_some() {
                break;
            }
            let event = format::event(line, head);
            let line = lines.number;
            let mut event = event.map_err(|source| ImportError::Line { line, source })?;
            event.tenant_id = self.tenant.unwrap_or(event.tenant_id);
            page.events.push(event);
        }
        Ok(page)
    }
}

/// Events to be stored together.
struct Page {
    events: Vec<RecordedEvent>,
    first: u64,
    /// The last line of the text, if it follows.
    end: Option<End>,
}

async fn check_head<R: AsyncBufRead + Unpin + ?Sized>(
    lines: &mut Lines<'_, R>,
) -> Result<Head, ImportError> {
    // The sum depends on the format, so the format is read first.
    let line = match lines.next_unchecked().await {
        Ok(Some(line)) => line.to_owned(),
        Ok(None) | Err(ImportError::Damaged { .. }) => return Err(ImportError::NotAHistory),
        Err(error) => return Err(error),
    };
    // serde would also read the fields from an array.
    if !line.starts_with('{') {
        return Err(ImportError::NotAHistory);
    }
    let head: Head = serde_json::from_str(&line).map_err(|_| ImportError::NotAHistory)?;
    if head.intent_history > FORMAT {
        return Err(ImportError::NewerFormat {
            found: head.intent_history,
            known: FORMAT,
        });
    }
    let checked = lines.seal.checked(&line);
    checked
        .map(|_| head)
        .ok_or(ImportError::Damaged { line: lines.number })
}

/// The lines of a text, each checked against its sum.
struct Lines<'a, R: ?Sized> {
    reader: &'a mut R,
    line: Vec<u8>,
    /// The number of the line that was read last.
    number: u64,
    seal: Seal,
}

impl<'a, R: AsyncBufRead + Unpin + ?Sized> Lines<'a, R> {
    fn new(reader: &'a mut R) -> Self {
        Self {
            reader,
            line: Vec::new(),
            number: 0,
            seal: Seal::default(),
        }
    }

    /// The next line without its sum, which is checked.
    async fn next(&mut self) -> Result<&str, ImportError> {
        let read = self.read().await?;
        let line = content(&self.line).filter(|_| read);
        let Some(body) = line.and_then(|line| self.seal.checked(line)) else {
            let line = self.number;
            return Err(if self.line.ends_with(b"\n") {
                ImportError::Damaged { line }
            } else {
                ImportError::Truncated { line }
            });
        };
        let end = body.len();
        self.line.truncate(end);
        self.line.push(b'}');
        content(&self.line).ok_or(ImportError::Damaged { line: self.number })
    }

    /// The next line without a check; `None` at the end.
    async fn next_unchecked(&mut self) -> Result<Option<&str>, ImportError> {
        if !self.read().await? {
            return Ok(None);
        }
        let line = content(&self.line);
        line.map(Some)
            .ok_or(ImportError::Damaged { line: self.number })
    }

    /// Reads and counts the next line; `false` at the end.
    async fn read(&mut self) -> Result<bool, ImportError> {
        self.line.clear();
        let limit = u64::try_from(Import::MAX_LINE).unwrap_or(u64::MAX);
        let mut reader = (&mut *self.reader).take(limit);
        let read = reader.read_until(b'\n', &mut self.line).await;
        let read = read.map_err(|source| ImportError::Read {
            line: self.number + 1,
            source,
        })?;
        self.number += u64::from(read > 0);
        if read == Import::MAX_LINE && !self.line.ends_with(b"\n") {
            return Err(ImportError::Damaged { line: self.number });
        }
        Ok(read > 0)
    }
}

/// A line without its end, if it is UTF-8. Other systems may have made the end `\r\n`.
fn content(line: &[u8]) -> Option<&str> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    std::str::from_utf8(line).ok()
}
