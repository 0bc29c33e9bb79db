//! From a URL to a store.

use std::sync::Arc;

use super::{MemoryStore, Store, StoreError};

/// Opens the store that a URL names.
pub(crate) async fn connect(url: &str) -> Result<Arc<dyn Store>, StoreError> {
    let unknown = |hint| StoreError::UnknownUrl {
        url: without_secrets(url),
        hint,
    };
    match url.split_once(':') {
        Some(("memory", "")) => Ok(Arc::new(MemoryStore::new())),
        #[cfg(feature = "sqlite")]
        Some(("sqlite", _)) => Ok(Arc::new(super::SqliteStore::connect(url).await?)),
        #[cfg(not(feature = "sqlite"))]
        Some(("sqlite", _)) => Err(unknown("enable the feature `sqlite` of intent-runtime")),
        #[cfg(feature = "postgres")]
        Some(("postgres" | "postgresql", _)) => Ok(Arc::new(super::PgStore::connect(url).await?)),
        #[cfg(not(feature = "postgres"))]
        Some(("postgres" | "postgresql", _)) => {
            Err(unknown("enable the feature `postgres` of intent-runtime"))
        }
        _ => Err(unknown(
            "use `memory:`, `sqlite:FILE` or `postgres://HOST/DATABASE`",
        )),
    }
}

/// A URL as an error may show it: without user, password and options.
pub(super) fn without_secrets(url: &str) -> String {
    let url = url.split('?').next().unwrap_or_default();
    match url.rsplit_once('@') {
        None => url.to_owned(),
        Some((before, place)) => {
            let scheme = before.split([':', '/']).next().unwrap_or_default();
            format!("{scheme}://…@{place}")
        }
    }
}
