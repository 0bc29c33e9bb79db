//! The items of one scope, read off its tokens.

use super::tokens::{Group, Place, Token};

/// The items that share a scope with an attribute, which stands above one of them.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    names: Vec<Name>,
    blocks: Vec<Block>,
    /// Which of the blocks the attribute stands above, if it stands above one.
    own: Option<usize>,
    /// All that is derived in the scope: an import of such a name may be of a macro alone.
    derived: Vec<String>,
}

/// A name that an item declares or imports.
#[derive(Debug)]
struct Name {
    text: String,
    /// What it is, as in "an event".
    what: &'static str,
}

/// A struct under `#[command]`.
pub(crate) const COMMAND: &str = "a command with a struct of its own";
const IMPORT: &str = "an import";
const ENUM_OF_EVENTS: &str = "the enum of an aggregate's events";

/// A `#[commands]` block.
#[derive(Debug)]
pub(crate) struct Block {
    /// The aggregate, as the impl names it.
    pub(crate) aggregate: String,
    /// The names of the commands that are made of functions, each with its function.
    commands: Vec<(String, String)>,
}

/// The tokens that share a scope with the attribute at `place`, and the index of the attribute's brackets.
pub(super) fn attribute(tokens: &[Token], place: Place) -> Option<(&[Token], usize)> {
    let holds = |group: &Group| {
        let sign = Place {
            column: group.start.column.saturating_sub(1),
            ..group.start
        };
        sign <= place && place <= group.end
    };
    let (index, group) = tokens
        .iter()
        .enumerate()
        .find_map(|(index, token)| match token {
            Token::Group(group) if holds(group) => Some((index, group)),
            _ => None,
        })?;
    match group.open == '[' && index > 0 && tokens[index - 1].is('#') {
        true => Some((tokens, index)),
        false => attribute(&group.tokens, place),
    }
}

/// The derives that stand above the attribute at `index`.
pub(super) fn derives_above(tokens: &[Token], index: usize) -> Vec<String> {
    let mut attributes = Attributes::default();
    let mut at = index - 1;
    while at >= 2
        && tokens[at - 2].is('#')
        && let Some(group) = tokens[at - 1].group('[')
    {
        attributes.add(&group.tokens);
        at -= 2;
    }
    attributes.derives
}

impl Scope {
    /// Reads the scope of the attribute at `index`.
    pub(super) fn read(tokens: &[Token], index: usize) -> Self {
        let mut scope = Self::default();
        let mut above = Attributes::default();
        let mut at = 0;
        while at < tokens.len() {
            let next = tokens.get(at + 1);
            if tokens[at].is('#')
                && let Some(group) = next.and_then(|next| next.group('['))
            {
                above.is_own |= at + 1 == index;
                above.add(&group.tokens);
                at += 2;
                continue;
            }
            // The visibility stands between the attributes and the item.
            let is_visibility = tokens[at].word() == Some("pub") || tokens[at].group('(').is_some();
            at += match tokens[at].word() {
                Some("use") => scope.import(&tokens[at + 1..], &above),
                Some("impl") => scope.block(&tokens[at + 1..], &above),
                Some(word) => scope.declare(word, next, &above),
                None => 1,
            };
            if !is_visibility {
                above = Attributes::default();
            }
        }
        scope
    }

    /// Notes an item that declares a type; the answer is how many tokens were read.
    fn declare(&mut self, keyword: &str, next: Option<&Token>, above: &Attributes) -> usize {
        let what = match keyword {
            "struct" | "enum" | "union" => above.what(keyword),
            "trait" => "a trait",
            "type" => "a type alias",
            "mod" => "a module",
            _ => return 1,
        };
        let Some(name) = next.and_then(Token::word) else {
            return 1;
        };
        if !above.conditional {
            if above.derives.iter().any(|derived| derived == "Aggregate") {
                let text = format!("{name}Event");
                let what = ENUM_OF_EVENTS;
                self.names.push(Name { text, what });
            }
            let text = name.to_owned();
            self.names.push(Name { text, what });
        }
        self.derived.extend_from_slice(&above.derives);
        2
    }

    /// Notes the names that a `use` brings.
    fn import(&mut self, tokens: &[Token], above: &Attributes) -> usize {
        let end = tokens.iter().position(|token| token.is(';'));
        let end = end.unwrap_or(tokens.len());
        if !above.conditional {
            imported(&tokens[..end], &mut self.names);
        }
        end + 2
    }

