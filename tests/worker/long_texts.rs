//! A text that is too long for an index is told on every store, though only Postgres has the limit.

use intent_runtime::{WaitError, prelude::*, read_model::INDEXED_TEXT};

use super::{
    domain::*,
    fixture::on_every_store,
    inline::domain::{Customer, Listed, Register},
};

#[derive(ReadModel, Debug, Clone)]
#[read_model(table = "texts", created_by(Opened), events(Named))]
struct Text {
    #[key]
    account: Id<Account>,
    #[index]
    #[on(Named = |e| e.name.clone())]
    name: String,
    #[on(Named = |e| e.name.clone())]
    any: String,
}

/// A row for each pair of names.
#[derive(ReadModel, Debug, Clone)]
#[read_model(table = "pairs", events(Moved by |e| (e.from.clone(), e.to.clone())))]
struct Pair {
    #[key]
    source: String,
    #[key]
    target: String,
    #[on(Moved += 1)]
    times: i64,
}

/// A text of so many bytes that cannot be compressed.
fn text(bytes: usize) -> String {
    let mut state = 7_u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        char::from(b' ' + u8::try_from((state >> 33) % 94).unwrap())
    };
    (0..bytes).map(|_| next()).collect()
}

#[tokio::test]
async fn only_its_tenant_is_held_back() {
    let domain = || {
        Domain::of::<Account>()
            .read_model::<Text>()
            .read_model::<Pair>()
    };
    on_every_store(domain, async |app| {
        let workers = app.start().await.unwrap();
        let [long, fits, of_key] = [(); 3].map(|()| app.tenant(TenantId::new()));
        let rename = async |tenant: &Tenant, bytes| {
            let (id, name) = (opened(tenant, "a").await, text(bytes));
            (id, tenant.send(Rename { id, name }).await.unwrap())
        };
        let (_, of_long) = rename(&long, INDEXED_TEXT + 1).await;
        let (id, of_fits) = rename(&fits, INDEXED_TEXT).await;
        fits.wait_for::<Text>(&of_fits, LONG).await.unwrap();
        let row = fits.read::<Text>().get(id).await.unwrap().unwrap();
        assert_eq!(
            (row.name.len(), row.any.len()),
            (INDEXED_TEXT, INDEXED_TEXT)
        );
        let held = long.wait_for::<Text>(&of_long, LONG).await;
        let Err(WaitError::HeldBack { reason, .. }) = held else {
            panic!("{held:?}");
        };
        assert_eq!(
            reason,
            "the column `name` takes no text of 2001 bytes: the texts of a key, and one with an index, have 2000 at most"
        );

        // Each of the two would fit, and both do not.
        let id = opened(&of_key, &text(INDEXED_TEXT / 2)).await;
        let to = text(INDEXED_TEXT / 2 + 1);
        let moved = of_key.send(MoveTo { id, to }).await.unwrap();
        let held = of_key.wait_for::<Pair>(&moved, LONG).await;
        let Err(WaitError::HeldBack { reason, .. }) = held else {
            panic!("{held:?}");
        };
        assert!(reason.contains("takes no text"), "{reason}");
        let to = text(INDEXED_TEXT / 2);
        let id = opened(&fits, &text(INDEXED_TEXT / 2)).await;
        let moved = fits.send(MoveTo { id, to }).await.unwrap();
        fits.wait_for::<Pair>(&moved, LONG).await.unwrap();
        assert_eq!(fits.read::<Pair>().list().await.unwrap()[0].times, 1);
        workers.stop(LONG).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_command_whose_row_has_one_is_refused() {
    let domain = || Domain::of::<Customer>().read_model::<Listed>();
    on_every_store(domain, async |app| {
        let register = async |bytes| {
            let (id, email) = (Id::new(), text(bytes));
            app.send(Register { id, email }).await
        };
        let refused = register(INDEXED_TEXT + 1).await;
        assert!(
            matches!(
                refused,
                Err(SendError::Row {
                    model: "customers",
                    ..
                })
            ),
            "{refused:?}"
        );
        register(INDEXED_TEXT).await.unwrap();
    })
    .await;
}
