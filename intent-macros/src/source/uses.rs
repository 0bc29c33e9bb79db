//! Commands that a file sends although nothing in it can bring them.

use super::{
    items::{Item, MAKE_VALUES, brings_nothing, is_for_a_macro, items},
    tokens::{Token, mentions},
};

/// Whether a file sends a command of this name, as in `send(Deposit { id, .. })`, and nothing in it can bring a type of this name.
pub(super) fn misses(file: &[Token], name: &str) -> bool {
    let mut search = Search {
        name,
        is_sent: false,
    };
    search.finds_no_other(file, Place::default()) && search.is_sent
}

struct Search<'a> {
    name: &'a str,
    /// Whether the command is sent in a function that every build has.
    is_sent: bool,
}

/// Where tokens stand.
#[derive(Clone, Copy, Default)]
struct Place {
    /// In a module of the file, whose parent is read as well.
    is_inner: bool,
    /// Under a condition.
    is_conditional: bool,
    /// In the arguments of a function that is given commands.
    is_sent: bool,
}

impl Search<'_> {
    /// False if the name occurs otherwise than as a sent command, or if an import, a macro or an attribute may bring it.
    fn finds_no_other(&mut self, tokens: &[Token], mut place: Place) -> bool {
        items(tokens).all(|item| {
            let is_made = item.command().is_some_and(|(_, made)| made == self.name);
            let mut attributes = item.attributes.iter();
            if is_made || !item.is_part() && !attributes.all(|found| brings_nothing(found)) {
                return false;
            }
            // An inner attribute, `#![..]`, applies to the whole scope.
            place.is_conditional |= item.tokens.is_empty() && item.is_conditional();
            match (item.head(), item.called()) {
                (_, Some("macro_rules")) => true,
                (_, Some(called)) => MAKE_VALUES.contains(&called),
                (("use", tree), _) => self.brings_others(tree, place),
                _ => self.is_plain(&item, place),
            }
        })
    }

    /// Whether an import certainly does not bring the name.
    fn brings_others(&self, tree: &[Token], place: Place) -> bool {
        let is_flat = !tree.iter().any(Token::is_group);
        let is_path =
            |path: &[&str]| is_flat && tree.iter().filter_map(Token::word).eq(path.iter().copied());
        let is_read =
            is_path(&["intent_runtime", "prelude"]) || place.is_inner && is_path(&["super"]);
        is_read || !mentions(tree, self.name) && !has_glob(tree)
    }

    fn is_plain(&mut self, item: &Item<'_>, mut place: Place) -> bool {
        place.is_conditional |= item.is_conditional();
        let mut tokens = item.tokens.iter().enumerate();
        tokens.all(|(at, token)| {
            let word_before = |back| {
                let at = at.checked_sub(back);
                at.and_then(|at: usize| item.tokens[at].word())
            };
            match token {
                Token::Word(word) if word == self.name => {
                    let behind = item.tokens.get(at + 1);
                    let fields = behind.and_then(|behind| behind.group('{'));
                    let has_id = fields.is_some_and(|fields| mentions(&fields.tokens, "id"));
                    let is_argument = at == 0 || item.tokens[at - 1].is(',');
                    let is_command = place.is_sent && is_argument && has_id;
                    self.is_sent |= is_command && !place.is_conditional;
                    is_command
                }
                Token::Group(group) if !is_for_a_macro(item.tokens, at) => {
                    let sends = |word: &str| word.starts_with("send") || word == "when";
                    let inside = Place {
                        is_inner: place.is_inner || word_before(2) == Some("mod"),
                        is_sent: group.open == '(' && word_before(1).is_some_and(sends),
                        ..place
                    };
                    self.finds_no_other(&group.tokens, inside)
                }
                _ => true,
            }
        })
    }
}

fn has_glob(tree: &[Token]) -> bool {
    tree.iter().any(|token| match token {
        Token::Group(group) => has_glob(&group.tokens),
        token => token.is('*'),
    })
}

#[cfg(test)]
mod tests {
    use super::misses;
    use crate::source::tokens::read;

    fn lacks(file: &str, name: &str) -> bool {
        misses(&read(file).unwrap(), name)
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
