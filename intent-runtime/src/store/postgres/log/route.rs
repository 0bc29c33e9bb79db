//! How a page of the log is read, so that it costs what is asked for and not what is around it.

use std::sync::atomic::{AtomicBool, Ordering};

use sqlx::{Postgres, postgres::PgArguments, query::Query};

use crate::{
    record::id::{AggregateId, TenantId},
    store::{
        check::column, log::ReadLog, lookup::EventPage, postgres::log::horizon::in_run,
        selection::NameLists,
    },
};

/// Up to this many aggregates, their streams are looked up one by one. For more, all events of the tenant or of the log are
/// looked at.
const STREAMS: usize = 100;
/// If this many positions are ahead, it is worth counting whether the default tenant has few events.
const FAR: i64 = 20_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// By position, the events of every tenant.
    All,
    /// By position, past the events of other tenants.
    Positions,
    /// By the index of a tenant's positions, which lacks the default tenant.
    Tenant,
    /// By the key of the default tenant's events, if they are few.
    Few,
    /// By the keys of the streams of some aggregates.
    Streams,
}

/// What was found out about the default tenant.
#[derive(Debug, Default)]
pub(super) struct DefaultTenant {
    /// Whether it has many events. It never has few again.
    many: AtomicBool,
}

macro_rules! by_position {
    ($read:literal) => {
        concat!(in_run!("../sql/read_log.sql"), include_str!($read))
    };
}

macro_rules! of_some {
    ($own:literal, $which:literal, $read:literal) => {
        concat!(
            in_run!("../sql/ahead_of_some.sql"),
            include_str!($own),
            include_str!("../sql/page_of_some.sql"),
            $which,
            include_str!($read)
        )
    };
}

impl DefaultTenant {
    pub(super) fn has_many(&self) {
        self.many.store(true, Ordering::Relaxed);
    }

    /// The way to read a page after a position, when all up to `settled` is known to be settled.
    pub(super) fn route(&self, read: &ReadLog<'_>, after: i64, settled: i64) -> Route {
        let ids = read.filter.aggregate_ids.len();
        match read.tenant {
            _ if (1..=STREAMS).contains(&ids) => Route::Streams,
            None => Route::All,
            Some(TenantId::DEFAULT) if self.may_be_few() && settled - after > FAR => Route::Few,
            Some(TenantId::DEFAULT) => Route::Positions,
            Some(_) => Route::Tenant,
        }
    }

    /// Whether a page read this way would go further if more were known to be settled.
    pub(super) fn wants_settled(&self, route: Route) -> bool {
        match route {
            Route::All => false,
            Route::Positions => self.may_be_few(),
            Route::Tenant | Route::Few | Route::Streams => true,
        }
    }

    fn may_be_few(&self) -> bool {
        !self.many.load(Ordering::Relaxed)
    }
}

impl Route {
    /// Whether a page looks at one position after the other.
    pub(super) fn is_by_position(self) -> bool {
        matches!(self, Self::All | Self::Positions)
    }

    /// The query for a page after a position, when all up to `settled` is known to be settled. Without `sizes`, the
    /// page is not kept to [`EventPage::MAX_BYTES`].
    pub(super) fn query(
        self,
        read: &ReadLog<'_>,
        after: i64,
        settled: i64,
        sizes: bool,
    ) -> Query<'static, Postgres, PgArguments> {
        let ids = read.filter.aggregate_ids.iter().map(AggregateId::as_uuid);
        let names = NameLists::of(read.filter);
        sqlx::query(self.sql())
            .bind(read.tenant.map(|tenant| tenant.as_uuid()))
            .bind(after)
            .bind(column(read.limit))
            .bind(sizes.then_some(column(EventPage::MAX_BYTES)))
            .bind(settled)
            .bind(names.any)
            .bind(names.aggregate_types)
            .bind(names.event_types)
            .bind(names.pairs)
            .bind(ids.collect::<Vec<_>>())
    }

    fn sql(self) -> &'static str {
        match self {
            Self::All => by_position!("../sql/read_log_of_all.sql"),
            Self::Positions => by_position!("../sql/read_log_of_tenant.sql"),
            Self::Tenant => of_some!("../sql/own_of_tenant.sql", "", "../sql/read_of_tenant.sql"),
            Self::Few => of_some!(
                "../sql/own_of_few.sql",
                "-- The wanted events of a tenant that has few.\n",
                "../sql/read_of_streams.sql"
            ),
            Self::Streams => of_some!(
                "../sql/own_of_streams.sql",
                "-- Of some aggregates.\n",
                "../sql/read_of_streams.sql"
            ),
        }
    }
}
