//! Chapter "Changing an event".
//!
//! Each change is a domain as it was `before`, as it is `after`, and as somebody leaves it who has `forgotten` to say how
//! stored events are read. The result is written to `said` and shown on the page; `UPDATE_GUIDE=1 cargo test` writes it again.

mod event_renamed;
mod event_retired;
mod event_split;
mod field_removed;
mod field_renamed;
mod field_split;
mod fields_merged;
mod mistakes;
mod new_optional_field;
mod new_required_field;
mod type_changed;

use std::{borrow::Cow, env, fmt::Write as _, fs, iter, path::Path};

use intent_runtime::model::AggregateEvent;
use intent_runtime::{
    CommandId, LoadError, Metadata, TenantId,
    model::SchemaVersion,
    prelude::*,
    store::{Append, EncodedMetadata, Expect, NewEvent, StreamId},
};
use intent_tests::on;

use crate::lock::{domain::catalogue, folder::Folder};

/// What all of the domains begin with.
#[event]
pub struct Opened;

/// An account that has one more event.
macro_rules! account {
    ($event:ident) => {
        #[derive(Aggregate, Debug)]
        #[aggregate(created_by(Opened), events($event => ()))]
        pub struct Account {
            #[id]
            pub id: Id<Account>,
        }
    };
}
pub(crate) use account;

/// Stores `old` as the build before stores it and `new` as the one after does, has each read what the other has stored,
/// and asks the lock of the build before about the others. All of it is compared with the file of that name.
///
/// Gives the account as the build after reads it when only `old` is stored.
async fn told<Before, After, Forgotten>(
    name: &str,
    old: Before::Event,
    new: Option<After::Event>,
) -> Loaded<After>
where
    Before: Aggregate<Event: From<Opened>>,
    After: Aggregate,
    Forgotten: Aggregate,
{
    let app = App::connect("memory:", Domain::new()).await.unwrap();
    let before = on::<Before>(&app).await;
    let after = on::<After>(&app).await;
    let id = Id::<Before>::new();
    let of_after = Id::<After>::from_uuid(id.as_uuid());
    let mut said = String::new();

    append(&app, id, &Opened.into()).await;
    let stored = append(&app, id, &old).await;
    said += &format!("stored before  {stored}\n");
    let account = after.load(of_after).await.unwrap();
    let history = after.history(of_after).await.unwrap();
    let read = history.iter().filter(|event| event.version().get() == 2);
    said += &lines("is read as     ", read.map(|event| shown::<After>(event)));

    if let Some(new) = new {
        let stored = append(&app, of_after, &new).await;
        said += &format!("stored after   {stored}\n");
        let read = match before.history(id).await {
            Ok(history) => format!("read {}", shown::<Before>(&history.last().unwrap().event)),
            Err(LoadError::Decode { source, .. }) => format!("stop: {source}"),
            Err(error) => panic!("{error:?}"),
        };
        said += &format!("older builds   {read}\n");
    }

    let lock = Folder::recording(catalogue::<Before>());
    said += &match lock.check(&catalogue::<After>()) {
        Ok(()) => "the lock       has nothing to add\n".to_owned(),
        Err(error) => {
            lock.update(&catalogue::<After>()).unwrap();
            lock.check(&catalogue::<After>()).unwrap();
            let text = error.to_string();
            let recorded = text.lines().skip_while(|line| *line != "Not recorded yet:");
            let recorded = recorded.filter(|line| line.starts_with("    "));
            lines(
                "the lock       records ",
                recorded.map(|line| line.trim().to_owned()),
            )
        }
    };
    let lock = Folder::recording(catalogue::<Before>());
    let error = lock.check(&catalogue::<Forgotten>()).unwrap_err();
    assert!(
        lock.update(&catalogue::<Forgotten>()).is_err(),
        "it is refused"
    );
    let text = error.to_string();
    let advice = text.lines().skip_while(|line| !is_advice(line));
    let advice = advice.take_while(|line| !line.is_empty());
    said += "\nif you forget, the lock says:\n";
    advice.for_each(|line| writeln!(said, "{line}").unwrap());
    assert_said(name, &said);
    account
}

/// Where the advice on a difference begins: an indented line that is not of a shape.
fn is_advice(line: &str) -> bool {
    line.starts_with("    #[event") || line.starts_with("    if ")
}

/// An event as it is stored, or as a build reads it.
fn shown<A: Aggregate>(event: &A::Event) -> String {
    let version = SchemaVersion::from_stored(event.schema_version()).number();
    format!("{} {version}  {}", event.name(), event.encode().unwrap())
}

/// Lines of which the first one begins with `label` and the others are below it.
fn lines(label: &str, of: impl Iterator<Item = String>) -> String {
    let indent = " ".repeat(label.len());
    let mut of = of.peekable();
    if of.peek().is_none() {
        return format!("{label}nothing\n");
    }
    let labels = iter::once(label).chain(iter::repeat(indent.as_str()));
    let lines = labels
        .zip(of)
        .map(|(label, line)| format!("{label}{line}\n"));
    lines.collect()
}

/// Appends one event as the build that `A` is of stores it.
async fn append<A: Aggregate>(app: &App, id: Id<A>, event: &A::Event) -> String {
    let stored = NewEvent::new(
        Cow::Borrowed(event.name()),
        event.schema_version(),
        event.encode().unwrap(),
    );
    let append = Append::new(
        StreamId::of(TenantId::DEFAULT, id),
        Expect::Any,
        CommandId::new(),
        vec![stored],
        EncodedMetadata::new(Metadata::new()).unwrap(),
    );
    app.store().append(append).await.unwrap();
    shown::<A>(event)
}

fn assert_said(name: &str, said: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("guide/changing/said");
    let file = folder.join(format!("{name}.txt"));
    if env::var_os("UPDATE_GUIDE").is_some() {
        fs::write(&file, said).unwrap();
    }
    let reviewed = fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(reviewed, said, "`UPDATE_GUIDE=1 cargo test` writes it anew");
}
