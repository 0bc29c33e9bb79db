//! Versions of a stored shape, and predecessors that the shape was made from.

use proc_macro2::{Delimiter, Group, TokenStream};
use quote::quote;
use syn::Path;

use crate::syntax::{
    attr::{Keyed, Number},
    diag::{Diagnostics, Mistake},
    paths::{Runtime, last_ident},
    respan::generated,
};

/// Reports a version 0, and a predecessor of version 1. `what` is "event" or "snapshot"; `version` is `None` if it is left out.
pub(crate) fn from_one(
    diag: &Diagnostics,
    what: &str,
    version: Option<&Number>,
    predecessor: Option<&Keyed<Path>>,
) {
    match (
        version.map_or(1, |version| version.value),
        version,
        predecessor,
    ) {
        (0, Some(version), _) => diag.add(
            Mistake::at(&version.literal, format!("{what} versions start at 1"))
                .help("write `version = 1`, or leave it out"),
        ),
        (1, _, Some(from)) => {
            let fact = format!("version 1 of this {what} has no predecessor");
            let help = "add `version = 2`, or the version that it really is";
            diag.add(Mistake::at(&from.key, fact).help(help));
        }
        _ => {}
    }
}

/// A check of a predecessor's constant by a function of the runtime. It stands at the predecessor's name.
///
/// ```
/// const _: () = __private::assert_predecessor_version("Deposited", 2, "DepositedV1", <DepositedV1 as Event>::VERSION);
/// ```
pub(crate) fn predecessor_check(
    runtime: &Runtime,
    function: &str,
    subject: &TokenStream,
    predecessor: &Path,
    (of, constant): (&str, &str),
) -> Option<TokenStream> {
    let last = last_ident(predecessor)?;
    let (shown, span) = (last.to_string(), last.span());
    let [function, constant] = [function, constant].map(|name| generated(name, span));
    let (of, private) = (generated(of, span), runtime.private_at(span));
    let arguments = quote!(#subject, #shown, <#predecessor as #runtime::#of>::#constant);
    let mut arguments = Group::new(Delimiter::Parenthesis, arguments);
    arguments.set_span(span);
    Some(quote! { const _: () = #private::#function #arguments; })
}
