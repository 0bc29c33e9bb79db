//! Faults between tenants.

use intent_runtime::{StoreError, TenantId, store::Streams};

use super::{Faults, Wrong};

pub const FAULTS: Faults = &[
    ("one_aggregate_id_in_two_tenants_is_two_streams", || Wrong {
        append: |it, append| {
            Box::pin(async move {
                let stream = append.stream.clone();
                let appended = it.memory.append(append).await?;
                let (tenant, of_type) = (
                    stream.tenant_id.to_string(),
                    stream.aggregate_type.to_string(),
                );
                let known =
                    it.remember(stream.aggregate_id.as_uuid(), format!("{tenant} {of_type}"));
                match known.as_deref().and_then(|known| known.split_once(' ')) {
                    Some((other, found)) if other != tenant && found != of_type => {
                        let found = found.to_owned();
                        Err(StoreError::WrongAggregate { stream, found })
                    }
                    _ => Ok(appended),
                }
            })
        },
        ..Wrong::right()
    }),
    ("one_command_id_in_two_tenants_is_two_commands", || Wrong {
        append: |it, append| {
            Box::pin(async move {
                let (stream, command_id) = (append.stream.clone(), append.command_id);
                let appended = it.memory.append(append).await?;
                let tenant = stream.tenant_id.to_string();
                match it.remember(command_id.as_uuid(), tenant.clone()) {
                    Some(other) if other != tenant => Err(StoreError::CommandIdReused {
                        command_id,
                        used_for: stream,
                    }),
                    _ => Ok(appended),
                }
            })
        },
        ..Wrong::right()
    }),
    ("a_tenant_learns_nothing_of_another", || Wrong {
        append: |it, append| {
            let tenant = append.stream.tenant_id.to_string();
            it.remember(append.command_id.as_uuid(), tenant);
            it.memory.append(append)
        },
        events_of_command: |it, tenant, command| {
            Box::pin(async move {
                let own = it.memory.events_of_command(tenant, command).await?;
                match it.known(command.as_uuid()) {
                    Some(other) if own.is_empty() => {
                        let other: TenantId = other.parse().unwrap();
                        it.memory.events_of_command(other, command).await
                    }
                    _ => Ok(own),
                }
            })
        },
        ..Wrong::right()
    }),
];
