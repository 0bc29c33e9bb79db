//! What stops read models is told with the statements that mend it, and they do.

use intent_runtime::{ConnectError, Finding, Severity, prelude::*};

use super::{
    by_hand::Database,
    domain::*,
    fixture::failing,
    inline::domain::{Customer, Listed, Register, Registered},
};

/// What is wrong, beside hints.
async fn wrong(app: &App) -> Vec<Finding> {
    let mut found = app.check().await.unwrap();
    found.retain(|finding| finding.severity != Severity::Hint);
    found
}

async fn balance(app: &App, id: Id<Account>) -> i64 {
    let row = app.read::<Balance>().get(id).await.unwrap();
    row.unwrap().cents
}

/// Breaks a read model by hand while no workers run. Both `check` and the status of the workers tell it, and the statements of the
/// finding mend it while the workers run.
async fn mended(database: &Database, breaking: &str, said: &[&str]) {
    let app = database.app(domain()).await;
    let workers = app.start().await.unwrap();
    let id = opened(&app, "north").await;
    pay(&app, id, 5).await;
    app.settled(LONG).await.unwrap();
    workers.stop(LONG).await.unwrap();
    assert_eq!(wrong(&app).await, []);

    database.run(breaking).await;
    let found = wrong(&app).await;
    for said in said {
        let is_it = |finding: &&Finding| finding.what.contains(said);
        assert!(found.iter().any(|it| is_it(&it)), "{said}: {found:?}");
    }
    pay(&app, id, 7).await;
    let workers = app.start().await.unwrap();
    let reason = failing(&workers).await;
    assert!(said.iter().any(|said| reason.contains(said)), "{reason}");
    for finding in found {
        // Several findings may be mended at once.
        if wrong(&app)
            .await
            .iter()
            .any(|still| still.what == finding.what)
        {
            database.run(finding.sql.as_deref().unwrap()).await;
        }
    }
    loop {
        match app.settled(LONG).await {
            Ok(()) => break,
            Err(WaitError::Failing { .. }) => tokio::task::yield_now().await,
            Err(error) => panic!("{error:?}"),
        }
    }
    assert_eq!(balance(&app, id).await, 12);
    assert_eq!(wrong(&app).await, []);
    workers.stop(LONG).await.unwrap();
}

#[tokio::test]
async fn a_dropped_table_is_made_anew() {
    for database in Database::all().await {
        let cascade = if database.is_postgres() {
            " CASCADE"
        } else {
            ""
        };
        let breaking = format!("DROP TABLE READ.balance__1_1{cascade}");
        mended(&database, &breaking, &["is gone"]).await;
    }
}

#[tokio::test]
async fn a_dropped_table_of_links_is_made_anew_with_that_of_the_rows() {
    for database in Database::all().await {
        let breaking = "DROP TABLE READ.received__1_1_links";
        mended(&database, breaking, &["received__1_1_links\" is gone"]).await;
    }
}

#[tokio::test]
async fn a_dropped_view_is_made_anew() {
    for database in Database::all().await {
        let breaking = "DROP VIEW READ.balance__1; DROP VIEW READ.balance";
        mended(&database, breaking, &["is missing"]).await;
    }
}

#[tokio::test]
async fn an_altered_view_is_made_anew() {
    for database in Database::all().await {
        let breaking = "DROP VIEW READ.balance__1; CREATE VIEW READ.balance__1 AS \
                        SELECT tenant_id, account, branch, 2 * cents AS cents FROM READ.balance__1_1";
        mended(&database, breaking, &["was altered"]).await;
    }
}

#[tokio::test]
async fn a_column_of_another_type_is_built_anew() {
    for database in Database::all().await {
        let breaking = match database.is_postgres() {
            true => {
                "DROP VIEW READ.balance__1; DROP VIEW READ.balance; ALTER TABLE READ.balance__1_1 ALTER COLUMN cents TYPE text"
            }
            false => {
                "DROP VIEW READ.balance__1; DROP VIEW READ.balance; ALTER TABLE READ.balance__1_1 DROP COLUMN cents; \
                 ALTER TABLE READ.balance__1_1 ADD COLUMN cents TEXT NOT NULL DEFAULT ''"
            }
        };
        mended(&database, breaking, &["the column `cents` of "]).await;
    }
}

#[tokio::test]
async fn a_column_that_is_missing_is_built_anew() {
    for database in Database::all().await {
        let breaking = "DROP VIEW READ.balance__1; DROP VIEW READ.balance; ALTER TABLE READ.balance__1_1 DROP COLUMN payments";
        mended(&database, breaking, &["has no column `payments`"]).await;
    }
}

