//! Parts of a store, and other tenants.

use intent_runtime::{
    App, Domain, Id, MemoryStore, RecordedEvent, StoreError, TenantId,
    store::Store,
    transfer::{Export, ExportError, Import, ImportError},
};

use super::fixture::{every_store, fill, log, stream};
use crate::store::postgres::roles::Roles;

async fn export(export: Export<'_>) -> Vec<u8> {
    let mut file = Vec::new();
    export.write(&mut file).await.unwrap();
    file
}

async fn imported(file: &[u8]) -> Vec<RecordedEvent> {
    let target = MemoryStore::new();
    Import::new(&target).read(&mut &file[..]).await.unwrap();
    log(&target).await
}

/// Which events an export is to have.
type Wanted = fn(&RecordedEvent) -> bool;

#[tokio::test]
async fn one_tenant_type_or_aggregate_is_exported() {
    for source in every_store().await {
        let store = source.store();
        fill(store).await;
        let branch = TenantId::from_name("eindhoven");
        let one = stream(branch, "Account", "one").aggregate_id;
        let id = Id::<()>::from_uuid(one.as_uuid());
        let wants: [(Export<'_>, Wanted); 4] = [
            (Export::new(store).tenant(branch), |event| {
                event.tenant_id != TenantId::DEFAULT
            }),
            (Export::new(store).aggregate_type("Loan"), |event| {
                event.aggregate_type == "Loan"
            }),
            (Export::new(store).id(id), |event| {
                event.aggregate_type == "Account"
            }),
            (
                Export::new(store).tenant(branch).aggregate_type("Loan"),
                |_| false,
            ),
        ];
        for (wanted, is_wanted) in wants {
            let events = imported(&export(wanted.clone()).await).await;
            let expected = log(store).await.into_iter().filter(is_wanted);
            let ids = |events: Vec<RecordedEvent>| -> Vec<_> {
                events
                    .into_iter()
                    .map(|event| (event.id, event.payload))
                    .collect()
            };
            assert_eq!(ids(events), ids(expected.collect()), "{wanted:?}");
        }
    }
}

#[tokio::test]
async fn a_tenant_becomes_another_on_every_store() {
    let source = MemoryStore::new();
    fill(&source).await;
    let branch = TenantId::from_name("eindhoven");
    let file = export(Export::new(&source).tenant(branch)).await;
    for target in every_store().await {
        let store = target.store();
        let other = TenantId::from_name("delft");
        for tenant in [other, branch] {
            let import = Import::new(store).tenant(tenant);
            let imported = import.read(&mut &file[..]).await.unwrap();
            assert_eq!((imported.stored, imported.known), (4, 0), "{store:?}");
        }
        let back = export(Export::new(store).tenant(branch)).await;
        assert!(back == file, "{store:?} keeps both, and gives back the one");
    }
}

#[tokio::test]
async fn several_tenants_do_not_become_one() {
    let source = MemoryStore::new();
    fill(&source).await;
    let file = export(Export::new(&source)).await;
    let target = App::on(MemoryStore::new(), Domain::new()).await.unwrap();
    let tenant = target.tenant(TenantId::DEFAULT);
    let refused = tenant.import().read(&mut &file[..]).await;
    assert!(
        matches!(refused, Err(ImportError::AllTenants)),
        "before the first event is read: {refused:?}"
    );
    assert!(log(target.store()).await.is_empty(), "nothing is stored");
    let all = target.import().read(&mut &file[..]).await.unwrap();
    assert_eq!(all.stored, 14);
}

/// The errors of an operator who imports into a store that has changed on its own.
#[tokio::test]
async fn an_error_names_a_stream_that_has_changed() {
    let source = MemoryStore::new();
    fill(&source).await;
    let file = export(Export::new(&source)).await;
    for target in every_store().await {
        let store = target.store();
        fill(store).await;
        let before = log(store).await;
        let error = Import::new(store).read(&mut &file[..]).await.unwrap_err();
        let account = stream(TenantId::DEFAULT, "Account", "one");
        let text = with_causes(&error);
        assert_eq!(
            text,
            format!(
                "the events of lines 2 to 15 cannot be stored: event 1 of {account} cannot be imported: \
                 the stream is at version 6 and has another event there"
            )
        );
        assert_eq!(log(store).await, before, "{store:?}");
    }
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text += &format!(": {error}");
        source = error.source();
    }
    text
}

/// The application's role exports and imports its tenants; the log of all is a reader's.
#[tokio::test]
async fn a_postgres_role_exports_what_it_may_read() {
    let roles = Roles::new().await;
    let app = roles.open(&roles.app).await.unwrap();
    let reader = roles.open(&roles.reader).await.unwrap();
    fill(&app).await;
    let refused = Export::new(&app).write(&mut Vec::new()).await;
    assert!(
        matches!(
            refused,
            Err(ExportError::Store(StoreError::Forbidden { .. }))
        ),
        "{refused:?}"
    );
    let branch = TenantId::from_name("eindhoven");
    let own = export(Export::new(&app).tenant(branch)).await;
    let all = export(Export::new(&reader)).await;
    assert_eq!(
        (imported(&own).await.len(), imported(&all).await.len()),
        (4, 14)
    );

    let other = Roles::new().await;
    let target = other.open(&other.app).await.unwrap();
    assert_eq!(
        Import::new(&target)
            .read(&mut &all[..])
            .await
            .unwrap()
            .stored,
        14
    );
    let back = export(Export::new(&target).tenant(branch)).await;
    assert!(back == own);
    let denied = other.open(&other.reader).await.unwrap();
    let denied = Import::new(&denied).read(&mut &own[..]).await;
    assert!(
        matches!(
            denied,
            Err(ImportError::Store {
                source: StoreError::Forbidden { .. },
                ..
            })
        ),
        "a reader may not write: {denied:?}"
    );
    for store in [&app, &reader, &target] {
        store.close().await.unwrap();
    }
}
