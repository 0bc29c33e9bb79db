//! Checks of a `#[commands]` block.

mod output;
pub(crate) mod outside;

use syn::{GenericParam, ImplItem, LitStr, ReceiverKind, Safety, Type};

use super::{
    attrs::{Kind, Naming},
    model::{Block, Function, argument_name, is_context_by_value, is_named_context},
};
use crate::{
    source,
    stored::{form::schema_is_told, unfit::borrowed},
    syntax::{
        diag::{Diagnostics, Mistake},
        paths::{is_called, last_ident, same, shown, type_name},
    },
};

pub(super) fn check(diag: &Diagnostics, block: &Block<'_>) {
    impl_of_one_aggregate(diag, block);
    one_block_per_aggregate(diag, block);
    some_command(diag, block);
    for function in &block.functions {
        receiver(diag, function);
        plain_function(diag, function);
        if function.is_generated() {
            arguments_become_fields(diag, block, function);
        } else {
            one_command_by_value(diag, function);
        }
        context_is_shared(diag, function);
        output::output_has_a_name(diag, function);
        output::creation_has_an_event(diag, function);
        output::refusal_has_a_type(diag, function);
    }
    one_function_per_command(diag, block);
    commands_have_names_of_their_own(diag, block);
    output::one_error_per_command(diag, block);
    one_list_of_roles_per_command(diag, block);
}

fn impl_of_one_aggregate(diag: &Diagnostics, block: &Block<'_>) {
    let item = block.original;
    if let Some((path, _)) = &item.trait_ {
        let help = "write the functions in `impl Account { … }`, the aggregate's own impl";
        diag.add(
            Mistake::at(path, "`#[commands]` cannot stand above the impl of a trait").help(help),
        );
    }
    if let Some(parameter) = item.generics.params.first() {
        let help = "write the impl of one concrete aggregate";
        diag.add(Mistake::at(parameter, "an impl with `#[commands]` cannot be generic").help(help));
    }
    if !matches!(item.self_ty.as_ref(), Type::Path(_)) {
        let fact = "`#[commands]` stands above the impl of an aggregate";
        diag.add(Mistake::at(&item.self_ty, fact).help("write `impl Account { … }`"));
    }
}

/// A block lists all commands of its aggregate.
fn one_block_per_aggregate(diag: &Diagnostics, block: &Block<'_>) {
    if block.has_earlier {
        let aggregate = block.aggregate_text();
        let fact = format!("`{aggregate}` has a `#[commands]` block already");
        let why = format!(
            "elsewhere a command is written by hand: `impl Decide<C> for {aggregate}` for a `#[command]` struct `C`, which joins the domain by `Domain::command::<C>()`"
        );
        let help = "move the functions there";
        diag.add(
            Mistake::at(&block.original.self_ty, fact)
                .note(why)
                .help(help),
        );
    }
}

/// A block without a command is most likely one whose marks were forgotten.
fn some_command(diag: &Diagnostics, block: &Block<'_>) {
    let marked = block.original.items.iter().any(|item| match item {
        ImplItem::Fn(function) => function.attrs.iter().any(|mark| Kind::of(mark).is_some()),
        _ => false,
    });
    if !marked && !diag.has_errors() {
        let fact = format!("no function of `{}` is a command", block.aggregate_text());
        let help = "mark functions with `#[create]` or `#[handle]`, or remove `#[commands]`";
        diag.add(Mistake::at(&block.original.self_ty, fact).help(help));
    }
}

/// `#[handle]` takes `&self`, and `#[create]` takes no `self`. A decision never changes the state.
fn receiver(diag: &Diagnostics, function: &Function<'_>) {
    let receiver = function.original.sig.receiver();
    match (function.kind, receiver) {
        (Kind::Create, None) => {}
        (Kind::Create, Some(receiver)) => diag.add(
            Mistake::at(
                receiver,
                "`#[create]` decides before there is an aggregate, and takes no `self`",
            )
            .help("remove it, or mark the function `#[handle]`"),
        ),
        (Kind::Handle, None) => diag.add(
            Mistake::at(
                function.ident(),
                "`#[handle]` decides on an aggregate that exists, and takes `&self`",
            )
            .help("add `&self`, or mark the function `#[create]`"),
        ),
        (Kind::Handle, Some(receiver)) => {
            let is_mutable =
                |ty: &Type| matches!(ty, Type::Reference(to) if to.mutability.is_some());
            let (verb, help) = match &receiver.kind {
                ReceiverKind::Value => ("consume", "take `&self`"),
                ReceiverKind::Reference(_, _, None) => return,
                // rustc compares any other type with the state.
                ReceiverKind::Typed(_, ty) if !is_mutable(ty) => return,
                _ => (
                    "change",
                    "take `&self`; say what changes with `#[on(..)]` on the fields",
                ),
            };
            let fact = format!("a command decides from the state and cannot {verb} it");
            diag.add(Mistake::at(receiver, fact).help(help));
        }
    }
}

