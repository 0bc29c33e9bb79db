//! Marks that were forgotten.

use syn::{FnArg, Ident, ImplItem, ImplItemFn, ItemImpl, ReceiverKind, Type, parse_quote};

use super::{super::attrs::Kind, is_context};
use crate::{
    source,
    syntax::{
        diag::{Diagnostics, Mistake},
        respan::upper_camel_case,
    },
};

/// Reports a forgotten mark if the file sends the command. Adds the mark, so that the missing command causes no second error.
///
/// Otherwise unmarked functions are left alone, since a function that returns an event may be a helper.
pub(super) fn mark(diag: &Diagnostics, item: &mut ItemImpl) {
    for item in &mut item.items {
        let ImplItem::Fn(function) = item else {
            continue;
        };
        let is_marked = function.attrs.iter().any(|found| Kind::of(found).is_some());
        let name = upper_camel_case(&function.sig.ident);
        if is_marked || !could_decide(function) || !source::misses(&name.to_string()) {
            continue;
        }
        let kind = match function.sig.receiver() {
            Some(_) => Kind::Handle,
            None => Kind::Create,
        };
        let mark = Ident::new(kind.word(), function.sig.ident.span());
        let fact = format!(
            "`{}` is not a command, but `{name} {{ id, .. }}` is sent",
            function.sig.ident
        );
        let help = format!("mark it `#[{mark}]`");
        diag.add(Mistake::at(&function.sig.ident, fact).help(help));
        function.attrs.push(parse_quote!(#[#mark]));
    }
}

/// Whether a function has the form of a decision: it changes nothing and owns what it is given.
fn could_decide(function: &ImplItemFn) -> bool {
    let signature = &function.sig;
    let fits = signature.inputs.iter().all(|input| match input {
        FnArg::Receiver(receiver) => matches!(receiver.kind, ReceiverKind::Reference(_, _, None)),
        FnArg::Typed(argument) => {
            is_context(&argument.ty)
                || !matches!(*argument.ty, Type::Reference(_) | Type::ImplTrait(_))
        }
    });
    fits && signature.asyncness.is_none() && signature.generics.params.is_empty()
}
