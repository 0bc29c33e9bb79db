//! What `#[derive(ReadModel)]` generates.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Ident, Index, ext::IdentExt as _};

use super::{
    links::is_by_link,
    model::{ReadModel, Role, is_indexed, is_unique},
};
use crate::{
    emit::scope,
    rules::{
        emit::{self, Emitter},
        entry::{Effect, Entry},
        rule::Field,
    },
    syntax::{
        docs,
        respan::{generated, replace_self, respan},
    },
};

/// All of it in a hidden scope.
pub(super) fn expand(model: &ReadModel<'_>) -> TokenStream {
    let parts = [
        read_model_impl(
            model,
            &key(model),
            &to_cells(model),
            &from_cells(model),
            &routes(model),
        ),
        model
            .entries()
            .map(|(role, entry)| effect(model, role, entry))
            .collect(),
        blank(model),
        rules(model),
    ];
    scope::unnamed(&parts.into_iter().collect())
}

/// The same impl without content, for the fallback.
pub(super) fn stub(model: &ReadModel<'_>) -> TokenStream {
    let nothing = quote!(loop {});
    scope::unnamed(&read_model_impl(
        model, &nothing, &nothing, &nothing, &nothing,
    ))
}

/// ```
/// type __Key = Id<Account>;
/// impl ReadModel for AccountBalance {
///     type Key = Id<Account>;
///     const TABLE: &'static str = "account_balances";
///     const VERSION: u32 = 1;
///     const INLINE: bool = true;                            // mode = "inline"
///     const LINKS: bool = true;                             // links(..)
///     const DOC: &'static str = "One row per account.";
///     const COLUMNS: &'static [Column] = &[
///         Column::new("account", <Id<Account> as ColumnType>::KIND).key(),
///         Column::new("balance", <i64 as ColumnType>::KIND).nullable(<i64 as ColumnType>::NULLABLE).indexed(),
///     ];
///     const ACCESS: &'static [AccessRule] = &[          // where there is an `access(..)`
///         AccessRule::all("teller"),
///         { let () = <UserId as ActorName>::CHECK; AccessRule::own("customer", "owner_id") },
///     ];
///     fn key(&self) -> Self::Key { … }
///     fn to_cells(&self) -> Result<Vec<Cell>, UnfitValue> { … }
///     fn from_cells(cells: Vec<Cell>) -> Result<Self, UnfitCell> { … }
///     fn routes(routes: &mut Routes<Self>) { … }
/// }
/// ```
fn read_model_impl(
    model: &ReadModel<'_>,
    key: &TokenStream,
    to_cells: &TokenStream,
    from_cells: &TokenStream,
    routes: &TokenStream,
) -> TokenStream {
    let runtime = &model.attrs.runtime;
    let (ident, table) = (model.ident(), model.table());
    let version = model.attrs.version.as_ref();
    let version = version.map_or(1, |version| version.value);
    let inline = model.is_inline().then(|| {
        quote!(
            const INLINE: ::core::primitive::bool = true;
        )
    });
    let links = model.attrs.links.is_some().then(|| {
        quote!(
            const LINKS: ::core::primitive::bool = true;
        )
    });
    let doc = docs::text(&model.original.attrs);
    let key_type = model.key_type();
    let columns = model.columns().map(|field| column(model, field));
    let rules: Vec<TokenStream> = model
        .attrs
        .access
        .iter()
        .filter_map(|access| access.rule(model))
        .collect();
    let access = (!rules.is_empty()).then(
        || quote!(const ACCESS: &'static [#runtime::read_model::AccessRule] = &[#(#rules),*];),
    );
    // A trait that the struct lacks, such as `Clone`, is one error, at the struct's name.
    let span = ident.span();
    let (at, read_model) = (runtime.at(span), generated("ReadModel", span));
    let key_of_self = respan(&quote!(fn key(&self) -> Self::Key { #key }), span);
    quote! {
        type __Key = #key_type;

        #[automatically_derived]
        impl #at::#read_model for #ident {
            type Key = #key_type;
            const TABLE: &'static ::core::primitive::str = #table;
            const VERSION: ::core::primitive::u32 = #version;
            #inline
            #links
            const DOC: &'static ::core::primitive::str = #doc;
            const COLUMNS: &'static [#runtime::read_model::Column] = &[#(#columns),*];
            #access

            #key_of_self

            fn to_cells(
                &self,
            ) -> ::core::result::Result<
                ::std::vec::Vec<#runtime::read_model::Cell>,
                #runtime::read_model::UnfitValue,
            > {
                #to_cells
            }

            fn from_cells(
                cells: ::std::vec::Vec<#runtime::read_model::Cell>,
            ) -> ::core::result::Result<Self, #runtime::read_model::UnfitCell> {
                #from_cells
            }

            fn routes(__routes: &mut #runtime::read_model::Routes<Self>) {
                #routes
            }
        }
    }
}

fn column(model: &ReadModel<'_>, field: &Field<'_>) -> TokenStream {
    let runtime = &model.attrs.runtime;
    let (name, column_type) = (name(field), column_type(model, field));
    let nullable = match field.key {
        Some(_) => quote!(.key()),
        None => quote!(.nullable(#column_type::NULLABLE)),
    };
    let indexed = is_indexed(field).then(|| quote!(.indexed()));
    let unique = is_unique(field).then(|| quote!(.unique()));
    quote!(#runtime::read_model::Column::new(#name, #column_type::KIND) #nullable #indexed #unique)
}

/// `<i64 as ColumnType>`. A type that no column has is one error, at that type, since each mention of it gives the same.
fn column_type(model: &ReadModel<'_>, field: &Field<'_>) -> TokenStream {
    let runtime = &model.attrs.runtime;
    let ty = replace_self(field.ty(), model.ident());
    quote!(<#ty as #runtime::read_model::ColumnType>)
}

/// The column's name.
fn name(field: &Field<'_>) -> String {
    field.ident.unraw().to_string()
}

/// `(self.branch.clone(), self.day.clone())`, each by the path of `Clone`.
fn key(model: &ReadModel<'_>) -> TokenStream {
    let parts = model.keys().map(|field| {
        let ident = field.ident;
        quote!(::core::clone::Clone::clone(&self.#ident))
    });
    let parts: Vec<TokenStream> = parts.collect();
    match parts.as_slice() {
        [one] => one.clone(),
        several => quote!((#(#several),*)),
    }
}

/// ```
/// Ok(From::from([fit("account", <Id<Account> as ColumnType>::to_cell(&self.account))?, …]))
/// ```
fn to_cells(model: &ReadModel<'_>) -> TokenStream {
    let private = model.attrs.runtime.private();
    let cells = model.columns().map(|field| {
        let (name, ident, column_type) = (name(field), field.ident, column_type(model, field));
        quote!(#private::fit(#name, #column_type::to_cell(&self.#ident))?)
    });
    quote!(::core::result::Result::Ok(::core::convert::From::from([#(#cells),*])))
}

/// ```
/// let mut cells = Cells::new(cells);
/// Ok(Self { account: cells.read("account", <Id<Account> as ColumnType>::from_cell)?, … })
/// ```
fn from_cells(model: &ReadModel<'_>) -> TokenStream {
    let private = model.attrs.runtime.private();
    let fields = model.columns().map(|field| {
        let (name, ident, column_type) = (name(field), field.ident, column_type(model, field));
        quote!(#ident: cells.read(#name, #column_type::from_cell)?)
    });
    quote! {
        let mut cells = #private::Cells::new(cells);
        ::core::result::Result::Ok(Self { #(#fields),* })
    }
}

/// ```
/// <Opened as OwnEvent<__Key>>::on(routes, __effect_opened);
/// <Moved as EventWithoutOf<_>>::on(routes, |e| [e.from, e.to], __effect_moved);      // Moved by |e| [e.from, e.to]
/// <Opened as EventWithoutOf<_>>::link(routes, |e| e.branch);                         // links(Opened => |e| e.branch)
/// <Paid as EventWithoutOf<_>>::on_linked(routes, __effect_paid);                     // Paid by link
/// ```
fn routes(model: &ReadModel<'_>) -> TokenStream {
    let runtime = &model.attrs.runtime;
    let links = model.attrs.links.iter().flat_map(|links| &links.value);
    let links = links.map(|link| {
        let listed = model.subject().listed(runtime, link);
        let by = link.by.as_ref().map(|by| &by.value);
        quote!(#listed::link(__routes, #by);)
    });
    let routes = model.entries().map(|(_, entry)| {
        let listed = model.subject().listed(runtime, entry);
        if is_by_link(entry) {
            let effect = effect_name(entry);
            return quote!(#listed::on_linked(__routes, #effect););
        }
        let by = entry.by.as_ref().map(|by| {
            let by = &by.value;
            quote!(#by,)
        });
        let effect = effect_name(entry);
        quote!(#listed::on(__routes, #by #effect);)
    });
    links.chain(routes).collect()
}

/// What an event does to a row, which is `None` if it does not exist.
///
/// ```
/// fn __effect_opened(row: &mut Option<AccountBalance>, key: __Key, event: &Recorded<Opened>) -> Result<(), Overflow> {
///     *row = Some(AccountBalance { account: key, owner: __owner_on_opened(event), balance: __default_balance() });
///     Ok(())
/// }
/// fn __effect_deposited(…) -> Result<(), Overflow> {
///     if let Some(row) = row {                               // let row = row.get_or_insert_with(|| __blank(key));
///         __balance_on_deposited(&mut row.balance, event)?;
///     }
///     Ok(())
/// }
/// fn __effect_closed(…) -> Result<(), Overflow> {
///     *row = None;
///     Ok(())
/// }
/// ```
fn effect(model: &ReadModel<'_>, role: Role, entry: &Entry) -> TokenStream {
    let runtime = &model.attrs.runtime;
    let (ident, name) = (model.ident(), effect_name(entry));
    let event = model.subject().seen(runtime, &entry.event);
    let body = match role {
        Role::Begins => begin(model, entry),
        Role::Changes => change(model, entry),
        Role::Removes => quote!(*row = ::core::option::Option::None;),
    };
    let own = match (role, &entry.effect) {
        (Role::Changes, Effect::Function(named)) => Some(emitter(model).change(entry, named)),
        _ => None,
    };
    quote! {
        #own

        #[allow(unused_variables)]
        fn #name(
            row: &mut ::core::option::Option<#ident>,
            key: __Key,
            event: &#event,
        ) -> ::core::result::Result<(), #runtime::Overflow> {
            #body
            ::core::result::Result::Ok(())
        }
    }
}

/// A row from nothing.
fn begin(model: &ReadModel<'_>, entry: &Entry) -> TokenStream {
    let ident = model.ident();
    let (begun, row) = match &entry.effect {
        Effect::Function(named) => {
            let function = replace_self(named, ident);
            let event = model.subject().seen(&model.attrs.runtime, &entry.event);
            let made = emitter(model).applied(named, Some(ident), &quote!(begin(key, event)));
            let begin = quote!(let begin: fn(__Key, &#event) -> _ = #function;);
            (begin, quote!(#made?))
        }
        Effect::Rules | Effect::Nothing => {
            let others = model.fields.iter().filter(|field| field.key.is_none());
            let begun = others.clone().filter_map(|field| emit::begun(field, entry));
            let keys = key_values(model);
            let values = others.map(|field| emit::value(field, entry));
            (
                quote!(#(#begun)*),
                quote!(#ident { #(#keys,)* #(#values,)* }),
            )
        }
    };
    quote! {
        #begun
        *row = ::core::option::Option::Some(#row);
    }
}

/// A change of the row that is there. Without `created_by`, any event begins one.
fn change(model: &ReadModel<'_>, entry: &Entry) -> TokenStream {
    let changes = match &entry.effect {
        Effect::Rules => emit::apply(&model.fields, entry, &quote!(row)),
        Effect::Function(_) => {
            let function = emit::change_name(entry);
            quote!(#function(row, event)?;)
        }
        Effect::Nothing => TokenStream::new(),
    };
    match model.attrs.created_by {
        Some(_) if changes.is_empty() => changes,
        Some(_) => quote!(if let ::core::option::Option::Some(row) = row { #changes }),
        None => quote! {
            let row = row.get_or_insert_with(|| __blank(key));
            #changes
        },
    }
}

/// The row that any event begins, if no list says which events do.
///
/// ```
/// fn __blank(key: __Key) -> BranchDay {
///     BranchDay { branch: key.0, day: key.1, came_in: __default_came_in() }
/// }
/// ```
fn blank(model: &ReadModel<'_>) -> TokenStream {
    if model.attrs.created_by.is_some() {
        return TokenStream::new();
    }
    let ident = model.ident();
    let others = model.fields.iter().filter(|field| field.key.is_none());
    let defaults = others
        .clone()
        .map(|field| emitter(model).default(field, None));
    let defaults: TokenStream = defaults.collect();
    let keys = key_values(model);
    let values = others.map(|field| {
        let (ident, default) = (field.ident, emit::default_name(field));
        quote!(#ident: #default())
    });
    quote! {
        fn __blank(key: __Key) -> #ident {
            #ident { #(#keys,)* #(#values,)* }
        }
        #defaults
    }
}

/// `account: key`, or `branch: key.0, day: key.1`
fn key_values(model: &ReadModel<'_>) -> Vec<TokenStream> {
    let several = model.keys().nth(1).is_some();
    let values = model.keys().enumerate().map(|(index, field)| {
        let (ident, index) = (field.ident, Index::from(index));
        match several {
            true => quote!(#ident: key.#index),
            false => quote!(#ident: key),
        }
    });
    values.collect()
}

fn rules(model: &ReadModel<'_>) -> TokenStream {
    let (creating, changing) = (
        model.with_role(Role::Begins),
        model.with_role(Role::Changes),
    );
    emitter(model).functions(&model.fields, creating, changing)
}

/// A row's rules see the events with what the log knows about them.
fn emitter<'a>(model: &'a ReadModel<'_>) -> Emitter<'a> {
    Emitter {
        runtime: &model.attrs.runtime,
        owner: model.ident(),
        subject: model.subject(),
    }
}

fn effect_name(entry: &Entry) -> Ident {
    emit::event_name("__effect", entry)
}
