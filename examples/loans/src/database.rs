//! Where the applications are kept, and which there are.

use std::path::Path;

use intent_runtime::{App, ConnectError, Id, LogFilter, StoreError};

use crate::{
    Failure,
    domain::{LoanApplication, events::Submitted, loans},
};

/// The domain on a store.
pub struct Database {
    pub app: App,
}

/// Why the applications cannot be listed.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    #[error(
        "`memory:` forgets all applications when the command ends, give a file as --database sqlite:FILE"
    )]
    Memory,
    #[error("`{url}` has no applications yet, import them first with `loans import`")]
    Empty { url: String },
}

impl Database {
    /// Opens a database, and makes it if there is none.
    pub async fn create(url: &str) -> Result<Self, Failure> {
        let app = App::connect(url, loans()).await?;
        Ok(Self { app })
    }

    /// Opens a database that is there, with the applications in it.
    pub async fn open(url: &str) -> Result<(Self, Vec<Id<LoanApplication>>), Failure> {
        if url == "memory:" {
            return Err(ListError::Memory.into());
        }
        let empty = || ListError::Empty { url: url.into() };
        let existing = if url.starts_with("sqlite:") && !url.contains('?') {
            Self::create(&format!("{url}?mode=rw")).await
        } else {
            Self::create(url).await
        };
        let database = match existing {
            Err(error) if is_missing(&error) => return Err(empty().into()),
            opened => opened?,
        };
        let applications = database.applications().await?;
        if applications.is_empty() {
            return Err(empty().into());
        }
        Ok((database, applications))
    }

    /// All applications, in the order in which they were submitted.
    ///
    /// The log itself is asked: a list of our own would have to be kept in step with it, also when an import is killed
    /// halfway.
    async fn applications(&self) -> Result<Vec<Id<LoanApplication>>, StoreError> {
        let tenant = self.app.tenant(self.app.id());
        let mut log = tenant.subscribe(LogFilter::all().event::<Submitted>());
        let mut ids = Vec::new();
        loop {
            let page = log.next_page().await?;
            let submitted = page.events.iter();
            ids.extend(submitted.map(|event| Id::from_uuid(event.aggregate_id.as_uuid())));
            if page.end {
                return Ok(ids);
            }
        }
    }
}

/// Whether a database could not be opened because there is no such file.
fn is_missing(error: &Failure) -> bool {
    match error.downcast_ref() {
        Some(ConnectError::Store(StoreError::Unavailable { place, .. })) => {
            !Path::new(place).exists()
        }
        _ => false,
    }
}
