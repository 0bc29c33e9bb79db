//! What a decision returns, and what it refuses with.

use quote::ToTokens as _;
use syn::{ReturnType, Type};

use super::super::attrs::Kind;
use super::super::model::{
    Block, Function, Output, is_boxed_error, is_infallible, result_arguments,
};
use crate::syntax::{
    diag::{Diagnostics, Mistake},
    paths::last_ident,
};

/// The word `Result` in a signature tells whether a function can refuse.
pub(super) fn result_is_seen(diag: &Diagnostics, function: &Function<'_>) {
    let ReturnType::Type(_, ty) = &function.original.sig.output else {
        return;
    };
    if matches!(ty.as_ref(), Type::ImplTrait(_)) {
        let help = "write the type: an event, `Option`, a tuple, `Vec`, an array, or `()`";
        diag.add(Mistake::at(ty, "a decision returns a type that can be named").help(help));
        return;
    }
    // An event has no type arguments, and may well be called `ExamResult`.
    let alias = match result_arguments(ty) {
        Some(arguments) => !matches!(arguments.len(), 0 | 2),
        None => match ty.as_ref() {
            Type::Path(path) => path.path.segments.last().is_some_and(|last| {
                last.ident.to_string().ends_with("Result") && !last.arguments.is_none()
            }),
            _ => false,
        },
    };
    if alias {
        diag.add(
            Mistake::at(
                ty,
                "an alias of `Result` hides the error that a decision refuses with",
            )
            .help("write it out: `Result<Event, Error>`"),
        );
    }
}

/// Reports a `#[create]` that returns no event: it would create nothing.
pub(super) fn creation_has_an_event(diag: &Diagnostics, function: &Function<'_>) {
    let nothing = match &function.original.sig.output {
        ReturnType::Default => true,
        ReturnType::Type(_, ty) => {
            matches!(ty.as_ref(), Type::Tuple(tuple) if tuple.elems.is_empty())
        }
    };
    if function.kind == Kind::Create && nothing {
        let fact = format!("`{}` creates nothing", function.ident());
        let help = "return the event that the aggregate begins with, one of `created_by(..)`";
        diag.add(Mistake::at(function.ident(), fact).help(help));
    }
}

/// Reports `Box<dyn Error>`, by which a caller cannot tell refusals apart. For other types that are not errors, rustc's error at the
/// type is clear.
pub(super) fn refusal_has_a_type(diag: &Diagnostics, function: &Function<'_>) {
    let output = function.output();
    let Some(error) = output.error().filter(|error| is_boxed_error(error)) else {
        return;
    };
    let fact = "a refusal implements `std::error::Error`, which a box of any error does not";
    diag.add(
        Mistake::at(error, fact)
            .note("it tells the sender of the command what was refused, and why")
            .help("return an enum of your own, with `#[derive(Debug, thiserror::Error)]`"),
    );
}

/// `send` returns one type of error for one command.
pub(super) fn one_error_per_command(diag: &Diagnostics, block: &Block<'_>) {
    for decided in block.decided() {
        let (Some(create), Some(handle)) = (decided.create, decided.handle) else {
            continue;
        };
        let (Output::Fallible { error: first, .. }, Output::Fallible { error: second, .. }) =
            (create.output(), handle.output())
        else {
            continue;
        };
        if is_infallible(first) || is_infallible(second) || name(first) == name(second) {
            continue;
        }
        let fact = format!(
            "`{}` and `{}` decide one command and must refuse it with one type of error",
            create.ident(),
            handle.ident()
        );
        let help = format!(
            "return `{}` from both",
            first.to_token_stream().to_string().replace(' ', "")
        );
        diag.add(Mistake::at(second, fact).help(help));
    }
}

/// The last word of a type, since one type can have several paths.
fn name(ty: &Type) -> String {
    match ty {
        Type::Path(path)
            if path
                .path
                .segments
                .iter()
                .all(|segment| segment.arguments.is_empty()) =>
        {
            last_ident(&path.path)
                .map(ToString::to_string)
                .unwrap_or_default()
        }
        other => other.to_token_stream().to_string(),
    }
}
