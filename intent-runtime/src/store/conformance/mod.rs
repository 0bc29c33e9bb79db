//! The contract of a [`Store`](crate::store::Store) as tests: one function for each line of it, alike for every store.
//!
//! [`store_conformance!`](crate::store_conformance) makes a test of each; its argument opens an empty store.
//! What can only be asked of a store that outlives its process is in [`durability`].
//!
//! ```
//! use std::sync::Arc;
//! use intent_runtime::{MemoryStore, store::conformance};
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(
//! conformance::appending::versions_are_dense_from_one(Arc::new(MemoryStore::new()))
//! # );
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! Every function panics, with a sentence, when the promise is not kept.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

pub mod appending;
pub mod commands;
pub mod copies;
pub mod durability;
mod fixture;
pub mod importing;
pub mod lifecycle;
pub mod limits;
pub mod log;
pub mod payloads;
pub mod reading;
pub mod snapshots;
pub mod tenants;
pub mod time;

pub use fixture::Subject;

/// Makes a test of every function of the [suite](crate::store::conformance). The argument is a future
/// that opens an empty store and gives it together with whatever must live as long, such as its directory. Each test
/// makes one anew and runs on a multi-threaded Tokio runtime.
#[macro_export]
macro_rules! store_conformance {
    ($open:expr) => {
        $crate::store_conformance! { $open;
            appending::{
                an_append_is_all_or_nothing,
                versions_are_dense_from_one,
                one_racer_wins_each_version,
                one_racer_creates_a_stream,
                any_and_exists_take_the_current_version,
                exists_refuses_a_new_stream,
                a_conflict_tells_the_actual_version,
                another_last_event_is_a_conflict,
                appends_to_one_stream_at_once_all_land,
                a_stream_belongs_to_one_aggregate_type,
                a_stream_outlives_a_renamed_type,
                positions_grow,
                what_was_appended_is_what_is_recorded,
            }
            commands::{
                a_command_sent_twice_has_one_effect,
                a_command_sent_twice_at_once_has_one_effect,
                a_seen_command_is_answered_before_its_expectation,
                a_command_id_for_another_aggregate_is_refused,
                a_command_id_for_two_aggregates_at_once_stores_one,
                a_command_outlives_a_renamed_type,
                a_refused_command_may_be_sent_again,
                events_of_a_command_are_found,
            }
            reading::{
                a_stream_of_several_pages_is_read_in_order,
                a_stream_that_does_not_exist_yields_nothing,
                a_range_is_read_from_its_start_to_its_end,
                a_sink_ends_the_reading,
                a_stream_of_large_payloads_is_read_in_order,
                a_stream_is_read_while_it_grows,
                the_end_of_a_stream_is_told,
            }
            time::{
                as_of_recorded_is_a_prefix,
                as_of_occurred_is_a_prefix,
                as_of_occurred_falls_back_to_the_stores_clock,
            }
            snapshots::{
                a_newer_snapshot_replaces_an_older_one_only,
                a_snapshot_rides_along_or_not_at_all,
                a_refused_snapshot_is_as_none,
                a_snapshot_beyond_the_range_is_not_offered,
                a_snapshot_beyond_the_stream_is_not_kept,
                snapshots_are_deleted_by_type_and_tenant,
                snapshots_outlive_a_renamed_type,
            }
            tenants::{
                one_aggregate_id_in_two_tenants_is_two_streams,
                one_command_id_in_two_tenants_is_two_commands,
                a_tenant_learns_nothing_of_another,
            }
            payloads::{
                payloads_are_unchanged_to_the_byte,
                a_payload_of_16_mib_is_kept,
                names_are_kept,
            }
            limits::{
                an_empty_append_is_refused,
                too_many_events_are_refused,
                bad_names_are_refused,
                too_large_payloads_are_refused,
                what_is_too_deep_is_refused,
                metadata_and_snapshots_of_the_largest_size_are_kept,
                a_traceparent_that_is_none_is_refused,
                too_large_appends_are_refused,
                a_version_beyond_the_highest_is_refused,
                snapshots_of_another_version_are_refused,
            }
            log::{
                the_log_is_read_in_order,
                a_cursor_goes_on_where_it_stopped,
                a_filter_gives_what_is_wanted,
                a_tenants_log_is_its_own,
                a_foreign_cursor_is_refused,
                a_sink_ends_the_page,
                readers_beside_writers_miss_nothing,
                a_waiting_reader_is_woken,
                a_cancelled_reader_loses_nothing,
            }
            importing::{
                imported_events_are_as_they_were_recorded,
                an_imported_payload_of_16_mib_is_kept,
                an_import_goes_on_without_doubling,
                a_refused_page_leaves_nothing,
                what_contradicts_is_refused,
                an_import_beyond_the_limits_is_refused,
                an_imported_stream_goes_on,
                an_import_stays_in_its_tenants,
                imports_beside_appends_keep_the_log_whole,
                an_import_wakes_readers,
                a_cancelled_import_is_whole_or_not_there,
            }
            copies::{
                metadata_of_a_newer_build_is_kept,
                an_export_keeps_what_a_newer_build_recorded,
                metadata_that_no_build_writes_is_refused,
                a_copied_stream_outlives_a_renamed_type,
            }
            lifecycle::{
                dropped_appends_leave_the_store_sound,
                dropped_reads_leak_nothing,
                a_closed_store_says_so,
                close_waits_for_what_was_handed_over,
            }
        }
    };
    ($open:expr; $($theme:ident::{ $($test:ident,)* })*) => {
        $(
            mod $theme {
                #[allow(unused_imports, reason = "the argument may name nothing")]
                use super::*;

                $(
                    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                    async fn $test() {
                        let (store, _guard) = $open.await;
                        $crate::store::conformance::$theme::$test(::std::sync::Arc::new(store)).await;
                    }
                )*
            }
        )*
    };
}
