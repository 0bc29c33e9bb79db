//! Chapter "Stores", on export and import.

use intent_runtime::{prelude::*, transfer::ImportError};
use tokio::{
    fs::File,
    io::{AsyncReadExt, BufReader},
};

use super::commands::{Account, Open};

#[tokio::test]
async fn from_one_store_to_another() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bank.jsonl");
    let url = format!("sqlite:{}", folder.path().join("bank.db").display());
    let app = App::connect("memory:", Domain::of::<Account>())
        .await
        .unwrap();
    let id = Id::<Account>::new();
    let owner = String::from("Ada");
    app.send(Open { id, owner }).await.unwrap();

    // ANCHOR: export
    let mut file = File::create(&path).await.unwrap();
    let tenant = app.tenant(TenantId::DEFAULT);
    let exported = tenant.export().write(&mut file).await.unwrap();
    assert_eq!(exported.events, 1);
    // ANCHOR_END: export

    // ANCHOR: import
    let copy = App::connect(&url, Domain::of::<Account>()).await.unwrap();
    let mut file = BufReader::new(File::open(&path).await.unwrap());
    let branch = copy.tenant(TenantId::from_name("eindhoven"));
    branch.import().read(&mut file).await.unwrap();
    assert_eq!(branch.load(id).await.unwrap(), app.load(id).await.unwrap());
    // ANCHOR_END: import

    let mut text = Vec::new();
    let mut file = File::open(&path).await.unwrap();
    file.read_to_end(&mut text).await.unwrap();
    // ANCHOR: damage
    let torn = &text[..text.len() / 2];
    let error = copy.import().read(&mut &*torn).await.unwrap_err();
    assert!(matches!(error, ImportError::Truncated { line: 2 }));
    // ANCHOR_END: damage
}
