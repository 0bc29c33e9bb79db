//! Export and import.

use intent_runtime::{
    CommandId, MemoryStore, Metadata, TenantId, Timestamp,
    store::{Append, EncodedMetadata, Expect, NewEvent, Store, Streams},
    transfer::{Export, Import},
};
use proptest::{collection::vec, option, prelude::*};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::{
    arbitrary::{document, spaced, text},
    block_on,
};
use crate::transfer::fixture::{every_store, log, stream};

/// An append to one of a few streams of a few tenants.
#[derive(Clone, Debug)]
struct Step {
    stream: usize,
    tenant: u128,
    payloads: Vec<String>,
    metadata: Metadata,
}

fn metadata() -> impl Strategy<Value = Metadata> {
    let time = Timestamp::MIN.as_micros()..=Timestamp::MAX.as_micros();
    (
        option::of(text()),
        option::of(time),
        vec((text(), text()), 0..3),
    )
        .prop_map(|(actor, time, tags)| {
            let mut metadata = Metadata::new();
            metadata.actor = actor;
            metadata.timestamp = time.map(|time| Timestamp::from_micros(time).unwrap());
            tags.into_iter()
                .fold(metadata, |metadata, (key, value)| metadata.tag(key, value))
        })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let payload = prop_oneof![
        document().prop_map(|document| document.to_string()),
        spaced()
    ];
    let step = (0..3_usize, 0..2_u128, vec(payload, 1..4), metadata());
    let step = step.prop_map(|(stream, tenant, payloads, metadata)| Step {
        stream,
        tenant,
        payloads,
        metadata,
    });
    vec(step, 0..12)
}

async fn store_of(steps: Vec<Step>) -> MemoryStore {
    let store = MemoryStore::new();
    for step in steps {
        let (aggregate_type, name) =
            [("Account", "one"), ("Account", "two"), ("Loan", "ä")][step.stream];
        let tenant = TenantId::from_uuid(Uuid::from_u128(step.tenant));
        let events = step
            .payloads
            .into_iter()
            .map(|payload| NewEvent::new("Noted", 1, RawValue::from_string(payload).unwrap()));
        let append = Append::new(
            stream(tenant, aggregate_type, name),
            Expect::Any,
            CommandId::new(),
            events.collect(),
            EncodedMetadata::new(step.metadata).unwrap(),
        );
        store.append(append).await.unwrap();
    }
    store
}

async fn exported(store: &dyn Store) -> Vec<u8> {
    let mut file = Vec::new();
    Export::new(store).write(&mut file).await.unwrap();
    file
}

proptest! {
    #[test]
    fn what_is_exported_is_imported(steps in steps()) {
        block_on(async {
            let source = store_of(steps).await;
            let file = exported(&source).await;
            let target = MemoryStore::new();
            Import::new(&target).read(&mut &file[..]).await.unwrap();
            prop_assert_eq!(log(&target).await, log(&source).await);
            prop_assert!(exported(&target).await == file);
            Ok(())
        })?;
    }

    /// No single byte can be altered, and no end cut off, that is not found; where it was only the end of a line, what
    /// is imported is what was exported.
    #[test]
    fn no_damage_goes_unnoticed(
        steps in steps(),
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        cut in any::<prop::sample::Index>(),
    ) {
        block_on(async {
            let source = store_of(steps).await;
            let mut file = exported(&source).await;
            let before = file.clone();
            let torn = &file[..cut.index(file.len() - 1)];
            let refused = Import::new(&MemoryStore::new()).read(&mut &*torn).await;
            prop_assert!(refused.is_err(), "{} of {} bytes", torn.len(), file.len());
            let place = place.index(file.len());
            file[place] = byte;
            let target = MemoryStore::new();
            match Import::new(&target).read(&mut &file[..]).await {
                Ok(_) => prop_assert!(exported(&target).await == before),
                Err(_) => prop_assert!(log(&target).await.is_empty()),
            }
            Ok(())
        })?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn every_store_gives_back_what_it_was_given(steps in steps()) {
        block_on(async {
            let source = store_of(steps).await;
            let file = exported(&source).await;
            for target in every_store().await {
                Import::new(target.store()).read(&mut &file[..]).await.unwrap();
                prop_assert!(exported(target.store()).await == file, "{:?}", target.store());
                target.store().close().await.unwrap();
            }
            Ok(())
        })?;
    }
}
