//! What the user wrote about an aggregate's commands.

mod forgotten;
mod names;

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote};
use syn::{
    Attribute, FnArg, GenericArgument, Ident, ImplItem, ImplItemFn, ItemImpl, LitStr, Pat, PatType,
    Path, PathArguments, ReturnType, Type, parse_quote,
};

use super::{
    attrs::{Kind, Mark, Naming},
    check::outside,
};
use crate::{
    item::shape::parsed,
    source,
    syntax::{
        attr,
        diag::{Diagnostics, Mistake},
        paths::{Runtime, is_called, last_ident, same, type_name},
        respan::upper_camel_case,
    },
};

/// The impl under `#[commands]`, which the model borrows from. `None`, with the mistake reported, for anything else.
pub(super) fn parse(diag: &Diagnostics, item: TokenStream) -> Option<ItemImpl> {
    let mut item = parsed(diag, item, |other| {
        // Marks on its functions cause no second error.
        outside::is_first();
        let fact = "`#[commands]` stands above the impl of an aggregate";
        Mistake::at(other, fact).help("move it to `impl Account { … }`")
    })?;
    forgotten::mark(diag, &mut item);
    Some(item)
}

/// The impl with its marked functions.
pub(super) struct Block<'a> {
    pub(super) original: &'a ItemImpl,
    pub(super) runtime: Runtime,
    pub(super) functions: Vec<Function<'a>>,
    /// Whether a block above this one is for the same aggregate.
    pub(super) has_earlier: bool,
    /// Whether an argument's type cannot be stored, which is reported.
    pub(super) lacks_values: bool,
}

/// A function that decides a command.
pub(super) struct Function<'a> {
    pub(super) original: &'a ImplItemFn,
    pub(super) kind: Kind,
    pub(super) attribute: &'a Attribute,
    pub(super) mark: Mark,
    pub(super) arguments: Vec<Argument<'a>>,
    /// What else has the command's name beside the block, if that can be known.
    pub(super) taken_beside: Option<String>,
}

/// An argument behind `self`.
pub(super) enum Argument<'a> {
    /// `ctx: &Context`
    Context,
    /// A part of the command, or the command itself.
    Value(&'a PatType),
}

pub(super) enum Output<'a> {
    Infallible(TokenStream),
    Fallible { events: &'a Type, error: &'a Type },
}

/// A command with the functions that decide it.
pub(super) struct Decided<'b, 'a> {
    /// The command's type, as generated code names it.
    pub(super) command: Path,
    pub(super) create: Option<&'b Function<'a>>,
    pub(super) handle: Option<&'b Function<'a>>,
}

impl<'a> Block<'a> {
    pub(super) fn new(diag: &Diagnostics, runtime: Runtime, original: &'a ItemImpl) -> Self {
        let functions = original.items.iter().filter_map(|item| match item {
            ImplItem::Fn(function) => Function::new(diag, function),
            _ => None,
        });
        let mut functions: Vec<_> = functions.collect();
        let has_earlier = source::beside(|scope| {
            for function in functions
                .iter_mut()
                .filter(|function| function.is_generated())
            {
                let command = function.command();
                let name = last_ident(&command).map(ToString::to_string);
                function.taken_beside = name.and_then(|name| scope.taken(&name));
            }
            scope.has_earlier_block()
        });
        Self {
            original,
            runtime,
            functions,
            has_earlier: has_earlier.unwrap_or_default(),
            lacks_values: false,
        }
    }

    /// The aggregate, as the impl names it.
    pub(super) fn aggregate(&self) -> &'a Type {
        &self.original.self_ty
    }

    /// The aggregate's name in messages and documentation.
    pub(super) fn aggregate_text(&self) -> String {
        type_name(self.aggregate()).map_or_else(String::new, ToString::to_string)
    }

    pub(super) fn unmarked(&self) -> ItemImpl {
        let mut item = self.original.clone();
        for item in &mut item.items {
            let ImplItem::Fn(function) = item else {
                continue;
            };
            let marked = function.attrs.iter().any(|found| Kind::of(found).is_some());
            function.attrs.retain(|found| Kind::of(found).is_none());
            if marked {
                // Commands take `&self` and owned arguments, even if they do not need them. The author's attributes come later and
                // win.
                function.attrs.insert(
                    0,
                    parse_quote!(#[allow(clippy::needless_pass_by_value, clippy::unused_self)]),
                );
                for input in &mut function.sig.inputs {
                    if let FnArg::Typed(argument) = input {
                        argument.attrs.retain(|found| !is_for_field(found));
                    }
                }
            }
        }
        item
    }

    /// The commands, each once, in the order of their first function.
    pub(super) fn decided(&self) -> Vec<Decided<'_, 'a>> {
        let mut list: Vec<Decided<'_, 'a>> = Vec::new();
        for function in &self.functions {
            let command = function.command();
            let index = list.iter().position(|known| same(&known.command, &command));
            let index = index.unwrap_or_else(|| {
                list.push(Decided {
                    command,
                    create: None,
                    handle: None,
                });
                list.len() - 1
            });
            let place = match function.kind {
                Kind::Create => &mut list[index].create,
                Kind::Handle => &mut list[index].handle,
            };
            place.get_or_insert(function);
        }
        list
    }
}

