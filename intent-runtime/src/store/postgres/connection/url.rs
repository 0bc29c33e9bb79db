//! A URL, as options to connect with.

use std::borrow::Cow;

use sqlx::postgres::PgConnectOptions;

use crate::store::{connect::unknown_url, error::StoreError};

/// The options that a URL may have after its `?`. sqlx ignores others with a warning, and so whatever they were to switch on.
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
pub(crate) fn options(url: &str) -> Result<PgConnectOptions, StoreError> {
    let refuse = |hint| unknown_url(url, hint);
    let Some(("postgres" | "postgresql", rest)) = url.split_once("://") else {
        return Err(refuse(
            "write `postgres://USER:PASSWORD@HOST:PORT/DATABASE`".to_owned(),
        ));
    };
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
    let parsed: Result<PgConnectOptions, _> = host_as_option(url).parse();
    let options = parsed.map_err(|error| {
        let what = match error {
            sqlx::Error::Configuration(error) => error.to_string(),
            error => error.to_string(),
        };
        refuse(format!(
            "{what}; write `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, special characters in the password as `%23`"
        ))
    })?;
    // A server would take the database named like the user, which is seldom meant.
    match options.get_database() {
        Some(name) if !name.is_empty() => Ok(without_brackets(options)),
        _ => Err(refuse(
            "name a database, as in `postgres://HOST/DATABASE`".to_owned(),
        )),
    }
}

/// The same URL with a host in brackets or with percent signs moved to an option, which sqlx reads correctly. In its own place,
/// sqlx looks up the brackets of an IPv6 address as part of a name, and does not decode percent signs. A later option with
/// another host still wins.
fn host_as_option(url: &str) -> Cow<'_, str> {
    let Some((scheme, rest)) = url.split_once("://") else {
        return Cow::Borrowed(url);
    };
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let (user, place) = match authority.rsplit_once('@') {
        Some((user, place)) => (Some(user), place),
        None => (None, authority),
    };
    let (host, port) = match place.strip_prefix('[').and_then(|it| it.split_once(']')) {
        Some((address, port)) => (encoded(address), port),
        None => match place.split_at(place.find(':').unwrap_or(place.len())) {
            (host, port) if host.contains('%') => (host.to_owned(), port),
            _ => return Cow::Borrowed(url),
        },
    };
    let user = user.map_or_else(String::new, |user| format!("{user}@"));
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    Cow::Owned(format!(
        "{scheme}://{user}localhost{port}{path}?host={host}&{query}"
    ))
}

/// Options whose host may be an IPv6 address in brackets, as sqlx takes it from a URL, and then looks it up with them.
pub(crate) fn without_brackets(options: PgConnectOptions) -> PgConnectOptions {
    let host = options.get_host();
    let address = host.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    match address.map(str::to_owned) {
        Some(address) => options.host(&address),
        None => options,
    }
}

/// An IPv6 address as the value of an option. A zone, as in `fe80::1%eth0`, is written with `%25` or with a bare `%`.
fn encoded(address: &str) -> String {
    let address = address.replace("%25", "%");
    address.replace('%', "%25").replace(':', "%3A")
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
            ("postgress://ada@host/shop", "write `postgres://USER"),
            ("host/shop", "write `postgres://USER"),
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
            "ada:secret@host/shop",
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
    fn every_way_to_write_a_host_is_understood() {
        for (url, host, port) in [
            ("postgres://u@[::1]:5433/db", "::1", 5433),
            ("postgres://u:p%40@[::1]/db?port=5433", "::1", 5433),
            ("postgres://[2001:db8::7]:5433/db", "2001:db8::7", 5433),
            (
                "postgres://[::ffff:127.0.0.1]:5433/db",
                "::ffff:127.0.0.1",
                5433,
            ),
            ("postgres://[fe80::1%25eth0]:5433/db", "fe80::1%eth0", 5433),
            ("postgres://u@localhost:5433/db?host=::1", "::1", 5433),
            ("postgres://u@[::1]:5433/db?hostaddr=::2", "::2", 5433),
            ("postgres://u@localhost:5433/db?host=[::1]", "::1", 5433),
            ("postgres://[::1]:5433?dbname=db", "::1", 5433),
            ("postgres://u@my%2Dhost:5433/db", "my-host", 5433),
            ("postgres://u@127.0.0.1:5433/db", "127.0.0.1", 5433),
        ] {
            let options = options(url).unwrap();
            let found = (options.get_host(), options.get_port());
            assert_eq!(found, (host, port), "{url}");
            assert_eq!(options.get_socket(), None, "{url}");
            assert_eq!(options.get_database(), Some("db"), "{url}");
        }
    }

    #[test]
    fn every_way_to_write_a_socket_is_understood() {
        for url in [
            "postgres://ada@%2Frun%2Fpostgresql/shop",
            "postgres://ada@%2Frun%2Fpostgresql:5433/shop?sslmode=disable",
            "postgres:///shop?host=/run/postgresql&user=ada",
            "postgres://ada@localhost/shop?host=%2Frun%2Fpostgresql",
        ] {
            let options = options(url).unwrap();
            let socket = options.get_socket().unwrap();
            assert_eq!(socket.to_str(), Some("/run/postgresql"), "{url}");
            assert_eq!(options.get_username(), "ada", "{url}");
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
