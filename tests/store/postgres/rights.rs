//! Who may do what: roles, tenants, and what the database enforces against our own mistakes.

use std::{ops::ControlFlow, sync::Arc, time::Duration};

use intent_runtime::{
    Cursor, LogFilter, PgStore, StoreError, Subscription, TenantId,
    store::{Import, Log, LogSelection, ReadLog, StreamId, Streams},
};
use sqlx::{AssertSqlSafe, Executor, PgConnection};
use uuid::Uuid;

use super::roles::Roles;
use crate::store::appending::{append, stream};

#[tokio::test]
async fn an_application_may_neither_change_events_nor_choose_positions() {
    let roles = Roles::new().await;
    let store = roles.open(&roles.app).await.unwrap();
    store.append(append(&stream(), 1)).await.unwrap();
    let mut connection = roles.connection(&roles.app).await;
    see(&mut connection, TenantId::DEFAULT).await;
    write(&mut connection, "intent.row_tenant", TenantId::DEFAULT).await;
    for forbidden in [
        "UPDATE intent.events SET payload = '{}'",
        "DELETE FROM intent.events",
        "TRUNCATE intent.events",
        "SELECT nextval('intent.events_position_seq')",
        "SELECT setval('intent.events_position_seq', 1)",
        "INSERT INTO intent.events (tenant_id, aggregate_id, event_id, version, position, schema_version, recorded_at,
             occurred_at, aggregate_type, event_type, payload, metadata)
         OVERRIDING SYSTEM VALUE
         SELECT tenant_id, gen_random_uuid(), gen_random_uuid(), 1, 1, 1, now(), now(), 'A', 'B', '1', '{}'
         FROM intent.events",
        "DROP TABLE intent.events",
        "ALTER TABLE intent.events NO FORCE ROW LEVEL SECURITY",
        "UPDATE intent.store SET id = gen_random_uuid()",
    ] {
        let error = connection.execute(forbidden).await.unwrap_err();
        let code = error.as_database_error().and_then(|error| error.code().map(String::from));
        assert_eq!(code.as_deref(), Some("42501"), "{forbidden}: {error}");
        let by_policy = error.to_string().contains("row-level security");
        assert!(!by_policy, "{forbidden}: only of this row: {error}");
    }
}

#[tokio::test]
async fn a_statement_sees_and_writes_the_tenants_it_names() {
    let roles = Roles::new().await;
    for role in [&roles.app, &roles.owner] {
        let store = roles.open(role).await.unwrap();
        let (one, other) = (tenant(), tenant());
        for tenant in [one, other] {
            let stream = StreamId {
                tenant_id: tenant,
                ..stream()
            };
            store.append(append(&stream, 2)).await.unwrap();
        }
        let mut connection = roles.connection(role).await;
        assert_eq!(
            rows(&mut connection).await,
            0,
            "{role} sees nothing unasked"
        );
        see(&mut connection, one).await;
        assert_eq!(
            rows(&mut connection).await,
            2,
            "{role} sees one tenant's rows"
        );
        let insert = |tenant| {
            AssertSqlSafe(format!(
                "INSERT INTO intent.events (tenant_id, aggregate_id, event_id, version, schema_version, recorded_at,
                     occurred_at, aggregate_type, event_type, payload, metadata)
                 VALUES ('{tenant}', gen_random_uuid(), gen_random_uuid(), 1, 1, now(), now(), 'A', 'B', '1', '{{}}')"
            ))
        };
        let refused = async |connection: &mut PgConnection, tenant| {
            let error = connection.execute(insert(tenant)).await.unwrap_err();
            assert!(error.to_string().contains("row-level security"), "{error}");
        };
        // Who names a tenant to read it does not write.
        refused(&mut connection, one).await;
        for setting in ["intent.row_tenant", "intent.append_tenant"] {
            write(&mut connection, setting, one).await;
            refused(&mut connection, other).await;
            connection.execute(insert(one)).await.unwrap();
            let unset = format!("RESET {setting}");
            connection.execute(AssertSqlSafe(unset)).await.unwrap();
        }
        // No setting outlives a statement of the store.
        let mut pooled = store.pool().acquire().await.unwrap();
        assert_eq!(
            rows(&mut pooled).await,
            0,
            "a connection of the pool sees nothing"
        );
    }
}

