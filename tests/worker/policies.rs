//! On Postgres, what guards the rows from statements that others write.

use intent_runtime::{
    PgStore,
    prelude::*,
    read_model::{AccessRule, Column, ColumnKind},
    store::tables::{Build, Claim, Publish, Published, Table},
};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};
use uuid::Uuid;

use super::{
    access::{Owned, account_of, owned},
    domain::*,
    fixture::failing,
};
use crate::store::postgres::roles::Roles;

const HERE: &str = "00000000-0000-0000-0000-000000000001";
const THERE: &str = "00000000-0000-0000-0000-000000000002";

/// The app of a role that has the rights of a worker and nothing else.
async fn worker(roles: &Roles) -> App {
    let grant = format!("SELECT intent.grant_worker('{}')", roles.reader);
    roles.run(&grant).await;
    let store: PgStore = roles.open(&roles.reader).await.unwrap();
    App::on(store, owned()).await.unwrap()
}

/// Lets a role read all rows, as far as policies let it.
async fn may_read(roles: &Roles, role: &str) {
    let grant = "GRANT USAGE ON SCHEMA intent_read TO {0}; GRANT SELECT ON ALL TABLES IN SCHEMA intent_read TO {0}";
    roles.run(&grant.replace("{0}", role)).await;
}

async fn run(connection: &mut PgConnection, sql: &str) -> Result<u64, String> {
    let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await;
    done.map(|done| done.rows_affected())
        .map_err(|error| error.to_string())
}

/// How many rows of `owned` a session with these settings sees.
async fn seen(roles: &Roles, role: &str, settings: &[(&str, &str)], condition: &str) -> i64 {
    let mut connection = roles.connection(role).await;
    for (name, value) in settings {
        let set = sqlx::query("SELECT set_config($1, $2, false)")
            .bind(name)
            .bind(value);
        set.execute(&mut connection).await.unwrap();
    }
    let sql = format!("SELECT count(*) FROM intent_read.\"owned__1\" {condition}");
    sqlx::query_scalar(AssertSqlSafe(sql))
        .fetch_one(&mut connection)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_statement_sees_the_rows_of_its_tenant_and_of_its_role() {
    let roles = Roles::new().await;
    let app = worker(&roles).await;
    let workers = app.start().await.unwrap();
    let [here, there] = [HERE, THERE].map(|id| app.tenant(id.parse().unwrap()));
    let ada = account_of(&here, "ada", "").await.to_string();
    account_of(&here, "eve", "").await;
    account_of(&there, "ada", "").await;
    app.settled(LONG).await.unwrap();
    may_read(&roles, &roles.app).await;

    let upper = ada.to_uppercase();
    let actor = |role: &'static str, name| {
        vec![
            ("intent.tenant", HERE),
            ("intent.roles", role),
            ("intent.actor", name),
        ]
    };
    for (settings, rows) in [
        (vec![], 0),
        (vec![("intent.tenant", HERE)], 0),
        (vec![("intent.application", "on")], 0),
        (
            vec![("intent.tenant", HERE), ("intent.application", "on")],
            2,
        ),
        (
            vec![("intent.tenant", THERE), ("intent.application", "on")],
            1,
        ),
        (vec![("intent.roles", "teller")], 0),
        (actor("teller", ""), 2),
        (actor("auditor", "ada"), 0),
        (actor("auditor,teller", "ada"), 2),
        (actor("teller ", "ada"), 0),
        (actor("customer", "ada"), 1),
        (actor("customer", "Ada"), 0),
        (actor("customer", ""), 0),
        (actor("device", &ada), 1),
        (actor("device", &upper), 1),
        (actor("device", "ada"), 0),
    ] {
        // The role of the table's owner sees no more than others, unless it is the worker.
        for role in [&roles.app, &roles.reader] {
            for condition in ["", "WHERE true OR tenant_id IS NOT NULL"] {
                let found = seen(&roles, role, &settings, condition).await;
                assert_eq!(found, rows, "{role} {settings:?} {condition}");
            }
        }
    }
    let as_worker = [("intent.worker", "owned")];
    assert_eq!(seen(&roles, &roles.reader, &as_worker, "").await, 3);
    assert_eq!(seen(&roles, &roles.app, &as_worker, "").await, 0);

    // A role that reads through the app needs nothing more.
    let reading: PgStore = roles.open(&roles.app).await.unwrap();
    let reading = App::on(reading, owned()).await.unwrap();
    let tenant = reading.tenant(HERE.parse().unwrap());
    assert_eq!(tenant.read::<Owned>().query("", ()).await.unwrap().len(), 2);
    let ada = tenant.acting(Actor::new("ada").role("customer"));
    assert_eq!(ada.read::<Owned>().list().await.unwrap().len(), 1);
    workers.stop(LONG).await.unwrap();
}

