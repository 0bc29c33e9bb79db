//! Commands that a file sends although nothing in it can bring them.

use std::{mem, ptr};

use syn::{
    Attribute, Expr, ExprCall, ExprMethodCall, ExprStruct, FieldValue, File, Ident, ImplItemFn,
    Item, ItemMacro, ItemMod, ItemUse, Member, StmtMacro, Token, UseTree,
    punctuated::Punctuated,
    visit::{self, Visit},
};

use crate::syntax::paths::last_ident;

use super::items::{attributes, brings_nothing, command, has_word, is_conditional, makes_a_value};

/// Whether a file sends a command of this name, as in `send(Deposit { id, .. })`, and nothing in it can bring a type of this name.
pub(super) fn misses<'a>(file: &'a File, name: &'a str) -> bool {
    let mut search = Search {
        name,
        sent: Vec::new(),
        is_sent: false,
        may_come: false,
        is_conditional: false,
        is_inner: false,
    };
    search.visit_file(file);
    search.is_sent && !search.may_come
}

struct Search<'a> {
    name: &'a str,
    /// The commands of this name that are sent.
    sent: Vec<&'a ExprStruct>,
    /// Whether the command is sent in an item that every build has whole.
    is_sent: bool,
    /// Whether the name occurs otherwise than as a sent command, or an import, a macro or an attribute may bring it.
    may_come: bool,
    /// Whether a `cfg` stands in the current item.
    is_conditional: bool,
    /// Whether this is a module of the file, whose parent is read as well.
    is_inner: bool,
}

impl<'a> Search<'a> {
    /// Notes the commands of this name among the arguments of a function that sends.
    fn note(&mut self, function: Option<&Ident>, arguments: &'a Punctuated<Expr, Token![,]>) {
        let sends = |name: &Ident| name == "when" || name.to_string().starts_with("send");
        let is_id =
            |field: &FieldValue| matches!(&field.member, Member::Named(name) if name == "id");
        for argument in arguments {
            if let Expr::Struct(made) = argument
                && made.path.is_ident(self.name)
                && made.fields.iter().any(is_id)
                && function.is_some_and(sends)
            {
                self.sent.push(made);
            }
        }
    }

    /// Whether an import may bring the name: all may but ours and that of the module around.
    fn may_bring(&self, tree: &UseTree) -> bool {
        let text = quote::quote!(#tree).to_string().replace(' ', "");
        let is_read = text == "intent_runtime::prelude::*" || self.is_inner && text == "super::*";
        !is_read && (text.contains('*') || has_word(tree, self.name))
    }
}

impl<'a> Visit<'a> for Search<'a> {
    fn visit_item(&mut self, item: &'a Item) {
        let attributes = attributes(item);
        let is_read = !matches!(item, Item::Verbatim(_)) && attributes.iter().all(brings_nothing);
        self.may_come |= !is_read;
        let (was_sent, was_conditional) = (self.is_sent, self.is_conditional);
        visit::visit_item(self, item);
        if self.is_conditional {
            self.is_sent = was_sent;
        }
        self.is_conditional = was_conditional;
    }

    fn visit_item_mod(&mut self, item: &'a ItemMod) {
        let was_inner = mem::replace(&mut self.is_inner, true);
        visit::visit_item_mod(self, item);
        self.is_inner = was_inner;
    }

    fn visit_item_use(&mut self, item: &'a ItemUse) {
        self.may_come |= self.may_bring(&item.tree);
    }

    fn visit_item_macro(&mut self, item: &'a ItemMacro) {
        self.may_come |= item.ident.is_none() && !makes_a_value(&item.mac);
    }

    fn visit_stmt_macro(&mut self, statement: &'a StmtMacro) {
        self.may_come |= !makes_a_value(&statement.mac);
    }