#[tokio::test]
async fn an_owner_erases_a_tenants_events_and_changes_none() {
    let roles = Roles::new().await;
    let store = roles.open(&roles.app).await.unwrap();
    let (one, other) = (tenant(), tenant());
    for tenant in [one, other] {
        let stream = StreamId {
            tenant_id: tenant,
            ..stream()
        };
        store.append(append(&stream, 2)).await.unwrap();
    }
    let mut connection = roles.connection(&roles.owner).await;
    see(&mut connection, one).await;
    let update = connection.execute("UPDATE intent.events SET payload = '{}'");
    assert_eq!(update.await.unwrap().rows_affected(), 0);
    let erase = connection.execute("DELETE FROM intent.events");
    assert_eq!(erase.await.unwrap().rows_affected(), 2);
    see(&mut connection, other).await;
    assert_eq!(rows(&mut connection).await, 2, "of the other tenant");
}

#[tokio::test]
async fn the_log_of_all_tenants_is_for_readers() {
    let roles = Roles::new().await;
    let app = roles.open(&roles.app).await.unwrap();
    app.append(append(&stream(), 1)).await.unwrap();
    for (role, may) in [
        (&roles.app, false),
        (&roles.reader, true),
        (&roles.owner, true),
    ] {
        let store = roles.open(role).await.unwrap();
        for (tenant, may) in [(None, may), (Some(TenantId::DEFAULT), true)] {
            let mut events = 0;
            let mut sink = |_| {
                events += 1;
                ControlFlow::Continue(())
            };
            let filter = LogSelection::all();
            let read = ReadLog::new(Cursor::START, tenant, &filter, 10);
            match store.read_log(read, &mut sink).await {
                Ok(_) => assert_eq!((may, events), (true, 1), "{role}, {tenant:?}"),
                Err(StoreError::Forbidden { source, .. }) => {
                    assert!(
                        !may && source.to_string().contains("grant_reader"),
                        "{source}"
                    );
                }
                Err(other) => panic!("{role}, {tenant:?}: {other:?}"),
            }
        }
    }
    let reader = roles.open(&roles.reader).await.unwrap();
    let error = reader.append(append(&stream(), 1)).await.unwrap_err();
    assert!(
        matches!(error, StoreError::Forbidden { .. }),
        "a reader only reads: {error:?}"
    );
}

#[tokio::test]
async fn the_log_goes_on_under_a_new_owner() {
    let roles = Roles::new().await;
    let heir = format!("heir_{}", roles.database().name());
    let hand_over = format!(
        "CREATE ROLE {heir} LOGIN; REASSIGN OWNED BY {} TO {heir}; DROP OWNED BY {}",
        roles.owner, roles.owner
    );
    let before = roles.open(&roles.app).await.unwrap();
    before.append(append(&stream(), 1)).await.unwrap();
    roles.run(&hand_over).await;
    before.append(append(&stream(), 1)).await.unwrap();
    for (role, tenant) in [
        (&roles.app, Some(TenantId::DEFAULT)),
        (&roles.reader, None),
        (&heir, None),
    ] {
        let store = Arc::new(roles.open(role).await.unwrap());
        let mut log = Subscription::new(store, tenant, LogFilter::all());
        for _ in 0..2 {
            let event = tokio::time::timeout(Duration::from_secs(10), log.next()).await;
            let event = event.unwrap_or_else(|_| panic!("{role} reads nothing of {tenant:?}"));
            event.unwrap();
        }
    }
    // An application that sets `intent.all_tenants` does not become a reader.
    let mut app = roles.connection(&roles.app).await;
    let says_so = app.execute("SET intent.all_tenants = 'on'").await;
    says_so.unwrap();
    assert_eq!(rows(&mut app).await, 0, "the policy is the owner's");
    let looks_elsewhere = "CREATE TEMP TABLE pg_class AS SELECT 'intent.events'::regclass::oid AS oid,
                                                                current_user::regrole::oid AS relowner;
                           SET search_path = pg_temp, pg_catalog";
    let run = sqlx::raw_sql(looks_elsewhere).execute(&mut app);
    run.await.unwrap();
    assert_eq!(rows(&mut app).await, 0, "whatever is found where it looks");
}