#[tokio::test]
async fn only_the_worker_writes_rows() {
    let roles = Roles::new().await;
    let app = worker(&roles).await;
    let workers = app.start().await.unwrap();
    let here = app.tenant(HERE.parse().unwrap());
    account_of(&here, "ada", "").await;
    app.settled(LONG).await.unwrap();

    let mut owner = roles.connection(&roles.reader).await;
    let settings = format!("SET intent.tenant = '{HERE}'; SET intent.application = 'on'");
    run(&mut owner, &settings).await.unwrap();
    let insert = format!(
        "INSERT INTO intent_read.\"owned__1_1\" VALUES ('{HERE}', gen_random_uuid(), 'x', NULL, 1)"
    );
    let refused = run(&mut owner, &insert).await.unwrap_err();
    assert!(refused.contains("row-level security"), "{refused}");
    for other in [
        "UPDATE intent_read.\"owned__1_1\" SET cents = 0",
        "DELETE FROM intent_read.\"owned__1_1\"",
    ] {
        assert_eq!(run(&mut owner, other).await, Ok(0), "{other}");
        run(&mut owner, "SET intent.worker = 'internal'")
            .await
            .unwrap();
        assert_eq!(run(&mut owner, other).await, Ok(0), "{other}");
    }
    run(&mut owner, "SET intent.worker = 'owned'")
        .await
        .unwrap();
    assert_eq!(run(&mut owner, &insert).await, Ok(1));
    workers.stop(LONG).await.unwrap();
}

/// What is told of the policies of `owned`, with the repair carried out.
async fn told_and_repaired(app: &App, connection: &mut PgConnection) -> Vec<String> {
    let tables = app.store().tables().unwrap();
    let told = tables.policies(Build::new(&TABLE, 1)).await.unwrap();
    for drift in &told {
        run(connection, &drift.repair).await.unwrap();
    }
    assert_eq!(tables.policies(Build::new(&TABLE, 1)).await.unwrap(), []);
    told.into_iter().map(|drift| drift.what).collect()
}

/// The table of [`Owned`].
static TABLE: Table = Table::new("owned", 1, Owned::COLUMNS).access(Owned::ACCESS);

