//! What it costs that the database keeps tenants apart: appends with and without the row policy and the setting that it
//! goes by.

use super::{heading, in_turn, line, place::Place, writers};

const SECONDS: u64 = 2;
const ROUNDS: usize = 9;

pub async fn report(place: &Place) {
    heading("append under row-level security, events/s", "unguarded");
    for writers in [1, 8, 64] {
        let database = place.database().await;
        let (store, unguarded) = (database.store().await, database.unguarded_store().await);
        let ours = async || {
            database.clear().await;
            writers::rate(&store, writers, SECONDS).await
        };
        let bare = async || {
            database.clear().await;
            writers::rate(&unguarded, writers, SECONDS).await
        };
        line(
            &format!("{writers} writers"),
            in_turn(ROUNDS, ours, bare).await,
        );
    }
}