/// A role can make a type of its own in its temporary schema. That type never runs as another role.
#[tokio::test]
async fn the_owner_runs_nothing_that_is_the_callers() {
    let roles = Roles::new().await;
    roles.open(&roles.owner).await.unwrap();
    let mut app = roles.connection(&roles.app).await;
    let trap = "CREATE FUNCTION pg_temp.spring(v pg_catalog.text) RETURNS boolean LANGUAGE plpgsql AS $$
                BEGIN
                    RAISE EXCEPTION 'it runs as %', current_user;
                END $$;
                CREATE DOMAIN pg_temp.text AS pg_catalog.text CHECK (pg_temp.spring(value));
                CREATE DOMAIN pg_temp.int8 AS pg_catalog.int8 CHECK (pg_temp.spring(value::pg_catalog.text))";
    sqlx::raw_sql(trap).execute(&mut app).await.unwrap();
    let ahead = sqlx::query("SELECT * FROM intent.log_ahead(0, 10, 1000, 0)");
    ahead.fetch_one(&mut app).await.unwrap();
}

#[tokio::test]
async fn a_reader_may_be_named_twice() {
    let roles = Roles::new().await;
    let grant = format!("SELECT intent.grant_reader('{}')", roles.reader);
    roles.run(&grant).await;
    let policies = "SELECT count(*) FROM pg_policy WHERE polname LIKE 'all\\_tenants\\_%'";
    let mut owner = roles.connection(&roles.owner).await;
    let policies: i64 = sqlx::query_scalar(policies)
        .fetch_one(&mut owner)
        .await
        .unwrap();
    assert_eq!(policies, 1);
}

/// No name is made by shortening a role's, so roles are told apart however alike their names are.
#[tokio::test]
async fn roles_with_names_of_any_kind_are_granted() {
    let roles = Roles::new().await;
    let app = roles.open(&roles.app).await.unwrap();
    app.append(append(&stream(), 1)).await.unwrap();
    let own = roles.database().name();
    let long = |bytes: usize, end: &str| {
        let start = format!("{own}_production_reader");
        let filler = "_".repeat(bytes - start.len() - end.len());
        format!("{start}{filler}{end}")
    };
    let cyrillic = |end: &str| {
        format!(
            "{own}_\u{43b}\u{438}\u{446}\u{43e}_\u{447}\u{438}\u{442}\u{430}\u{435}\u{442}_{end}"
        )
    };
    for name in [
        long(61, "b"),
        long(61, "g"),
        long(62, "b"),
        long(62, "g"),
        long(63, "b"),
        long(63, "g"),
        cyrillic("\u{430}"),
        cyrillic("\u{431}"),
        format!("{own} My-Role\"x'"),
        format!("{own} my-role\"x'"),
        format!("{own}.Mixed"),
        format!("{own}.mixed"),
        format!("{own} %I all_tenants_%"),
    ] {
        assert!(name.len() <= 63, "the server would shorten {name}");
        let mut owner = roles.connection("postgres").await;
        let create = format!("CREATE ROLE \"{}\" LOGIN", name.replace('"', "\"\""));
        owner.execute(AssertSqlSafe(create)).await.unwrap();
        for grant in [
            "SELECT intent.grant_reader($1)",
            "SELECT intent.grant_app($1)",
        ] {
            // Twice, as by a script that runs at each deployment.
            for _ in 0..2 {
                let granted = sqlx::query(grant).bind(&name).execute(&mut owner).await;
                granted.unwrap_or_else(|error| panic!("{name}: {error}"));
            }
        }
        let policies = "SELECT count(*) FROM pg_policy WHERE polroles = ARRAY[$1::regrole::oid]";
        let quoted = format!("\"{}\"", name.replace('"', "\"\""));
        let policies = sqlx::query_scalar(policies).bind(quoted);
        let policies: i64 = policies.fetch_one(&mut owner).await.unwrap();
        assert_eq!(policies, 1, "{name}");
        let store = roles.open(&name).await.unwrap();
        store.append(append(&stream(), 1)).await.unwrap();
        let mut log = Subscription::new(Arc::new(store), None, LogFilter::all());
        log.next().await.unwrap();
    }
}

