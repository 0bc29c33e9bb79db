//! Former names: what an event or an aggregate was stored as before.

use proc_macro2::TokenStream;
use quote::quote;
use syn::LitStr;

use crate::syntax::diag::{Diagnostics, Mistake};

/// Reports a former name that is the current one. One that is given twice changes nothing, or a domain refuses it.
pub(crate) fn check(diag: &Diagnostics, what: &str, name: &str, formerly: &[LitStr]) {
    for former in formerly {
        let text = former.value();
        if text == name {
            let fact = format!("\"{text}\" is the name of {what} now, not a former one");
            diag.add(Mistake::at(former, fact).help("remove it, or give `name` another value"));
        }
    }
}

/// ```
/// const FORMERLY: &'static [&'static str] = &["PaidIn"];
/// ```
pub(crate) fn constant(formerly: &[LitStr]) -> Option<TokenStream> {
    (!formerly.is_empty()).then(|| {
        quote! {
            const FORMERLY: &'static [&'static ::core::primitive::str] = &[#(#formerly),*];
        }
    })
}
