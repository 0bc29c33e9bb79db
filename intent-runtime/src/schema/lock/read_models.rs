//! Read models: a table has the columns that its version was built with, and the rows that its lists of events made.

use serde_json::{Value, json};

use crate::{
    model::read_model::kind::ReadModelKind,
    schema::lock::{
        compare::new,
        format::{Blocks, Key},
        report::{Difference, RECORDED_AND_CODE, Refusal, Update, lines},
    },
};

const EVENTS: &str = "events";

/// The difference between a read model and what is recorded of its version.
pub(super) fn read_model(kind: &ReadModelKind, recorded: &Blocks) -> Option<Difference> {
    let key = Key::read_model(kind.table, kind.version);
    let now = block(kind);
    let Some(before) = recorded.get(&key) else {
        return Some(new(&key, &now, &[]));
    };
    if *before == now {
        return None;
    }
    let next = kind.version.saturating_add(1);
    let difference = lines(RECORDED_AND_CODE, before, &now);
    let attribute = format!(
        "    #[read_model(table = {:?}, version = {next}, ..)]\n",
        kind.table
    );
    if without_events(before) == without_events(&now) {
        let text = format!(
            "\n{key} has other events than recorded:\n\n{difference}\nIts rows have the effects of the recorded ones, up to \
             where its worker stands. An event that only has another name now\nneeds nothing. If events that came or went may \
             be stored already, make it a new version, which is built from the whole log beside\nthis one:\n\n{attribute}"
        );
        let update = Update::Record(key, now);
        return Some(Difference {
            text,
            update,
            is_new: false,
        });
    }
    let text = format!(
        "\n{key} has changed. The table of version {version} was made with the recorded columns:\n\n{difference}\nTake the \
         change back, or make it version {next}, which gets a table of its own and is built beside this one:\n\n{attribute}\n\
         `INTENT_LOCK=update cargo test` then records version {next} beside version {version}. Only where no database has a \
         table of version {version},\nas when it is new on your branch, delete its block from `intent.lock` and record it anew.\n",
        version = kind.version,
    );
    Some(Difference::refused(Refusal::Table, text))
}

fn block(kind: &ReadModelKind) -> Value {
    let names = |wanted: &dyn Fn(&crate::record::column::Column) -> bool| -> Vec<&str> {
        let columns = kind.columns.iter().filter(|column| wanted(column));
        columns.map(|column| column.name).collect()
    };
    let columns = kind.columns.iter().map(|column| {
        let or_null = if column.nullable { " or null" } else { "" };
        let text = format!("{}{or_null}", column.kind.name());
        (column.name.to_owned(), Value::from(text))
    });
    let mut events: Vec<String> = kind
        .events
        .iter()
        .map(|(aggregate, event)| format!("{aggregate}: {event}"))
        .collect();
    events.sort_unstable();
    let mut block = json!({
        "columns": Value::Object(columns.collect()),
        "key": names(&|column| column.key),
        EVENTS: events,
    });
    let (indexes, unique) = (
        names(&|column| column.indexed),
        names(&|column| column.unique),
    );
    for (what, names) in [("indexes", indexes), ("unique", unique)] {
        if !names.is_empty() {
            block[what] = json!(names);
        }
    }
    if kind.inline {
        block["mode"] = json!("inline");
    }
    block.sort_all_objects();
    block
}

fn without_events(block: &Value) -> Value {
    let mut block = block.clone();
    if let Some(object) = block.as_object_mut() {
        object.remove(EVENTS);
    }
    block
}