#[tokio::test]
async fn strict_tenancy_refuses_a_role_that_policies_do_not_bind() {
    let roles = Roles::new().await;
    let too_much = |error: StoreError| match error {
        StoreError::TooManyRights { what, .. } => what,
        other => panic!("{other:?}"),
    };
    let owner = PgStore::strict(roles.pool(&roles.owner).await).await;
    assert_eq!(too_much(owner.unwrap_err()), "owns the tables");
    let superuser = PgStore::strict(roles.pool("postgres").await).await;
    assert_eq!(too_much(superuser.unwrap_err()), "is a superuser");
    roles
        .run(&format!("ALTER ROLE {} BYPASSRLS", roles.app))
        .await;
    let bypassing = PgStore::strict(roles.pool(&roles.app).await).await;
    assert_eq!(
        too_much(bypassing.unwrap_err()),
        "bypasses row-level security"
    );
    roles
        .run(&format!("ALTER ROLE {} NOBYPASSRLS", roles.app))
        .await;
    let strict = PgStore::strict(roles.pool(&roles.app).await).await.unwrap();
    strict.append(append(&stream(), 1)).await.unwrap();
    for table in ["events", "snapshots"] {
        let switch = async |how: &str| {
            roles
                .run(&format!(
                    "ALTER TABLE intent.{table} {how} ROW LEVEL SECURITY"
                ))
                .await;
        };
        switch("DISABLE").await;
        let error = PgStore::strict(roles.pool(&roles.app).await)
            .await
            .unwrap_err();
        assert!(matches!(error, StoreError::Unsupported { .. }), "{error:?}");
        assert!(
            error.to_string().contains("ENABLE ROW LEVEL SECURITY"),
            "{error}"
        );
        switch("ENABLE").await;
    }
}

fn tenant() -> TenantId {
    TenantId::from_uuid(Uuid::now_v7())
}

async fn see(connection: &mut PgConnection, tenant: TenantId) {
    let set = sqlx::query("SELECT set_config('intent.tenant', $1, false)");
    let set = set.bind(tenant.to_string());
    set.execute(connection).await.unwrap();
}

async fn write(connection: &mut PgConnection, setting: &str, tenant: TenantId) {
    let set = sqlx::query("SELECT set_config($1, $2, false)");
    let set = set.bind(setting).bind(tenant.to_string());
    set.execute(connection).await.unwrap();
}

async fn rows(connection: &mut PgConnection) -> i64 {
    let count = sqlx::query_scalar("SELECT count(*) FROM intent.events");
    count.fetch_one(connection).await.unwrap()
}

#[tokio::test]
async fn no_function_of_the_users_is_run_for_the_servers() {
    let roles = Roles::new().await;
    let grant = format!("SELECT intent.grant_reader('{}')", roles.app);
    roles.run(&grant).await;
    // Of just the types that ours are called with, where theirs take any.
    let theirs = [
        "concat_ws(text, integer, numeric, boolean) RETURNS text",
        "concat_ws(text, numeric, pg_lsn, boolean) RETURNS text",
        "unnest(oid[]) RETURNS SETOF oid",
        "first_value(text) RETURNS text",
    ];
    for function in theirs {
        let body = "LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'theirs'; END $$";
        roles
            .run(&format!("CREATE FUNCTION public.{function} {body}"))
            .await;
    }
    let store = Arc::new(roles.open(&roles.app).await.unwrap());
    store.append(append(&stream(), 2)).await.unwrap();
    // At a gap, the run of the server is asked for.
    roles
        .run("SELECT nextval('intent.events_position_seq')")
        .await;
    store.append(append(&stream(), 1)).await.unwrap();
    let mut log = Subscription::new(store.clone(), None, LogFilter::all());
    let mut read = Vec::new();
    for _ in 0..3 {
        let next = tokio::time::timeout(Duration::from_secs(10), log.next()).await;
        read.push(next.unwrap().unwrap());
    }
    let mut other = read[0].clone();
    other.aggregate_id = stream().aggregate_id;
    other.id = append(&stream(), 1).last_event();
    let imported = store.import(vec![other]).await.unwrap();
    assert_eq!(imported.stored, 1);
}

/// What the guide tells an owner to run.
#[tokio::test]
async fn the_guides_statements_erase_one_tenant() {
    let page = include_str!("../../../docs/src/operating.md");
    let (_, section) = page.split_once("## Erasing a tenant").unwrap();
    let sql = section.split("```").nth(1).unwrap();
    let sql = sql.strip_prefix("sql").unwrap();

    let roles = Roles::new().await;
    let store = roles.open(&roles.app).await.unwrap();
    let (one, other) = (tenant(), tenant());
    for tenant in [one, other] {
        let stream = StreamId {
            tenant_id: tenant,
            ..stream()
        };
        store.append(append(&stream, 2)).await.unwrap();
    }
    let mut connection = roles.connection(&roles.owner).await;
    let erase = sql.replace("0190a5d0-0000-7000-8000-000000000001", &one.to_string());
    sqlx::raw_sql(AssertSqlSafe(erase))
        .execute(&mut connection)
        .await
        .unwrap();
    for (tenant, left) in [(one, 0), (other, 2)] {
        see(&mut connection, tenant).await;
        assert_eq!(rows(&mut connection).await, left);
    }
}
