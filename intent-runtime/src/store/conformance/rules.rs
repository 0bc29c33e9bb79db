//! The list of all rules: their promises, and what each of them refuses.

/// Calls another macro of this crate with every rule, by topic: `name "promise" "what it refuses"`. What follows the name of
/// that macro is handed on to it.
#[doc(hidden)]
#[macro_export]
macro_rules! __store_rules {
    ($then:ident $($given:tt)*) => { $crate::$then! { ($($given)*)
        appending {
            an_append_is_all_or_nothing "S1"
                "stores some events of an append that it refuses";
            versions_are_dense_from_one "S2"
                "answers an append with another version than that of its last event";
            one_racer_wins_each_version "S2"
                "lets two of the appends that expect one version at once win";
            one_racer_creates_a_stream "S2"
                "lets two appends create one stream at once";
            any_and_exists_take_the_current_version "S2"
                "refuses an append that expects nothing, or only that the stream exists, because the stream has events";
            exists_refuses_a_new_stream "S2"
                "stores an append that expects the stream to exist although it does not";
            a_conflict_tells_the_actual_version "S2"
                "names another version in a conflict than that of the stream";
            another_last_event_is_a_conflict "S2"
                "stores an append behind another event than the one it names";
            appends_to_one_stream_at_once_all_land "S2"
                "mixes the events of appends to one stream at once, or loses some";
            a_stream_belongs_to_one_aggregate_type "S2"
                "uses a stream under another type than its own";
            a_stream_outlives_a_renamed_type "S2"
                "does not know a stream under a later name of its type, or changes the name in the stream";
            positions_grow "S8"
                "answers an append with another position than that of its last event";
            what_was_appended_is_what_is_recorded "S12"
                "changes a part of an event besides its payload: id, name, version, metadata or time";
        }
        commands {
            a_command_sent_twice_has_one_effect "S4, S5"
                "answers a command that is sent again with other events than it stored";
            a_command_sent_twice_at_once_has_one_effect "S4"
                "stores a command twice that is sent twice at once";
            a_seen_command_is_answered_before_its_expectation "S4"
                "answers a command that it has seen with a conflict";
            a_command_id_for_another_aggregate_is_refused "S4"
                "takes the id of a command for another aggregate";
            a_command_id_for_two_aggregates_at_once_stores_one "S4"
                "takes the id of a command for two aggregates at once";
            a_command_outlives_a_renamed_type "S4"
                "does not know a command again after its aggregate's type was renamed";
            a_refused_command_may_be_sent_again "S4"
                "does not store a command that it refused before";
            events_of_a_command_are_found "S4"
                "finds a part of the events of a command, or events of another one";
        }
        reading {
            a_stream_of_several_pages_is_read_in_order "S6"
                "loses or repeats events between two pages of a stream";
            a_stream_that_does_not_exist_yields_nothing "S6"
                "reads an error or an event from a stream that does not exist";
            a_range_is_read_from_its_start_to_its_end "S6"
                "begins or ends a range of versions at another version than asked";
            a_sink_ends_the_reading "S6"
                "goes on after a sink has ended the reading";
            a_stream_of_large_payloads_is_read_in_order "S6"
                "loses or repeats events where large payloads end a page";
            a_stream_is_read_while_it_grows "S1, S6"
                "shows a reader a part of an append, or a stream that has become shorter";
            the_end_of_a_stream_is_told "S6"
                "tells another end of a stream than its last event";
        }
        time {
            as_of_recorded_is_a_prefix "S17"
                "looks back by its own clock to another version than the last one stored by then";
            as_of_occurred_is_a_prefix "S17"
                "looks back beyond an event that happened later than the time";
            as_of_occurred_falls_back_to_the_stores_clock "S17"
                "leaves out events without a time of their own when it looks back";
        }
        snapshots {
            a_newer_snapshot_replaces_an_older_one_only "S9"
                "replaces a snapshot by an older one, or keeps it when a newer one is given";
            a_snapshot_rides_along_or_not_at_all "S1, S9"
                "keeps the snapshot of an append that it refuses";
            a_refused_snapshot_is_as_none "S9"
                "leaves out events when the reader refuses the snapshot";
            a_snapshot_beyond_the_range_is_not_offered "S9"
                "offers a snapshot outside of the range of versions that is read";
            a_snapshot_beyond_the_stream_is_not_kept "S9"
                "keeps a snapshot of a version that the stream does not reach";
            snapshots_are_deleted_by_type_and_tenant "S9, S10"
                "deletes snapshots of another type or tenant, or leaves some";
            snapshots_outlive_a_renamed_type "S2, S9"
                "does not find, keep or delete a snapshot under another name of its type";
        }
        rows {
            rows_ride_along_or_not_at_all "S1, S20"
                "writes the rows of an append that it refuses, or not those of one that it stores";
            a_unique_value_belongs_to_one_row "S20"
                "gives two rows one value where no two have the same, or refuses others than the culprit";
            rows_are_part_of_a_transaction "S19, S20"
                "does not keep the rows of a transaction with its events";
            the_first_value_that_is_taken_is_named "S20"
                "names another value of a row than the first that is taken";
        }
        workers {
            a_lease_belongs_to_one_owner "S21, R2"
                "gives a lease to a second owner while the first one holds it";
            a_lease_given_back_is_free "S21, R2"
                "keeps a lease that its holder gives back, or lets others give it back";
            a_lease_that_ran_out_is_taken_over "S21, R2"
                "does not give a lease to another owner when its time is over";
            an_earlier_lease_writes_nothing "S21, R1, R2"
                "writes rows for an earlier lease than the one that was given last";
            another_owner_writes_nothing "S21, R1, R2"
                "writes rows for another owner than the one that holds the lease";
            a_write_that_was_lost_is_found "S21, R1"
                "writes rows behind another checkpoint than the one that the worker wrote last";
            rows_and_checkpoint_move_together "S21, R1"
                "moves a checkpoint without the rows or the tenants held back that belong to it";
            names_heard_are_compared "S21, R2"
                "writes rows, or notes names of events, for one who does not know which names are noted";
            tenants_that_are_held_back_are_known "S21, R3"
                "forgets a tenant that is held back, or holds it back longer than was said";
            removed_rows_are_gone "S21, R1"
                "keeps a row that was removed, or removes another one";
            rows_stay_in_their_tenants "S21, R6"
                "shows a tenant the rows of another one";
            rows_are_read_back_as_they_were_written "S21, R9"
                "changes a value between writing and reading";
            many_rows_are_written_at_once "S21, R8"
                "cannot write, load or remove some thousand rows at once";
            a_paused_worker_writes_nothing "S21, R7"
                "lets a worker write that is paused";
            why_a_worker_fails_is_known "S21, R7"
                "forgets why a worker cannot go on, or remembers it when the worker has gone on";
        }
        beside {
            links_go_with_the_checkpoint "S21, R1"
                "does not keep the links of a model with its rows, or not those that were written last";
            what_is_written_beside_goes_with_the_checkpoint "S21, R1"
                "moves a checkpoint without what somebody else writes in its transaction, or keeps that without the checkpoint";
        }
        rebuilds {
            a_build_begins_once "S21, R4"
                "lets a build begin again, or for one who does not hold its lease";
            a_build_is_published_at_once "S21, R4"
                "shows readers rows of a build that is not published, or a part of one";
            who_lost_the_lease_publishes_nothing "S21, R4"
                "publishes a build for one who lost its lease or its last write";
            a_build_that_is_behind_waits "S21, R4"
                "publishes a build that lacks what readers have seen";
            a_rebuild_is_given_up_for_a_later_one "S21, R4"
                "goes on with a rebuild that another one took the place of";
            each_version_has_its_own_rows "S21, R4"
                "does not keep the versions of a model beside each other";
            a_skip_holds_in_later_builds "S21, R3"
                "forgets in a rebuild which events are left out";
            a_table_that_differs_is_told "S21, R5"
                "does not tell that a table is missing or lacks a column";
        }
        tenants {
            one_aggregate_id_in_two_tenants_is_two_streams "S10"
                "mixes the streams of two tenants that have one aggregate id";
            one_command_id_in_two_tenants_is_two_commands "S10"
                "takes a command of one tenant for that of another";
            a_tenant_learns_nothing_of_another "S10"
                "shows a tenant what another one has";
        }
        payloads {
            payloads_are_unchanged_to_the_byte "S12"
                "changes a payload or a snapshot, if only its spaces, its numbers or the order of its fields";
            a_payload_of_16_mib_is_kept "S12"
                "cannot keep a payload of 16 MiB, or two of them in one append";
            names_are_kept "S12, S13"
                "changes a name or metadata with characters beyond ASCII, or of the largest size";
        }
        limits {
            an_empty_append_is_refused "S13"
                "takes an append without events";
            too_many_events_are_refused "S13"
                "takes more events in one append than the limit, or refuses as many as the limit";
            bad_names_are_refused "S13"
                "takes a name that is empty, too long or has control characters, or a schema version of 0";
            too_large_payloads_are_refused "S13"
                "takes a payload, metadata or a snapshot that is larger than the limit";
            what_is_too_deep_is_refused "S12, S13"
                "takes JSON that is nested deeper than the limit, or refuses JSON as deep as the limit";
            metadata_and_snapshots_of_the_largest_size_are_kept "S13"
                "cannot keep metadata and a snapshot of the largest size, or keeps a larger snapshot";
            too_large_appends_are_refused "S13"
                "takes an append that is larger in all than the limit";
            a_version_beyond_the_highest_is_refused "S13"
                "lets the version of a stream go beyond the highest one";
            snapshots_of_another_version_are_refused "S13"
                "takes a snapshot with an append that leads to another version";
        }
        log {
            the_log_is_read_in_order "S7, S8"
                "gives other events in pages of one size than in pages of another";
            a_cursor_goes_on_where_it_stopped "S7"
                "reads on from a cursor at another place than behind the last event";
            a_filter_gives_what_is_wanted "S7"
                "gives events that a filter leaves out, or leaves out those it wants";
            a_page_of_a_part_ends_where_it_says "S7"
                "ends a page of the events of a tenant or of some aggregates before or behind its cursor";
            a_tenants_log_is_its_own "S10"
                "gives events of one tenant in the log of another";
            cursors_name_the_store "S7, S13"
                "names another store in its cursors than itself, so that where an append stands cannot be compared with a reader";
            a_foreign_cursor_is_refused "S13"
                "reads on from a cursor of another store, or from one beyond the end of the log";
            a_sink_ends_the_page "S7"
                "passes events when a sink has ended the page";
            readers_beside_writers_miss_nothing "S7, S8"
                "lets a reader pass an event that commits later";
            a_waiting_reader_is_woken "S14"
                "does not wake readers when it has stored an append";
            a_cancelled_reader_loses_nothing "S15"
                "loses events when a reading of the log is cancelled";
        }
        lookups {
            an_event_is_found_by_its_id "S10"
                "does not find an event by its id, or finds that of another tenant";
            looking_back_finds_the_newest_first "S7, S10"
                "looks back in another order, past an event, into another tenant, or from a cursor of another log";
            a_search_finds_actor_and_text "S12"
                "finds other events by actor or text than those that have them";
            a_step_back_is_bounded "S6"
                "looks at all events in one step, or does not say where to go on";
            a_page_of_what_is_looked_up_is_bounded "S6"
                "gives what is looked up in pages of any size, or leaves out what a page has no room for";
            the_events_of_a_correlation_are_found "S7, S10"
                "finds a part of the events of a correlation, or events of another correlation or tenant";
            a_time_is_a_place_in_the_log "S7"
                "puts a time behind a later event, or before an earlier one";
            aggregates_are_listed_in_order "S8, S10"
                "lists the aggregates of a type in another order, or those of another type or tenant";
        }
        importing {
            imported_events_are_as_they_were_recorded "S16"
                "changes a part of an event that it imports, or the order of the page";
            an_imported_payload_of_16_mib_is_kept "S12, S16"
                "cannot import a payload of 16 MiB";
            an_import_goes_on_without_doubling "S16"
                "stores or refuses an event that is there already when it is imported again";
            a_refused_page_leaves_nothing "S16"
                "keeps events of a page that it refuses";
            what_contradicts_is_refused "S16"
                "imports an event that contradicts what is stored";
            an_import_beyond_the_limits_is_refused "S13, S16"
                "imports an event that is beyond a limit";
            an_imported_stream_goes_on "S16"
                "does not know the commands, times or versions of a stream that was imported";
            an_import_stays_in_its_tenants "S10, S16"
                "takes an imported event for one of another tenant";
            imports_beside_appends_keep_the_log_whole "S7, S8, S16"
                "stores a page twice that is imported twice at once, or passes some of it beside appends";
            an_import_wakes_readers "S14, S16"
                "does not wake readers when it has stored an import";
            a_cancelled_import_is_whole_or_not_there "S15, S16"
                "keeps a part of an import that was cancelled";
        }
        copies {
            metadata_of_a_newer_build_is_kept "S16"
                "changes metadata that a newer build recorded, or loses what it does not know of it";
            metadata_that_no_build_writes_is_refused "S16"
                "imports metadata that cannot be read or is nested too deep, or an event with another time than its metadata says";
            a_copied_stream_outlives_a_renamed_type "S2, S16"
                "imports a stream under another name than that it was begun under, or cannot go on with it";
        }
        lifecycle {
            dropped_appends_leave_the_store_sound "S15"
                "stores a part of an append that was dropped, or stores it again when it is sent again";
            dropped_reads_leak_nothing "S15"
                "cannot be read any more after reads were dropped";
            a_closed_store_says_so "S18"
                "answers a call after it was closed";
            close_waits_for_what_was_handed_over "S18"
                "leaves an append beside its closing without an answer";
        }
        transactions {
            a_transaction_is_stored_together "S1, S19"
                "stores a part of a transaction that commits";
            what_does_not_commit_is_not_stored "S19"
                "stores something of a transaction that was rolled back or dropped, or does not know that it is over";
            a_transaction_sees_what_it_appended "S19"
                "does not show a transaction what was appended in it";
            others_see_nothing_before_the_commit "S19"
                "shows others something of a transaction that is open";
            answers_in_a_transaction_hold "S19"
                "answers an append in a transaction with another version, position or time than it is stored with";
            a_command_in_a_transaction_has_one_effect "S4, S19"
                "answers a command that is sent again in a transaction with other events than it stored, or takes its id for another aggregate";
            a_conflict_in_a_transaction_is_told "S2, S19"
                "names another version in a conflict than the transaction sees";
            a_refusal_leaves_the_transaction_as_it_was "S19"
                "cannot go on with a transaction, or loses what is in it, when it has refused an append there";
            one_transaction_wins_each_version "S2, S19"
                "lets two of the transactions that expect one version at once win";
            a_transaction_comes_to_readers_whole "S7, S8, S19"
                "shows readers of the log a part of a transaction, or its events in another order";
            a_commit_wakes_readers "S14, S19"
                "does not wake readers when a transaction has committed";
            dropped_calls_leave_transactions_sound "S15, S19"
                "stores a part of an append that was dropped in a transaction, or cannot go on after a dropped call";
            close_waits_for_transactions "S18, S19"
                "ends a transaction that is open when it is closed, or begins one afterwards";
        }
    }};
}