impl<'a> Decided<'_, 'a> {
    /// Its functions, first the creating one.
    pub(super) fn functions(&self) -> impl Iterator<Item = &Function<'a>> {
        self.create.into_iter().chain(self.handle)
    }

    /// The `#[cfg(..)]`s of its first function, which are copied to everything made from it.
    pub(super) fn conditions(&self) -> Vec<&'a Attribute> {
        let function = self.functions().next();
        function.map_or_else(Vec::new, |function| {
            attr::conditions(&function.original.attrs)
        })
    }

    /// The roles that may send it; empty if everybody may.
    pub(super) fn allowed(&self) -> &[LitStr] {
        let lists = self
            .functions()
            .filter_map(|function| function.mark.allow.as_ref());
        lists
            .map(|list| list.value.as_slice())
            .next()
            .unwrap_or_default()
    }

    /// The error that its functions share, if one of them can refuse.
    pub(super) fn error(&self) -> Option<&'a Type> {
        let errors = || {
            self.functions()
                .filter_map(|function| function.output().error())
        };
        errors()
            .find(|error| !is_infallible(error))
            .or_else(|| errors().next())
    }
}

impl<'a> Function<'a> {
    /// `None` if the function is not marked, or its mark cannot be read.
    fn new(diag: &Diagnostics, original: &'a ImplItemFn) -> Option<Self> {
        let marks = original
            .attrs
            .iter()
            .filter_map(|mark| Some((Kind::of(mark)?, mark)));
        let mut marks = marks.collect::<Vec<_>>().into_iter();
        let (kind, attribute) = marks.next()?;
        for (second, extra) in marks {
            let fact = format!("`{}` is marked twice", original.sig.ident);
            let help = match second == kind {
                true => "remove one".to_owned(),
                false => "write two functions for a command of your own: `#[create(Relocate)]` and `#[handle(Relocate)]`".to_owned(),
            };
            diag.add(Mistake::at(extra, fact).help(help));
        }
        let mark = Mark::parse(diag, kind, attribute)?;
        let arguments = original.sig.inputs.iter().filter_map(|input| match input {
            FnArg::Receiver(_) => None,
            FnArg::Typed(argument) if is_context(&argument.ty) => Some(Argument::Context),
            FnArg::Typed(argument) => Some(Argument::Value(argument)),
        });
        Some(Self {
            original,
            kind,
            attribute,
            mark,
            arguments: arguments.collect(),
            taken_beside: None,
        })
    }

    pub(super) fn ident(&self) -> &'a Ident {
        &self.original.sig.ident
    }

    pub(super) fn command(&self) -> Path {
        match &self.mark.naming {
            Naming::Function => upper_camel_case(self.ident()).into(),
            Naming::Renamed(name) => name.clone().into(),
            Naming::Own(path) => path.clone(),
        }
    }

    /// Whether the command is made of the function's arguments.
    pub(super) fn is_generated(&self) -> bool {
        !matches!(self.mark.naming, Naming::Own(_))
    }

    /// The arguments that are part of the command.
    pub(super) fn values(&self) -> impl Iterator<Item = &'a PatType> {
        self.arguments.iter().filter_map(|argument| match argument {
            Argument::Value(argument) => Some(*argument),
            Argument::Context => None,
        })
    }

    /// What it returns. A type called `Result` with two arguments counts as a result.
    pub(super) fn output(&self) -> Output<'a> {
        let ReturnType::Type(_, ty) = &self.original.sig.output else {
            return Output::Infallible(quote!(()));
        };
        match arguments_of("Result", ty).as_deref() {
            Some([events, error]) => Output::Fallible { events, error },
            _ => Output::Infallible(ty.to_token_stream()),
        }
    }
}

impl<'a> Output<'a> {
    pub(super) fn error(&self) -> Option<&'a Type> {
        match self {
            Self::Infallible(_) => None,
            Self::Fallible { error, .. } => Some(error),
        }
    }
}

/// The type arguments of a type that is called `name`.
fn arguments_of<'a>(name: &str, ty: &'a Type) -> Option<Vec<&'a Type>> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    if last.ident != name {
        return None;
    }
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return Some(Vec::new());
    };
    let types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    Some(types.collect())
}

/// The name of an argument, if its pattern is one.
pub(super) fn argument_name(argument: &PatType) -> Option<&Ident> {
    match argument.pat.as_ref() {
        Pat::Ident(pattern) if pattern.by_ref.is_none() && pattern.subpat.is_none() => {
            Some(&pattern.ident)
        }
        _ => None,
    }
}

/// Whether an attribute on an argument describes the field that it becomes.
pub(super) fn is_for_field(attribute: &Attribute) -> bool {
    ["doc", "serde", "schemars"]
        .iter()
        .any(|name| attribute.path().is_ident(name))
}

pub(super) fn is_infallible(ty: &Type) -> bool {
    is_called(ty, "Infallible")
}

/// Whether it is `Box<dyn Error>`. rustc would only say that its size is not known.
pub(super) fn is_boxed_error(ty: &Type) -> bool {
    let arguments = arguments_of("Box", ty).unwrap_or_default();
    matches!(arguments.as_slice(), [Type::TraitObject(_)])
}

/// Whether it is the context, borrowed or (by mistake) by value.
pub(super) fn is_context(ty: &Type) -> bool {
    match ty {
        Type::Reference(reference) => is_named_context(&reference.elem),
        other => is_context_by_value(other),
    }
}

/// A borrowed `Context` is ours under any path, since no command can hold it.
pub(super) fn is_named_context(ty: &Type) -> bool {
    is_called(ty, "Context")
}

/// By value, `Context` with a path is a type of the user.
pub(super) fn is_context_by_value(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.is_ident("Context"))
}
