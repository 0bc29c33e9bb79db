//! The grammar of `#[commands(..)]`, and of `#[create]` and `#[handle]` on its functions.

use proc_macro2::{Ident, TokenStream};
use syn::{
    Attribute, LitStr, Path, Token,
    parse::{ParseStream, Parser as _, discouraged::Speculative as _},
};

use crate::syntax::{
    attr::{Keyed, Keys, arguments, entries, role},
    diag::{Diagnostics, Mistake},
    paths::{Runtime, shown},
    symbol::{AGGREGATE, ALLOW, CRATE, CREATE, CREATED_BY, EVENTS, HANDLE, NAME},
};

const KEYS: Keys = Keys {
    attribute: "#[commands(..)]",
    forms: &[(CRATE, "crate = ::path::to::intent_runtime")],
    elsewhere: &[
        (NAME, "on a function, as `#[handle(name = CloseLoan)]`"),
        (CREATE, "on a function, as `#[create]`"),
        (HANDLE, "on a function, as `#[handle]`"),
        (ALLOW, "on a function, as `#[handle(allow(\"teller\"))]`"),
        (EVENTS, "in `#[aggregate(..)]`"),
        (CREATED_BY, "in `#[aggregate(..)]`"),
        (AGGREGATE, "on the struct, as `#[aggregate(..)]`"),
    ],
    ..Keys::NONE
};

/// What `#[commands(..)]` says: where the runtime is.
pub(super) fn parse(diag: &Diagnostics, args: TokenStream) -> Runtime {
    let mut runtime = Runtime::default();
    KEYS.read(diag, args, |_, input| {
        runtime = Runtime::parse(input)?;
        Ok(())
    });
    runtime
}

/// Whether a function decides on a new aggregate or on one that exists.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Create,
    Handle,
}

impl Kind {
    /// The kind that an attribute marks, if it is one of ours.
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

/// What `#[create(..)]` or `#[handle(..)]` says.
pub(super) struct Mark {
    pub(super) naming: Naming,
    /// Which roles may send the command; `None` for everybody.
    pub(super) allow: Option<Keyed<Vec<LitStr>>>,
}

/// Which command a function decides.
pub(super) enum Naming {
    /// A command made of its arguments and named after it.
    Function,
    /// A command made of its arguments, with this name.
    Renamed(Ident),
    /// A struct of the user.
    Own(Path),
}

const MARK_FORMS: &[(&str, &str)] = &[
    (NAME, "name = CloseLoan"),
    (ALLOW, "allow(\"teller\", \"manager\")"),
];

const CREATE_KEYS: Keys = Keys {
    attribute: "#[create(..)]",
    forms: MARK_FORMS,
    leading: "or the command itself as in `#[create(Relocate)]`",
    ..Keys::NONE
};

const HANDLE_KEYS: Keys = Keys {
    attribute: "#[handle(..)]",
    leading: "or the command itself as in `#[handle(Relocate)]`",
    ..CREATE_KEYS
};

impl Mark {
    /// Reads `#[handle]`, `#[handle(Relocate, allow("teller"))]` or `#[handle(name = CloseLoan, allow("teller"))]`.
    ///
    /// `None`, with the mistake reported, if it does not say which command is meant.
    pub(super) fn parse(diag: &Diagnostics, kind: Kind, attribute: &Attribute) -> Option<Self> {
        let args = diag.keep(arguments(attribute))?;
        let (own, keys) = diag.keep(own_command.parse2(args))?;
        let mut mark = Self {
            naming: own.map_or(Naming::Function, Naming::Own),
            allow: None,
        };
        let known = match kind {
            Kind::Create => &CREATE_KEYS,
            Kind::Handle => &HANDLE_KEYS,
        };
        known.read(diag, keys, |key, input| {
            if key == ALLOW {
                let value = roles(&key, input)?;
                mark.allow = Some(Keyed { key, value });
                return Ok(());
            }
            let name = command_name(diag, input)?;
            if let Naming::Own(command) = &mark.naming {
                let fact = format!("`{}` has a name already", shown(command));
                let help = "remove `name`, which names a command made of the arguments";
                return Err(Mistake::at(key, fact).help(help).into());
            }
            mark.naming = Naming::Renamed(name);
            Ok(())
        });
        Some(mark)
    }
}

/// `= CloseLoan`. A name in quotes is reported and read.
fn command_name(diag: &Diagnostics, input: ParseStream<'_>) -> syn::Result<Ident> {
    input.parse::<Token![=]>()?;
    if !input.peek(LitStr) {
        return input.parse();
    }
    let text: LitStr = input.parse()?;
    let name: Ident = text.parse()?;
    let fact = "the name of a command is an identifier, found a string";
    diag.add(Mistake::at(text, fact).help(format!("write `{name}` without quotes")));
    Ok(name)
}

/// The user's own command, if the arguments begin with one, and the tokens of the keys behind it.
fn own_command(input: ParseStream<'_>) -> syn::Result<(Option<Path>, TokenStream)> {
    let ahead = input.fork();
    let path = ahead.call(Path::parse_mod_style);
    let leads = |path: &Path| {
        let is_key = MARK_FORMS.iter().any(|(key, _)| path.is_ident(key));
        !is_key && (ahead.is_empty() || ahead.peek(Token![,]))
    };
    let own = path.ok().filter(leads);
    if own.is_some() {
        input.advance_to(&ahead);
        input.parse::<Option<Token![,]>>()?;
    }
    Ok((own, input.parse()?))
}

/// `("teller", "manager")`: at least one role.
fn roles(key: &Ident, input: ParseStream<'_>) -> syn::Result<Vec<LitStr>> {
    let roles = entries(input, role)?;
    if roles.is_empty() {
        let fact = "`allow()` lets nobody send the command";
        let help = "name a role, as in `allow(\"teller\")`, or remove `allow()`: without it, everybody may";
        return Err(Mistake::at(key, fact).help(help).into());
    }
    Ok(roles)
}
