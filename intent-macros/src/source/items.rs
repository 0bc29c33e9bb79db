//! The items of a scope, as far as their tokens are unambiguous.

use std::{iter, ptr};

use super::tokens::{Group, Place, Token};

/// Attributes that do not change an item and implement nothing.
pub(super) const INERT: [&str; 19] = [
    "allow",
    "clippy",
    "deny",
    "deprecated",
    "doc",
    "error",
    "expect",
    "forbid",
    "ignore",
    "inline",
    "main",
    "must_use",
    "non_exhaustive",
    "repr",
    "schemars",
    "serde",
    "should_panic",
    "test",
    "warn",
];

/// Derives that implement only the trait they are named after.
const DERIVES: [&str; 13] = [
    "Clone",
    "Copy",
    "Debug",
    "Default",
    "Deserialize",
    "Eq",
    "Error",
    "Hash",
    "JsonSchema",
    "Ord",
    "PartialEq",
    "PartialOrd",
    "Serialize",
];

/// Macros that declare nothing.
pub(super) const MAKE_VALUES: [&str; 11] = [
    "assert",
    "assert_eq",
    "assert_ne",
    "dbg",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "eprintln",
    "panic",
    "print",
    "println",
];

/// Our attributes, and the derives. They leave an item in its place too.
pub(super) const READ: [&str; 9] = [
    "Aggregate",
    "aggregate",
    "command",
    "commands",
    "create",
    "derive",
    "event",
    "handle",
    "value",
];

/// An item with the attributes above it. Parts of a function's body are read as items as well.
pub(super) struct Item<'a> {
    pub(super) attributes: Vec<&'a Group>,
    pub(super) tokens: &'a [Token],
}

/// The items of a scope, each up to its semicolon or its braces. An inner attribute, `#![..]`, is an item without tokens.
pub(super) fn items(mut rest: &[Token]) -> impl Iterator<Item = Item<'_>> {
    iter::from_fn(move || {
        let mut attributes = Vec::new();
        while let [sign, Token::Group(attribute), behind @ ..] = rest
            && sign.is('#')
        {
            attributes.push(attribute);
            rest = behind;
        }
        let end = match rest {
            [] if attributes.is_empty() => return None,
            [sign, bang, Token::Group(attribute), behind @ ..] if sign.is('#') && bang.is('!') => {
                attributes.push(attribute);
                rest = behind;
                0
            }
            _ => {
                let is_import = head(rest).0 == "use";
                let goes_on = |at: usize| match rest.get(at) {
                    Some(Token::Sign(sign)) => !matches!(sign, '#' | ':'),
                    Some(token) => token.word() == Some("else"),
                    None => false,
                };
                let is_last = |(at, token): (usize, &Token)| {
                    let is_body = || token.group('{').is_some() && !is_import && !goes_on(at + 1);
                    token.is(';') || is_body()
                };
                let last = rest.iter().enumerate().position(is_last);
                last.map_or(rest.len(), |last| last + 1)
            }
        };
        let (tokens, behind) = rest.split_at(end);
        rest = behind;
        Some(Item { attributes, tokens })
    })
}

/// The keyword of an item, and what stands behind it.
fn head(tokens: &[Token]) -> (&str, &[Token]) {
    let is_before = |token: &Token| {
        matches!(token.word(), Some("pub" | "unsafe")) || token.group('(').is_some()
    };
    let start = tokens.iter().position(|token| !is_before(token));
    match tokens[start.unwrap_or(tokens.len())..].split_first() {
        Some((Token::Word(keyword), behind)) => (keyword, behind),
        _ => ("", &[]),
    }
}

impl<'a> Item<'a> {
    pub(super) fn head(&self) -> (&'a str, &'a [Token]) {
        head(self.tokens)
    }

    /// Whether the item exists in every build, in this place.
    pub(super) fn is_certain(&self) -> bool {
        self.attributes
            .iter()
            .all(|attribute| is_certain(attribute))
    }

    /// Whether it is a statement, a field or a variant. Their attributes add no items.
    pub(super) fn is_part(&self) -> bool {
        const KEYWORDS: [&str; 12] = [
            "const", "enum", "extern", "fn", "impl", "mod", "static", "struct", "trait", "type",
            "union", "async",
        ];
        !self.tokens.is_empty() && !KEYWORDS.contains(&self.head().0)
    }

