//! Emits each rule as a function, which sees the event and its field and nothing else.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::{
    BinOp, Expr, ExprClosure, Ident, Pat, Path, ReturnType, Stmt, ext::IdentExt as _,
    spanned::Spanned as _,
};

use super::{
    entry::{Effect, Entry},
    rule::{Change, Field, Rule},
    subject::Subject,
};
use crate::syntax::{
    paths::{Runtime, last_ident},
    respan::{generated, replace_self, respan, snake_case},
};

/// Writes the functions that change one type.
pub(crate) struct Emitter<'a> {
    pub(crate) runtime: &'a Runtime,
    /// The type whose fields the rules change.
    pub(crate) owner: &'a Ident,
    pub(crate) subject: Subject,
}

impl Emitter<'_> {
    /// One function for each rule, and one for each field that starts from its `Default`. `creating` are the events that make a new
    /// value, `changing` all others.
    pub(crate) fn functions<'a>(
        &self,
        fields: &[Field<'_>],
        creating: impl Iterator<Item = &'a Entry> + Clone,
        changing: impl Iterator<Item = &'a Entry> + Clone,
    ) -> TokenStream {
        let mut functions = TokenStream::new();
        for field in fields {
            let entries = creating.clone().chain(changing.clone());
            for entry in entries.filter(|entry| matches!(entry.effect, Effect::Rules)) {
                if let Some(rule) = field.rule(entry) {
                    functions.extend(self.rule(field, entry, rule));
                }
            }
            if let Some(entry) = begins_from_default(field, creating.clone()) {
                functions.extend(self.default(field, Some(entry)));
            }
        }
        functions
    }

    /// ```
    /// fn __owner_on_opened(e: &Opened) -> String {          // Opened = |e| e.owner.clone()
    ///     e.owner.clone()
    /// }
    /// fn __balance_on_deposited<'event>(field: &mut Money, event: &'event Deposited) -> Result<(), Overflow> {
    ///     let value = |e: &'event Deposited| e.amount;      // Deposited += |e| e.amount
    ///     Rule::<Add, _, _, _>::new(field, value(event), |mut field, value| *field.place() += value)
    ///         .apply(|fault| overflow::<Account, Deposited>("balance", fault))
    /// }
    /// #[deny(unused_must_use)]
    /// fn __notes_on_noted(notes: &mut Vec<String>, e: &Noted) {
    ///     notes.push(e.text.clone());                       // Noted => |notes, e| notes.push(e.text.clone())
    /// }
    /// ```
    ///
    /// Where the types of a closure are known, the closure becomes the function. The value behind an operator may have any type that the
    /// field takes there, so it stays a closure.
    fn rule(&self, field: &Field<'_>, entry: &Entry, rule: &Rule) -> TokenStream {
        let name = rule_name(field, entry);
        let (ty, event) = (field.ty(), self.subject.seen(self.runtime, &entry.event));
        let function = match &rule.change {
            Change::Assign(Expr::Closure(closure)) => {
                let parameter = parameter(closure, 0, &quote!(&#event));
                let output = match &closure.output {
                    ReturnType::Default => quote!(#ty),
                    ReturnType::Type(_, ty) => ty.to_token_stream(),
                };
                let body = block(&closure.body);
                quote!(fn #name(#parameter) -> #output #body)
            }
            Change::Assign(value) => {
                let body = block(value);
                quote!(fn #name() -> #ty #body)
            }
            Change::Operate(operator, value) => {
                let body = self.operation(field, entry, operator, value);
                let runtime = self.runtime;
                quote! {
                    #[allow(unused_variables)]
                    fn #name<'event>(
                        field: &mut #ty,
                        event: &'event #event,
                    ) -> ::core::result::Result<(), #runtime::Overflow> {
                        #body
                    }
                }
            }
            Change::InPlace(closure) => {
                let first = parameter(closure, 0, &quote!(&mut #ty));
                let second = parameter(closure, 1, &quote!(&#event));
                let body = discarded(&closure.body);
                quote! {
                    #[deny(unused_must_use)]
                    fn #name(#first, #second) #body
                }
            }
        };
        let function = replace_self(function, self.owner);
        quote! {
            #[inline]
            #[allow(clippy::ptr_arg, clippy::redundant_closure_call, clippy::needless_return)]
            #function
        }
    }

    /// The body of a rule with an operator. The runtime's `rule.rs` says how arithmetic is checked. Other operators, such as `|=`,
    /// stay as they are.
    fn operation(
        &self,
        field: &Field<'_>,
        entry: &Entry,
        operator: &BinOp,
        value: &Expr,
    ) -> TokenStream {
        // The operation has the span of the operator: that is the word to change if the types do not have it.
        let span = Span::call_site().located_at(operator.span());
        let (closure, call) = match value {
            Expr::Closure(closure) => {
                let event = self.subject.seen(self.runtime, &entry.event);
                let typed = typed(closure, &quote!(&'event #event));
                (typed, quote_spanned!(span=> (event)))
            }
            value => (quote!(|| #value), quote_spanned!(span=> ())),
        };
        let Some((checked, place)) = checked(operator) else {
            let operate = quote_spanned!(span=> *field #operator value #call);
            return quote! {
                let value = #closure;
                #operate;
                ::core::result::Result::Ok(())
            };
        };
        let private = self.runtime.private();
        let text = field.ident.unraw().to_string();
        let overflow = (self.subject).overflow(self.runtime, self.owner, entry, &text);
        let place = generated(place, Span::call_site());
        let operate = quote_spanned!(span=> *field.#place() #operator value);
        quote! {
            #[allow(unused_imports)]
            use #private::{Plain as _, Unchecked as _};
            let value = #closure;
            #private::Rule::<#private::#checked, _, _, _>::new(
                field,
                value #call,
                |mut field, value| #operate,
            )
            .apply(|fault| #overflow)
        }
    }

    /// ```
    /// fn __default_notes() -> Vec<String> { <Vec<String> as Initial<Account, Opened>>::initial() }
    /// ```
    ///
    /// One for each field, so that a missing `Default` is one error at the field's type. It names a creating event that has no rule
    /// for the field; `None` if every event creates.
    pub(crate) fn default(&self, field: &Field<'_>, entry: Option<&Entry>) -> TokenStream {
        let owner = self.owner;
        let name = default_name(field);
        let ty = replace_self(field.ty(), owner);
        let initial = self.subject.initial(self.runtime, owner, entry);
        quote! {
            #[inline]
            fn #name() -> #ty { <#ty as #initial>::initial() }
        }
    }

    /// The function that applies an event with `=> FUNCTION`.
    ///
    /// ```
    /// fn __apply_moved(owner: &mut Account, event: &Moved) -> Result<(), Overflow> {
    ///     let apply: fn(&mut Account, &Moved) -> _ = Account::moved;
    ///     Applied::<()>::applied(apply(owner, event))
    /// }
    /// ```
    ///
    /// The typed pointer makes a wrong signature an error at the path that the user wrote, and compiles to the call.
    pub(crate) fn change(&self, entry: &Entry, named: &Path) -> TokenStream {
        let (runtime, owner, name) = (self.runtime, self.owner, change_name(entry));
        let event = self.subject.seen(runtime, &entry.event);
        let function = replace_self(named, owner);
        let call = self.applied(named, None, &quote!(apply(owner, event)));
        quote! {
            #[inline]
            fn #name(
                owner: &mut #owner,
                event: &#event,
            ) -> ::core::result::Result<(), #runtime::Overflow> {
                let apply: fn(&mut #owner, &#event) -> _ = #function;
                #call
            }
        }
    }

    /// The call of a function that the user named, which returns `made`, or nothing. If it returns another type, the error is at its
    /// name.
    pub(crate) fn applied(
        &self,
        named: &Path,
        made: Option<&Ident>,
        call: &TokenStream,
    ) -> TokenStream {
        let span = last_ident(named).map_or_else(|| named.span(), Ident::span);
        let (private, call) = (self.runtime.private_at(span), respan(call, span));
        let made = match made {
            Some(made) => quote!(#made),
            None => quote_spanned!(span=> ()),
        };
        quote_spanned!(span=> #private::Applied::<#made>::applied(#call))
    }
}

/// The first creating event after which the field has its `Default`, or a value made from it.
pub(crate) fn begins_from_default<'a>(
    field: &Field<'_>,
    mut creating: impl Iterator<Item = &'a Entry>,
) -> Option<&'a Entry> {
    creating.find(|entry| {
        let rule = field.rule(entry).map(|rule| &rule.change);
        let is_made_of_rules = matches!(entry.effect, Effect::Rules) && field.key.is_none();
        is_made_of_rules && !matches!(rule, Some(Change::Assign(_)))
    })
}

/// The function of a rule whose value does not depend on the event and is not a literal.
pub(crate) fn constant(field: &Field<'_>, entry: &Entry) -> Option<Ident> {
    match &field.rule(entry)?.change {
        Change::Assign(Expr::Closure(_) | Expr::Lit(_)) => None,
        Change::Assign(_) => Some(rule_name(field, entry)),
        Change::Operate(..) | Change::InPlace(_) => None,
    }
}

/// What an event does to the fields of `owner`, which is `self` or a local.
pub(crate) fn apply(fields: &[Field<'_>], entry: &Entry, owner: &TokenStream) -> TokenStream {
    let changes = fields.iter().filter_map(|field| {
        let (ident, function) = (field.ident, rule_name(field, entry));
        Some(match &field.rule(entry)?.change {
            Change::Assign(value) => {
                let argument = argument(value);
                quote!(#owner.#ident = #function(#argument);)
            }
            Change::Operate(..) => quote!(#function(&mut #owner.#ident, event)?;),
            Change::InPlace(_) => quote!(#function(&mut #owner.#ident, event);),
        })
    });
    changes.collect()
}

/// The local for a new field that starts from its `Default` and is then changed by a rule.
pub(crate) fn begun(field: &Field<'_>, entry: &Entry) -> Option<TokenStream> {
    let fallible = match &field.rule(entry)?.change {
        Change::Assign(_) => return None,
        Change::Operate(..) => Some(quote!(?)),
        Change::InPlace(_) => None,
    };
    let local = local(field);
    let (default, function) = (default_name(field), rule_name(field, entry));
    Some(quote! {
        let mut #local = #default();
        #function(&mut #local, event) #fallible;
    })
}

/// The value of a new field, as it stands in the struct expression.
pub(crate) fn value(field: &Field<'_>, entry: &Entry) -> TokenStream {
    let ident = field.ident;
    match field.rule(entry).map(|rule| &rule.change) {
        Some(Change::Assign(value)) => {
            let (function, argument) = (rule_name(field, entry), argument(value));
            quote!(#ident: #function(#argument))
        }
        Some(_) => {
            let local = local(field);
            quote!(#ident: #local)
        }
        None => {
            let default = default_name(field);
            quote!(#ident: #default())
        }
    }
}

/// What a rule's function is called with.
fn argument(value: &Expr) -> TokenStream {
    match value {
        Expr::Closure(_) => quote!(event),
        _ => TokenStream::new(),
    }
}

/// The runtime's name of an operator that can overflow, and the method that gives it its place.
fn checked(operator: &BinOp) -> Option<(Ident, &'static str)> {
    let (name, place) = match operator {
        BinOp::AddAssign(_) => ("Add", "place"),
        BinOp::SubAssign(_) => ("Sub", "place"),
        BinOp::MulAssign(_) => ("Mul", "place"),
        BinOp::DivAssign(_) => ("Div", "own"),
        BinOp::RemAssign(_) => ("Rem", "own"),
        BinOp::ShlAssign(_) => ("Shl", "own"),
        BinOp::ShrAssign(_) => ("Shr", "own"),
        _ => return None,
    };
    Some((generated(name, Span::call_site()), place))
}

/// An expression as the body of a function. A block stays as it is: rustc warns about a second pair of braces.
fn block(value: &Expr) -> TokenStream {
    match value {
        Expr::Block(block) if block.attrs.is_empty() && block.label.is_none() => {
            block.to_token_stream()
        }
        _ => quote!({ #value }),
    }
}

/// The same with its value discarded, since `|seen, e| seen.insert(e.id)` is a change in place. A value that must be used, such as a
/// `Result`, is an error.
fn discarded(value: &Expr) -> TokenStream {
    match value {
        Expr::Block(block) if block.attrs.is_empty() && block.label.is_none() => {
            let mut block = block.block.clone();
            if let Some(Stmt::Expr(_, semicolon @ None)) = block.stmts.last_mut() {
                *semicolon = Some(Default::default());
            }
            block.into_token_stream()
        }
        _ => quote!({ #value; }),
    }
}

/// A parameter of a closure, with its type if the user gave none.
fn parameter(closure: &ExprClosure, index: usize, ty: &TokenStream) -> TokenStream {
    match closure.inputs.get(index) {
        Some(typed @ Pat::Type(_)) => typed.to_token_stream(),
        Some(pattern) => quote!(#pattern: #ty),
        None => quote!(_: #ty),
    }
}

/// The closure with its one parameter typed, so that its body can use the event at once.
fn typed(closure: &ExprClosure, ty: &TokenStream) -> TokenStream {
    let mut closure = closure.clone();
    for pattern in &mut closure.inputs {
        if !matches!(pattern, Pat::Type(_)) {
            *pattern = Pat::Verbatim(quote!(#pattern: #ty));
        }
    }
    closure.into_token_stream()
}

fn local(field: &Field<'_>) -> Ident {
    name_for("new_", field, "")
}

fn rule_name(field: &Field<'_>, entry: &Entry) -> Ident {
    name_for("__", field, &format!("_on_{}", entry.word()))
}

pub(crate) fn default_name(field: &Field<'_>) -> Ident {
    name_for("__default_", field, "")
}

fn name_for(prefix: &str, field: &Field<'_>, suffix: &str) -> Ident {
    let field = snake_case(&field.ident.to_string());
    generated(format!("{prefix}{field}{suffix}"), Span::call_site())
}

/// The name of the function that [`Emitter::change`] writes.
pub(crate) fn change_name(entry: &Entry) -> Ident {
    event_name("__apply", entry)
}

/// A name of generated code for one event.
pub(crate) fn event_name(prefix: &str, entry: &Entry) -> Ident {
    generated(format!("{prefix}_{}", entry.word()), Span::call_site())
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::{Emitter, Entry, Field, Subject};
    use crate::syntax::{diag::Diagnostics, paths::Runtime};

    /// What is written for `rule` on the field `total: i64` of `Day`, where a rule sees more than the event itself.
    fn function(rule: &str) -> String {
        let diag = Diagnostics::default();
        let rule: proc_macro2::TokenStream = rule.parse().unwrap();
        let item: syn::ItemStruct = parse_quote!(
            struct Day {
                #[on(Deposited #rule)]
                total: i64,
            }
        );
        let field = Field::new(&diag, item.fields.iter().next().unwrap(), "key").unwrap();
        let entry = Entry::for_rules(parse_quote!(Deposited));
        let emitter = Emitter {
            runtime: &Runtime::default(),
            owner: &item.ident,
            subject: Subject::Row,
        };
        assert_eq!(diag.finish().to_string(), "");
        let function = emitter.rule(&field, &entry, &field.rules[0]);
        function.to_string().replace(' ', "")
    }

    #[test]
    fn a_rule_may_see_an_event_with_what_the_log_knows_about_it() {
        for (rule, part) in [
            (
                "= |e| e.amount",
                "(e:&::intent_runtime::Recorded<Deposited>)->i64{e.amount}",
            ),
            (
                "+= |e| e.amount",
                "letvalue=|e:&'event::intent_runtime::Recorded<Deposited>|e.amount;",
            ),
            (
                "+= 1",
                "(field:&muti64,event:&'event::intent_runtime::Recorded<Deposited>,)",
            ),
            (
                "=> |total, e| *total = 0",
                "(total:&muti64,e:&::intent_runtime::Recorded<Deposited>){*total=0;}",
            ),
        ] {
            let function = function(rule);
            assert!(function.contains(part), "{rule}: {function}");
        }
    }

    #[test]
    fn the_error_of_an_overflow_names_the_event_itself() {
        let function = function("+= |e| e.amount");
        assert!(
            function.contains("OwnEvent<__Key>>::NAME,\"total\",fault)"),
            "{function}"
        );
    }
}
