//! From a URL to a store.

use std::sync::Arc;

use crate::{
    record::clock::{Clock, SystemClock},
    store::{error::StoreError, memory::MemoryStore, port::Store},
};

/// Opens the store that a URL names. A store in memory tells the time by `clock`.
pub(crate) async fn connect(
    url: &str,
    clock: &Arc<dyn Clock>,
) -> Result<Arc<dyn Store>, StoreError> {
    let unknown = |hint| unknown_url(url, hint);
    match url.split_once(':') {
        Some(("memory", "")) => Ok(Arc::new(MemoryStore::on_clock(Arc::clone(clock)))),
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

/// Makes or migrates the tables of the store that a URL names, then closes its connections. The role must be allowed to do so.
/// If the tables are already as this build makes them, nothing changes.
///
/// # Errors
/// Whatever opening the store returns; [`StoreError::NotMigrated`] if the role may not make the tables.
pub async fn migrate(url: &str) -> Result<(), StoreError> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    connect(url, &clock).await?.close().await
}

/// The refusal of a URL.
pub(super) fn unknown_url(url: &str, hint: impl Into<String>) -> StoreError {
    StoreError::UnknownUrl {
        url: without_secrets(url),
        hint: hint.into(),
    }
}

/// A URL as an error may show it: without user, password and options. If it is not clear what is a password, as with a bare `?`
/// or without a host, little of the URL is left.
fn without_secrets(url: &str) -> String {
    if url.starts_with("sqlite:") {
        // It names a file, and no user.
        return url.to_owned();
    }
    // Without a scheme, what stands there may be a user's name.
    let scheme = url.split_once("://").map_or("…", |(scheme, _)| scheme);
    let (place, options) = url.split_once('?').unwrap_or((url, ""));
    if options.contains('@') {
        return format!("{scheme}://…");
    }
    if let Some((_, place)) = place.rsplit_once('@') {
        return format!("{scheme}://…@{place}");
    }
    let authority = place.split_once("://").map_or("", |(_, rest)| rest);
    let authority = authority.split('/').next().unwrap_or_default();
    match authority.rsplit_once(':') {
        Some((_, port)) if port.parse::<u16>().is_err() && !port.ends_with(']') => {
            format!("{scheme}://…")
        }
        _ => place.to_owned(),
    }
}

/// What [`App::on`](crate::App::on) takes: a store of your own, or an app whose store another one is to share.
pub trait IntoStore {
    /// The store, to be shared.
    fn into_store(self) -> Arc<dyn Store>;

    /// The clock of the app that it is the store of.
    #[doc(hidden)]
    fn clock(&self) -> Option<Arc<dyn Clock>> {
        None
    }
}

impl<S: Store> IntoStore for S {
    fn into_store(self) -> Arc<dyn Store> {
        Arc::new(self)
    }
}

impl IntoStore for Arc<dyn Store> {
    fn into_store(self) -> Arc<dyn Store> {
        self
    }
}

impl<S: Store> IntoStore for Arc<S> {
    fn into_store(self) -> Arc<dyn Store> {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::without_secrets;

    #[test]
    fn no_part_of_a_password_is_shown() {
        for url in [
            "postgres://ada:secret@host/shop",
            "postgres://ada:secret@host/shop?password=secret",
            "postgres://ada:se@secret@host/shop",
            "postgres://ada:?secret@host/shop",
            "postgres://ada:@?x=secret@host/shop",
            "postgres://ada:#secret@host/shop",
            "postgres://ada:/secret@host/shop",
            "postgres://ada:secret/shop",
            "postgres:///shop?password=secret",
        ] {
            let shown = without_secrets(url);
            assert!(!shown.contains("secret"), "{url}: {shown}");
            assert!(shown.starts_with("postgres://"), "{url}: {shown}");
        }
        assert_eq!(without_secrets("ada:secret@host/shop"), "…://…@host/shop");
    }

    #[test]
    fn what_names_the_place_is_shown() {
        for url in [
            "postgres://host:5432/shop",
            "postgres://[::1]/shop",
            "sqlite:bank.db",
        ] {
            assert_eq!(without_secrets(url), url);
        }
        let shown = without_secrets("postgres://ada:secret@host:x/shop");
        assert_eq!(shown, "postgres://…@host:x/shop");
    }
}