#[tokio::test]
async fn a_column_that_the_model_has_not_is_dropped_by_the_statement() {
    for database in Database::all().await {
        let breaking = "ALTER TABLE READ.balance__1_1 ADD COLUMN extra integer NOT NULL DEFAULT 1";
        mended(
            &database,
            breaking,
            &["has a column `extra` that the model has not"],
        )
        .await;
    }
}

#[tokio::test]
async fn an_index_that_is_missing_is_a_hint_and_stops_nothing() {
    for database in Database::all().await {
        let app = database.app(domain()).await;
        let workers = app.start().await.unwrap();
        app.settled(LONG).await.unwrap();
        workers.stop(LONG).await.unwrap();
        let index = async |app: &App| {
            let found = app.check().await.unwrap();
            found.into_iter().find(|it| it.what.contains("index"))
        };
        assert_eq!(index(&app).await, None);
        database.run("DROP INDEX READ.balance__1_1__2").await;
        let found = index(&app).await.unwrap();
        assert!(
            found.what.ends_with("has no index on (tenant_id, branch)"),
            "{found}"
        );
        assert_eq!(found.severity, Severity::Hint);
        let workers = app.start().await.unwrap();
        let id = opened(&app, "north").await;
        let receipt = pay(&app, id, 5).await;
        app.wait_for::<Balance>(&receipt, LONG).await.unwrap();
        database.run(&found.sql.unwrap()).await;
        assert_eq!(index(&app).await, None);

        // One of ours on another column.
        database
            .run("DROP INDEX READ.balance__1_1__2; CREATE INDEX READ_balance__1_1__2 ON READ.balance__1_1 (tenant_id, cents)".replace("READ_", if database.is_postgres() { "" } else { "intent_read_" }).as_str())
            .await;
        let found = index(&app).await.unwrap();
        assert!(found.what.contains("is on (tenant_id, cents)"), "{found}");
        database.run(&found.sql.unwrap()).await;
        assert_eq!(index(&app).await, None);
        workers.stop(LONG).await.unwrap();
    }
}

/// The customers as an earlier program had them: their addresses were not unique.
#[derive(ReadModel, Debug, Clone)]
#[read_model(table = "people", mode = "inline", created_by(Registered), events())]
struct Shared {
    #[key]
    customer: Id<Customer>,
    #[on(Registered = |e| e.email.clone())]
    email: String,
}

#[derive(ReadModel, Debug, Clone)]
#[read_model(table = "people", mode = "inline", created_by(Registered), events())]
struct Apart {
    #[key]
    customer: Id<Customer>,
    #[unique]
    #[on(Registered = |e| e.email.clone())]
    email: String,
}

async fn register(app: &App, email: &str) -> Result<(), SendError<std::convert::Infallible>> {
    let (id, email) = (Id::new(), email.to_owned());
    app.send(Register { id, email }).await.map(drop)
}

#[tokio::test]
async fn a_field_that_became_unique_without_a_new_version_is_told_before_a_command_is_sent() {
    for database in Database::all().await {
        let shared = || Domain::of::<Customer>().read_model::<Shared>();
        let apart = || Domain::of::<Customer>().read_model::<Apart>();
        let app = database.app(shared()).await;
        register(&app, "ada@example.org").await.unwrap();
        let refused = App::connect(&database.url(), apart()).await.unwrap_err();
        let ConnectError::Rows {
            model: "people",
            what,
        } = &refused
        else {
            panic!("{refused:?}");
        };
        assert!(
            what.contains("has no unique index on (tenant_id, email)"),
            "{what}"
        );
        let (_, sql) = what.split_once(", or run: ").unwrap();
        database.run(sql).await;
        let app = database.app(apart()).await;
        let taken = register(&app, "ada@example.org").await;
        assert!(
            matches!(taken, Err(SendError::Taken { field: "email", .. })),
            "{taken:?}"
        );

        // And back.
        let refused = App::connect(&database.url(), shared()).await.unwrap_err();
        let ConnectError::Rows { what, .. } = &refused else {
            panic!("{refused:?}");
        };
        assert!(what.contains("is none of the model"), "{what}");
        let (_, sql) = what.split_once(", or run: ").unwrap();
        database.run(sql).await;
        let app = database.app(shared()).await;
        register(&app, "ada@example.org").await.unwrap();
    }
}

