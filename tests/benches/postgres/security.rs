//! What it costs that the database keeps tenants apart: appends with and without the row policy and the setting that it
//! goes by.

use intent_runtime::{PgStore, store::StreamId};

use super::{heading, in_turn, line, place::Place, writers};

const SECONDS: u64 = 2;
const ROUNDS: usize = 9;

pub async fn report(place: &Place) {
    heading("append under row-level security, events/s", "unguarded");
    for (writers, stream, tenants) in [
        (1, writers::stream as fn() -> StreamId, "one tenant"),
        (8, writers::stream, "one tenant"),
        (64, writers::stream, "one tenant"),
        (64, writers::stream_of_its_own_tenant, "64 tenants"),
    ] {
        let database = place.database().await;
        let (store, unguarded) = (database.store().await, database.unguarded_store().await);
        let rate = async |store: &PgStore| {
            database.clear().await;
            writers::rate_to(stream, store, writers, SECONDS).await
        };
        let rates = in_turn(
            ROUNDS,
            async || rate(&store).await,
            async || rate(&unguarded).await,
        );
        line(&format!("{writers} writers, {tenants}"), rates.await);
    }
}
