//! What kind of item our attributes stand on, and what it is made of.

use proc_macro2::TokenStream;
use quote::ToTokens as _;
use syn::{
    Attribute, Data, DeriveInput, Field, Fields, GenericParam, Generics, Ident, Item, ItemStruct,
    parse::Parse,
};

use crate::{
    stored::unfit::borrowed,
    syntax::{
        diag::{Diagnostics, Mistake},
        paths::type_name,
    },
};

/// The item under an attribute. An item of another kind is reported by what `mistake` says. Anything that is no item is a syntax
/// error.
pub(crate) fn parsed<T: Parse>(
    diag: &Diagnostics,
    item: TokenStream,
    mistake: impl FnOnce(Item) -> Mistake,
) -> Option<T> {
    diag.keep(
        syn::parse2(item.clone()).map_err(|error| match syn::parse2(item) {
            Ok(other) => mistake(other).into(),
            Err(_) => error,
        }),
    )
}

/// The struct under an attribute. `None`, with the mistake reported, for anything else.
pub(crate) fn structure(
    diag: &Diagnostics,
    attribute: &str,
    needs: &str,
    item: TokenStream,
) -> Option<ItemStruct> {
    let (keyword, found) = match diag.keep(syn::parse2(item))? {
        Item::Struct(item) => return Some(item),
        Item::Enum(item) => (item.enum_token.into_token_stream(), "an enum"),
        Item::Union(item) => (item.union_token.into_token_stream(), "a union"),
        other => (other.into_token_stream(), "another item"),
    };
    let fact = format!("`#[{attribute}]` needs {needs}, found {found}");
    let help = format!("make it a struct; for several alternatives write one {attribute} each");
    diag.add(Mistake::at(keyword, fact).help(help));
    None
}

/// A kind of item, in the words of its errors.
pub(crate) struct Kind {
    /// "an event"
    pub(crate) what: &'static str,
    /// What is stored of it: "its name and shape".
    pub(crate) stored: &'static str,
    /// Why it must own its data: "an event is stored".
    pub(crate) owned: &'static str,
}

impl Kind {
    /// Reports the first generic parameter: what is stored has one shape and owns its data.
    pub(crate) fn no_parameters<'a>(
        &self,
        diag: &Diagnostics,
        name: &Ident,
        generics: &Generics,
        fields: impl IntoIterator<Item = &'a Field>,
    ) {
        let (parameter, kind) = match generics.params.first() {
            None => return,
            Some(GenericParam::Lifetime(_)) => {
                return self.no_lifetimes(diag, name, generics, fields);
            }
            Some(parameter @ GenericParam::Type(_)) => (parameter, "type"),
            Some(parameter @ GenericParam::Const(_)) => (parameter, "const"),
        };
        let fact = format!("{} cannot have {kind} parameters", self.what);
        let why = format!(
            "{} are stored and must be the same for every instance",
            self.stored
        );
        let help = "use a concrete type, or move the generic part into a field's type";
        diag.add(Mistake::at(parameter, fact).note(why).help(help));
    }

    /// Reports the first lifetime parameter.
    pub(crate) fn no_lifetimes<'a>(
        &self,
        diag: &Diagnostics,
        name: &Ident,
        generics: &Generics,
        fields: impl IntoIterator<Item = &'a Field>,
    ) {
        let Some(parameter) = generics.lifetimes().next() else {
            return;
        };
        let (what, lifetime) = (self.what, &parameter.lifetime);
        let fact =
            format!("{what} cannot borrow, but `{name}` has the lifetime parameter `{lifetime}`");
        let help = match fields.into_iter().find_map(|field| borrowed(&field.ty)) {
            Some((found, owned)) => format!("use `{owned}` instead of `{}`", shown(&found)),
            None => "use owned types, for example `String` instead of `&str`".to_owned(),
        };
        let why = format!("{} and must own its data", self.owned);
        diag.add(Mistake::at(parameter, fact).note(why).help(help));
    }
}

/// Whether the item is a struct whose fields have names.
pub(crate) fn has_named_fields(item: &DeriveInput) -> bool {
    matches!(&item.data, Data::Struct(data) if matches!(data.fields, Fields::Named(_)))
}

/// A borrowed type as people write it: `&'a str`.
fn shown(borrowed: &TokenStream) -> String {
    borrowed.to_string().replacen("& ", "&", 1)
}

/// A field with the mark that makes it the id, if it has one.
pub(crate) type Marked<'a> = (&'a Field, Option<&'a Attribute>);

/// Reports a missing id, and a second one. `what` is "aggregate" or "command", and `aggregate` whose id it is.
pub(crate) fn one_id<'a>(
    diag: &Diagnostics,
    what: &str,
    name: &Ident,
    aggregate: &str,
    fields: impl Iterator<Item = Marked<'a>> + Clone,
) {
    let mut marked = fields
        .clone()
        .filter_map(|(field, mark)| Some((field, mark?)));
    let Some((first, _)) = marked.next() else {
        let mut candidates = fields.filter(|(field, _)| looks_like_an_id(field));
        let help = match (candidates.next(), candidates.next()) {
            (
                Some((
                    Field {
                        ident: Some(field), ..
                    },
                    _,
                )),
                None,
            ) => {
                format!("mark `{field}` with `#[id]`")
            }
            _ => format!("add a field `#[id] id: Id<{aggregate}>`"),
        };
        let fact = format!("{what} `{name}` has no id field");
        diag.add(Mistake::at(name, fact).help(help));
        return;
    };
    let first = first.ident.to_token_stream();
    for (_, second) in marked {
        let fact = format!("{what} `{name}` already has the id field `{first}`");
        let help = "keep one `#[id]`; other ids are ordinary fields";
        diag.add(Mistake::at(second, fact).help(help));
    }
}

fn looks_like_an_id(field: &Field) -> bool {
    let name = field.ident.to_token_stream().to_string();
    let is_of_an_id = type_name(&field.ty).is_some_and(|ty| ty.to_string().ends_with("Id"));
    name == "id" || name.ends_with("_id") || is_of_an_id
}