    /// Notes a block of commands.
    fn block(&mut self, tokens: &[Token], above: &Attributes) -> usize {
        let body = tokens.iter().position(|token| token.group('{').is_some());
        let Some(end) = body else {
            return 1;
        };
        if above.has_commands
            && !above.conditional
            && let Some(body) = tokens[end].group('{')
        {
            if above.is_own {
                self.own = Some(self.blocks.len());
            }
            let path = tokens[..end].iter().filter_map(|token| match token {
                Token::Word(word) => Some(word.as_str()),
                Token::Sign(':') => Some(":"),
                _ => None,
            });
            self.blocks.push(Block {
                aggregate: path.collect(),
                commands: commands(&body.tokens),
            });
        }
        end + 2
    }

    /// What has the name beside the block that is being expanded, in words. Of two commands, the one above has it.
    pub(crate) fn taken(&self, name: &str) -> Option<String> {
        if let Some(what) = self.declared(name, true) {
            return Some(what.to_owned());
        }
        let own = self.own.unwrap_or(self.blocks.len());
        self.blocks[..own].iter().find_map(|block| {
            let mut commands = block.commands.iter();
            let (_, function) = commands.find(|(command, _)| command == name)?;
            Some(format!("that of `{}::{function}`", block.aggregate))
        })
    }

    /// What an item of this name is, if the user wrote one.
    pub(crate) fn written(&self, name: &str) -> Option<&'static str> {
        self.declared(name, false)
    }

    fn declared(&self, name: &str, or_generated: bool) -> Option<&'static str> {
        let mut names = self.names.iter().filter(|found| found.text == name);
        let found = names.find(|found| match found.what {
            IMPORT => !self.derived.iter().any(|derived| derived == name),
            ENUM_OF_EVENTS => or_generated,
            _ => true,
        });
        found.map(|found| found.what)
    }

    /// Whether a block above the one that is being expanded is for the same aggregate.
    pub(crate) fn has_earlier_block(&self) -> bool {
        let Some(own) = self.own else {
            return false;
        };
        let aggregate = &self.blocks[own].aggregate;
        self.blocks[..own]
            .iter()
            .any(|block| block.aggregate == *aggregate)
    }
}

/// What the attributes above an item say.
#[derive(Default)]
struct Attributes {
    conditional: bool,
    has_commands: bool,
    is_own: bool,
    mark: Option<&'static str>,
    derives: Vec<String>,
}

impl Attributes {
    fn add(&mut self, tokens: &[Token]) {
        let mut words = tokens.iter().map_while(|token| match token {
            Token::Sign(':') => Some(None),
            token => token.word().map(Some),
        });
        match words.by_ref().flatten().last() {
            Some("cfg") => self.conditional = true,
            Some("commands") => self.has_commands = true,
            Some("event") => self.mark = Some("an event"),
            Some("value") => self.mark = Some("a value"),
            Some("command") => self.mark = Some(COMMAND),
            Some("derive") => self.derives.extend(derived(tokens)),
            _ => {}
        }
    }

    fn what(&self, keyword: &str) -> &'static str {
        if let Some(mark) = self.mark {
            return mark;
        }
        if self.derives.iter().any(|derived| derived == "Aggregate") {
            return "an aggregate";
        }
        match keyword {
            "struct" => "a struct",
            "enum" => "an enum",
            _ => "a union",
        }
    }
}

/// The last words of the paths in `derive(..)`.
pub(super) fn derived(tokens: &[Token]) -> Vec<String> {
    let groups = tokens.iter().filter_map(|token| token.group('('));
    let entries = groups.flat_map(|group| group.tokens.split(|token| token.is(',')));
    let last = entries.filter_map(|entry| entry.iter().rev().find_map(Token::word));
    last.map(str::to_owned).collect()
}

/// The names that a tree of imports brings, but for globs.
fn imported(tree: &[Token], names: &mut Vec<Name>) {
    for entry in tree.split(|token| token.is(',')) {
        match entry.last() {
            Some(Token::Group(group)) => {
                let mut entries = group.tokens.split(|token| token.is(','));
                let is_itself =
                    |entry: &[Token]| entry.len() == 1 && entry[0].word() == Some("self");
                if entries.any(is_itself) {
                    imported(&entry[..entry.len() - 1], names);
                }
                imported(&group.tokens, names);
            }
            _ => {
                let last = entry.iter().rev().find_map(Token::word);
                let is_glob = entry.last().is_some_and(|token| token.is('*'));
                if let Some(text) = last.filter(|word| !is_glob && !matches!(*word, "self" | "_")) {
                    names.push(Name {
                        text: text.to_owned(),
                        what: IMPORT,
                    });
                }
            }
        }
    }
}

