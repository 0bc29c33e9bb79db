//! A filled log, with an app on it.

use std::time::{Duration, Instant};

use intent_runtime::{App, Cursor, Domain, Id, Position, TenantId};
use sqlx::PgConnection;
use tokio::{sync::Mutex, time::timeout};
use uuid::Uuid;

use super::{
    cpu::Cpu,
    domain::Account,
    fill::{Server, Size, run},
};

/// What takes longer than this is given up.
pub const LONGEST: Duration = Duration::from_secs(60);

pub struct Log {
    pub app: App,
    pub events: u64,
    owner: Mutex<PgConnection>,
    postmaster: u32,
    store: Uuid,
}

/// What one of so many pieces of work took, in microseconds.
#[derive(Clone, Copy)]
pub struct Cost {
    pub wall: f64,
    /// Of the server's processes.
    pub server_cpu: f64,
}

/// A stream of the log.
#[derive(Clone, Copy)]
pub struct Stream {
    tenant_id: Uuid,
    aggregate_id: Uuid,
    events: i64,
}

impl Stream {
    pub fn tenant(&self) -> TenantId {
        TenantId::from_uuid(self.tenant_id)
    }

    pub fn id(&self) -> Id<Account> {
        Id::from_uuid(self.aggregate_id)
    }

    pub fn events(&self) -> u64 {
        self.events.unsigned_abs()
    }
}

impl Log {
    pub async fn open(server: &Server, size: Size) -> Self {
        let database = server.filled(size).await;
        let log = Self::of(server, &database, size.events).await;
        // An earlier run may have ended before it removed what it had appended.
        log.remove_appended().await;
        log
    }

    /// The log in a database that is filled.
    pub async fn of(server: &Server, database: &str, events: u64) -> Self {
        let mut owner = server.connect(database).await;
        let store = sqlx::query_scalar("SELECT id FROM intent.store");
        let store = store.fetch_one(&mut owner).await.unwrap();
        let app = App::connect(&server.url(database), Domain::of::<Account>());
        Self {
            app: app.await.unwrap(),
            events,
            owner: Mutex::new(owner),
            postmaster: server.postmaster,
            store,
        }
    }

    /// Closes the app, and removes what was appended to the log since it was filled.
    pub async fn close(self) {
        self.app.clone().close().await.unwrap();
        self.remove_appended().await;
    }

    async fn remove_appended(&self) {
        let owner = &mut *self.owner.lock().await;
        let remove = sqlx::query("DELETE FROM intent.events WHERE position > $1");
        let events = i64::try_from(self.events).unwrap();
        let removed = remove.bind(events).execute(&mut *owner).await.unwrap();
        if removed.rows_affected() > 0 {
            let restart = "SELECT setval('intent.events_position_seq', $1)";
            let restart = sqlx::query(restart).bind(events);
            restart.execute(&mut *owner).await.unwrap();
            run(owner, "VACUUM (ANALYZE) intent.events").await;
            run(owner, "CHECKPOINT").await;
        }
    }

    /// Has all be on disk that was written, so that it burdens nobody later.
    pub async fn checkpoint(&self) {
        run(&mut *self.owner.lock().await, "CHECKPOINT").await;
    }

    /// What the server says to a question of the bench's own.
    pub async fn ask(&self, question: &'static str) -> i64 {
        let answer = sqlx::query_scalar(question);
        let owner = &mut *self.owner.lock().await;
        answer.fetch_one(owner).await.unwrap()
    }

    /// What each of `count` pieces of work takes. No end of it within a minute is an endless time.
    pub async fn cost(&self, count: u64, work: impl Future<Output = ()>) -> Cost {
        let (cpu, begun) = (Cpu::now(Some(self.postmaster)), Instant::now());
        let done = timeout(LONGEST, work).await;
        let wall = begun.elapsed().as_secs_f64() * 1e6 / count as f64;
        let (_, server_cpu) = cpu.since(count);
        match done {
            Ok(()) => Cost { wall, server_cpu },
            Err(_) => Cost {
                wall: f64::INFINITY,
                server_cpu: f64::INFINITY,
            },
        }
    }

    /// A cursor behind so many of the filled events.
    pub fn behind(&self, events: u64) -> Cursor {
        match events {
            0 => Cursor::START,
            events => Cursor::after(self.store, Position::new(events)),
        }
    }

    /// Small streams, chosen at random.
    pub async fn small_streams(&self, count: usize) -> Vec<Stream> {
        self.streams(
            "SELECT tenant_id, aggregate_id, events FROM public.streams
             WHERE aggregate_type = 'Account' AND events <= 50 ORDER BY random() LIMIT $1",
            count,
        )
        .await
    }

    /// The long stream, of a fiftieth of all events, which is the tenant's that has most.
    pub async fn long_stream(&self) -> Stream {
        let longest = "SELECT tenant_id, aggregate_id, events FROM public.streams ORDER BY events DESC LIMIT $1";
        self.streams(longest, 1).await[0]
    }

    /// A tenant with 500 events that is not the default one, chosen at random.
    pub async fn small_tenant(&self) -> TenantId {
        let small = "SELECT tenant_id, aggregate_id, events FROM public.streams
                     WHERE tenant_events = 500 AND tenant_id <> '00000000-0000-0000-0000-000000000000'
                     ORDER BY random() LIMIT $1";
        self.streams(small, 1).await[0].tenant()
    }

    /// Some of the tenants, at most so many.
    pub async fn tenants(&self, count: usize) -> Vec<TenantId> {
        let tenants = sqlx::query_scalar("SELECT DISTINCT tenant_id FROM public.streams LIMIT $1");
        let tenants = tenants.bind(i64::try_from(count).unwrap());
        let owner = &mut *self.owner.lock().await;
        let tenants: Vec<Uuid> = tenants.fetch_all(owner).await.unwrap();
        tenants.into_iter().map(TenantId::from_uuid).collect()
    }

    async fn streams(&self, query: &'static str, count: usize) -> Vec<Stream> {
        let streams = sqlx::query_as(query).bind(i64::try_from(count).unwrap());
        let owner = &mut *self.owner.lock().await;
        let streams: Vec<(Uuid, Uuid, i64)> = streams.fetch_all(owner).await.unwrap();
        assert_eq!(streams.len(), count, "the log has as many");
        let stream = |(tenant_id, aggregate_id, events)| Stream {
            tenant_id,
            aggregate_id,
            events,
        };
        streams.into_iter().map(stream).collect()
    }
}
