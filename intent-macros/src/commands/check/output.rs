//! What a decision returns, and what it refuses with.

use quote::ToTokens as _;
use syn::{ReturnType, Type};

use super::super::{
    attrs::Kind,
    model::{Block, Function, is_boxed_error, is_infallible},
};
use crate::syntax::diag::{Diagnostics, Mistake};

/// Reports an `impl Trait`, which the generated code cannot name.
pub(super) fn output_has_a_name(diag: &Diagnostics, function: &Function<'_>) {
    let ReturnType::Type(_, ty) = &function.original.sig.output else {
        return;
    };
    if matches!(ty.as_ref(), Type::ImplTrait(_)) {
        let help = "write the type: an event, `Option`, a tuple, `Vec`, an array, or `()`";
        diag.add(Mistake::at(ty, "a decision returns a type that can be named").help(help));
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

/// `send` returns one type of error for one command. One type can have several paths, so the last words are compared.
pub(super) fn one_error_per_command(diag: &Diagnostics, block: &Block<'_>) {
    let last = |ty: &Type| {
        let text = ty.to_token_stream().to_string().replace(' ', "");
        text.rsplit("::").next().map(str::to_owned)
    };
    for decided in block.decided() {
        let errors = decided
            .functions()
            .filter_map(|function| function.output().error());
        let mut errors = errors.filter(|error| !is_infallible(error));
        let (Some(first), Some(second)) = (errors.next(), errors.next()) else {
            continue;
        };
        if last(first) != last(second) {
            let names: Vec<String> = decided
                .functions()
                .map(|one| one.ident().to_string())
                .collect();
            let fact = format!(
                "`{}` decide one command and must refuse it with one type of error",
                names.join("` and `")
            );
            let first = first.to_token_stream().to_string().replace(' ', "");
            diag.add(Mistake::at(second, fact).help(format!("return `{first}` from both")));
        }
    }
}
