//! What a log of 10,000,000 events costs beside one of 100,000: a real server, two databases, every figure measured on both in
//! turn, and the ratio held against a limit.
//!
//! `cargo build --release -p intent-tests --example large --all-features`, then
//! `target/release/examples/large [OPTION…] [PART…]`. The parts are `read`, `look-up` and `append` (all three unless named),
//! and `indexes`, which says what each index costs an append.
//!
//! | option | |
//! |---|---|
//! | `--at DIRECTORY` | where the server's data is kept for the next run; `target/large` unless given, which takes 7 GB |
//! | `--events NUMBER` | how many events the large log has; 10,000,000 unless given |
//! | `--default-tenant most` or `small` | whether the default tenant has most of the events, or is one of those with 500 |
//! | `--remove` | removes the directory at the end |
//!
//! Postgres 18 is needed to fill the databases. The tables that are printed are Markdown.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    missing_docs,
    reason = "a benchmark fails by panicking and reports by printing, and its counts are far below 2^52"
)]

mod append;
#[path = "../peers/cpu.rs"]
mod cpu;
#[path = "../peers/domain.rs"]
mod domain;
mod fill;
mod indexes;
mod log;
mod look_up;
mod read;
mod table;

use std::path::PathBuf;

use self::{
    fill::{DefaultTenant, Server, Size},
    log::Log,
    table::Table,
};

const SMALL: u64 = 100_000;
const LARGE: u64 = 10_000_000;

struct Options {
    directory: PathBuf,
    events: u64,
    default_tenant: DefaultTenant,
    remove: bool,
    parts: Vec<String>,
}

#[tokio::main]
async fn main() {
    let options = Options::read(std::env::args().skip(1));
    let server = Server::start(&options.directory).await;
    if options.wants("indexes") {
        indexes::report(&server).await;
    }
    if options.wants_any(&["read", "look-up", "append"]) {
        compare(&server, &options).await;
    }
    server.stop().await;
    if options.remove {
        std::fs::remove_dir_all(&options.directory).unwrap();
    }
}

async fn compare(server: &Server, options: &Options) {
    let size = |events| Size {
        events,
        default_tenant: options.default_tenant,
    };
    let small = Log::open(server, size(SMALL)).await;
    let large = Log::open(server, size(options.events)).await;
    let table = Table::begin(&small, &large);
    if options.wants("read") {
        read::report(&table).await;
    }
    if options.wants("look-up") {
        look_up::report(&table).await;
    }
    if options.wants("append") {
        append::report(&table).await;
    }
    small.close().await;
    large.close().await;
}

impl Options {
    fn read(mut arguments: impl Iterator<Item = String>) -> Self {
        let kept = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/large");
        let mut options = Self {
            directory: kept.into(),
            events: LARGE,
            default_tenant: DefaultTenant::Most,
            remove: false,
            parts: Vec::new(),
        };
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().expect("the option has a value");
            match argument.as_str() {
                "--at" => options.directory = value().into(),
                "--events" => options.events = value().replace(['_', ','], "").parse().unwrap(),
                "--default-tenant" => {
                    options.default_tenant = match value().as_str() {
                        "most" => DefaultTenant::Most,
                        "small" => DefaultTenant::Small,
                        other => panic!("the default tenant has `most` or is `small`, not {other}"),
                    }
                }
                "--remove" => options.remove = true,
                "read" | "look-up" | "append" | "indexes" => options.parts.push(argument),
                other => panic!("there is no option or part {other}"),
            }
        }
        options
    }

    fn wants(&self, part: &str) -> bool {
        let named = self.parts.iter().any(|named| named == part);
        named || self.parts.is_empty() && part != "indexes"
    }

    fn wants_any(&self, parts: &[&str]) -> bool {
        parts.iter().any(|part| self.wants(part))
    }
}
