//! What the macros generate, as files to read: `docs/generated/`. The tests compare; `UPDATE_EXPANSION=1 cargo test`
//! writes the files anew, and the difference is reviewed like any code.

use std::{env, fs, path::PathBuf};

use proc_macro2::TokenStream;

fn tokens(code: &str) -> TokenStream {
    code.parse().expect("code")
}

/// `attribute` on `item`, as somebody writes it, becomes `expansion`.
fn assert_expansion(name: &str, attribute: &str, item: &str, expansion: TokenStream) {
    let file = syn::parse2(expansion).expect("the expansion is a list of items");
    let code = prettyplease::unparse(&file);
    let source = format!("{attribute}\n{}", item.trim());
    let source: Vec<String> = source
        .lines()
        .map(|line| format!("// {line}").trim_end().to_owned())
        .collect();
    let source = source.join("\n");
    let text = format!("{source}\n//\n// becomes, written by a test of intent-macros:\n\n{code}");
    let path =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("../docs/generated/{name}.rs"));
    if env::var_os("UPDATE_EXPANSION").is_some() {
        fs::create_dir_all(path.parent().expect("a path with a folder"))
            .expect("a folder to write");
        fs::write(&path, &text).expect("a file to write");
    }
    let reviewed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        reviewed == text,
        "the expansion in {name}.rs has changed; see it with `UPDATE_EXPANSION=1 cargo test -p intent-macros` and `git diff`, \
         and write it into the guide with `UPDATE_GUIDE=1 cargo test -p intent-tests guide`"
    );
}

#[test]
fn an_event() {
    let args = r#"version = 3, removed(3, "memo")"#;
    let item = r#"
/// Money came in.
pub struct Deposited {
    pub amount: Money,
    #[since(2, default = "counter".into())]
    pub channel: String,
}"#;
    assert_expansion(
        "event",
        &format!("#[event({args})]"),
        item,
        crate::event::event(tokens(args), tokens(item)),
    );
}

#[test]
fn an_aggregate() {
    let item = "
/// A customer's account.
#[aggregate(created_by(Opened), events(Deposited), snapshot(every = 100))]
pub struct Account {
    #[id]
    id: Id<Account>,
    #[on(Opened = |e| e.owner.clone())]
    owner: String,
    #[on(Deposited += |e| e.amount)]
    balance: Money,
}";
    assert_expansion(
        "aggregate",
        "#[derive(Aggregate)]",
        item,
        crate::aggregate::aggregate(tokens(item)),
    );
}

#[test]
fn a_read_model() {
    let item = "
/// One row per account.
#[read_model(created_by(Opened), events(Deposited, Moved by |e| [e.from, e.to] => Self::moved), removed_by(Closed))]
pub struct AccountBalance {
    #[key]
    account: Id<Account>,
    #[on(Deposited += |e| e.amount)]
    balance: i64,
    #[index]
    #[on(Opened = |e| e.city.clone())]
    city: String,
}";
    assert_expansion(
        "read-model",
        "#[derive(ReadModel, Debug, Clone)]",
        item,
        crate::read_model::read_model(tokens(item)),
    );
}

#[test]
fn commands() {
    let item = "
impl Account {
    #[create]
    pub fn open(owner: String) -> Opened {
        Opened { owner }
    }

    /// Takes money out.
    #[handle]
    pub fn withdraw(&self, amount: Money) -> Result<Withdrawn, Refused> {
        if amount > self.balance {
            return Err(Refused::Overdrawn);
        }
        Ok(Withdrawn { amount })
    }
}";
    assert_expansion(
        "commands",
        "#[commands]",
        item,
        crate::commands::commands(TokenStream::new(), tokens(item)),
    );
}
