//! The grammar of `#[commands(..)]`, and of `#[create]` and `#[handle]` on its functions.

use proc_macro2::{Ident, TokenStream};
use syn::{
    Attribute, Path, Token,
    parse::{ParseStream, Parser as _},
};

use crate::{
    attr::{Keys, arguments, assigned},
    diag::{Diagnostics, Mistake},
    paths::Runtime,
    suggest::did_you_mean,
    symbol::{AGGREGATE, CRATE, CREATE, CREATED_BY, EVENTS, HANDLE, NAME},
};

const KEYS: Keys = Keys {
    attribute: "#[commands(..)]",
    forms: &[(CRATE, "crate = ::path::to::intent_runtime")],
    repeated: &[],
    elsewhere: &[
        (NAME, "on a function, as `#[handle(name = CloseLoan)]`"),
        (CREATE, "on a function, as `#[create]`"),
        (HANDLE, "on a function, as `#[handle]`"),
        (EVENTS, "in `#[aggregate(..)]`"),
        (CREATED_BY, "in `#[aggregate(..)]`"),
        (AGGREGATE, "on the struct, as `#[aggregate(..)]`"),
    ],
};

/// What `#[commands(..)]` says.
pub(super) struct CommandsAttrs {
    pub(super) runtime: Runtime,
}

impl CommandsAttrs {
    pub(super) fn parse(diag: &Diagnostics, args: TokenStream) -> Self {
        let mut runtime = Runtime::default();
        KEYS.read(diag, args, |_, input| {
            runtime = Runtime::parse(input)?;
            Ok(())
        });
        Self { runtime }
    }
}

/// Whether a function decides on a new aggregate or on one that exists.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Create,
    Handle,
}

impl Kind {
    /// What an attribute marks its function as, if it is one of ours.
    pub(super) fn of(attribute: &Attribute) -> Option<Self> {
        if attribute.path().is_ident(CREATE) {
            return Some(Self::Create);
        }
        attribute.path().is_ident(HANDLE).then_some(Self::Handle)
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Create => CREATE,
            Self::Handle => HANDLE,
        }
    }
}

/// Which command a function decides.
pub(super) enum Naming {
    /// One made of its arguments and called after it.
    Function,
    /// One made of its arguments, with this name.
    Renamed(Ident),
    /// One of the user's own.
    Own(Path),
}

/// Reads `#[handle]`, `#[handle(name = CloseLoan)]` or `#[handle(Relocate)]`.
pub(super) fn naming(diag: &Diagnostics, kind: Kind, attribute: &Attribute) -> syn::Result<Naming> {
    let args = arguments(attribute)?;
    if args.is_empty() {
        return Ok(Naming::Function);
    }
    let word = kind.word();
    let parser = |input: ParseStream<'_>| {
        let path = input.call(Path::parse_mod_style)?;
        if !input.peek(Token![=]) {
            input.parse::<Option<Token![,]>>()?;
            return Ok(Naming::Own(path));
        }
        if !path.is_ident(NAME) {
            let written = crate::paths::shown(&path);
            let fact = match did_you_mean(&written, [NAME]) {
                Some(close) => format!("unknown key `{written}`, did you mean `{close}`?"),
                None => format!("unknown key `{written}`"),
            };
            let help = format!(
                "`#[{word}(..)]` takes `name`, or the command itself as in `#[{word}(Relocate)]`"
            );
            diag.add(Mistake::at(path, fact).help(help));
        }
        let name = assigned(input)?;
        input.parse::<Option<Token![,]>>()?;
        Ok(Naming::Renamed(name))
    };
    parser.parse2(args).map_err(|error| {
        let message = error.to_string();
        if message.contains("\nhelp: ") {
            return error;
        }
        let help =
            format!("the correct form is `#[{word}(name = CloseLoan)]` or `#[{word}(Relocate)]`");
        syn::Error::new(error.span(), format!("{message}\nhelp: {help}"))
    })
}
