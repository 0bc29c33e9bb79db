//! Where the applications are kept, and which there are.

use std::path::Path;

use intent_runtime::{Aggregate, App, Id, SqliteStore, StoreError, TenantId};
use sqlx::SqlitePool;

use crate::{Failure, domain::LoanApplication};

/// The domain on a store.
pub struct Database {
    pub app: App,
    /// Our own way into the store's file.
    sqlite: Option<SqlitePool>,
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
    #[error("the applications cannot be listed")]
    Database(#[from] sqlx::Error),
}

impl Database {
    /// Opens a database, and makes it if there is none.
    pub async fn create(url: &str) -> Result<Self, Failure> {
        if !url.starts_with("sqlite:") {
            let app = App::connect(url).await?.register::<LoanApplication>()?;
            return Ok(Self { app, sqlite: None });
        }
        let store = SqliteStore::connect(url).await?;
        let pool = store.pool().clone();
        let app = App::new(store).register::<LoanApplication>()?;
        let sqlite = Some(pool);
        Ok(Self { app, sqlite })
    }

    /// Opens a database that is there, with the applications in it.
    pub async fn open(url: &str) -> Result<(Self, Vec<Id<LoanApplication>>), Failure> {
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

    /// All applications, in the order in which they were stored.
    ///
    /// The events themselves are asked, with plain SQL beside the store: a list of our own would have to be kept in step
    /// with them, also when an import is killed halfway.
    async fn applications(&self) -> Result<Vec<Id<LoanApplication>>, ListError> {
        let pool = self.sqlite.as_ref().ok_or(ListError::Memory)?;
        let ids = sqlx::query_scalar(
            "SELECT lower(hex(aggregate_id)) FROM intent_events
             WHERE tenant_id = ?1 AND aggregate_type = ?2 AND version = 1 ORDER BY position",
        );
        let ids: Vec<String> = ids
            .bind(TenantId::DEFAULT.as_uuid().as_bytes().as_slice())
            .bind(LoanApplication::TYPE)
            .fetch_all(pool)
            .await?;
        let ids = ids.iter().map(|id| {
            let parsed = id.parse::<Id<LoanApplication>>();
            parsed.map_err(|error| sqlx::Error::Decode(error.into()).into())
        });
        ids.collect()
    }
}

/// Whether a database could not be opened because there is no such file.
fn is_missing(error: &Failure) -> bool {
    match error.downcast_ref() {
        Some(StoreError::Unavailable { place, .. }) => !Path::new(place).exists(),
        _ => false,
    }
}
