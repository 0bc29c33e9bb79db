//! Which commands a file sends, and which names it can have from somewhere.

use std::collections::HashSet;

use super::{
    items,
    tokens::{Group, Token},
};

/// The struct literals of a file that look like commands, and the types that it knows.
#[derive(Debug, Default)]
pub(super) struct Uses {
    /// `Deposit`, for `Deposit { id, .. }`.
    sent: HashSet<String>,
    /// What is declared or imported anywhere in the file, and the commands that its blocks make.
    known: HashSet<String>,
    /// A glob import or a macro may bring any name.
    knows_more: bool,
}

impl Uses {
    pub(super) fn of(file: &[Token]) -> Self {
        let mut uses = Self::default();
        uses.read(file, Place::Root);
        uses
    }

    /// Whether a command of this name is sent, and nothing in the file can bring it.
    pub(super) fn has_no(&self, name: &str) -> bool {
        self.sent.contains(name) && !self.known.contains(name) && !self.knows_more
    }

    fn read(&mut self, tokens: &[Token], place: Place) {
        let mut mark: Option<&[Token]> = None;
        for (at, token) in tokens.iter().enumerate() {
            let word_behind = |back: usize| at.checked_sub(back).and_then(|at| tokens[at].word());
            let next = tokens.get(at + 1);
            match token {
                Token::Word(word) => match (word.as_str(), next) {
                    ("struct" | "enum" | "union" | "trait" | "type", Some(Token::Word(name))) => {
                        self.known.insert(name.clone());
                    }
                    ("use", Some(Token::Word(_) | Token::Sign(':'))) => {
                        let end = tokens[at..].iter().position(|token| token.is(';'));
                        let end = end.map_or(tokens.len(), |end| at + end);
                        self.import(&tokens[at + 1..end], place);
                    }
                    ("fn", Some(Token::Word(function))) => {
                        let made = mark.and_then(|mark| items::command(mark, function));
                        self.known.extend(made);
                        mark = None;
                    }
                    (word, Some(Token::Sign('!'))) if place != Place::Code => {
                        // It may be a macro that declares; `macro_rules! name { .. }` is no other.
                        self.knows_more |= word != "macro_rules";
                    }
                    (word, Some(Token::Group(group))) if is_command(group) => {
                        let is_path = at > 0 && tokens[at - 1].is(':');
                        if !is_path
                            && !matches!(word_behind(1), Some("impl" | "for" | "enum" | "trait"))
                        {
                            self.sent.insert(word.to_owned());
                        }
                    }
                    _ => {}
                },
                Token::Group(group) if group.open == '[' && at > 0 && tokens[at - 1].is('#') => {
                    if let Some(Token::Word(word)) = group.tokens.first()
                        && matches!(word.as_str(), "create" | "handle")
                    {
                        mark = Some(&group.tokens[1..]);
                    }
                }
                // The variants of an enum are no commands.
                Token::Group(_) if word_behind(2) == Some("enum") => {}
                Token::Group(group) => {
                    let inside = match word_behind(2) == Some("mod") && group.open == '{' {
                        true => Place::Module,
                        false => Place::Code,
                    };
                    self.read(&group.tokens, inside);
                }
                _ => {}
            }
        }
    }

    /// Notes what an import brings. The prelude brings no commands, and `super` in a module of the file what the file has.
    fn import(&mut self, tree: &[Token], place: Place) {
        for (at, token) in tree.iter().enumerate() {
            match token {
                Token::Word(word) => {
                    self.known.insert(word.clone());
                }
                Token::Sign('*') => {
                    let from = at.checked_sub(3).and_then(|at| tree[at].word());
                    let is_known = match from {
                        Some("prelude") => true,
                        Some("super") => place != Place::Root,
                        _ => false,
                    };
                    self.knows_more |= !is_known;
                }
                Token::Group(group) => self.import(&group.tokens, place),
                _ => {}
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    Module,
    Code,
}

/// Whether the braces of a struct literal have the field of every command.
fn is_command(group: &Group) -> bool {
    let has_id = group.tokens.iter().any(|token| token.word() == Some("id"));
    group.open == '{' && has_id
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
            "mod tests { use super::*; fn f() { assert!(send(Deposit { id: id })); } }",
            "macro_rules! m { () => {} } fn f() -> X { Deposit { id } }",
            "enum Kind { Deposit { id: u8 } } fn f() { Deposit { id } }",
        ] {
            assert!(lacks(file, "Deposit"), "{file}");
        }
    }

    #[test]
    fn what_may_come_from_somewhere_is_not_missed() {
        for file in [
            "fn f() { Deposit { amount: 1 } }",
            "fn f() { other::Deposit { id } }",
            "use a::Deposit; fn f() { Deposit { id } }",
            "use a::{b, c as Deposit}; fn f() { Deposit { id } }",
            "use a::*; fn f() { Deposit { id } }",
            "use super::*; fn f() { Deposit { id } }",
            "commands! {} fn f() { Deposit { id } }",
            "struct Deposit { id: u8 } fn f() { Deposit { id } }",
            "enum Kind { Deposit { id: u8 } }",
            "impl A { #[handle] fn deposit(&self) {} } fn f() { Deposit { id } }",
            "impl A { #[create(name = Deposit)] fn pay() {} } fn f() { Deposit { id } }",
        ] {
            assert!(!lacks(file, "Deposit"), "{file}");
        }
    }
}