#[tokio::test]
async fn policies_that_were_altered_by_hand_are_told_with_the_repair() {
    let roles = Roles::new().await;
    let app = worker(&roles).await;
    let workers = app.start().await.unwrap();
    app.settled(LONG).await.unwrap();
    workers.stop(LONG).await.unwrap();
    let mut owner = roles.connection(&roles.reader).await;
    assert_eq!(told_and_repaired(&app, &mut owner).await, [""; 0]);
    let table = "intent_read.\"owned__1_1\"";
    for (change, told) in [
        (
            "DROP POLICY tenants ON {t}",
            "the policy `tenants` is missing",
        ),
        (
            "ALTER POLICY tenants ON {t} USING (true)",
            "the policy `tenants` was altered",
        ),
        (
            "ALTER POLICY tenants ON {t} TO {r}",
            "the policy `tenants` was altered",
        ),
        (
            "ALTER POLICY worker_select ON {t} TO PUBLIC",
            "the policy `worker_select` was altered",
        ),
        (
            "ALTER POLICY worker_update ON {t} WITH CHECK (false)",
            "the policy `worker_update` was altered",
        ),
        (
            "DROP POLICY worker_delete ON {t}",
            "the policy `worker_delete` is missing",
        ),
        (
            "CREATE POLICY \"a`b\" ON {t} USING (true)",
            "the policy `a`b` is none of the read model",
        ),
        (
            "ALTER TABLE {t} NO FORCE ROW LEVEL SECURITY",
            "row-level security is not forced",
        ),
        (
            "ALTER TABLE {t} DISABLE ROW LEVEL SECURITY",
            "row-level security is off",
        ),
    ] {
        let change = change.replace("{t}", table).replace("{r}", &roles.reader);
        run(&mut owner, &change).await.unwrap();
        assert_eq!(
            told_and_repaired(&app, &mut owner).await,
            [told],
            "{change}"
        );
    }
    // Rules that were changed in the program.
    static CHANGED: [AccessRule; 1] = [AccessRule::own("it's a \\ role", "owner")];
    static OTHER: Table = Table::new("owned", 1, Owned::COLUMNS).access(&CHANGED);
    let tables = app.store().tables().unwrap();
    let told = tables.policies(Build::new(&OTHER, 1)).await.unwrap();
    assert_eq!(told[0].what, "the policy `tenants` was altered");
    run(&mut owner, &told[0].repair).await.unwrap();
    assert_eq!(tables.policies(Build::new(&OTHER, 1)).await.unwrap(), []);
}

