//! Golden histories: what each release wrote, as plain text, read by this build to the state that release had.
//!
//! Every file was exported once, by the release it is named after, and is never written again. Where the newest one is
//! not of today's events, the test says how to record today's.

pub mod domain;
pub mod past;

use std::{collections::BTreeSet, env, fs, path::PathBuf};

use intent_runtime::{App, RecordedEvent, prelude::*};
use intent_tests::on;

use self::domain::{Deliver, Dispatch, Parcel, Prepare, Register, Service};
use crate::transfer::fixture::{every_store, log};

/// The newest release that was recorded.
const NEWEST: &str = "release-5";

fn file(release: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden");
    folder.join(release).with_extension("jsonl")
}

fn letter() -> Id<Parcel> {
    Id::from_name("letter")
}

fn crate_of_books() -> Id<Parcel> {
    Id::from_name("crate of books")
}

/// What every release made of the same story.
fn parcels() -> [Parcel; 2] {
    let letter = Parcel {
        id: letter(),
        recipient: "Ada".into(),
        address: "12 St James's Square".into(),
        service: Service::Standard,
        grams: 18,
        labels: vec!["L-1".into()],
        carrier: "post".into(),
        delivered: true,
    };
    let books = Parcel {
        id: crate_of_books(),
        recipient: "Bücherei \"Köln\"".into(),
        address: "Josef-Haubrich-Hof 1\n50676 Köln".into(),
        service: Service::Express,
        grams: 9_007_199_254_740_993,
        labels: vec!["B-1".into(), "B-2".into()],
        carrier: String::new(),
        delivered: false,
    };
    [letter, books]
}

/// The story, as today's build writes it.
async fn tell(app: &App) {
    let [letter, books] = parcels();
    for parcel in [&letter, &books] {
        let Parcel { id, service, .. } = *parcel;
        let (recipient, address) = (parcel.recipient.clone(), parcel.address.clone());
        let register = Register {
            id,
            recipient,
            address,
            service,
        };
        app.send(register).await.unwrap();
        for code in parcel.labels.clone() {
            let grams = parcel.grams;
            app.send(Prepare { id, grams, code }).await.unwrap();
        }
    }
    let (id, carrier) = (letter.id, letter.carrier);
    app.send(Dispatch { id, carrier }).await.unwrap();
    app.send(Deliver { id }).await.unwrap();
}

async fn memory() -> App {
    let domain = Domain::of::<Parcel>();
    App::connect("memory:", domain).await.unwrap()
}

/// Reads the events that a release wrote, on every store.
async fn reads_as_it_was(release: &str, events: usize) {
    let text = fs::read(file(release)).unwrap();
    for opened in every_store().await {
        let app = on::<Parcel>(&opened.app).await;
        let imported = app.import().read(&mut &text[..]).await.unwrap();
        assert_eq!((imported.stored, imported.known), (events, 0), "{release}");
        for parcel in parcels() {
            let read = app.load(parcel.id).await.unwrap();
            assert_eq!(*read, parcel, "{release}");
            let history = app.history(parcel.id).await.unwrap();
            // An event that was split has several parts of one version.
            let versions: BTreeSet<Version> = history
                .iter()
                .map(intent_runtime::Recorded::version)
                .collect();
            assert_eq!(versions.len() as u64, read.version().get(), "{release}");
        }
        let mut again = Vec::new();
        app.export().write(&mut again).await.unwrap();
        assert!(again == text, "{release} is given out as it came");
    }
}

#[tokio::test]
async fn release_1_reads_as_it_was() {
    reads_as_it_was("release-1", 10).await;
}

#[tokio::test]
async fn release_2_reads_as_it_was() {
    reads_as_it_was("release-2", 10).await;
}

#[tokio::test]
async fn release_3_reads_as_it_was() {
    reads_as_it_was("release-3", 10).await;
}

#[tokio::test]
async fn release_4_reads_as_it_was() {
    reads_as_it_was("release-4", 10).await;
}

#[tokio::test]
async fn release_5_reads_as_it_was() {
    reads_as_it_was("release-5", 11).await;
}

/// The newest file holds what today's build writes; where there is none yet, `INTENT_GOLDEN=record` makes it.
#[tokio::test]
async fn the_newest_release_is_recorded() {
    let app = memory().await;
    tell(&app).await;
    let path = file(NEWEST);
    if env::var_os("INTENT_GOLDEN").is_some_and(|value| value == "record") && !path.exists() {
        let mut text = Vec::new();
        app.export().write(&mut text).await.unwrap();
        fs::write(&path, text).unwrap();
    }
    let recorded = memory().await;
    let text = fs::read(&path).unwrap_or_else(|error| {
        panic!("{NEWEST} was not recorded, run this test with INTENT_GOLDEN=record: {error}")
    });
    recorded.import().read(&mut &text[..]).await.unwrap();
    let shape = |event: RecordedEvent| (event.event_type, event.schema_version, event.payload);
    let [then, now] = [&recorded, &app].map(|app| log(app.store()));
    let then: Vec<_> = then.await.into_iter().map(shape).collect();
    let now: Vec<_> = now.await.into_iter().map(shape).collect();
    assert_eq!(
        then, now,
        "{NEWEST} was written by other events than today's: name the next release in NEWEST, give it a test, and run \
         this one with INTENT_GOLDEN=record"
    );
}
