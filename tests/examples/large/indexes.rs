//! What each index costs an append: two copies of one log, of which one has the index, written to in turn.

use super::{
    append::{Accounts, Tenants, Work},
    fill::{DefaultTenant, Server, Size, run},
    log::{Cost, Log},
    table::Compared,
};

/// How many events a log has before.
const EVENTS: u64 = 500_000;
/// How many events a round appends.
const ROUND: usize = 6_400;
const ROUNDS: usize = 7;
/// How many tasks append. One batch holds many appends where there are many, so that an index is a larger part of each.
const TASKS: [usize; 2] = [8, 64];

/// What one of two copies goes without, and what is appended then.
#[derive(Clone, Copy)]
struct Index {
    what: &'static str,
    work: Work,
    without: &'static [&'static str],
}

const NOTHING: Index = Index {
    what: "nothing, to see the noise",
    work: Work::Deposits,
    without: &[],
};

const INDEXES: [Index; 8] = [
    NOTHING,
    Index {
        what: "`events_tenant`, later events",
        without: &[TENANT],
        ..NOTHING
    },
    Index {
        what: "`events_streams`, first events",
        work: Work::Openings,
        without: &[STREAMS],
    },
    Index {
        what: "`events_aggregate`, first events",
        work: Work::Openings,
        without: &[AGGREGATE],
    },
    Index {
        what: "`events_correlation`, later events of others' correlations",
        work: Work::Caused,
        without: &[CORRELATION],
    },
    Index {
        what: "all four, later events",
        without: &ALL,
        ..NOTHING
    },
    Index {
        what: "all four, later events of others' correlations",
        work: Work::Caused,
        without: &ALL,
    },
    Index {
        what: "all four, first events",
        work: Work::Openings,
        without: &ALL,
    },
];

// A store does not open without its indexes. One of no rows costs nothing.
const TENANT: &str = "DROP INDEX intent.events_tenant; CREATE INDEX events_tenant ON intent.events (tenant_id) WHERE false";
const STREAMS: &str = "DROP INDEX intent.events_streams; CREATE INDEX events_streams ON intent.events (tenant_id) WHERE false";
const AGGREGATE: &str = "DROP INDEX intent.events_aggregate; CREATE INDEX events_aggregate ON intent.events (tenant_id) WHERE false";
const CORRELATION: &str = "DROP INDEX intent.events_correlation; CREATE INDEX events_correlation ON intent.events (tenant_id) WHERE false";
const ALL: [&str; 4] = [TENANT, STREAMS, AGGREGATE, CORRELATION];

pub async fn report(server: &Server) {
    println!(
        "| server's CPU an append, µs | without | with | ratio | lowest, highest | WAL without | with | disk without | with |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|--:|");
    let size = Size {
        events: EVENTS,
        default_tenant: DefaultTenant::Most,
    };
    let filled = server.filled(size).await;
    for (whose, tenants) in [
        ("the default tenant", Tenants::One),
        ("many tenants", Tenants::Many),
    ] {
        for tasks in TASKS {
            for index in INDEXES {
                let side = async |copy, made: &[&str]| {
                    Side::of(server, &filled, copy, tenants, made).await
                };
                let pair = Pair {
                    without: side("without", index.without).await,
                    with: side("with", &[]).await,
                };
                let what = format!("{}; writers: {tasks}, {whose}", index.what);
                pair.compare(&what, index.work, tasks).await;
            }
        }
    }
    for copy in ["without", "with"] {
        server.drop(copy).await;
    }
}

struct Pair {
    without: Side,
    with: Side,
}

impl Pair {
    async fn compare(mut self, what: &str, work: Work, tasks: usize) {
        self.without.log.checkpoint().await;
        // A page is written whole when it is changed first after a checkpoint: not in a round that counts.
        for side in [&mut self.without, &mut self.with] {
            side.append(work, tasks).await;
            side.begin().await;
        }
        for round in 0..ROUNDS {
            let mut sides = [&mut self.without, &mut self.with];
            // Each goes first as often as the other.
            sides.rotate_left(round % 2);
            for side in sides {
                side.append(work, tasks).await;
            }
        }
        let Self { without, with } = self;
        let cpu = Compared::new(&without.costs, &with.costs, |cost| cost.server_cpu);
        println!(
            "| {what} | {:.1} | {:.1} | {:.3} | {:.3}, {:.3} | {:.0} | {:.0} | {:.0} | {:.0} |",
            cpu.small,
            cpu.large,
            cpu.ratio,
            cpu.lowest,
            cpu.highest,
            without.each(without.wal),
            with.each(with.wal),
            without.each(without.size().await - without.size_before),
            with.each(with.size().await - with.size_before),
        );
        for side in [without, with] {
            side.log.app.close().await.unwrap();
        }
    }
}

/// One of the two copies.
struct Side {
    log: Log,
    accounts: Accounts,
    /// The rounds that count.
    costs: Vec<Cost>,
    /// Bytes written ahead in these.
    wal: i64,
    size_before: i64,
}

impl Side {
    async fn of(
        server: &Server,
        filled: &str,
        copy: &str,
        tenants: Tenants,
        statements: &[&str],
    ) -> Self {
        server.copy(filled, copy).await;
        let mut owner = server.connect(copy).await;
        for statement in statements {
            run(&mut owner, statement).await;
        }
        run(&mut owner, "VACUUM (ANALYZE) intent.events").await;
        let log = Log::of(server, copy, EVENTS).await;
        Self {
            accounts: Accounts::open(&log, tenants).await,
            log,
            costs: Vec::new(),
            wal: 0,
            size_before: 0,
        }
    }

    /// Forgets the rounds before.
    async fn begin(&mut self) {
        self.costs.clear();
        self.wal = 0;
        self.size_before = self.size().await;
    }

    async fn append(&mut self, work: Work, tasks: usize) {
        let before = self.wal_position().await;
        let cost = self.accounts.append(&self.log, work, tasks, ROUND).await;
        self.costs.push(cost);
        self.wal += self.wal_position().await - before;
    }

    async fn wal_position(&self) -> i64 {
        self.log
            .ask("SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint")
            .await
    }

    async fn size(&self) -> i64 {
        self.log
            .ask("SELECT pg_total_relation_size('intent.events')")
            .await
    }

    fn each(&self, bytes: i64) -> f64 {
        bytes as f64 / (ROUND * self.costs.len()) as f64
    }
}
