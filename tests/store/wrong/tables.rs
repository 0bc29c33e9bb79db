//! The tables of a [`Wrong`] store: every call goes to what the store has for it, or to the store in memory.

use intent_runtime::{
    read_model::Cell,
    store::{
        Store as _, StoreFuture,
        tables::{
            Beside, Build, BuildState, Builds, Claim, Database, Drift, Duplicate, Flush, Key,
            Lease, Parked, Publish, Published, Row, Select, Skip, SkipEvent, Table, Tables,
        },
    },
};
use uuid::Uuid;

use super::Wrong;

type Claimed = Vec<(String, Lease)>;

/// The calls that faults replace.
pub struct Calls {
    pub claim: for<'a> fn(&'a Wrong, Claim<'a>) -> StoreFuture<'a, Claimed>,
    pub release: for<'a> fn(&'a Wrong, &'a str, Lease, Uuid) -> StoreFuture<'a, ()>,
    pub hear: for<'a> fn(&'a Wrong, &'a str, &'a str, Option<&'a str>) -> StoreFuture<'a, bool>,
    pub load: for<'a> fn(&'a Wrong, Build<'a>, &'a [Key]) -> StoreFuture<'a, Vec<Row>>,
    pub flush: for<'a> fn(&'a Wrong, Flush<'a>) -> StoreFuture<'a, bool>,
    pub flush_beside: for<'a> fn(&'a Wrong, Flush<'a>, &'a mut dyn Beside) -> StoreFuture<'a, bool>,
    pub select: for<'a> fn(&'a Wrong, Select<'a>) -> StoreFuture<'a, Vec<Vec<Cell>>>,
    pub enlist: for<'a> fn(&'a Wrong, &'a Table) -> StoreFuture<'a, ()>,
    pub begin: for<'a> fn(&'a Wrong, Build<'a>, Lease, Uuid) -> StoreFuture<'a, bool>,
    pub inspect: for<'a> fn(&'a Wrong, Build<'a>) -> StoreFuture<'a, Vec<Drift>>,
    pub publish: for<'a> fn(&'a Wrong, Publish<'a>) -> StoreFuture<'a, Published>,
    pub note_failure: for<'a> fn(&'a Wrong, &'a str, Uuid, &'a str) -> StoreFuture<'a, ()>,
    pub rebuild: for<'a> fn(&'a Wrong, &'a Table) -> StoreFuture<'a, u32>,
    pub pause: for<'a> fn(&'a Wrong, &'a Table, bool) -> StoreFuture<'a, ()>,
    pub skips: for<'a> fn(&'a Wrong, &'a Table) -> StoreFuture<'a, Vec<Skip>>,
}

impl Calls {
    /// Calls without a fault.
    pub fn right() -> Self {
        Self {
            claim: |it, claim| it.right_tables().claim(claim),
            release: |it, worker, lease, owner| it.right_tables().release(worker, lease, owner),
            hear: |it, worker, names, before| it.right_tables().hear(worker, names, before),
            load: |it, build, keys| it.right_tables().load(build, keys),
            flush: |it, flush| it.right_tables().flush(flush),
            flush_beside: |it, flush, beside| it.right_tables().flush_beside(flush, beside),
            select: |it, select| it.right_tables().select(select),
            enlist: |it, table| it.right_tables().enlist(table),
            begin: |it, build, lease, owner| it.right_tables().begin(build, lease, owner),
            inspect: |it, build| it.right_tables().inspect(build),
            publish: |it, publish| it.right_tables().publish(publish),
            note_failure: |it, worker, owner, reason| {
                it.right_tables().note_failure(worker, owner, reason)
            },
            rebuild: |it, table| it.right_tables().rebuild(table),
            pause: |it, table, paused| it.right_tables().pause(table, paused),
            skips: |it, table| it.right_tables().skips(table),
        }
    }
}

impl Wrong {
    /// A store whose tables have these calls.
    pub fn with_tables(calls: Calls) -> Self {
        Self {
            tables: Some(calls),
            ..Self::right()
        }
    }

    /// The tables of the store in memory.
    pub fn right_tables(&self) -> &dyn Tables {
        self.memory.tables().expect("a store in memory has tables")
    }

    fn calls(&self) -> &Calls {
        self.tables.as_ref().expect("it was asked for its tables")
    }

    /// What is known of a worker.
    pub async fn state_of(&self, worker: &str) -> Option<BuildState> {
        let builds = self.right_tables().builds(None).await.unwrap();
        builds.into_iter().find(|state| state.worker == worker)
    }