    /// The macro that is called in the place of an item or a statement.
    pub(super) fn called(&self) -> Option<&'a str> {
        let is_path = |token: &&Token| token.word().is_some() || token.is(':');
        let path = self.tokens.iter().take_while(is_path).count();
        let is_call = matches!(self.tokens[path..], [ref bang, ref next, ..] if bang.is('!') && !next.is('='));
        is_call.then(|| self.tokens[..path].iter().rev().find_map(Token::word))?
    }

    /// Whether a build may leave it out.
    pub(super) fn is_conditional(&self) -> bool {
        ["cfg", "cfg_attr"]
            .iter()
            .any(|word| self.attribute(word).is_some())
    }

    /// The attribute whose path ends with this word.
    pub(super) fn attribute(&self, word: &str) -> Option<&'a Group> {
        let mut attributes = self.attributes.iter().copied();
        attributes.find(|attribute| last_word(attribute) == Some(word))
    }

    /// The paths of all that is derived.
    pub(super) fn derives(&self) -> Vec<Vec<&'a str>> {
        let derives = self.attributes.iter();
        let derives = derives.filter(|attribute| last_word(attribute) == Some("derive"));
        derives.flat_map(|derive| derived(derive)).collect()
    }

    /// The keyword and the name of an item that declares a type or a module.
    pub(super) fn declared(&self) -> Option<(&'a str, &'a str)> {
        match self.head() {
            (
                keyword @ ("struct" | "enum" | "union" | "trait" | "type" | "mod"),
                [Token::Word(name), ..],
            ) => Some((keyword, name)),
            _ => None,
        }
    }

    /// The function under a mark, with the command that is made of it.
    pub(super) fn command(&self) -> Option<(&'a str, String)> {
        let mark = self.attribute("create").or(self.attribute("handle"))?;
        let at = self
            .tokens
            .iter()
            .position(|token| token.word() == Some("fn"))?;
        let function = self.tokens.get(at + 1)?.word()?;
        Some((function, command(mark, function)?))
    }
}

fn is_certain(attribute: &Group) -> bool {
    let path = path(attribute);
    let is_ours = || path.len() == 1 || path[0] == "intent_runtime";
    let last = path.last();
    last.is_some_and(|last| INERT.contains(last) || READ.contains(last) && is_ours())
}

/// The words of an attribute's path.
fn path(attribute: &Group) -> Vec<&str> {
    let path = attribute.tokens.iter();
    let path = path.take_while(|token| token.word().is_some() || token.is(':'));
    path.filter_map(Token::word).collect()
}

/// Whether a derive implements the trait that it is named after, and no other.
pub(super) fn is_plain(path: &[&str]) -> bool {
    const HOMES: [&str; 6] = [
        "core",
        "schemars",
        "serde",
        "serde_derive",
        "std",
        "thiserror",
    ];
    let is_known = path.last().is_some_and(|last| DERIVES.contains(last));
    is_known && (path.len() == 1 || HOMES.contains(&path[0]))
}

/// Whether an attribute adds no item other than the impls that its derives are named after.
pub(super) fn brings_nothing(attribute: &Group) -> bool {
    match last_word(attribute) {
        Some("derive") => {
            derived(attribute).all(|path| is_plain(&path) || path.last() == Some(&"Aggregate"))
        }
        _ => is_certain(attribute) || last_word(attribute) == Some("cfg"),
    }
}

/// The last word of an attribute's path.
pub(super) fn last_word(attribute: &Group) -> Option<&str> {
    path(attribute).last().copied()
}

/// The paths in `derive(..)`.
pub(super) fn derived(derive: &Group) -> impl Iterator<Item = Vec<&str>> {
    let groups = derive.tokens.iter().filter_map(|token| token.group('('));
    let entries = groups.flat_map(|group| group.tokens.split(|token| token.is(',')));
    let paths = entries.map(|entry| entry.iter().filter_map(Token::word).collect());
    paths.filter(|path: &Vec<_>| !path.is_empty())
}

/// The name of the command that is made of a function with this mark; `None` if it is one of the user's own.
fn command(mark: &Group, function: &str) -> Option<String> {
    let arguments = mark.tokens.iter().find_map(|token| token.group('('));
    let mut entries = arguments
        .into_iter()
        .flat_map(|group| group.tokens.split(|token| token.is(',')));
    let first = entries.next().unwrap_or_default();
    match first {
        [Token::Word(key), sign, Token::Word(name)] if key == "name" && sign.is('=') => {
            Some(name.clone())
        }
        [] => Some(crate::syntax::respan::upper_camel(function)),
        [Token::Word(key), ..] if key == "allow" => match entries.next() {
            Some([Token::Word(_), _, Token::Word(name)]) => Some(name.clone()),
            _ => Some(crate::syntax::respan::upper_camel(function)),
        },
        _ => None,
    }
}

