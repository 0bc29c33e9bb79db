//! From a URL to a store.

use std::sync::Arc;

use super::{MemoryStore, Store, StoreError};

/// Opens the store that a URL names.
pub(crate) async fn connect(url: &str) -> Result<Arc<dyn Store>, StoreError> {
    let unknown = |hint| StoreError::UnknownUrl {
        url: url.to_owned(),
        hint,
    };
    match url.split_once(':') {
        Some(("memory", "")) => Ok(Arc::new(MemoryStore::new())),
        #[cfg(feature = "sqlite")]
        Some(("sqlite", _)) => match super::SqliteStore::connect(url).await {
            Ok(store) => Ok(Arc::new(store)),
            // Of a database in memory the store knows only the file name that was made up for it.
            Err(StoreError::UnknownUrl { hint, .. }) => Err(unknown(hint)),
            Err(error) => Err(error),
        },
        #[cfg(not(feature = "sqlite"))]
        Some(("sqlite", _)) => Err(unknown("enable the feature `sqlite` of intent-runtime")),
        _ => Err(unknown("use `memory:` or `sqlite:FILE`")),
    }
}
