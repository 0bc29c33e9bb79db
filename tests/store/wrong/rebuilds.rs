//! Faults of rows that are made anew beside those that are read: among them a rebuild that forgets what is left out.

use std::cmp::Ordering;

use intent_runtime::{Cursor, store::tables::Published};

use super::{Faults, Wrong, tables::Calls};

pub const FAULTS: Faults = &[
    ("a_build_begins_once", || {
        Wrong::with_tables(Calls {
            // It says so to everybody.
            begin: |it, build, lease, owner| {
                Box::pin(async move {
                    it.right_tables().begin(build, lease, owner).await?;
                    Ok(true)
                })
            },
            ..Calls::right()
        })
    }),
    ("a_build_is_published_at_once", || {
        Wrong::with_tables(Calls {
            // It takes the rows away from readers when the new ones are as far, not when they are published.
            select: |it, select| {
                Box::pin(async move {
                    let builds = it.right_tables().builds(Some(select.table)).await?;
                    let read = builds.iter().find(|build| build.published);
                    let is_as_far = read.is_some_and(|read| {
                        let mut others = builds.iter().filter(|build| !build.published);
                        others.any(|it| it.cursor.compare(read.cursor).is_ok_and(Ordering::is_ge))
                    });
                    match is_as_far {
                        true => Ok(Vec::new()),
                        false => it.right_tables().select(select).await,
                    }
                })
            },
            ..Calls::right()
        })
    }),
    ("who_lost_the_lease_publishes_nothing", || {
        Wrong::with_tables(Calls {
            // It does not look at the lease.
            publish: |it, mut publish| {
                Box::pin(async move {
                    let Some(state) = it.state_of(&publish.build.worker()).await else {
                        return Ok(Published::Lost);
                    };
                    publish.owner = state.holder.unwrap_or(publish.owner);
                    publish.lease.epoch = state.epoch;
                    publish.lease.cursor = state.cursor;
                    it.right_tables().publish(publish).await
                })
            },
            ..Calls::right()
        })
    }),
    ("a_build_that_is_behind_waits", || {
        Wrong::with_tables(Calls {
            // It takes what is read for rows of another log.
            publish: |it, mut publish| {
                publish.end = Cursor::START;
                it.right_tables().publish(publish)
            },
            ..Calls::right()
        })
    }),
    ("a_rebuild_is_given_up_for_a_later_one", || {
        Wrong::with_tables(Calls {
            // It goes on with the one that is there.
            rebuild: |it, table| {
                Box::pin(async move {
                    let builds = it.right_tables().builds(Some(table)).await?;
                    match builds.iter().find(|build| !build.published) {
                        Some(unpublished) => Ok(unpublished.number),
                        None => it.right_tables().rebuild(table).await,
                    }
                })
            },
            ..Calls::right()
        })
    }),
    ("each_version_has_its_own_rows", || {
        Wrong::with_tables(Calls {
            // A model has one version.
            enlist: |it, table| {
                Box::pin(async move {
                    let builds = it.right_tables().builds(None).await?;
                    let is_known = |version| version != table.version;
                    if builds.iter().any(|build| is_known(build.version)) {
                        return Ok(());
                    }
                    it.right_tables().enlist(table).await
                })
            },
            ..Calls::right()
        })
    }),
    ("a_skip_holds_in_later_builds", || {
        Wrong::with_tables(Calls {
            // A rebuild forgets what is left out.
            skips: |it, table| {
                Box::pin(async move {
                    let builds = it.right_tables().builds(Some(table)).await?;
                    match builds.iter().any(|build| build.number > 1) {
                        true => Ok(Vec::new()),
                        false => it.right_tables().skips(table).await,
                    }
                })
            },
            ..Calls::right()
        })
    }),
    ("a_table_that_differs_is_told", || {
        Wrong::with_tables(Calls {
            inspect: |_, _| Box::pin(async { Ok(Vec::new()) }),
            ..Calls::right()
        })
    }),
];
