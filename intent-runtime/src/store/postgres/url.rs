//! A URL, as options to connect with.

use sqlx::postgres::PgConnectOptions;

use crate::{StoreError, store::connect::unknown_url};

/// What a URL may say after its `?`; sqlx leaves others aside with a warning, and with them what they were to switch on.
const OPTIONS: [&str; 18] = [
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "password",
    "port",
    "ssl-ca",
    "ssl-cert",
    "ssl-key",
    "ssl-mode",
    "ssl-root-cert",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "statement-cache-capacity",
    "user",
];

/// Reads a URL.
///
/// # Errors
/// [`StoreError::UnknownUrl`], which says what is wrong with it.
pub(super) fn options(url: &str) -> Result<PgConnectOptions, StoreError> {
    let refuse = |hint| unknown_url(url, hint);
    let (_, rest) = url.split_once("://").unwrap_or(("", url));
    let (_, path) = rest.split_once(['/', '?', '#']).unwrap_or((rest, ""));
    // What stands there may be the end of a password, so it is not repeated.
    if path.contains('@') || url.contains('#') {
        let hint = "write special characters in it as `%2F` for `/`, `%3F` for `?`, `%23` for `#`, `%40` for `@`";
        return Err(refuse(hint.to_owned()));
    }
    let query = url.split_once('?').map_or("", |(_, query)| query);
    for option in query.split('&').filter(|option| !option.is_empty()) {
        let (key, value) = option.split_once('=').unwrap_or((option, ""));
        // Settings of the server's are written `options[NAME]`.
        let setting = ["options[", "options%5B", "options%5b"];
        let known = OPTIONS.contains(&key) || setting.iter().any(|it| key.starts_with(it));
        if !known {
            return Err(refuse(format!(
                "`{key}` is none of its options, such as `sslmode`, `sslrootcert`, `application_name` and `options`"
            )));
        }
        if key == "port" && value.parse::<u16>().is_err() {
            return Err(refuse(format!(
                "the port `{value}` is not a number up to 65535"
            )));
        }
    }
    let parsed: Result<PgConnectOptions, _> = url.parse();
    let options = parsed.map_err(|error| {
        let what = match error {
            sqlx::Error::Configuration(error) => error.to_string(),
            error => error.to_string(),
        };
        refuse(format!(
            "{what}; write `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, special characters in the password as `%23`"
        ))
    })?;
    // A server would take the one named like the user, which is seldom meant.
    match options.get_database() {
        Some(name) if !name.is_empty() => Ok(options),
        _ => Err(refuse(
            "name a database, as in `postgres://HOST/DATABASE`".to_owned(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::{StoreError, options};

    fn hint(url: &str) -> String {
        match options(url) {
            Err(StoreError::UnknownUrl { hint, .. }) => hint,
            other => panic!("{url}: {other:?}"),
        }
    }

    #[test]
    fn what_is_wrong_with_a_url_is_told() {
        for (url, said) in [
            ("postgres://ada@host:x/shop", "invalid port number; write"),
            (
                "postgres://ada@host:70000/shop",
                "invalid port number; write",
            ),
            ("postgres:///shop?port=x", "the port `x` is not a number"),
            ("postgres://ada@host/shop?sslmode=yes", "\"yes\""),
            (
                "postgres://ada@host/shop?ssl=on",
                "`ssl` is none of its options",
            ),
            ("postgres://ada@host", "name a database"),
            ("postgres://ada@host/", "name a database"),
            ("postgres://host/shop?dbname=", "name a database"),
            ("postgres://ada:pass#word@host/shop", "`%23` for `#`"),
            ("postgres://ada:/password@host/shop", "`%2F` for `/`"),
            ("postgres://ada:pass?word@host/shop", "`%3F` for `?`"),
        ] {
            assert!(hint(url).contains(said), "{url}: {}", hint(url));
        }
    }

    #[test]
    fn no_part_of_a_password_is_told() {
        for url in [
            "postgres://ada:?secret=secret@host/shop",
            "postgres://ada:#secret@host/shop",
            "postgres://ada:/secret@host/shop",
            "postgres://ada:secret/shop",
            "postgres://ada:secret@host/shop?ssl=on",
        ] {
            let error = options(url).unwrap_err();
            let told = format!("{error} {error:?}");
            assert!(!told.contains("secret"), "{told}");
        }
    }

    #[test]
    fn what_is_right_is_taken() {
        for url in [
            "postgres://ada:pass%40%23word@host:5433/shop?sslmode=require&application_name=till",
            "postgresql:///shop?host=/run/postgresql",
            "postgres://host/?dbname=shop&options[search_path]=shop",
            "postgres://host/shop?options%5Bsearch_path%5D=shop",
        ] {
            assert_eq!(options(url).unwrap().get_database(), Some("shop"), "{url}");
        }
    }
}
