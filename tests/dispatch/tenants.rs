//! Tenants are separate.

use intent_runtime::{LoadError, TenantId, prelude::*};
use uuid::Uuid;

use super::{domain::*, fixture::on_every_store};

#[tokio::test]
async fn the_same_id_in_two_tenants_is_two_aggregates() {
    on_every_store(async |app| {
        let (one, other) = (
            TenantId::from_uuid(Uuid::now_v7()),
            TenantId::from_uuid(Uuid::now_v7()),
        );
        let (one, other) = (app.tenant(one), app.tenant(other));
        let id = Id::new();
        let command_id = CommandId::from_key("the same key");
        for (tenant, owner) in [(&one, "Ada"), (&other, "Bo"), (&*app, "Cy")] {
            let owner = String::from(owner);
            let receipt = tenant
                .send_with(
                    Open { id, owner },
                    SendOptions::new().command_id(command_id),
                )
                .await
                .unwrap();
            assert!(
                !receipt.repeated,
                "a command id is known in its own tenant only"
            );
        }
        one.send(Deposit { id, amount: 1 }).await.unwrap();
        assert_eq!(one.load(id).await.unwrap().owner, "Ada");
        assert_eq!(other.load(id).await.unwrap().owner, "Bo");
        assert_eq!(app.load(id).await.unwrap().owner, "Cy");
        assert_eq!(other.load(id).await.unwrap().version(), Version::FIRST);
        assert_eq!(one.history(id).await.unwrap().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn nothing_is_learnt_of_another_tenants_aggregate() {
    on_every_store(async |app| {
        let tenant = app.tenant(TenantId::from_uuid(Uuid::now_v7()));
        let id = Id::new();
        tenant
            .send(Open {
                id,
                owner: "Ada".into(),
            })
            .await
            .unwrap();
        let error = app.load(id).await.unwrap_err();
        assert!(matches!(error, LoadError::NotFound { .. }), "{error:?}");
        let error = app.send(Deposit { id, amount: 1 }).await.unwrap_err();
        assert!(matches!(error, SendError::NotFound { .. }), "{error:?}");
        assert!(app.history(id).await.is_err());
        let error = tenant
            .send(Open {
                id,
                owner: "Ada".into(),
            })
            .await
            .unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with(&format!("of tenant {} exists already", tenant.id())),
            "{error}"
        );
    })
    .await;
}
