//! `access(role = "customer", own = owner_id)`: who may read the rows.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens as _, quote};
use syn::{LitStr, Token, ext::IdentExt as _, parse::ParseStream};

use super::model::ReadModel;
use crate::syntax::{
    attr::{Keys, parenthesized, role},
    diag::{Diagnostics, Mistake},
    respan::{replace_self, respan},
    suggest::did_you_mean,
    symbol::{OWN, ROLE},
};

const KEYS: Keys = Keys {
    attribute: "access(..)",
    forms: &[(ROLE, "role = \"teller\""), (OWN, "own = owner_id")],
    ..Keys::NONE
};

/// One rule.
pub(super) struct Access {
    /// The word `access`.
    pub(super) key: Ident,
    /// `None` if it is missing or wrong, which is reported.
    pub(super) role: Option<LitStr>,
    /// The field that has the actor's name.
    pub(super) own: Option<Ident>,
}

impl Access {
    pub(super) fn parse(
        diag: &Diagnostics,
        key: Ident,
        input: ParseStream<'_>,
    ) -> syn::Result<Self> {
        let mut access = Self {
            key,
            role: None,
            own: None,
        };
        let mut has_role = false;
        parenthesized(input, |content| {
            KEYS.read(diag, content.parse()?, |key, input| {
                if key == OWN {
                    access.own = Some(assigned_field(input)?);
                    return Ok(());
                }
                has_role = true;
                input.parse::<Token![=]>()?;
                access.role = Some(role(input)?);
                Ok(())
            });
            Ok(())
        })?;
        if !has_role {
            let fact = "`access` names no role";
            let help = "write `access(role = \"teller\")`, with the role that may read the rows";
            diag.add(Mistake::at(&access.key, fact).help(help));
        }
        Ok(access)
    }

    /// `AccessRule::own("customer", "owner_id")`, behind the check that the field has the name of an actor.
    pub(super) fn rule(&self, model: &ReadModel<'_>) -> Option<TokenStream> {
        let runtime = &model.attrs.runtime;
        let (role, rule) = (
            self.role.as_ref()?,
            quote!(#runtime::read_model::AccessRule),
        );
        let Some(own) = &self.own else {
            return Some(quote!(#rule::all(#role)));
        };
        let column = own.unraw().to_string();
        let field = model.fields.iter().find(|field| field.ident == own)?;
        let ty = respan(&replace_self(field.ty(), model.ident()), own.span());
        Some(quote! {{
            let () = <#ty as #runtime::read_model::ActorName>::CHECK;
            #rule::own(#role, #column)
        }})
    }
}

/// `= owner_id`. A name in quotes is reported and read.
fn assigned_field(input: ParseStream<'_>) -> syn::Result<Ident> {
    input.parse::<Token![=]>()?;
    if !input.peek(LitStr) {
        return input.call(Ident::parse_any);
    }
    let text: LitStr = input.parse()?;
    let help = match text.parse_with(Ident::parse_any) {
        Ok(name) => format!("write `own = {name}`"),
        Err(_) => "write `own = owner_id`".to_owned(),
    };
    Err(Mistake::at(text, "`own` names a field, found a string")
        .help(help)
        .into())
}

/// Reports rules that name no field, and those that give a role what another rule gives it.
pub(super) fn check(diag: &Diagnostics, model: &ReadModel<'_>) {
    let rules = &model.attrs.access;
    for (index, rule) in rules.iter().enumerate() {
        if let Some(own) = &rule.own
            && !model.fields.is_empty()
            && !model.fields.iter().any(|field| field.ident == own)
        {
            unknown_field(diag, model, own);
        }
        let Some(role) = &rule.role else {
            continue;
        };
        let text = role.value();
        if text.contains(',') || text.trim() != text {
            let fact = format!("the role {} cannot stand in a list of roles", shown(role));
            let note = "policies of a database find a role in a list with commas";
            let help = "choose a name without a comma and without a space at its ends";
            diag.add(Mistake::at(role, fact).note(note).help(help));
        }
        let of_role =
            |earlier: &&Access| earlier.role.as_ref().is_some_and(|it| it.value() == text);
        let mut earlier = rules[..index].iter().filter(of_role);
        if let Some(twin) = earlier.clone().find(|earlier| earlier.own == rule.own) {
            let of = twin.own.as_ref();
            let fact = match of {
                Some(own) => format!("the rule of {} for `{own}` is given twice", shown(role)),
                None => format!("the rule of {} is given twice", shown(role)),
            };
            diag.add(Mistake::at(&rule.key, fact).help("remove one"));
        } else if earlier.any(|earlier| earlier.own.is_none() || rule.own.is_none()) {
            let fact = format!("{} reads all rows by another rule", shown(role));
            let help = "remove the rule with `own`, or the one without it";
            diag.add(Mistake::at(&rule.key, fact).help(help));
        }
    }
}

fn unknown_field(diag: &Diagnostics, model: &ReadModel<'_>, own: &Ident) {
    let name = own.unraw().to_string();
    let names: Vec<String> = model
        .fields
        .iter()
        .map(|field| field.ident.unraw().to_string())
        .collect();
    let fact = format!("`{}` has no field `{name}`", model.ident());
    let help = match did_you_mean(&name, names.iter().map(String::as_str)) {
        Some(close) => format!("write `own = {close}`"),
        None => "name the field that has the actor's name".to_owned(),
    };
    diag.add(Mistake::at(own.to_token_stream(), fact).help(help));
}

/// A role as it is written.
fn shown(role: &LitStr) -> String {
    format!("`{:?}`", role.value())
}