/// Whether it is `Self`, or the aggregate by any path.
fn is_self(ty: &Type, aggregate: &Type) -> bool {
    matches!(ty, Type::Path(ty) if ty.path.is_ident("Self"))
        || type_name(ty).is_some_and(|name| is_called(aggregate, &name.to_string()))
}

/// The generated code must be able to call the function.
fn plain_function(diag: &Diagnostics, function: &Function<'_>) {
    let signature = &function.original.sig;
    if let Some(asyncness) = &signature.asyncness {
        diag.add(
            Mistake::at(
                asyncness,
                "a decision is made at once and cannot be `async`",
            )
            .note("the same state, command and context always decide the same")
            .help("fetch what it needs before the command is sent, and make it an argument"),
        );
    }
    if let Safety::Unsafe(unsafety) = &signature.safety {
        diag.add(Mistake::at(unsafety, "a command cannot be `unsafe`").help("remove `unsafe`"));
    }
    if let Some(GenericParam::Lifetime(parameter)) = signature.generics.params.first() {
        let fact = "a command cannot have lifetime parameters";
        let help = format!(
            "leave `{}` out: a decision owns what it returns",
            parameter.lifetime
        );
        diag.add(Mistake::at(parameter, fact).help(help));
    } else if let Some(parameter) = signature.generics.params.first() {
        diag.add(
            Mistake::at(parameter, "a command cannot be generic")
                .note("it is stored and listed under one name, with one shape")
                .help("use concrete types"),
        );
    }
}

/// Every argument is a field of the command, which owns it.
fn arguments_become_fields(diag: &Diagnostics, block: &Block<'_>, function: &Function<'_>) {
    for argument in function.values() {
        let Some(name) = argument_name(argument) else {
            let fact = "an argument of a command needs a name, found a pattern";
            let help = "write a plain argument, and take it apart in the body";
            diag.add(Mistake::at(&argument.pat, fact).help(help));
            continue;
        };
        schema_is_told(diag, &argument.attrs, Some(name));
        if name == "id" {
            let fact = "every command has a field `id` already: the aggregate it is for";
            diag.add(Mistake::at(name, fact).help("give the argument another name"));
        }
        if let Type::ImplTrait(_) = argument.ty.as_ref() {
            let fact = "an argument of a command has one concrete type";
            diag.add(Mistake::at(&argument.ty, fact).help("write the type instead of `impl`"));
        } else if let Some(mistake) = reaches_out(block, &argument.ty) {
            diag.add(mistake);
        } else if let Some((borrowed, owned)) = borrowed(&argument.ty) {
            let help = match argument.ty.as_ref() {
                Type::Reference(_) => format!("take `{name}: {owned}`"),
                _ => format!("write `{owned}`"),
            };
            diag.add(Mistake::at(borrowed, "a command owns its arguments").help(help));
        }
    }
}

/// The mistake in an argument that no command can hold: a state, or an app that loads one.
fn reaches_out(block: &Block<'_>, ty: &Type) -> Option<Mistake> {
    let Type::Reference(reference) = ty else {
        return None;
    };
    if is_self(&reference.elem, block.aggregate()) {
        let fact = "a command holds values, and no state of an aggregate";
        let help = format!(
            "take its `Id<{}>`, or what the decision needs of it",
            block.aggregate_text()
        );
        return Some(Mistake::at(ty, fact).help(help));
    }
    let last = type_name(&reference.elem)?;
    ["App", "Tenant", "Acting"]
        .iter()
        .any(|ours| last == ours)
        .then(|| {
            let fact = format!(
                "a decision has the state, its command and the context, and cannot use the `{last}`"
            );
            let help = "fetch what it needs before the command is sent, and make it an argument";
            Mistake::at(ty, fact).help(help)
        })
}

