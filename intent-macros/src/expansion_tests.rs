//! What the macros generate, as files to read: `docs/generated/`. The tests compare; `UPDATE_EXPANSION=1 cargo test`
//! writes the files anew, and the difference is reviewed like any code.

use std::{env, fs, path::PathBuf};

use proc_macro2::TokenStream;
use quote::quote;

fn assert_expansion(name: &str, shown: &str, expansion: TokenStream) {
    let file = syn::parse2(expansion).expect("the expansion is a list of items");
    let code = prettyplease::unparse(&file);
    let text =
        format!("// What `{shown}` generates. Written by a test of intent-macros.\n\n{code}");
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
        "the expansion of `{shown}` has changed; see it with `UPDATE_EXPANSION=1 cargo test -p intent-macros` and `git diff`"
    );
}

#[test]
fn an_event() {
    let args = quote!(version = 3, removed(3, "memo"));
    let item = quote! {
        /// Money came in.
        pub struct Deposited {
            pub amount: Money,
            #[since(2, default = "counter".into())]
            pub channel: String,
        }
    };
    assert_expansion("event", "#[event]", crate::event::event(args, item));
}

#[test]
fn an_aggregate() {
    let item = quote! {
        /// A customer's account.
        #[aggregate(created_by(Opened), events(Deposited, Moved => Self::moved), snapshot(every = 100))]
        pub struct Account {
            #[id]
            id: Id<Account>,
            #[on(Opened = |e| e.owner.clone())]
            owner: String,
            #[on(Deposited += |e| e.amount)]
            balance: Money,
            address: Option<Address>,
        }
    };
    assert_expansion(
        "aggregate",
        "#[derive(Aggregate)]",
        crate::aggregate::aggregate(item),
    );
}

#[test]
fn commands() {
    let item = quote! {
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
        }
    };
    let args = TokenStream::new();
    assert_expansion(
        "commands",
        "#[commands]",
        crate::commands::commands(args, item),
    );
}
