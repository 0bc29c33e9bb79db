//! A domain as a [Mermaid](https://mermaid.js.org) flowchart, drawn from its catalogue: from each command to the events that it may
//! emit, from each event to the aggregate, with the names of the fields that it changes, and from each event to the read models whose
//! rows it changes.
//!
//! | arrow | meaning |
//! |---|---|
//! | from a command, drawn through | may emit the event |
//! | from a command, dotted | may emit any event; with a question mark, the decision is written by hand and does not say which |
//! | from an event, thick | creates the aggregate |
//! | from an event, drawn through | changes the fields it names, or what a function decides if it names none |
//! | from an event, dotted | changes nothing |
//! | from an event to a read model, drawn through | changes its rows |
//! | from a past event, dotted | is read as others |
//!
//! A past event without an arrow is retired. Below the name of a command are the roles that may send it, unless everybody
//! may. A read model has its table and version, the columns of its key, the other columns, and the roles that may read it.

use std::fmt::{self, Write as _};

use intent_runtime::catalogue::{AggregateKind, Catalogue, CommandKind, Emits, ReadModelKind};

/// Colours that differ clearly on light and on dark backgrounds.
const STYLES: &str = "    classDef command fill:#cfe2ff,stroke:#3d6fb5,color:#000
    classDef event fill:#ffe0b2,stroke:#c77700,color:#000
    classDef state fill:#fff9c4,stroke:#a89a00,color:#000
";
const PAST: &str = "    classDef past fill:#eee,stroke:#888,color:#000,stroke-dasharray:4
";
const MODEL: &str = "    classDef model fill:#d1e7dd,stroke:#3c7a57,color:#000
";

/// Draws a catalogue.
pub fn mermaid(catalogue: &Catalogue) -> String {
    let mut text = String::from("flowchart LR\n");
    for (number, kind) in catalogue.aggregates().iter().enumerate() {
        // Writing to a `String` cannot fail.
        let _ = aggregate(&mut text, number, kind);
    }
    for (number, kind) in catalogue.read_models().iter().enumerate() {
        let _ = read_model(&mut text, number, kind, catalogue.aggregates());
    }
    text.push_str(STYLES);
    let mut kinds = catalogue.aggregates().iter();
    if kinds.any(|kind| past(kind).next().is_some()) {
        text.push_str(PAST);
    }
    if !catalogue.read_models().is_empty() {
        text.push_str(MODEL);
    }
    text
}

/// One aggregate as a box: its commands, its events, and the arrows.
fn aggregate(text: &mut String, number: usize, kind: &AggregateKind) -> fmt::Result {
    let id = format!("a{number}");
    let name = Quoted(&[kind.name]);
    writeln!(text, "    subgraph {id}box[{name}]")?;
    for (index, command) in kind.commands.iter().enumerate() {
        let roles = command.allowed.join(", ");
        let label = [command.name, &roles];
        let lines = if roles.is_empty() {
            &label[..1]
        } else {
            &label
        };
        writeln!(text, "        {id}c{index}[{}]:::command", Quoted(lines))?;
    }
    for (index, event) in kind.events.iter().enumerate() {
        let name = Quoted(&[event.name]);
        writeln!(text, "        {id}e{index}([{name}]):::event")?;
    }
    for (index, name) in past(kind).enumerate() {
        writeln!(text, "        {id}p{index}([{}]):::past", Quoted(&[name]))?;
    }
    writeln!(text, "        {id}[({name})]:::state\n    end")?;
    for (index, command) in kind.commands.iter().enumerate() {
        emitted(text, &id, &format!("{id}c{index}"), kind, command)?;
    }
    for (index, event) in kind.events.iter().enumerate() {
        let fields = event.changes.unwrap_or_default().join(", ");
        let label = match fields.as_str() {
            "" => String::new(),
            fields => format!("|{}|", Quoted(&[fields])),
        };
        let arrow = match event.changes {
            _ if event.creates => "==>",
            Some([]) => "-.->",
            _ => "-->",
        };
        writeln!(text, "    {id}e{index} {arrow}{label} {id}")?;
    }
    for index in 0..kind.split.len() {
        writeln!(text, "    {id}p{index} -.->|\"read as others\"| {id}")?;
    }
    Ok(())
}

/// A read model, and the arrows from the events that change its rows.
fn read_model(
    text: &mut String,
    number: usize,
    kind: &ReadModelKind,
    aggregates: &[AggregateKind],
) -> fmt::Result {
    let names = |of_key: bool| {
        let columns = kind.columns.iter().filter(|column| column.key == of_key);
        let names: Vec<&str> = columns.map(|column| column.name).collect();
        names.join(", ")
    };
    let rules = kind.access.iter().map(|rule| match rule.own {
        None => rule.role.to_owned(),
        Some(own) => format!("{} by {own}", rule.role),
    });
    let roles = rules.collect::<Vec<_>>().join(", ");
    let lines = [
        format!("{}, version {}", kind.table, kind.version),
        format!("key: {}", names(true)),
        names(false),
        format!("read by: {roles}"),
    ];
    let shown = lines.iter().map(String::as_str);
    let without_roles = kind.access.is_empty().then_some(lines[3].as_str());
    let shown: Vec<&str> = shown
        .filter(|line| !line.is_empty() && Some(*line) != without_roles)
        .collect();
    writeln!(text, "    m{number}[[{}]]:::model", Quoted(&shown))?;
    let mut events = Vec::new();
    for (number, aggregate) in aggregates.iter().enumerate() {
        let indexed = aggregate.events.iter().enumerate();
        let heard = indexed.filter(|(_, it)| kind.events.contains(&(aggregate.name, it.name)));
        events.extend(heard.map(|(index, _)| format!("a{number}e{index}")));
    }
    match events.is_empty() {
        true => Ok(()),
        false => writeln!(text, "    {} --> m{number}", events.join(" & ")),
    }
}

/// The names of events that only older builds store: first those that are read as others.
fn past(kind: &AggregateKind) -> impl Iterator<Item = &'static str> {
    let split = kind.split.iter().map(|event| event.name);
    split.chain(kind.retired.iter().copied())
}

/// The arrow from a command to what it may emit.
fn emitted(
    text: &mut String,
    id: &str,
    from: &str,
    kind: &AggregateKind,
    command: &CommandKind,
) -> fmt::Result {
    let events = |emits: &dyn Fn(&'static str) -> bool| {
        let numbered = kind.events.iter().enumerate();
        let meant = numbered.filter(|(_, event)| emits(event.name));
        let ids: Vec<String> = meant.map(|(index, _)| format!("{id}e{index}")).collect();
        ids.join(" & ")
    };
    let (arrow, to) = match command.emits() {
        Emits::Any => ("-.->", events(&|_| true)),
        Emits::Events(names) => ("-->", events(&|name| names.contains(&name))),
        // `Emits::Unknown`, and what later releases may add.
        _ => ("-.->|\"?\"|", id.to_owned()),
    };
    match to.is_empty() {
        true => Ok(()),
        false => writeln!(text, "    {from} {arrow} {to}"),
    }
}

/// A label in quotation marks, in whose lines any name may stand.
struct Quoted<'a>(&'a [&'a str]);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for (number, line) in self.0.iter().enumerate() {
            if number > 0 {
                f.write_str("<br/>")?;
            }
            for letter in line.chars() {
                match letter {
                    '"' | '#' | '`' | '<' | '>' | '&' | '\\' => {
                        write!(f, "#{};", u32::from(letter))?;
                    }
                    _ => f.write_char(letter)?,
                }
            }
        }
        f.write_char('"')
    }
}