#[tokio::test]
async fn a_dropped_table_of_an_inline_model_is_filled_anew() {
    for database in Database::all().await {
        let listed = || Domain::of::<Customer>().read_model::<Listed>();
        let app = database.app(listed()).await;
        register(&app, "ada@example.org").await.unwrap();
        let cascade = if database.is_postgres() {
            " CASCADE"
        } else {
            ""
        };
        database
            .run(&format!("DROP TABLE READ.customers__1_1{cascade}"))
            .await;
        // It is not made empty without a word.
        let refused = App::connect(&database.url(), listed()).await.unwrap_err();
        assert!(matches!(refused, ConnectError::Rows { .. }), "{refused:?}");
        let found = wrong(&app).await;
        let gone = found.iter().find(|it| it.what.contains("is gone")).unwrap();
        database.run(gone.sql.as_deref().unwrap()).await;
        let app = database.app(listed()).await;
        let workers = app.start().await.unwrap();
        app.settled(LONG).await.unwrap();
        assert_eq!(app.read::<Listed>().query("", ()).await.unwrap().len(), 1);
        assert_eq!(wrong(&app).await, []);
        workers.stop(LONG).await.unwrap();
    }
}

#[tokio::test]
async fn policies_that_were_changed_by_hand_are_told() {
    let database = Database::all()
        .await
        .into_iter()
        .find(Database::is_postgres)
        .unwrap();
    let app = database.app(domain()).await;
    let workers = app.start().await.unwrap();
    app.settled(LONG).await.unwrap();
    for (breaking, said) in [
        (
            "DROP POLICY tenants ON READ.balance__1_1",
            "the policy `tenants` is missing",
        ),
        (
            "ALTER POLICY tenants ON READ.balance__1_1 USING (true)",
            "the policy `tenants` was altered",
        ),
        (
            "CREATE POLICY mine ON READ.balance__1_1 USING (true)",
            "the policy `mine` is none of the read model",
        ),
        (
            "ALTER TABLE READ.balance__1_1 DISABLE ROW LEVEL SECURITY",
            "row-level security is off",
        ),
    ] {
        database.run(breaking).await;
        let [found] = &wrong(&app).await[..] else {
            panic!("{said}");
        };
        assert!(found.what.ends_with(said), "{found}");
        assert_eq!(found.severity, Severity::Misleads);
        database.run(found.sql.as_deref().unwrap()).await;
        assert_eq!(wrong(&app).await, []);
    }
    workers.stop(LONG).await.unwrap();
}

#[derive(ReadModel, Debug, Clone)]
#[read_model(table = "balance", version = 2, created_by(Opened), events(Paid))]
struct Newer {
    #[key]
    account: Id<Account>,
    #[on(Paid += |e| e.amount)]
    cents: i64,
}

#[tokio::test]
async fn what_old_versions_left_is_a_hint_with_the_statements_that_drop_it() {
    for database in Database::all().await {
        let app = database.app(domain()).await;
        let workers = app.start().await.unwrap();
        let id = opened(&app, "north").await;
        app.settled(LONG).await.unwrap();
        workers.stop(LONG).await.unwrap();
        let newer = Domain::of::<Account>().read_model::<Newer>();
        let newer = App::on(&app, newer).await.unwrap();
        let left = async || {
            let found = newer.check().await.unwrap().into_iter();
            found
                .filter(|it| it.what.contains("was left"))
                .collect::<Vec<_>>()
        };
        // The old version is read until the new one is.
        assert!(
            left()
                .await
                .iter()
                .all(|it| it.model.as_deref() != Some("balance"))
        );
        let workers = newer.start().await.unwrap();
        newer.settled(LONG).await.unwrap();
        let mut found = left().await;
        found.sort_by_key(|it| it.model.clone());
        let models: Vec<_> = found
            .iter()
            .map(|it| it.model.as_deref().unwrap())
            .collect();
        assert_eq!(models, ["balance", "branches", "received"]);
        database.run(found[0].sql.as_deref().unwrap()).await;
        // With its links.
        let of_received = found[2].sql.as_deref().unwrap();
        assert!(of_received.contains("received__1_1_links"), "{of_received}");
        database.run(of_received).await;
        assert_eq!(left().await.len(), 1, "the branches");
        database.run(found[1].sql.as_deref().unwrap()).await;
        assert_eq!(
            newer.read::<Newer>().get(id).await.unwrap().unwrap().cents,
            0
        );
        assert_eq!(wrong(&newer).await, []);
        workers.stop(LONG).await.unwrap();
    }
}
