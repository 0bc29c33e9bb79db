//! The JSON Schema of an item, derived on a copy of it.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::{Attribute, Data, DeriveInput, Field, Fields, Path, Visibility, parse_quote};

use crate::{
    emit::{scope, stubs::stubs},
    item::derives::{Derives, is_ours},
    stored::{
        form::{default_in_the_schema, hides_the_schema, told_to_the_schema},
        map_keys, unfit,
    },
    syntax::{
        attr::cfg_attr,
        paths::Runtime,
        respan::{generated, replace_self},
    },
};

/// Attributes that say something about a schema.
const RELEVANT: [&str; 6] = ["cfg", "doc", "serde", "schemars", "validate", "garde"];

/// Whether the schema of `item` can be written by [`forwarded`]: attributes on the item itself may name it or its
/// type parameters, which the shadow does not have.
pub(crate) fn can_forward(item: &DeriveInput) -> bool {
    let own_attributes = item
        .attrs
        .iter()
        .any(|attribute| is_any(attribute.path(), &["serde", "schemars"]));
    item.generics.params.is_empty() && !own_attributes
}

/// ```
/// const _: () = {
///     use ::core::{convert::{From as _, Into as _}, default::Default as _, option::Option::Some};
///     #[derive(JsonSchema)]
///     #[schemars(rename = "Deposited", crate = "…")]
///     struct __Schema { amount: Money }
///     impl JsonSchema for Deposited { /* forwards to __Schema */ }
/// };
/// ```
///
/// What `derive(JsonSchema)` writes needs names of the prelude, which a crate may have switched off or shadowed.
/// Derived here, it finds them, and nothing is imported where the user would see it.
pub(crate) fn forwarded(runtime: &Runtime, item: &DeriveInput) -> TokenStream {
    let private = runtime.private();
    let schemars = runtime.re_export("schemars");
    let name = &item.ident;
    let text = name.to_string();
    let text = text.trim_start_matches("r#");
    let shadow = replace_self(shadow(item), name);
    let allow = copy_of_the_users();
    let prelude = prelude();
    scope::unnamed(&quote! {
            #prelude

            #[derive(#private::schemars::JsonSchema)]
            #[schemars(rename = #text, crate = #schemars)]
            #allow
            #shadow

            #[automatically_derived]
            impl #private::schemars::JsonSchema for #name {
                fn schema_name() -> ::std::borrow::Cow<'static, ::core::primitive::str> {
                    <__Schema as #private::schemars::JsonSchema>::schema_name()
                }
                fn schema_id() -> ::std::borrow::Cow<'static, ::core::primitive::str> {
                    <__Schema as #private::schemars::JsonSchema>::schema_id()
                }
                fn json_schema(
                    generator: &mut #private::schemars::SchemaGenerator,
                ) -> #private::schemars::Schema {
                    <__Schema as #private::schemars::JsonSchema>::json_schema(generator)
                }
            }
    })
}

/// What `derive(JsonSchema)` takes for granted.
pub(crate) fn prelude() -> TokenStream {
    quote! {
        #[allow(unused_imports)]
        use ::core::{
            convert::{From as _, Into as _},
            default::Default as _,
            option::Option::Some,
        };
    }
}

/// The derives and the schema of an item, as `(attributes, items)`; the attributes stand above it.
pub(crate) fn derives(
    runtime: &Runtime,
    mut derives: Derives,
    item: &mut DeriveInput,
) -> (TokenStream, TokenStream) {
    // A second attribute of ours is reported.
    item.attrs.retain(|attribute| !is_ours(attribute));
    if derives.are_stubs {
        unfit::mend(item);
        derives.take_own(item);
        // Without the derives, their helper attributes would be unknown to the compiler.
        let strip = &mut |attributes: &mut Vec<Attribute>| {
            retain(attributes, &|path| !is_any(path, &["serde", "schemars"]));
        };
        strip(&mut item.attrs);
        for_all_attributes(&mut item.data, strip);
        return (quote!(#[allow(dead_code)]), stubs(runtime, &derives, item));
    }
    for_all_attributes(&mut item.data, &mut |attributes| {
        attributes.extend(told_to_the_schema(attributes));
        // This is reported. Without the skip, schemars would report the module's name too.
        if hides_the_schema(attributes).is_some() {
            attributes.push(parse_quote!(#[schemars(skip)]));
        }
    });
    for_all_fields(&mut item.data, &mut |field| {
        field.attrs.extend(map_keys::told(runtime, field));
        field.attrs.extend(default_in_the_schema(runtime, field));
    });
    if !derives.has("JsonSchema") || !can_forward(item) {
        return (derives.attributes(runtime), TokenStream::new());
    }
    let forwarded = forwarded(runtime, item);
    // Without the derive on the item itself, its helper attributes would be unknown to the compiler.
    for_all_attributes(&mut item.data, &mut |attributes| {
        retain(attributes, &|path| !path.is_ident("schemars"));
    });
    (
        derives.without(&["JsonSchema"]).attributes(runtime),
        forwarded,
    )
}

/// Lints report the user's struct, and not the copy of it too.
pub(crate) fn copy_of_the_users() -> TokenStream {
    quote!(#[allow(dead_code, clippy::all, clippy::pedantic, clippy::nursery)])
}

fn shadow(item: &DeriveInput) -> TokenStream {
    let mut item = item.clone();
    item.ident = generated("__Schema", Span::call_site());
    item.vis = Visibility::Inherited;
    let relevant = &mut |attributes: &mut Vec<Attribute>| {
        retain(attributes, &|path| is_any(path, &RELEVANT));
    };
    relevant(&mut item.attrs);
    for_all_attributes(&mut item.data, relevant);
    if let Data::Enum(data) = &mut item.data {
        for variant in &mut data.variants {
            variant.discriminant = None;
        }
    }
    if let Data::Struct(data) = &mut item.data
        && matches!(data.fields, Fields::Unit)
    {
        // A unit struct is stored as an object without fields.
        data.fields = Fields::Named(syn::FieldsNamed {
            brace_token: Default::default(),
            named: Default::default(),
        });
        data.semi_token = None;
    }
    item.into_token_stream()
}

fn for_all_attributes(data: &mut Data, change: &mut dyn FnMut(&mut Vec<Attribute>)) {
    if let Data::Enum(data) = data {
        for variant in &mut data.variants {
            change(&mut variant.attrs);
        }
    }
    for_all_fields(data, &mut |field| change(&mut field.attrs));
}

fn for_all_fields(data: &mut Data, change: &mut dyn FnMut(&mut Field)) {
    match data {
        Data::Struct(data) => data.fields.iter_mut().for_each(change),
        Data::Enum(data) => {
            let variants = data.variants.iter_mut();
            variants
                .flat_map(|variant| variant.fields.iter_mut())
                .for_each(change);
        }
        Data::Union(_) => {}
    }
}

/// Keeps the attributes whose paths `keep` accepts, also within `cfg_attr`.
fn retain(attributes: &mut Vec<Attribute>, keep: &dyn Fn(&Path) -> bool) {
    attributes.retain_mut(|attribute| {
        let Some((condition, mut metas)) = cfg_attr(attribute) else {
            return keep(attribute.path());
        };
        metas.retain(|meta| keep(meta.path()));
        *attribute = parse_quote!(#[cfg_attr(#condition, #(#metas),*)]);
        !metas.is_empty()
    });
}

fn is_any(path: &Path, names: &[&str]) -> bool {
    names.iter().any(|name| path.is_ident(name))
}
