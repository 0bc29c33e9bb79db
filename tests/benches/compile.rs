//! What the macros add to a build: a crate of 50 aggregates with 5 events each, beside the same structs with only the
//! serde and schema derives. And what an application takes that puts the domain together, sends every command and loads every
//! aggregate, beside the same derives. And 50 read models, beside the same structs with serde's derives.
//! `cargo bench --bench compile -- 50 320` measures crates of other sizes.

#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::panic,
    clippy::cast_precision_loss,
    reason = "a bench prints its figures and ends when it cannot get them"
)]

mod support;

use std::{
    env,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use support::{heading, median};

const ROUNDS: usize = 5;

fn main() {
    // Cargo passes `--bench`.
    let arguments = env::args().skip(1).filter(|argument| argument != "--bench");
    let mut sizes: Vec<usize> = arguments
        .map(|argument| {
            argument
                .parse()
                .expect("a number of aggregates and of read models")
        })
        .collect();
    if sizes.is_empty() {
        sizes.push(50);
    }
    for size in sizes {
        measure(size);
        measure_models(size);
    }
    println!(
        "(definitions: at most 1.300; bare has the same structs with the serde and schema derives only)"
    );
}

fn measure(aggregates: usize) {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("compile");
    let application = format!("{WITH_MACROS}{USE}");
    let together = |index| format!(".aggregate::<a{index}::Account>()");
    let domain: String = (0..aggregates).map(together).collect();
    let domain = format!(
        "pub fn domain() -> intent_runtime::Domain {{ intent_runtime::Domain::new(){domain} }}\n"
    );
    let packages = [
        ("with_macros", WITH_MACROS, ""),
        ("application", &application, &domain),
        ("with_derives", &with_derives(), ""),
    ]
    .map(|(name, module, rest)| {
        write_crate(&folder, &workspace, (name, aggregates), [module, rest])
    });
    let [ours, application, bare] = in_turn(&folder, &packages);
    heading(
        &format!("Building {aggregates} aggregates with 5 events each, dependencies built"),
        "ms",
    );
    support::row("definitions", ours, bare);
    support::row("an application that uses them", application, bare);
}

/// Read models of eight columns, beside the same structs with serde's derives. Both crates have one aggregate.
fn measure_models(models: usize) {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("compile");
    let account = format!("pub mod account {{ {WITH_MACROS} }}\n");
    let together = |index| format!(".read_model::<a{index}::Row>()");
    let all: String = (0..models).map(together).collect();
    let domain = format!(
        "{account}pub fn domain() -> intent_runtime::Domain {{ \
         intent_runtime::Domain::of::<account::Account>(){all} }}\n"
    );
    let packages = [
        ("read_models", READ_MODEL, &account),
        ("registered_models", READ_MODEL, &domain),
        ("rows", ROW, &account),
    ]
    .map(|(name, module, rest)| write_crate(&folder, &workspace, (name, models), [module, rest]));
    let [ours, registered, bare] = in_turn(&folder, &packages);
    heading(
        &format!("Building {models} read models with 8 columns each, dependencies built"),
        "ms",
    );
    support::row("definitions", ours, bare);
    support::row("definitions, in a domain", registered, bare);
}

/// How many milliseconds each package takes to build, as the median of some rounds in which all take turns.
fn in_turn<const N: usize>(folder: &Path, packages: &[PathBuf; N]) -> [f64; N] {
    for package in packages {
        build(folder, package);
    }
    let mut times = [(); N].map(|()| Vec::new());
    for _ in 0..ROUNDS {
        for (package, times) in packages.iter().zip(&mut times) {
            times.push(build(folder, package));
        }
    }
    times.map(|times| millis(median(times)))
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn write_crate(
    folder: &Path,
    workspace: &Path,
    (kind, aggregates): (&str, usize),
    [module, rest]: [&str; 2],
) -> PathBuf {
    let name = format!("{kind}_{aggregates}");
    let package = folder.join(&name);
    fs::create_dir_all(package.join("src")).expect("the folder can be written");
    let runtime = workspace.join("intent-runtime");
    let manifest = format!(
        "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
         intent-runtime = {{ path = {runtime:?} }}\nschemars = \"1\"\nserde = {{ version = \"1\", features = [\"derive\"] }}\n"
    );
    fs::write(package.join("Cargo.toml"), manifest).expect("the folder can be written");
    // Both crates resolve to what the workspace has, so the dependencies are built once.
    fs::copy(workspace.join("Cargo.lock"), package.join("Cargo.lock"))
        .expect("the workspace has a lock file");
    let mut library = rest.to_owned();
    for index in 0..aggregates {
        let _ = writeln!(library, "pub mod a{index};");
        fs::write(package.join(format!("src/a{index}.rs")), module)
            .expect("the folder can be written");
    }
    fs::write(package.join("src/lib.rs"), library).expect("the folder can be written");
    package
}

fn build(folder: &Path, package: &Path) -> Duration {
    fs::File::options()
        .append(true)
        .open(package.join("src/lib.rs"))
        .and_then(|file| file.set_modified(std::time::SystemTime::now()))
        .expect("the library can be touched");
    let started = Instant::now();
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--offline"])
        .current_dir(package)
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .env("CARGO_INCREMENTAL", "0")
        .status()
        .expect("cargo runs");
    assert!(status.success(), "{} does not build", package.display());
    started.elapsed()
}

const WITH_MACROS: &str = r"use intent_runtime::prelude::*;

#[derive(Aggregate, Debug, Clone)]
#[aggregate(created_by(Opened), events(Deposited, Withdrawn, Noted, Closed))]
pub struct Account {
    #[id]
    pub id: Id<Account>,
    #[on(Opened = |e| e.owner.clone())]
    pub owner: String,
    #[on(Deposited += |e| e.amount, Withdrawn -= |e| e.amount)]
    pub balance: i64,
    #[on(Noted => |notes, e| notes.push(e.text.clone()))]
    pub notes: Vec<String>,
    #[on(Closed = true)]
    pub closed: bool,
}
#[event] pub struct Opened { pub owner: String }
#[event] pub struct Deposited { pub amount: i64, pub channel: String }
#[event] pub struct Withdrawn { pub amount: i64 }
#[event] pub struct Noted { pub text: String, pub by: Option<String> }
#[event] pub struct Closed { pub reason: String }

#[commands]
impl Account {
    #[create] pub fn open(owner: String) -> Opened { Opened { owner } }
    #[handle] pub fn deposit(&self, amount: i64, channel: String) -> Deposited { Deposited { amount, channel } }
    #[handle] pub fn withdraw(&self, amount: i64) -> Withdrawn { Withdrawn { amount } }
    #[handle] pub fn note(&self, text: String, by: Option<String>) -> Noted { Noted { text, by } }
    #[handle] pub fn close(&self, reason: String) -> Closed { Closed { reason } }
}
";

const USE: &str = r"
pub async fn use_all(app: &App) -> Result<i64, Box<dyn std::error::Error + Send + Sync>> {
    let id = Id::<Account>::new();
    app.send(Open { id, owner: String::new() }).await?;
    app.send(Deposit { id, amount: 1, channel: String::new() }).await?;
    app.send(Withdraw { id, amount: 1 }).await?;
    app.send(Note { id, text: String::new(), by: None }).await?;
    app.send(Close { id, reason: String::new() }).await?;
    Ok(app.load(id).await?.balance)
}
";

const READ_MODEL: &str = r"use crate::account::*;
use intent_runtime::prelude::*;

#[derive(ReadModel, Debug, Clone)]
#[read_model(created_by(Opened), events(Deposited, Withdrawn, Noted, Closed))]
pub struct Row {
    #[key]
    pub account: Id<Account>,
    #[index]
    #[on(Opened = |e| e.owner.clone())]
    pub owner: String,
    #[on(Deposited += |e| e.amount, Withdrawn -= |e| e.amount)]
    pub balance: i64,
    #[on(Deposited += 1)]
    pub deposits: i64,
    #[on(Deposited = |e| Some(e.channel.clone()))]
    pub channel: Option<String>,
    #[on(Noted => |notes, e| notes.push(e.text.clone()))]
    pub notes: Json<Vec<String>>,
    #[on(Deposited = |e| Some(e.occurred_at()))]
    pub last: Option<Timestamp>,
    #[on(Closed = true)]
    pub closed: bool,
}
";

const ROW: &str = r"use crate::account::*;
use intent_runtime::prelude::*;

#[derive(serde::Serialize, serde::Deserialize, Debug, Clone)]
pub struct Row {
    pub account: Id<Account>,
    pub owner: String,
    pub balance: i64,
    pub deposits: i64,
    pub channel: Option<String>,
    pub notes: Vec<String>,
    pub last: Option<Timestamp>,
    pub closed: bool,
}
";

fn with_derives() -> String {
    let mut module = String::from(
        "use intent_runtime::prelude::*;\nuse serde::{Serialize, Deserialize};\nuse schemars::JsonSchema;\n",
    );
    let structs = [
        (
            "Account",
            "pub id: Id<Account>, pub owner: String, pub balance: i64, pub notes: Vec<String>, pub closed: bool",
        ),
        ("Opened", "pub owner: String"),
        ("Deposited", "pub amount: i64, pub channel: String"),
        ("Withdrawn", "pub amount: i64"),
        ("Noted", "pub text: String, pub by: Option<String>"),
        ("Closed", "pub reason: String"),
        ("Open", "pub id: Id<Account>, pub owner: String"),
        (
            "Deposit",
            "pub id: Id<Account>, pub amount: i64, pub channel: String",
        ),
        ("Withdraw", "pub id: Id<Account>, pub amount: i64"),
        (
            "Note",
            "pub id: Id<Account>, pub text: String, pub by: Option<String>",
        ),
        ("Close", "pub id: Id<Account>, pub reason: String"),
    ];
    for (name, fields) in structs {
        let derives = "Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema";
        let _ = writeln!(
            module,
            "#[derive({derives})]\npub struct {name} {{ {fields} }}"
        );
    }
    module
}
