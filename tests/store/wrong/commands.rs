//! Faults of commands that are sent again.

use intent_runtime::{
    CommandId, StoreError,
    store::{Appended, Expect, Streams},
};
use tokio::task::yield_now;

use super::{Faults, Wrong};

pub const FAULTS: Faults = &[
    ("a_command_sent_twice_has_one_effect", || Wrong {
        append: |it, append| {
            Box::pin(async move {
                let stream = append.stream.clone();
                match it.memory.append(append).await {
                    Ok(Appended::Before(before)) => {
                        let mut since = it.events(&stream).await?;
                        since.retain(|event| event.version >= before[0].version);
                        Ok(Appended::Before(since))
                    }
                    other => other,
                }
            })
        },
        ..Wrong::right()
    }),
    ("a_command_sent_twice_at_once_has_one_effect", || Wrong {
        append: |it, append| {
            Box::pin(async move {
                let (stream, expected) = (append.stream.clone(), append.expect);
                let seen = it
                    .memory
                    .events_of_command(stream.tenant_id, append.command_id);
                let is_new = seen.await?.is_empty();
                yield_now().await;
                match it.memory.append(append).await {
                    Ok(Appended::Before(before)) if is_new => Err(StoreError::Conflict {
                        stream,
                        expected,
                        actual: before[0].version,
                    }),
                    other => other,
                }
            })
        },
        ..Wrong::right()
    }),
    ("a_seen_command_is_answered_before_its_expectation", || {
        Wrong {
            append: |it, append| {
                Box::pin(async move {
                    if let Expect::Version(version) = append.expect
                        && let Ok(actual) = it.version(&append.stream).await
                        && version > actual
                        && append.check().is_ok()
                    {
                        return Err(StoreError::Conflict {
                            stream: append.stream,
                            expected: append.expect,
                            actual,
                        });
                    }
                    it.memory.append(append).await
                })
            },
            ..Wrong::right()
        }
    }),
    ("a_command_id_for_another_aggregate_is_refused", || Wrong {
        append: |it, append| {
            Box::pin(async move {
                let stream = append.stream.clone();
                match it.memory.append(append).await {
                    Err(StoreError::CommandIdReused { used_for, .. })
                        if used_for.aggregate_id == stream.aggregate_id =>
                    {
                        Err(StoreError::WrongAggregate {
                            stream,
                            found: used_for.aggregate_type.to_string(),
                        })
                    }
                    other => other,
                }
            })
        },
        ..Wrong::right()
    }),
    ("a_command_id_for_two_aggregates_at_once_stores_one", || {
        Wrong {
            append: |it, append| {
                Box::pin(async move {
                    let tenant = append.stream.tenant_id;
                    let seen = it.memory.events_of_command(tenant, append.command_id);
                    let is_new = seen.await?.is_empty();
                    yield_now().await;
                    let mut again = append.clone();
                    again.command_id = CommandId::new();
                    match it.memory.append(append).await {
                        Err(StoreError::CommandIdReused { .. }) if is_new => {
                            it.memory.append(again).await
                        }
                        other => other,
                    }
                })
            },
            ..Wrong::right()
        }
    }),
    ("a_command_outlives_a_renamed_type", || Wrong {
        append: |it, append| {
            Box::pin(async move {
                let (stream, command_id) = (append.stream.clone(), append.command_id);
                match it.memory.append(append).await {
                    Ok(Appended::Before(before))
                        if before[0].aggregate_type != stream.aggregate_type =>
                    {
                        Err(StoreError::CommandIdReused {
                            command_id,
                            used_for: before[0].stream(),
                        })
                    }
                    other => other,
                }
            })
        },
        ..Wrong::right()
    }),
    ("a_refused_command_may_be_sent_again", || Wrong {
        append: |it, append| {
            Box::pin(async move {
                let (stream, expected) = (append.stream.clone(), append.expect);
                let command = append.command_id.as_uuid();
                let refused = it.known(command).is_some();
                let appended = it.memory.append(append).await;
                match appended {
                    Ok(Appended::Stored {
                        version: actual, ..
                    }) if refused => Err(StoreError::Conflict {
                        stream,
                        expected,
                        actual,
                    }),
                    Err(StoreError::Conflict { .. }) => {
                        it.remember(command, String::new());
                        appended
                    }
                    _ => appended,
                }
            })
        },
        ..Wrong::right()
    }),
    ("events_of_a_command_are_found", || Wrong {
        events_of_command: |it, tenant, command| {
            Box::pin(async move {
                let mut events = it.memory.events_of_command(tenant, command).await?;
                events.truncate(5_000);
                Ok(events)
            })
        },
        ..Wrong::right()
    }),
];
