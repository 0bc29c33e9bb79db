//! Our own statements as they would be if we had forgotten the tenant in them.
//!
//! The store is as it ships; a proxy takes every comparison with a tenant out of its statements on their way to the
//! server. What a row belongs to is still written and read, and the setting that the row policies go by is still made.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::{Arc, Mutex},
};

use intent_tests::postgres::{Proxy, TempDatabase};

/// What a proxy took out.
#[derive(Clone, Debug, Default)]
pub struct Forgotten(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// Only in the statement of this name, when there is one.
    only: Option<String>,
    /// The statements that had a tenant, by name.
    statements: BTreeMap<String, Statement>,
    /// Statements that went through and touch our tables, and still have a tenant or had none to take out.
    escaped: Vec<String>,
}

#[derive(Debug, Default)]
struct Statement {
    text: String,
    comparisons: usize,
    prepared: usize,
}

impl Forgotten {
    /// A way to a database on which one statement forgets the tenant, or each of them does.
    pub async fn on(database: &TempDatabase, only: Option<&str>) -> (Self, Proxy) {
        let forgotten = Self::default();
        forgotten.0.lock().unwrap().only = only.map(String::from);
        let rewriting = forgotten.clone();
        let rewrite = move |text: &str| rewriting.rewrite(text);
        let proxy = Proxy::rewriting(database.server(), rewrite).await;
        (forgotten, proxy)
    }

    fn rewrite(&self, text: &str) -> String {
        let mut state = self.0.lock().unwrap();
        if touches(text, &["FROM", "JOIN", "INTO", "UPDATE"]) == 0 {
            return text.to_owned();
        }
        let name = name(text);
        if state.only.as_ref().is_some_and(|only| *only != name) {
            return text.to_owned();
        }
        let (stripped, comparisons) = without_tenant(text);
        // Each reading of a table names its tenant. Other mentions of the tenant only say where a row goes.
        let reads = touches(text, &["FROM", "JOIN"]);
        let compares = ["tenant_id =", "tenant_id IN", "tenant_id IS", "tenant_id <"];
        let left = stripped.replace(WRITTEN, "").replace(INDEXED, "");
        if comparisons < reads || compares.iter().any(|it| left.contains(it)) {
            state.escaped.push(text.to_owned());
        }
        let statement = state.statements.entry(name).or_default();
        text.clone_into(&mut statement.text);
        statement.comparisons = comparisons;
        statement.prepared += 1;
        stripped
    }

    /// The names of the statements that forgot.
    pub fn names(&self) -> Vec<String> {
        self.0.lock().unwrap().statements.keys().cloned().collect()
    }

    /// Fails where a statement kept a tenant, or where one of the library's was never sent.
    pub fn assert_complete(&self) {
        let state = self.0.lock().unwrap();
        assert!(
            state.escaped.is_empty(),
            "not stripped: {:#?}",
            state.escaped
        );
        let sources = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../intent-runtime/src/store/postgres/sql"
        );
        for file in fs::read_dir(Path::new(sources)).unwrap() {
            let file = file.unwrap().path();
            let text = fs::read_to_string(&file).unwrap();
            let defines = text.lines().any(|line| line.starts_with("CREATE "));
            if defines || touches(&text, &["FROM", "JOIN", "INTO", "UPDATE"]) == 0 {
                continue;
            }
            let sent = |statement: &Statement| statement.text.contains(&text);
            assert!(
                state.statements.values().any(sent),
                "{} was never sent",
                file.display()
            );
        }
    }

    /// What was taken out of which statement.
    pub fn print(&self) {
        for (name, statement) in &self.0.lock().unwrap().statements {
            let (comparisons, prepared) = (statement.comparisons, statement.prepared);
            println!("{comparisons} tenants out of `{name}`, prepared {prepared} times");
        }
    }
}

/// A statement's own first comment: what several begin with, they have in common.
fn name(text: &str) -> String {
    let mut name = text.lines().next().unwrap_or_default();
    let mut before = "";
    for line in text.lines() {
        let line = line.trim_start();
        if line.starts_with("-- ") && !before.starts_with("-- ") {
            name = line;
        }
        before = line;
    }
    match name.strip_prefix("-- ") {
        Some(comment) => comment.split([',', '.', ':']).next().unwrap_or(comment),
        None => name,
    }
    .to_owned()
}

/// How often a statement names one of our tables behind one of these words.
fn touches(text: &str, words: &[&str]) -> usize {
    let tables = ["intent.events", "intent.snapshots"];
    let named = |(at, table): (usize, &str)| {
        let behind = text[at + table.len()..].chars().next();
        let whole = !behind.is_some_and(|it| it.is_alphanumeric() || it == '_');
        let before = text[..at].trim_end();
        whole && words.iter().any(|word| before.ends_with(word))
    };
    let found = tables.iter().flat_map(|table| text.match_indices(table));
    found.filter(|found| named(*found)).count()
}

/// How a statement tells apart the rows that it has just written itself. They are no table's, so this stays.
const WRITTEN: &str = "stored.tenant_id = request.tenant_id";

/// How a statement says that an index has what it looks for. It keeps no tenant apart but the default one, so this stays.
const INDEXED: &str = "tenant_id <> '00000000-0000-0000-0000-000000000000'";

/// A statement whose comparisons with a tenant hold for every tenant, and how many there were. What was compared with is
/// still named, so that the server knows the types of all parameters.
fn without_tenant(text: &str) -> (String, usize) {
    const COLUMN: &str = "tenant_id = ";
    let mut stripped = String::new();
    let mut rest = text;
    let mut comparisons = 0;
    let part_of_name = |it: char| it.is_alphanumeric() || "._$".contains(it);
    while let Some(at) = rest.find(COLUMN) {
        if let Some(written) = rest.find(WRITTEN)
            && written < at
        {
            let end = written + WRITTEN.len();
            stripped += &rest[..end];
            rest = &rest[end..];
            continue;
        }
        let before = rest[..at].trim_end_matches(part_of_name);
        let behind = &rest[at + COLUMN.len()..];
        let end = match behind.starts_with('(') {
            true => closing(behind),
            false => behind.find(|it| !part_of_name(it)).unwrap_or(behind.len()),
        };
        let other = &behind[..end];
        stripped += before;
        // The server must learn the type of a parameter, and must execute the settings. Everything else of the comparison is
        // removed.
        match other.starts_with(['$', '(']) {
            true => stripped += &format!("{other}::uuid IS NOT NULL"),
            false => stripped += "true",
        }
        rest = &behind[end..];
        comparisons += 1;
    }
    (stripped + rest, comparisons)
}

/// Where what a text opens with a parenthesis ends.
fn closing(text: &str) -> usize {
    let mut open = 0;
    for (at, it) in text.char_indices() {
        match it {
            '(' => open += 1,
            ')' => open -= 1,
            _ => {}
        }
        if open == 0 {
            return at + 1;
        }
    }
    text.len()
}
