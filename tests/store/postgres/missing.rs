//! If the schema or the role's rights lack something, the error names it and the statements that mend it, both when the store
//! is opened and when it is at work.

use intent_runtime::{
    PgStore, StoreError, Version,
    store::{Log, Streams, Transact},
};

use super::{refusals::version, roles::Roles};
use crate::store::appending::{append, stream};

/// What was missing, and how to mend it.
fn missing(error: StoreError) -> (String, String) {
    let said = error.to_string();
    match error {
        StoreError::Incomplete { missing, mend, .. } => {
            assert!(said.contains(&missing) && said.contains(&mend), "{said}");
            (missing, mend)
        }
        other => panic!("{other:?}"),
    }
}

/// Breaks the schema under a store. The open store and one that starts must both name the damage. Then it runs their statements
/// as the owner, and both must work.
async fn broken_and_mended(breaks: &str, named: &str) {
    let roles = Roles::new().await;
    let open = roles.open(&roles.app).await.unwrap();
    open.append(append(&stream(), 2)).await.unwrap();
    let breaks = breaks.replace("ROLE", &roles.app);
    roles.run(&breaks).await;
    let (said, mend) = missing(roles.open(&roles.app).await.expect_err(&breaks));
    assert_eq!(said, named, "{breaks}");
    run_as_owner(&roles, &mend).await;
    let mut restarted = roles.open(&roles.app).await;
    if let Err(StoreError::Incomplete { mend, .. }) = &restarted {
        // A table that was made anew is granted by a statement of its own.
        run_as_owner(&roles, mend).await;
        restarted = roles.open(&roles.app).await;
    }
    let restarted = restarted.unwrap_or_else(|error| panic!("{breaks}: {error}"));
    for store in [&open, &restarted] {
        let stream = stream();
        store.append(append(&stream, 1)).await.unwrap();
        assert_eq!(version(store, &stream).await.unwrap(), Version::FIRST);
    }
    let read = restarted.log_health().await.unwrap();
    assert!(!read.end.to_string().is_empty());
}

async fn run_as_owner(roles: &Roles, statements: &str) {
    let mut owner = roles.connection(&roles.owner).await;
    let run = sqlx::raw_sql(sqlx::AssertSqlSafe(statements)).execute(&mut owner);
    run.await
        .unwrap_or_else(|error| panic!("{statements}: {error}"));
}

#[tokio::test]
async fn a_missing_part_is_named_and_mended() {
    for (breaks, named) in [
        (
            "DROP TABLE intent.snapshots",
            "table intent.snapshots, constraint snapshots_aggregate on intent.snapshots, \
             policy tenants on intent.snapshots",
        ),
        (
            "DROP TABLE intent.events",
            "table intent.events, constraint events_version on intent.events, \
             constraint events_id on intent.events, index intent.events_position, \
             index intent.events_tenant, index intent.events_aggregate, \
             index intent.events_streams, index intent.events_correlation, \
             policy tenants on intent.events, policy append on intent.events, \
             policy erase on intent.events, policy all_tenants on intent.events",
        ),
        ("DROP TABLE intent.store", "table intent.store"),
        ("DROP TABLE intent.migrations", "table intent.migrations"),
        (
            "DROP FUNCTION intent.log_ahead",
            "function intent.log_ahead",
        ),
        (
            "DROP FUNCTION intent.is_owner CASCADE",
            "function intent.is_owner, policy all_tenants on intent.events",
        ),
        (
            "DROP FUNCTION intent.grant_app",
            "function intent.grant_app",
        ),
        (
            "DROP FUNCTION intent.grant_reader",
            "function intent.grant_reader",
        ),
        (
            "DROP INDEX intent.events_position",
            "index intent.events_position",
        ),
        (
            "DROP INDEX intent.events_tenant",
            "index intent.events_tenant",
        ),
        (
            "DROP INDEX intent.events_aggregate",
            "index intent.events_aggregate",
        ),
        (
            "DROP INDEX intent.events_streams",
            "index intent.events_streams",
        ),
        (
            "DROP INDEX intent.events_correlation",
            "index intent.events_correlation",
        ),
        (
            "ALTER TABLE intent.events DROP CONSTRAINT events_version",
            "constraint events_version on intent.events",
        ),
        (
            "ALTER TABLE intent.events DROP CONSTRAINT events_id",
            "constraint events_id on intent.events",
        ),
        (
            "DROP POLICY tenants ON intent.events",
            "policy tenants on intent.events",
        ),
        (
            "DROP POLICY append ON intent.events",
            "policy append on intent.events",
        ),
    ] {
        broken_and_mended(breaks, named).await;
    }
}