/// `#[handle(Relocate)]` hands the whole command over.
fn one_command_by_value(diag: &Diagnostics, function: &Function<'_>) {
    let command = function.command();
    let text = shown(&command);
    let help = format!("take `command: {text}`");
    let values: Vec<_> = function.values().collect();
    match values.as_slice() {
        [] => {
            let fact = format!("`{}` does not take its command `{text}`", function.ident());
            diag.add(Mistake::at(function.ident(), fact).help(help));
        }
        [only] => {
            if type_name(&only.ty) != last_ident(&command) {
                let fact = format!(
                    "`{}` decides the command `{text}` and takes it by value",
                    function.ident()
                );
                diag.add(Mistake::at(&only.ty, fact).help(help));
            }
        }
        [_, second, ..] => {
            let fact = format!(
                "`{}` takes its command `{text}` and nothing else",
                function.ident()
            );
            diag.add(Mistake::at(second, fact).help(format!("make it a field of `{text}`")));
        }
    }
}

fn context_is_shared(diag: &Diagnostics, function: &Function<'_>) {
    for input in &function.original.sig.inputs {
        if let syn::FnArg::Typed(argument) = input
            && is_context_by_value(&argument.ty)
        {
            let form = match argument_name(argument) {
                Some(name) => format!("{name}: &Context"),
                None => "&Context".to_owned(),
            };
            let help = format!(
                "take `{form}`; write a `Context` of your own with its path, as in `self::Context`"
            );
            diag.add(Mistake::at(&argument.ty, "a decision borrows its context").help(help));
        }
        if let syn::FnArg::Typed(argument) = input
            && let Type::Reference(reference) = argument.ty.as_ref()
            && let Some(mutability) = &reference.mutability
            && is_named_context(&reference.elem)
        {
            let fact = "a decision cannot change its context";
            diag.add(Mistake::at(mutability, fact).help("take `&Context`"));
        }
    }
}

/// A command has one struct, and at most one function for each of the two cases.
fn one_function_per_command(diag: &Diagnostics, block: &Block<'_>) {
    for (index, function) in block.functions.iter().enumerate() {
        let command = function.command();
        let earlier = block.functions[..index]
            .iter()
            .filter(|earlier| same(&earlier.command(), &command));
        for earlier in earlier {
            let text = shown(&command);
            let (first, second) = (earlier.ident(), function.ident());
            if earlier.is_generated() && function.is_generated() {
                let fact = format!(
                    "the commands of `{first}` and `{second}` would both be called `{text}`"
                );
                let word = function.kind.word();
                let help = format!("name one of them: `#[{word}(name = Other{text})]`");
                diag.add(Mistake::at(second, fact).help(help));
                break;
            }
            if earlier.kind == function.kind {
                let fact = format!("`{first}` decides the command `{text}` already");
                diag.add(Mistake::at(function.attribute, fact).help("remove one of the two"));
                break;
            }
        }
    }
}

/// A command's struct stands beside the aggregate, so its name must be free there.
fn commands_have_names_of_their_own(diag: &Diagnostics, block: &Block<'_>) {
    for function in &block.functions {
        let Some((name, taken_by)) = block.taken(function) else {
            continue;
        };
        let word = function.kind.word();
        let fact = format!(
            "the command of `{}` would be called `{name}`, like {taken_by}",
            function.ident()
        );
        // `Open` of a second aggregate reads best as `OpenLoan`.
        let other = match taken_by.starts_with("that of") {
            true => block.aggregate_text(),
            false => "Command".to_owned(),
        };
        let help = match taken_by == source::COMMAND {
            true => format!(
                "if it decides that one, write `#[{word}({name})]` and take `command: {name}`"
            ),
            false => format!("give it another name: `#[{word}(name = {name}{other})]`"),
        };
        let blame = match &function.mark.naming {
            Naming::Renamed(written) => written,
            _ => function.ident(),
        };
        diag.add(Mistake::at(blame, fact).help(help));
    }
}

/// Who may send a command cannot depend on whether its aggregate exists: the sender may not know.
fn one_list_of_roles_per_command(diag: &Diagnostics, block: &Block<'_>) {
    for decided in block.decided() {
        let (Some(create), Some(handle)) = (decided.create, decided.handle) else {
            continue;
        };
        if sorted_roles(create) == sorted_roles(handle) {
            continue;
        }
        let fact = format!(
            "`{}` and `{}` decide one command, which must be allowed to the same roles",
            create.ident(),
            handle.ident()
        );
        let mistake = match &handle.mark.allow {
            Some(allow) => Mistake::at(&allow.key, fact),
            None => Mistake::at(handle.attribute, fact),
        };
        diag.add(mistake.help("write the same `allow(..)` on both"));
    }
}

fn sorted_roles(function: &Function<'_>) -> Vec<String> {
    let allow = function.mark.allow.iter();
    let mut roles: Vec<String> = allow
        .flat_map(|allow| &allow.value)
        .map(LitStr::value)
        .collect();
    roles.sort_unstable();
    roles
}