/// Makes the list of rules, with a table of them in its documentation.
#[doc(hidden)]
#[macro_export]
macro_rules! __rules_listed {
    (() $($topic:ident { $($name:ident $promise:literal $refuses:literal;)* })*) => {
        /// Every rule of the suite, by topic.
        ///
        /// | rule | promise | refuses a store that … |
        /// |---|---|---|
        $($(
            #[doc = concat!("| `", stringify!($topic), "::", stringify!($name), "` | ", $promise, " | ", $refuses, " |")]
        )*)*
        pub const RULES: &[Rule] = &[$($(
            Rule {
                topic: stringify!($topic),
                name: stringify!($name),
                promise: $promise,
                refuses: concat!("a store that ", $refuses),
                run: |store| Box::pin($topic::$name(store)),
            },
        )*)*];
    };
}

/// Makes a test of each rule.
#[doc(hidden)]
#[macro_export]
macro_rules! __rules_tested {
    (($open:expr) $($topic:ident { $($name:ident $promise:literal $refuses:literal;)* })*) => {
        $(
            mod $topic {
                #[allow(unused_imports, reason = "the argument may name nothing")]
                use super::*;

                $(
                    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                    async fn $name() {
                        let (store, _guard) = $open.await;
                        let rule = $crate::store::conformance::Rule::named(stringify!($topic), stringify!($name));
                        rule.assert(::std::sync::Arc::new(store)).await;
                    }
                )*
            }
        )*
    };
}