#[tokio::test]
async fn a_missing_right_is_named_and_given() {
    for (breaks, named) in [
        (
            "REVOKE USAGE ON SCHEMA intent FROM ROLE",
            "USAGE on schema intent",
        ),
        (
            "REVOKE SELECT ON intent.migrations FROM ROLE",
            "SELECT on intent.migrations",
        ),
        (
            "REVOKE SELECT ON intent.store FROM ROLE",
            "SELECT on intent.store",
        ),
        (
            "REVOKE SELECT ON intent.events FROM ROLE",
            "SELECT on intent.events",
        ),
        (
            "REVOKE SELECT ON intent.events_position_seq FROM ROLE",
            "SELECT on intent.events_position_seq",
        ),
        (
            "REVOKE INSERT (payload) ON intent.events FROM ROLE",
            "INSERT on intent.events",
        ),
        (
            "REVOKE INSERT (correlation_id) ON intent.events FROM ROLE",
            "INSERT on intent.events",
        ),
        (
            "REVOKE UPDATE, DELETE ON intent.snapshots FROM ROLE",
            "UPDATE on intent.snapshots, DELETE on intent.snapshots",
        ),
        (
            "REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA intent FROM PUBLIC;
             REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA intent FROM ROLE",
            "EXECUTE on function intent.is_owner, EXECUTE on function intent.log_ahead",
        ),
    ] {
        broken_and_mended(breaks, named).await;
    }
}

#[tokio::test]
async fn a_store_at_work_names_what_goes_missing_under_it() {
    for (breaks, named) in [
        (
            "REVOKE INSERT (payload) ON intent.events FROM ROLE",
            "INSERT on intent.events",
        ),
        (
            "REVOKE USAGE ON SCHEMA intent FROM ROLE",
            "USAGE on schema intent",
        ),
        ("DROP TABLE intent.store", "table intent.store"),
    ] {
        let roles = Roles::new().await;
        let store = roles.open(&roles.app).await.unwrap();
        let stream = stream();
        store.append(append(&stream, 1)).await.unwrap();
        roles.run(&breaks.replace("ROLE", &roles.app)).await;
        // A connection that has planned its statement checks the rights again all the same.
        match store.append(append(&stream, 1)).await {
            Ok(_) => assert!(
                breaks.contains("intent.store"),
                "appends need no such table"
            ),
            Err(error) => assert_eq!(missing(error).0, named, "{breaks}"),
        }
        // In transactions too, which need all of it.
        let mut users = store.pool().begin().await.unwrap();
        let told = store.append_in(&mut users, append(&stream, 1)).await;
        assert_eq!(missing(told.unwrap_err()).0, named, "{breaks}");
        let begun = store.begin().await.unwrap();
        let told = begun.append(append(&stream, 1)).await;
        assert_eq!(missing(told.unwrap_err()).0, named, "{breaks}");
    }
}

#[tokio::test]
async fn a_reader_gets_the_grants_that_a_reader_needs() {
    let roles = Roles::new().await;
    roles.open(&roles.reader).await.unwrap();
    roles
        .run(&format!(
            "REVOKE SELECT ON intent.store FROM {}",
            roles.reader
        ))
        .await;
    let (said, mend) = missing(roles.open(&roles.reader).await.unwrap_err());
    assert_eq!(said, "SELECT on intent.store");
    assert_eq!(
        mend,
        format!("SELECT intent.grant_reader('{}');", roles.reader)
    );
    run_as_owner(&roles, &mend).await;
    roles.open(&roles.reader).await.unwrap();
}

#[tokio::test]
async fn a_missing_schema_is_asked_for_by_its_version() {
    let roles = Roles::empty().await;
    let error = roles.open(&roles.app).await.unwrap_err();
    let old = matches!(
        error,
        StoreError::NotMigrated {
            found: 0,
            known: 1,
            ..
        }
    );
    assert!(old, "{error:?}");
    assert!(
        error.to_string().contains("PgStore::migration_sql"),
        "{error}"
    );
    run_as_owner(&roles, &PgStore::migration_sql(0)).await;
    run_as_owner(&roles, &format!("SELECT intent.grant_app('{}')", roles.app)).await;
    let store = roles.open(&roles.app).await.unwrap();
    store.append(append(&stream(), 1)).await.unwrap();
}
