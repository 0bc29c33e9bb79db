//! Reasons why a store cannot be opened: each error has its cause and what to do, and never a password.

use std::error::Error;

use intent_runtime::{App, ConnectError, Domain, PgStore, StoreError, Version, store::Streams};
use intent_tests::postgres::{Binaries, Cluster, Options, TempDatabase};
use sqlx::Executor;

use super::{refusals::version, roles::Roles};
use crate::store::appending::{append, stream};

/// An error with all its causes, in one line, and as `main` prints one that it returns.
fn told(error: &StoreError) -> String {
    let source = error.source().map(ToString::to_string);
    let told = format!("{error}: {}", source.unwrap_or_default());
    // The line of the server's source code.
    for text in [&told, &format!("{error:?}")] {
        assert!(
            !text.contains(" at line ") && !text.contains(".c\""),
            "{text}"
        );
    }
    told
}

/// The cause and the remedy of a log-in that was refused.
async fn refused(url: &str) -> (&'static str, String) {
    match PgStore::connect(url).await {
        Err(error @ StoreError::Unauthenticated { hint, .. }) => (hint, told(&error)),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_place_that_cannot_be_reached_is_named_without_its_password() {
    let url = "postgres://ada:secret@127.0.0.1:1/shop";
    let error = PgStore::connect(url).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    assert_eq!(
        error.to_string(),
        "`127.0.0.1:1/shop` cannot be opened or reached: check the path or address, and that it is up"
    );
    let told = format!("{} {error:?}", told(&error));
    assert!(!told.contains("secret"), "{told}");
}

#[tokio::test]
async fn a_url_that_cannot_be_read_is_an_error_that_says_why() {
    let wrong = App::connect("postgres://ada:secret@host:x/shop", Domain::new()).await;
    let wrong = wrong.unwrap_err();
    let url = matches!(wrong, ConnectError::Store(StoreError::UnknownUrl { .. }));
    assert!(url, "{wrong:?}");
    assert_eq!(
        wrong.to_string(),
        "`postgres://…@host:x/shop` cannot be used: invalid port number; write \
         `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, special characters in the password as `%23`"
    );
}

#[tokio::test]
async fn a_database_that_is_not_there_is_named() {
    let database = TempDatabase::new().await;
    let url = database.url().replace(database.name(), "no_such_database");
    let error = PgStore::connect(&url).await.unwrap_err();
    assert!(matches!(error, StoreError::NoDatabase { .. }), "{error:?}");
    let host = database.server().host();
    assert_eq!(
        told(&error),
        format!(
            "the database `{host}/no_such_database` does not exist: create it with `CREATE DATABASE`, or correct the URL: \
             database \"no_such_database\" does not exist"
        )
    );
}

#[tokio::test]
async fn the_error_names_a_server_or_a_build_without_encryption() {
    let database = TempDatabase::new().await;
    for mode in ["require", "verify-ca", "verify-full"] {
        let url = format!("{}?sslmode={mode}", database.url());
        let error = PgStore::connect(&url).await.unwrap_err();
        let hint = match error {
            StoreError::NoTls { hint, .. } => hint,
            other => panic!("{other:?}"),
        };
        let remedy = if told(&error).contains("without TLS support") {
            "enable the feature `postgres-tls`"
        } else {
            "switch on `ssl` on the server"
        };
        assert!(hint.starts_with(remedy), "{hint}");
    }
}

#[tokio::test]
async fn the_error_names_a_role_that_is_not_there_or_may_not_log_in() {
    let roles = Roles::new().await;
    let (hint, text) = refused(&roles.database().url_as("nobody_of_this_name")).await;
    assert!(hint.contains("CREATE ROLE … LOGIN"), "{hint}");
    assert!(
        text.ends_with("role \"nobody_of_this_name\" does not exist"),
        "{text}"
    );
    let no_login = format!("ALTER ROLE {} NOLOGIN", roles.app);
    roles.run(&no_login).await;
    let (hint, text) = refused(&roles.database().url_as(&roles.app)).await;
    assert!(hint.contains("ALTER ROLE … LOGIN"), "{hint}");
    assert!(text.ends_with("is not permitted to log in"), "{text}");
}

#[tokio::test]
async fn the_error_names_a_database_that_refuses_a_role() {
    let roles = Roles::new().await;
    let name = roles.database().name();
    let closed = format!("REVOKE CONNECT ON DATABASE {name} FROM PUBLIC");
    roles.run(&closed).await;
    let (hint, text) = refused(&roles.database().url_as(&roles.app)).await;
    assert!(hint.contains("GRANT CONNECT ON DATABASE"), "{hint}");
    assert!(text.contains("permission denied for database"), "{text}");
}

#[tokio::test]
async fn the_error_names_a_role_without_a_line_in_every_release() {
    for binaries in [Binaries::any(), Binaries::of(18)] {
        let major = binaries.major();
        let options = Options::fast().binaries(binaries);
        let cluster = Cluster::start(options.let_in("host all bob all reject")).await;
        let admin = cluster.server().connect("postgres").await;
        let make = "CREATE ROLE ada LOGIN; CREATE ROLE bob LOGIN";
        admin.unwrap().execute(make).await.unwrap();
        for role in ["ada", "bob"] {
            let (hint, _) = refused(&cluster.server().url_as(role, "postgres")).await;
            assert!(hint.contains("`pg_hba.conf`"), "{major}, {role}: {hint}");
        }
    }
}

#[tokio::test]
async fn a_wrong_password_is_an_error_until_it_is_right() {
    let options = Options::fast().let_in("host all ada,nobody all scram-sha-256");
    let cluster = Cluster::start(options).await;
    let mut admin = cluster.server().connect("postgres").await.unwrap();
    admin
        .execute("CREATE ROLE ada LOGIN PASSWORD 'right'; GRANT CREATE ON DATABASE postgres TO ada")
        .await
        .unwrap();
    let url = |login: &str| cluster.server().url_as(login, "postgres");
    // The server does not tell strangers whether the role exists.
    for wrong in ["ada:wrong", "ada", "nobody:wrong"] {
        let (hint, text) = refused(&url(wrong)).await;
        assert_eq!(hint, "correct the user or the password in the URL");
        assert!(!text.contains("wrong"), "{text}");
    }
    let store = PgStore::connect(&url("ada:right")).await.unwrap();
    let stream = stream();
    store.append(append(&stream, 1)).await.unwrap();
    assert_eq!(version(&store, &stream).await.unwrap(), Version::FIRST);

    // A password that is changed under a store: connections that are opened since are refused, until it is right again.
    admin
        .execute(
            "ALTER ROLE ada PASSWORD 'other';
             SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'ada'",
        )
        .await
        .unwrap();
    let error = version(&store, &stream).await.unwrap_err();
    assert!(
        matches!(error, StoreError::Unauthenticated { .. }),
        "{error:?}"
    );
    let text = format!("{} {error:?}", told(&error));
    assert!(!text.contains("right"), "{text}");
    admin
        .execute("ALTER ROLE ada PASSWORD 'right'")
        .await
        .unwrap();
    assert_eq!(version(&store, &stream).await.unwrap(), Version::FIRST);
}
