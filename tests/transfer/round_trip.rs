//! What goes out comes in unchanged, and goes out again the same.

use intent_runtime::{
    App, MemoryStore,
    prelude::*,
    store::{Append, Imported},
    transfer::{Export, Import},
};
use tokio::io::BufReader;

use super::fixture::{append, every_store, fill, log, recorded, stream};
use crate::dispatch::domain::{Account, Deposit, Open};

#[tokio::test]
async fn a_history_is_the_same_file_whichever_store_it_comes_from() {
    let source = MemoryStore::new();
    fill(&source).await;
    let mut file = Vec::new();
    let exported = Export::new(&source).write(&mut file).await.unwrap();
    assert_eq!(exported.events, 14);
    let before = log(&source).await;
    for target in every_store().await {
        let store = target.store();
        let imported = Import::new(store).read(&mut &file[..]).await.unwrap();
        let all = Imported::new(14, 0);
        assert_eq!(imported, all, "{store:?}");
        // The stores' positions are dense from 1, so even those are equal.
        assert_eq!(log(store).await, before, "{store:?}");
        let mut again = Vec::new();
        Export::new(store).write(&mut again).await.unwrap();
        assert!(again == file, "{store:?} gives out the same bytes");
    }
}

#[tokio::test]
async fn metadata_that_a_newer_build_recorded_goes_out_and_comes_in_to_the_byte() {
    let texts = [r#"{"new":[1.0,{"a":1e0}],"actor":"ada"}"#, "{ \"new\":\n1}"];
    for source in every_store().await {
        let store = source.store();
        store.import(texts.map(recorded).to_vec()).await.unwrap();
        let mut file = Vec::new();
        Export::new(store).write(&mut file).await.unwrap();
        for target in every_store().await {
            let copy = target.store();
            let imported = Import::new(copy).read(&mut &file[..]).await.unwrap();
            assert_eq!(imported.stored, 2, "{store:?} to {copy:?}");
            let kept = log(copy).await;
            let json: Vec<&str> = kept.iter().map(|event| event.metadata.json()).collect();
            assert_eq!(json, texts, "{store:?} to {copy:?}");
            let mut again = Vec::new();
            Export::new(copy).write(&mut again).await.unwrap();
            assert!(again == file, "the same bytes, {store:?} to {copy:?}");
        }
    }
}

#[tokio::test]
async fn each_line_is_json_that_shows_the_payload_as_it_is() {
    let store = MemoryStore::new();
    let payload = r#"{"amount": 0.1234567890123456789012345678901}"#;
    let account = stream(TenantId::DEFAULT, "Account", "one");
    append(&store, &account, &[payload, "[1,\n2]"]).await;
    let mut file = Vec::new();
    Export::new(&store).write(&mut file).await.unwrap();
    let text = String::from_utf8(file).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4);
    for line in &lines {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(value["sum"].as_str().unwrap().len(), 16);
    }
    assert!(
        lines[1].contains(&format!(r#","payload":{payload},"#)),
        "{}",
        lines[1]
    );
    assert!(
        lines[2].contains(r#","payload_text":"[1,\n2]","#),
        "{}",
        lines[2]
    );
}

#[tokio::test]
async fn exports_and_imports_run_in_tasks_of_their_own() {
    let source = MemoryStore::new();
    fill(&source).await;
    let (reader, mut writer) = tokio::io::duplex(64);
    let export = tokio::spawn(async move { Export::new(&source).write(&mut writer).await });
    let target = MemoryStore::new();
    let import = tokio::spawn(async move {
        let mut reader = BufReader::new(reader);
        Import::new(&target).read(&mut reader).await
    });
    assert_eq!(export.await.unwrap().unwrap().events, 14);
    assert_eq!(
        import.await.unwrap().unwrap().stored,
        14,
        "through a pipe, too"
    );
}

#[tokio::test]
async fn an_empty_store_is_a_history_too() {
    let mut file = Vec::new();
    Export::new(&MemoryStore::new())
        .write(&mut file)
        .await
        .unwrap();
    let target = MemoryStore::new();
    let imported = Import::new(&target).read(&mut &file[..]).await.unwrap();
    assert_eq!(imported, Imported::default());
}

#[tokio::test]
async fn an_import_that_was_interrupted_is_run_again() {
    let source = MemoryStore::new();
    let account = stream(TenantId::DEFAULT, "Account", "one");
    for _ in 0..25 {
        append(&source, &account, &["1"; 100]).await;
    }
    let mut file = Vec::new();
    Export::new(&source).write(&mut file).await.unwrap();
    for target in every_store().await {
        let store = target.store();
        let cut = &file[..file.len() * 9 / 10];
        Import::new(store).read(&mut &*cut).await.unwrap_err();
        assert_eq!(log(store).await.len(), 2_000, "whole pages: {store:?}");
        let rest = Import::new(store).read(&mut &file[..]).await.unwrap();
        let expected = Imported::new(500, 2_000);
        assert_eq!(rest, expected, "{store:?}");
        let mut again = Vec::new();
        Export::new(store).write(&mut again).await.unwrap();
        assert!(again == file, "{store:?} has each event once, in order");
    }
}

#[tokio::test]
async fn what_came_later_is_exported_from_a_cursor() {
    let (source, target) = (MemoryStore::new(), MemoryStore::new());
    fill(&source).await;
    let mut first = Vec::new();
    let exported = Export::new(&source).write(&mut first).await.unwrap();
    append(
        &source,
        &stream(TenantId::DEFAULT, "Account", "one"),
        &["15"],
    )
    .await;
    let mut second = Vec::new();
    let later = Export::new(&source).after(exported.cursor);
    assert_eq!(later.write(&mut second).await.unwrap().events, 1);

    let early = Import::new(&target)
        .read(&mut &second[..])
        .await
        .unwrap_err();
    assert_eq!(
        early.to_string(),
        "the events of lines 2 to 2 cannot be stored"
    );
    for file in [&first, &second] {
        Import::new(&target).read(&mut &file[..]).await.unwrap();
    }
    assert_eq!(log(&target).await, log(&source).await);
}

/// The largest payload, escaped byte by byte, is a line as any other.
#[tokio::test]
async fn the_largest_payloads_go_along() {
    let source = MemoryStore::new();
    let limit = Append::MAX_PAYLOAD;
    let plain = format!("\"{}\"", "x".repeat(limit - 2));
    let escaped = format!("[\n\"{}\"]", "\\\"".repeat((limit - 5) / 2));
    append(
        &source,
        &stream(TenantId::DEFAULT, "Account", "one"),
        &[&plain, &escaped],
    )
    .await;
    let mut file = Vec::new();
    Export::new(&source).write(&mut file).await.unwrap();
    for target in every_store().await {
        let store = target.store();
        Import::new(store).read(&mut &file[..]).await.unwrap();
        assert!(log(store).await == log(&source).await, "{store:?}");
    }
}

/// The application that imports goes on with the aggregates, those that it holds in memory too.
#[tokio::test]
async fn an_app_goes_on_with_what_was_imported() {
    let app = async || {
        App::connect("memory:", Domain::of::<Account>())
            .await
            .unwrap()
    };
    let (here, there) = (app().await, app().await);
    let id = Id::<Account>::new();
    here.send(Open {
        id,
        owner: "Ada".into(),
    })
    .await
    .unwrap();
    let mut file = Vec::new();
    here.export().write(&mut file).await.unwrap();
    there.import().read(&mut &file[..]).await.unwrap();
    let command = CommandId::new();
    let deposit = Deposit { id, amount: 5 };
    let options = || SendOptions::new().command_id(command);
    there.send_with(deposit.clone(), options()).await.unwrap();

    file.clear();
    there.export().write(&mut file).await.unwrap();
    let imported = here.import().read(&mut &file[..]).await.unwrap();
    assert_eq!((imported.stored, imported.known), (1, 1));
    let again = here.send_with(deposit.clone(), options()).await.unwrap();
    assert_eq!(again.version, Version::new(2), "the command is known");
    let next = here.send(deposit).await.unwrap();
    assert_eq!(
        next.version,
        Version::new(3),
        "what is held is brought up to date"
    );
    assert_eq!(here.load(id).await.unwrap().balance, 10);
}