    /// Writes nothing but the checkpoint.
    pub async fn moves_only(&self, flush: Flush<'_>) -> bool {
        let (none, nobody): (&[Row], &[Parked]) = (&[], &[]);
        let mut alone = flush;
        (alone.put, alone.gone, alone.park, alone.resume) = (none, none, nobody, &[]);
        self.right_tables().flush(alone).await.unwrap()
    }
}

impl Tables for Wrong {
    fn claim<'a>(&'a self, claim: Claim<'a>) -> StoreFuture<'a, Claimed> {
        (self.calls().claim)(self, claim)
    }

    fn release<'a>(&'a self, worker: &'a str, lease: Lease, owner: Uuid) -> StoreFuture<'a, ()> {
        (self.calls().release)(self, worker, lease, owner)
    }

    fn heard<'a>(&'a self, worker: &'a str) -> StoreFuture<'a, Option<String>> {
        self.right_tables().heard(worker)
    }

    fn hear<'a>(
        &'a self,
        worker: &'a str,
        names: &'a str,
        before: Option<&'a str>,
    ) -> StoreFuture<'a, bool> {
        (self.calls().hear)(self, worker, names, before)
    }

    fn parked<'a>(&'a self, worker: &'a str) -> StoreFuture<'a, Vec<Parked>> {
        self.right_tables().parked(worker)
    }

    fn load<'a>(&'a self, build: Build<'a>, keys: &'a [Key]) -> StoreFuture<'a, Vec<Row>> {
        (self.calls().load)(self, build, keys)
    }

    fn flush<'a>(&'a self, flush: Flush<'a>) -> StoreFuture<'a, bool> {
        (self.calls().flush)(self, flush)
    }

    fn flush_beside<'a>(
        &'a self,
        flush: Flush<'a>,
        beside: &'a mut dyn Beside,
    ) -> StoreFuture<'a, bool> {
        (self.calls().flush_beside)(self, flush, beside)
    }

    fn database(&self) -> Option<Database> {
        self.right_tables().database()
    }

    fn duplicate<'a>(
        &'a self,
        table: &'a Table,
        rows: &'a [Row],
    ) -> StoreFuture<'a, Option<Duplicate>> {
        self.right_tables().duplicate(table, rows)
    }

    fn mark<'a>(&'a self, build: Build<'a>, keys: &'a [Key]) -> StoreFuture<'a, ()> {
        self.right_tables().mark(build, keys)
    }

    fn earlier<'a>(
        &'a self,
        build: Build<'a>,
        after: Option<&'a Key>,
        limit: u32,
    ) -> StoreFuture<'a, Vec<Key>> {
        self.right_tables().earlier(build, after, limit)
    }

    fn select<'a>(&'a self, select: Select<'a>) -> StoreFuture<'a, Vec<Vec<Cell>>> {
        (self.calls().select)(self, select)
    }
}

impl Builds for Wrong {
    fn enlist<'a>(&'a self, table: &'a Table) -> StoreFuture<'a, ()> {
        (self.calls().enlist)(self, table)
    }

    fn prepare<'a>(&'a self, table: &'a Table) -> StoreFuture<'a, ()> {
        self.right_tables().prepare(table)
    }

    fn builds<'a>(&'a self, of: Option<&'a Table>) -> StoreFuture<'a, Vec<BuildState>> {
        self.right_tables().builds(of)
    }

    fn begin<'a>(&'a self, build: Build<'a>, lease: Lease, owner: Uuid) -> StoreFuture<'a, bool> {
        (self.calls().begin)(self, build, lease, owner)
    }

    fn inspect<'a>(&'a self, build: Build<'a>) -> StoreFuture<'a, Vec<Drift>> {
        (self.calls().inspect)(self, build)
    }

    fn publish<'a>(&'a self, publish: Publish<'a>) -> StoreFuture<'a, Published> {
        (self.calls().publish)(self, publish)
    }

    fn note_failure<'a>(
        &'a self,
        worker: &'a str,
        owner: Uuid,
        reason: &'a str,
    ) -> StoreFuture<'a, ()> {
        (self.calls().note_failure)(self, worker, owner, reason)
    }

    fn rebuild<'a>(&'a self, table: &'a Table) -> StoreFuture<'a, u32> {
        (self.calls().rebuild)(self, table)
    }

    fn pause<'a>(&'a self, table: &'a Table, paused: bool) -> StoreFuture<'a, ()> {
        (self.calls().pause)(self, table, paused)
    }

    fn skip<'a>(&'a self, table: &'a Table, skip: SkipEvent<'a>) -> StoreFuture<'a, bool> {
        self.right_tables().skip(table, skip)
    }

    fn skips<'a>(&'a self, table: &'a Table) -> StoreFuture<'a, Vec<Skip>> {
        (self.calls().skips)(self, table)
    }
}
