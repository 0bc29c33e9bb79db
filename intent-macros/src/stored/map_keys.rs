//! The keys of maps. schemars leaves them out of a schema, although they change what is stored.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Field, GenericArgument, PathArguments, Type, parse_quote, visit::Visit};

use crate::{
    stored::form::{changes_form, is_told},
    syntax::paths::Runtime,
};

/// ```
/// #[schemars(transform = |schema: &mut Schema| { note_keys(schema, [key_shape::<Shelf>()]) })]
/// ```
///
/// Nothing is added if all keys are `String`.
pub(crate) fn told(runtime: &Runtime, field: &Field) -> Option<Attribute> {
    if changes_form(field) || is_told(&field.attrs) {
        return None;
    }
    let mut keys = Keys::default();
    keys.visit_type(&field.ty);
    let is_text = |key: &&Type| matches!(key, Type::Path(path) if path.path.is_ident("String"));
    if keys.0.iter().all(is_text) {
        return None;
    }
    let private = runtime.private();
    let shapes: Vec<TokenStream> = keys
        .0
        .iter()
        .map(|key| quote!(#private::key_shape::<#key>()))
        .collect();
    Some(parse_quote! {
        #[schemars(transform = |schema: &mut #private::schemars::Schema| {
            #private::note_keys(schema, [#(#shapes),*])
        })]
    })
}

/// The types of the keys of all maps in a type, in their order.
#[derive(Default)]
struct Keys<'a>(Vec<&'a Type>);

impl<'a> Visit<'a> for Keys<'a> {
    fn visit_path_segment(&mut self, segment: &'a syn::PathSegment) {
        let is_map = segment.ident == "HashMap" || segment.ident == "BTreeMap";
        if let PathArguments::AngleBracketed(arguments) = &segment.arguments
            && let (true, Some(GenericArgument::Type(key))) = (is_map, arguments.args.first())
        {
            self.0.push(key);
        }
        syn::visit::visit_path_segment(self, segment);
    }
}
