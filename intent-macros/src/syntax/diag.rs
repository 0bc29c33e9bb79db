//! Mistakes are collected and reported together: one run of the compiler shows all of them.

use std::{cell::RefCell, fmt::Display, mem};

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

/// One mistake: a fact in lower case, perhaps the reason for the rule, and one edit that mends it.
pub(crate) struct Mistake {
    /// The tokens to change.
    at: TokenStream,
    message: String,
}

impl Mistake {
    /// A mistake that is mended by changing `tokens`.
    pub(crate) fn at(tokens: impl ToTokens, fact: impl Display) -> Self {
        Self {
            at: tokens.into_token_stream(),
            message: fact.to_string(),
        }
    }

    /// Why the rule exists.
    pub(crate) fn note(mut self, why: impl Display) -> Self {
        self.message.push_str(&format!("\nnote: {why}"));
        self
    }

    /// The edit that mends it, as an imperative. Macros on stable Rust have no help of their own, but the compiler
    /// shows the further lines of a message indented below the first.
    pub(crate) fn help(mut self, edit: impl Display) -> Self {
        self.message.push_str(&format!("\nhelp: {edit}"));
        self
    }
}

impl From<Mistake> for syn::Error {
    fn from(mistake: Mistake) -> Self {
        Self::new_spanned(mistake.at, mistake.message)
    }
}

/// All mistakes found so far. It must be drained by [`finish`](Self::finish): a dropped list would let wrong input through.
#[derive(Default)]
pub(crate) struct Diagnostics {
    errors: RefCell<Vec<syn::Error>>,
}

impl Diagnostics {
    /// Keeps a mistake for the report.
    pub(crate) fn add(&self, mistake: impl Into<syn::Error>) {
        self.errors.borrow_mut().push(mistake.into());
    }

    /// The value, or `None` and a mistake for the report.
    pub(crate) fn keep<T>(&self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.add(error)).ok()
    }

    /// Whether there is a mistake to report.
    pub(crate) fn has_errors(&self) -> bool {
        !self.errors.borrow().is_empty()
    }

    /// An item, or what is emitted for it, with the report beside it.
    pub(crate) fn beside(self, item: impl ToTokens) -> TokenStream {
        let errors = self.finish();
        quote! { #item #errors }
    }

    /// The report: one `compile_error!` per mistake; nothing if there are none.
    pub(crate) fn finish(self) -> TokenStream {
        let errors = mem::take(&mut *self.errors.borrow_mut());
        errors.iter().map(syn::Error::to_compile_error).collect()
    }
}

impl Drop for Diagnostics {
    fn drop(&mut self) {
        debug_assert!(
            std::thread::panicking() || self.errors.borrow().is_empty(),
            "mistakes were found and not reported"
        );
    }
}