/// Whether the group at this index is the input of a macro or an attribute.
pub(super) fn is_for_a_macro(tokens: &[Token], at: usize) -> bool {
    let is = |back, sign| {
        at.checked_sub(back)
            .is_some_and(|at: usize| tokens[at].is(sign))
    };
    is(1, '!') || is(2, '!') || is(1, '#')
}

/// The derives above the attribute at this place. A name that is imported has its whole path.
pub(super) fn derives_above<'a>(tokens: &'a [Token], own: &Group) -> Vec<Vec<&'a str>> {
    let is_own = |item: &Item<'_>| {
        item.attributes
            .iter()
            .any(|attribute| ptr::eq(*attribute, own))
    };
    let Some(mut item) = items(tokens).find(is_own) else {
        return Vec::new();
    };
    let above = item
        .attributes
        .iter()
        .position(|attribute| ptr::eq(*attribute, own));
    item.attributes.truncate(above.unwrap_or_default());
    item.attributes.reverse();
    let mut derives = item.derives();
    if !derives.is_empty() {
        let imports = imports(tokens);
        for derive in &mut derives {
            if let [name] = derive[..]
                && let Some((_, path)) = imports.iter().find(|(found, _)| *found == name)
            {
                derive.clone_from(path);
            }
        }
    }
    derives
}

/// The names that the imports of a scope bring, each with its path.
fn imports(tokens: &[Token]) -> Vec<(&str, Vec<&str>)> {
    let mut imports = Vec::new();
    let items = items(tokens).map(|item| item.head());
    for (_, tree) in items.filter(|(keyword, _)| *keyword == "use") {
        imported(tree, &[], &mut imports);
    }
    imports
}

/// The names that a tree of imports brings, each with its path. Globs are left out.
pub(super) fn imported<'a>(
    tree: &'a [Token],
    above: &[&'a str],
    found: &mut Vec<(&'a str, Vec<&'a str>)>,
) {
    for entry in tree.split(|token| token.is(',') || token.is(';')) {
        let mut words: Vec<_> = entry.iter().filter_map(Token::word).collect();
        let renamed = words.iter().position(|word| *word == "as");
        let renamed = renamed.and_then(|at| words.drain(at..).nth(1));
        let mut path = above.to_vec();
        path.extend(words.into_iter().filter(|word| *word != "self"));
        match entry.last() {
            Some(Token::Group(group)) => imported(&group.tokens, &path, found),
            Some(Token::Word(_)) => {
                let name = renamed.or(path.last().copied());
                found.extend(name.filter(|name| *name != "_").map(|name| (name, path)));
            }
            _ => {}
        }
    }
}

/// The scope of the attribute at `place`, and the attribute. `None` where a macro may have moved it, or is given the scope.
pub(super) fn attribute(tokens: &[Token], place: Place) -> Option<(&[Token], &Group)> {
    let holds = |group: &Group| {
        let sign = Place {
            column: group.start.column.saturating_sub(1),
            ..group.start
        };
        sign <= place && place <= group.end
    };
    // An attribute that is being expanded exists, whatever its `cfg` says.
    let stays = |attribute: &&Group| is_certain(attribute) || last_word(attribute) == Some("cfg");
    for item in items(tokens) {
        let mut attributes = item.attributes.iter();
        if let Some(own) = attributes.position(|attribute| holds(attribute)) {
            let is_in_place = item.attributes[..own].iter().all(stays);
            return is_in_place.then_some((tokens, item.attributes[own]));
        }
        for (at, token) in item.tokens.iter().enumerate() {
            if let Token::Group(group) = token
                && holds(group)
            {
                let is_in_place =
                    !is_for_a_macro(item.tokens, at) && item.attributes.iter().all(stays);
                return is_in_place.then(|| attribute(&group.tokens, place))?;
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::{Place, tokens};
    use super::{attribute, derives_above};

    #[test]
    fn an_attribute_knows_the_derives_above_it() {
        let file = "use a::{b, c::Debug};\n#[derive(Debug, Clone)]\n/// Text.\n#[derive(d::Hash)]\n#[event] #[derive(Copy)] struct Closed;";
        let tokens = tokens::read(file).unwrap();
        let (scope, own) = attribute(&tokens, Place { line: 5, column: 1 }).unwrap();
        let above = derives_above(scope, own);
        let above: Vec<_> = above.iter().map(|path| path.join("::")).collect();
        assert_eq!(above, ["d::Hash", "a::c::Debug", "Clone"]);
    }
}