/// A worker that does not see its rows would take them for missing, and begin them anew.
#[tokio::test]
async fn a_worker_without_its_policies_says_so_and_writes_nothing() {
    let roles = Roles::new().await;
    let app = worker(&roles).await;
    let workers = app.start().await.unwrap();
    let id = account_of(&app, "ada", "").await;
    app.settled(LONG).await.unwrap();
    workers.stop(LONG).await.unwrap();
    for policy in [
        "worker_select",
        "worker_insert",
        "worker_update",
        "worker_delete",
    ] {
        roles
            .run(&format!(
                "DROP POLICY {policy} ON intent_read.\"owned__1_1\""
            ))
            .await;
        let workers = app.start().await.unwrap();
        let told = failing(&workers).await;
        assert!(told.contains("a row policy of the worker"), "{told}");
        let (_, repair) = told.split_once(", or run: ").unwrap();
        roles.run(repair).await;
        app.settled(LONG).await.unwrap();
        workers.stop(LONG).await.unwrap();
    }
    // The same while it works: the rows that it kept are lost with its lease.
    let workers = app.start().await.unwrap();
    roles
        .run("DROP POLICY worker_select ON intent_read.\"owned__1_1\"")
        .await;
    pay(&app, id, 7).await;
    let failing = async || {
        loop {
            let all = workers
                .status()
                .map(|(_, status)| format!("{:?}", status.activity));
            if all.into_iter().any(|it| it.contains("guard_rows")) {
                break;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LONG, failing()).await.unwrap();
    let [drift] = &app
        .store()
        .tables()
        .unwrap()
        .policies(Build::new(&TABLE, 1))
        .await
        .unwrap()[..]
    else {
        panic!("one policy is missing");
    };
    roles.run(&drift.repair).await;
    app.settled(LONG).await.unwrap();
    assert_eq!(
        app.read::<Owned>().get(id).await.unwrap().unwrap().cents,
        12
    );
    workers.stop(LONG).await.unwrap();
}

/// Makes the table of the first build, without rows, and lets the views show it.
async fn published(app: &App, table: &'static Table) {
    let store = app.store();
    let tables = store.tables().unwrap();
    tables.enlist(table).await.unwrap();
    let (build, owner) = (Build::new(table, 1), Uuid::from_u128(1));
    let claim = [build.worker()];
    let claim = tables.claim(Claim::new(&claim, owner, LONG)).await;
    let (_, lease) = claim.unwrap().pop().unwrap();
    assert!(tables.begin(build, lease, owner).await.unwrap());
    let publish = Publish::new(build, lease, owner, Cursor::START);
    assert_eq!(tables.publish(publish).await.unwrap(), Published::Done);
}

/// Reads that find their rows by an index still do so behind the policies: as the library reads, and as others do who name the
/// tenant by its setting or, as the table's owner, in the statement.
#[tokio::test]
async fn indexes_are_used_behind_the_policies() {
    const COLUMNS: &[Column] = &[
        Column::new("account", ColumnKind::Id).key(),
        Column::new("owner", ColumnKind::Text).indexed(),
        Column::new("balance", ColumnKind::Integer).indexed(),
    ];
    const RULES: &[AccessRule] = &[
        AccessRule::all("teller"),
        AccessRule::own("customer", "owner"),
    ];
    static TABLE: Table = Table::new("wide", 1, COLUMNS).access(RULES);
    let roles = Roles::new().await;
    let app = worker(&roles).await;
    published(&app, &TABLE).await;
    may_read(&roles, &roles.app).await;
    let fill = "INSERT INTO intent_read.\"wide__1_1\" SELECT ('00000000-0000-0000-0000-00000000000' || i % 4)::uuid, \
                gen_random_uuid(), 'owner ' || i % 1000, i FROM generate_series(1, 100000) AS i; \
                ANALYZE intent_read.\"wide__1_1\"";
    roles.run(fill).await;

    let by_setting = "SELECT * FROM intent_read.\"wide__1\"";
    let ours = format!(
        "WITH setting AS MATERIALIZED (SELECT set_config('intent.tenant', '{HERE}', true)::uuid AS tenant_id, \
         set_config('intent.application', 'on', true)) SELECT found.* FROM setting CROSS JOIN LATERAL (SELECT * FROM \
         (SELECT * FROM (SELECT account, owner, balance FROM intent_read.\"wide__1\" WHERE tenant_id = setting.tenant_id) AS t"
    );
    let end = ") AS wanted OFFSET 0) AS found";
    let in_words = format!("SELECT * FROM intent_read.\"wide__1\" WHERE tenant_id = '{HERE}'");
    for (role, start, end) in [
        (&roles.app, by_setting, ""),
        (&roles.app, &*ours, end),
        (&roles.reader, &*ours, end),
        (&roles.reader, &*in_words, ""),
    ] {
        let mut connection = PgConnection::connect(&roles.database().url_as(role))
            .await
            .unwrap();
        let settings = format!("SET intent.tenant = '{HERE}'; SET intent.roles = 'teller'");
        run(&mut connection, &settings).await.unwrap();
        let and = if start.contains("WHERE") && end.is_empty() {
            "AND"
        } else {
            "WHERE"
        };
        for (tail, index, most) in [
            (format!("{and} balance > 99900"), "3", 25),
            (format!("{and} owner = 'owner 5'"), "2", 100),
            (format!("{and} owner > 'owner 990'"), "2", 200),
            ("ORDER BY balance DESC LIMIT 10".to_owned(), "3", 10),
        ] {
            let explain = format!(
                "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) {start} {tail} {end}"
            );
            let plan = sqlx::query(AssertSqlSafe(explain))
                .fetch_all(&mut connection)
                .await
                .unwrap();
            let plan: Vec<String> = plan.iter().map(|row| row.get(0)).collect();
            let plan = plan.join("\n");
            let what = format!("{role} {tail}\n{plan}");
            assert!(plan.contains(&format!("wide__1_1__{index}")), "{what}");
            assert!(
                !plan.contains("Seq Scan") && !plan.contains("Rows Removed"),
                "{what}"
            );
            assert!(
                plan.contains(&format!("rows={most} "))
                    || plan.contains(&format!("rows={most}.00 ")),
                "{what}"
            );
        }
    }
}
