//! The grammar of `#[command(..)]`.

use proc_macro2::TokenStream;
use syn::LitStr;

use crate::syntax::{
    attr::{Keys, stored_name},
    diag::Diagnostics,
    paths::Runtime,
    symbol::{AGGREGATE, CRATE, CREATE, HANDLE, ID, NAME},
};

const KEYS: Keys = Keys {
    attribute: "#[command(..)]",
    forms: &[
        (NAME, "name = \"Relocate\""),
        (CRATE, "crate = ::path::to::intent_runtime"),
    ],
    elsewhere: &[
        (ID, "on a field, as `#[id]`"),
        (AGGREGATE, "in the type of the `#[id]` field, as `Id<..>`"),
        (CREATE, "on a function in `#[commands]`, as `#[create(..)]`"),
        (HANDLE, "on a function in `#[commands]`, as `#[handle(..)]`"),
    ],
    ..Keys::NONE
};

#[derive(Default)]
pub(super) struct CommandAttrs {
    pub(super) runtime: Runtime,
    pub(super) name: Option<LitStr>,
}

impl CommandAttrs {
    pub(super) fn parse(diag: &Diagnostics, args: TokenStream) -> Self {
        let mut attrs = Self::default();
        KEYS.read(diag, args, |key, input| {
            match key.to_string().as_str() {
                NAME => attrs.name = Some(stored_name(input)?),
                _ => attrs.runtime = Runtime::parse(input)?,
            }
            Ok(())
        });
        attrs
    }
}