    fn visit_impl_item_fn(&mut self, function: &'a ImplItemFn) {
        let is_made = command(function).is_some_and(|made| made == self.name);
        self.may_come |= is_made || !function.attrs.iter().all(brings_nothing);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_expr_call(&mut self, call: &'a ExprCall) {
        let function = match call.func.as_ref() {
            Expr::Path(path) => last_ident(&path.path),
            _ => None,
        };
        self.note(function, &call.args);
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &'a ExprMethodCall) {
        self.note(Some(&call.method), &call.args);
        visit::visit_expr_method_call(self, call);
    }

    /// The name of a command that is sent does not bring it.
    fn visit_expr_struct(&mut self, made: &'a ExprStruct) {
        if !self.sent.iter().any(|sent| ptr::eq(*sent, made)) {
            return visit::visit_expr_struct(self, made);
        }
        self.is_sent = true;
        made.attrs
            .iter()
            .for_each(|found| self.visit_attribute(found));
        made.fields
            .iter()
            .for_each(|field| self.visit_field_value(field));
    }

    fn visit_ident(&mut self, ident: &'a Ident) {
        self.may_come |= ident == self.name;
    }

    fn visit_attribute(&mut self, found: &'a Attribute) {
        self.is_conditional |= is_conditional(std::slice::from_ref(found));
    }
}

#[cfg(test)]
mod tests {
    use super::misses;

    fn lacks(file: &str, name: &str) -> bool {
        misses(&syn::parse_file(file).unwrap(), name)
    }

    #[test]
    fn a_command_that_nothing_brings_is_missed() {
        for file in [
            "use intent_runtime::prelude::*; async fn f() { app.send(Deposit { id, amount: 1 }) }",
            "use ::intent_runtime::prelude::*; fn f() { app.send_with(Deposit { id }, options) }",
            "mod tests { use super::*; #[tokio::test] async fn f() { s.when(Deposit { id: id }); } }",
            "macro_rules! m { () => {} } fn f() -> X { println!(\"a\"); send(Deposit { id }) }",
            "#[derive(Debug, Error)] #[error(\"a\")] struct Refused; fn f() { send(Deposit { id }) }",
        ] {
            assert!(lacks(file, "Deposit"), "{file}");
        }
    }

    #[test]
    fn what_may_come_from_somewhere_is_not_missed() {
        const SENT: &str = "fn f() { app.send(Deposit { id }) }";
        for beside in [
            "use a::Deposit;",
            "use a::{b, c as Deposit};",
            "use a::*;",
            "use crate::prelude::*;",
            "use super::*;",
            "use {intent_runtime::prelude::*};",
            "mod a { use super::super::*; }",
            "fn g() { use super::*; }",
            "commands! {}",
            "a::commands!();",
            "fn g() { commands!(); }",
            "#[a::commands] struct A;",
            "#[derive(Commands)] struct A;",
            "#[cfg_attr(a, commands)] struct A;",
            "mod a { #![a::commands] }",
            "struct Deposit { id: u8 }",
            "fn g() { struct Deposit { id: u8 } }",
            "#[cfg(a)] struct Deposit { id: u8 }",
            "impl A { #[handle] fn deposit(&self) {} }",
            "impl A { #[intent_runtime::create(name = Deposit)] fn pay() {} }",
        ] {
            let file = format!("{beside} {SENT}");
            assert!(!lacks(&file, "Deposit"), "{file}");
        }
    }

    #[test]
    fn what_may_be_no_command_is_not_missed() {
        for file in [
            "fn f() { send(Deposit { amount: 1 }) }",
            "fn f() { send(other::Deposit { id }) }",
            "fn f() { query! { send(Deposit { id }) } }",
            "fn f() { let a = query!(send(Deposit { id })); }",
            "macro_rules! a { () => { send(Deposit { id }) } }",
            "macro_rules! Deposit { ($id:ident) => { id } }",
            "#[cfg(a)] fn f() { send(Deposit { id }) }",
            "fn f() { #[cfg(a)] send(Deposit { id }); }",
            "fn f() { match a { #[cfg(a)] B => send(Deposit { id }), } }",
            "fn f() { send(#[cfg(a)] Deposit { id }) }",
            "#[cfg(test)] mod tests { use super::*; fn f() { send(Deposit { id }) } }",
            "mod tests { #![cfg(test)] fn f() { send(Deposit { id }) } }",
            "fn f<Deposit>(id: Deposit) -> Deposit { id }",
            "fn f() { if a == Deposit { id } else { b } }",
            "mod Deposit { fn id() {} }",
            "enum Kind { Deposit { id: u8 } }",
            "fn f() { match a { Kind::Deposit { id } => {} } }",
        ] {
            assert!(!lacks(file, "Deposit"), "{file}");
        }
    }
}
