//! Which commands a file sends, and which names it can have from somewhere.

use std::collections::HashSet;

use super::{
    items::{Item, MAKE_VALUES, brings_nothing, is_for_a_macro, items},
    tokens::Token,
};

/// The commands that a file sends, and the types that it knows.
#[derive(Debug, Default)]
pub(super) struct Uses {
    /// `Deposit`, for `send(Deposit { id, .. })` in a function that every build has.
    sent: HashSet<String>,
    /// What is declared or imported anywhere in the file, and the commands that its blocks make.
    known: HashSet<String>,
    /// A glob import, a macro, an attribute or a derive may bring any name.
    knows_more: bool,
}

/// Where tokens stand.
#[derive(Clone, Copy)]
struct Place {
    /// In a module of the file, whose parent is read as well.
    is_inner: bool,
    /// In every build.
    is_certain: bool,
    /// In the arguments of a function that is given commands.
    is_sent: bool,
}

impl Uses {
    pub(super) fn of(file: &[Token]) -> Self {
        let mut uses = Self::default();
        let root = Place {
            is_inner: false,
            is_certain: true,
            is_sent: false,
        };
        uses.read(file, root);
        uses
    }

    /// Whether a command of this name is sent, and nothing in the file can bring it.
    pub(super) fn has_no(&self, name: &str) -> bool {
        self.sent.contains(name) && !self.known.contains(name) && !self.knows_more
    }

    fn read(&mut self, tokens: &[Token], mut place: Place) {
        for item in items(tokens) {
            // What stands in `#![..]` is said of the scope.
            place.is_certain &= !item.tokens.is_empty() || item.is_certain();
            let mut attributes = item.attributes.iter();
            self.knows_more |= !item.is_part() && !attributes.all(|found| brings_nothing(found));
            self.known.extend(item.command().map(|(_, name)| name));
            match (item.head(), item.called()) {
                (_, Some("macro_rules")) => {}
                (_, Some(called)) => self.knows_more |= !MAKE_VALUES.contains(&called),
                (("use", tree), _) => self.import(tree, place),
                _ => self.inside(&item, place),
            }
        }
    }

    fn inside(&mut self, item: &Item<'_>, mut place: Place) {
        place.is_certain &= item.is_certain();
        for (at, token) in item.tokens.iter().enumerate() {
            let word_behind = |back| {
                at.checked_sub(back)
                    .and_then(|at: usize| item.tokens[at].word())
            };
            match (token, item.tokens.get(at + 1)) {
                (Token::Word(word), Some(Token::Word(name))) => {
                    if matches!(
                        word.as_str(),
                        "struct" | "enum" | "union" | "trait" | "type"
                    ) {
                        self.known.insert(name.clone());
                    }
                }
                (Token::Word(word), Some(Token::Group(group))) => {
                    let has_id = group.tokens.iter().any(|token| token.word() == Some("id"));
                    let is_argument = at == 0 || item.tokens[at - 1].is(',');
                    let is_literal = group.open == '{' && has_id && is_argument;
                    if is_literal && place.is_sent && place.is_certain {
                        self.sent.insert(word.clone());
                    }
                }
                // A condition within an expression.
                (Token::Sign('#'), _) => place.is_certain = false,
                (Token::Group(group), _) if !is_for_a_macro(item.tokens, at) => {
                    let sends = |word: &str| word.starts_with("send") || word == "when";
                    let inside = Place {
                        is_inner: place.is_inner || word_behind(2) == Some("mod"),
                        is_sent: group.open == '(' && word_behind(1).is_some_and(sends),
                        ..place
                    };
                    self.read(&group.tokens, inside);
                }
                _ => {}
            }
        }
    }

    /// Notes what an import brings. The prelude brings no commands, and `super` in a module of the file what the file has.
    fn import(&mut self, tree: &[Token], place: Place) {
        let is_parent = place.is_inner && tree.iter().filter_map(Token::word).eq(["super"]);
        let is_read = is_prelude(tree) || is_parent && !tree.iter().any(Token::is_group);
        self.note(tree, is_read);
    }

    fn note(&mut self, tree: &[Token], is_read: bool) {
        for token in tree {
            match token {
                Token::Word(word) => drop(self.known.insert(word.clone())),
                Token::Sign('*') => self.knows_more |= !is_read,
                Token::Group(group) => self.note(&group.tokens, false),
                _ => {}
            }
        }
    }
}

/// Whether a tree of imports is `intent_runtime::prelude::*`.
fn is_prelude(tree: &[Token]) -> bool {
    let is_glob = tree.iter().any(|token| token.is('*'));
    let words = tree.iter().filter_map(Token::word);
    is_glob && words.eq(["intent_runtime", "prelude"]) && !tree.iter().any(Token::is_group)
}

#[cfg(test)]
mod tests {
    use super::Uses;
    use crate::source::tokens::read;

    fn lacks(file: &str, name: &str) -> bool {
        Uses::of(&read(file).unwrap()).has_no(name)
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
