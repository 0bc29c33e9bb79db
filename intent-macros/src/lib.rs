//! The macros of `intent-runtime`, which re-exports and documents them; depend on that crate.

#![warn(unreachable_pub)]

mod aggregate;
mod command;
mod commands;
mod emit;
mod event;
mod item;
mod read_model;
mod rules;
mod source;
mod stored;
mod syntax;
mod value;

use proc_macro::TokenStream;

/// Makes an event of a struct.
#[proc_macro_attribute]
pub fn event(args: TokenStream, item: TokenStream) -> TokenStream {
    event::event(args.into(), item.into()).into()
}

/// Makes a value object of a struct or an enum.
#[proc_macro_attribute]
pub fn value(args: TokenStream, item: TokenStream) -> TokenStream {
    value::value(args.into(), item.into()).into()
}

/// Makes an aggregate of a struct whose fields say what changes them.
#[proc_macro_derive(Aggregate, attributes(aggregate, id, on, schemars, serde))]
pub fn derive_aggregate(item: TokenStream) -> TokenStream {
    aggregate::aggregate(item.into()).into()
}

/// Belongs to `#[derive(Aggregate)]`, which reads it. This is called only if the derive is missing.
#[proc_macro_attribute]
pub fn aggregate(args: TokenStream, item: TokenStream) -> TokenStream {
    aggregate::without_derive(&args.into(), item.into()).into()
}

/// Makes a read model of a struct whose fields say which events change them.
#[proc_macro_derive(ReadModel, attributes(read_model, key, index, on, unique))]
pub fn derive_read_model(item: TokenStream) -> TokenStream {
    read_model::read_model(item.into()).into()
}

/// Belongs to `#[derive(ReadModel)]`, which reads it. This is called only if the derive is missing.
#[proc_macro_attribute]
pub fn read_model(args: TokenStream, item: TokenStream) -> TokenStream {
    read_model::without_derive(&args.into(), item.into()).into()
}

/// Makes a command of a struct.
#[proc_macro_attribute]
pub fn command(args: TokenStream, item: TokenStream) -> TokenStream {
    command::command(args.into(), item.into()).into()
}

/// Makes a command of each marked function of an aggregate.
#[proc_macro_attribute]
pub fn commands(args: TokenStream, item: TokenStream) -> TokenStream {
    commands::commands(args.into(), item.into()).into()
}

/// Marks a function of a `#[commands]` block, which reads it. This is called only outside of a block.
#[proc_macro_attribute]
pub fn create(_: TokenStream, item: TokenStream) -> TokenStream {
    commands::outside::mark(syntax::symbol::CREATE, item.into()).into()
}

/// Marks a function of a `#[commands]` block, which reads it. This is called only outside of a block.
#[proc_macro_attribute]
pub fn handle(_: TokenStream, item: TokenStream) -> TokenStream {
    commands::outside::mark(syntax::symbol::HANDLE, item.into()).into()
}

#[cfg(test)]
mod expansion_tests;