/// The commands that a block makes of its functions.
fn commands(tokens: &[Token]) -> Vec<(String, String)> {
    let mut commands = Vec::new();
    let mut mark: Option<&[Token]> = None;
    let mut conditional = false;
    for (at, token) in tokens.iter().enumerate() {
        if let Some(group) = token.group('[') {
            match group.tokens.first().and_then(Token::word) {
                Some("create" | "handle") => mark = Some(&group.tokens[1..]),
                Some("cfg") => conditional = true,
                _ => {}
            }
        }
        if token.word() != Some("fn") {
            continue;
        }
        let function = tokens.get(at + 1).and_then(Token::word);
        if let (Some(mark), Some(function), false) = (mark, function, conditional) {
            commands.extend(command(mark, function).map(|name| (name, function.to_owned())));
        }
        (mark, conditional) = (None, false);
    }
    commands
}

/// The name of the command that is made of a function with this mark; `None` if it is one of the user's own.
pub(super) fn command(mark: &[Token], function: &str) -> Option<String> {
    let arguments = mark.first().and_then(|token| token.group('('));
    let mut entries = arguments
        .into_iter()
        .flat_map(|group| group.tokens.split(|token| token.is(',')));
    let first = entries.next().unwrap_or_default();
    match first {
        [Token::Word(key), sign, Token::Word(name)] if key == "name" && sign.is('=') => {
            Some(name.clone())
        }
        [] => Some(crate::respan::upper_camel(function)),
        [Token::Word(key), ..] if key == "allow" => match entries.next() {
            Some([Token::Word(_), _, Token::Word(name)]) => Some(name.clone()),
            _ => Some(crate::respan::upper_camel(function)),
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{derives_above_in, scope_in};

    const FILE: &str = r#"
use intent_runtime::{prelude::*, Id as Key, log::{self, Tail}};
#[cfg(test)]
struct Absent;
#[derive(Clone, intent_runtime::Aggregate)]
pub(crate) struct Account;
mod inner { struct Hidden; }
#[intent_runtime::commands]
impl Account {
    #[create(allow("teller"))] pub fn open_it() -> Opened { struct Local; Opened }
    #[handle(name = Shut)] fn close(&self) -> Closed { Closed }
    #[handle(Relocate, allow("x"))] fn relocate(&self, c: Relocate) {}
    fn helper(&self) {}
}
#[derive(Debug)]
#[derive(Hash)]
#[event]
struct Closed;
#[commands]
impl Account { #[handle] fn open_it(&self) {} }
enum Kind { Deposit }
"#;

    #[test]
    fn names_of_the_scope_are_known() {
        let scope = scope_in(FILE, 8, 1).unwrap();
        for (name, what) in [
            ("Key", "an import"),
            ("log", "an import"),
            ("Tail", "an import"),
            ("Account", "an aggregate"),
            ("AccountEvent", "the enum of an aggregate's events"),
            ("Closed", "an event"),
            ("Kind", "an enum"),
        ] {
            assert_eq!(scope.taken(name).as_deref(), Some(what), "{name}");
        }
        for name in [
            "Absent", "Hidden", "Local", "OpenIt", "Shut", "Deposit", "Id", "prelude",
        ] {
            assert_eq!(scope.taken(name), None, "{name}");
        }
        assert!(!scope.has_earlier_block());
    }

    #[test]
    fn a_block_knows_those_above_it() {
        let scope = scope_in(FILE, 19, 1).unwrap();
        assert_eq!(scope.taken("OpenIt").unwrap(), "that of `Account::open_it`");
        assert_eq!(scope.taken("Shut").unwrap(), "that of `Account::close`");
        assert_eq!(scope.taken("Relocate"), None);
        assert!(scope.has_earlier_block());
    }

    #[test]
    fn an_attribute_knows_the_derives_above_it() {
        let above = derives_above_in(FILE, 17, 1).unwrap();
        assert_eq!(above, ["Hash", "Debug"]);
    }
}
