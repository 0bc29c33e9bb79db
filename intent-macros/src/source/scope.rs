//! The items in the scope of an attribute.

use std::ptr;

use super::{
    items::{Item, imported, is_for_a_macro, items},
    tokens::{Group, Token, mentions},
};

/// The items beside an attribute, which stands above one of them.
///
/// Items that another build may not have, or that another macro may change, are left out.
#[derive(Debug, Default)]
pub(crate) struct Scope<'a> {
    tokens: &'a [Token],
    /// The types and modules that are declared, each with what it is, as in "an event".
    declared: Vec<(&'a str, &'static str)>,
    aggregates: Vec<&'a str>,
    /// The names that are imported, each with its path.
    imported: Vec<(&'a str, Vec<&'a str>)>,
    blocks: Vec<Block<'a>>,
    /// Which of the blocks the attribute stands above, if it stands above one.
    own: Option<usize>,
}

/// A struct under `#[command]`.
pub(crate) const COMMAND: &str = "a command with a struct of its own";

/// A `#[commands]` block.
#[derive(Debug)]
struct Block<'a> {
    /// The aggregate, as the impl names it.
    aggregate: String,
    /// The functions that become commands, each with the command's name.
    commands: Vec<(&'a str, String)>,
}

impl<'a> Scope<'a> {
    /// Reads the scope of the attribute `own`.
    pub(super) fn read(tokens: &'a [Token], own: &Group) -> Self {
        let mut scope = Self {
            tokens,
            ..Self::default()
        };
        for item in items(tokens).filter(Item::is_certain) {
            match item.head() {
                ("use", tree) => scope.import(tree),
                ("impl", header) => scope.block(&item, header, own),
                _ => scope.declare(&item),
            }
        }
        scope
    }

    fn import(&mut self, tree: &'a [Token]) {
        imported(tree, &[], &mut self.imported);
    }

    fn declare(&mut self, item: &Item<'a>) {
        let Some((keyword, name)) = item.declared() else {
            return;
        };
        let derives = item.derives();
        let is_aggregate = item.attribute("aggregate").is_some()
            && derives.iter().any(|path| path.last() == Some(&"Aggregate"));
        if is_aggregate {
            self.aggregates.push(name);
        }
        let is = |word| item.attribute(word).is_some();
        let what = match keyword {
            _ if is("event") => "an event",
            _ if is("value") => "a value",
            _ if is("command") => COMMAND,
            _ if is_aggregate => "an aggregate",
            "struct" => "a struct",
            "enum" => "an enum",
            "union" => "a union",
            "trait" => "a trait",
            "type" => "a type alias",
            _ => "a module",
        };
        self.declared.push((name, what));
    }

    fn block(&mut self, item: &Item<'a>, header: &'a [Token], own: &Group) {
        let mark = item.attribute("commands");
        let body = header.last().and_then(|token| token.group('{'));
        let (Some(mark), Some(body)) = (mark, body) else {
            return;
        };
        if ptr::eq(mark, own) {
            self.own = Some(self.blocks.len());
        }
        let path = header.iter().filter_map(|token| match token {
            Token::Word(word) => Some(word.as_str()),
            Token::Sign(':') => Some(":"),
            _ => None,
        });
        let functions = items(&body.tokens);
        let functions = functions.filter(|function| !function.is_conditional());
        self.blocks.push(Block {
            aggregate: path.collect(),
            commands: functions
                .filter_map(|function| function.command())
                .collect(),
        });
    }

    /// What has the name beside the current block, in words. Of two commands, the upper one has it.
    pub(crate) fn taken(&self, name: &str) -> Option<String> {
        if let Some(what) = self.written(name) {
            return Some(what.to_owned());
        }
        let aggregate = name.strip_suffix("Event");
        if aggregate.is_some_and(|aggregate| self.aggregates.contains(&aggregate)) {
            return Some("the enum of an aggregate's events".to_owned());
        }
        let own = self.own.unwrap_or(self.blocks.len());
        self.blocks[..own].iter().find_map(|block| {
            let mut commands = block.commands.iter();
            let (function, _) = commands.find(|(_, command)| command == name)?;
            Some(format!("that of `{}::{function}`", block.aggregate))
        })
    }

    /// What an item or an import of this name is, if the user wrote one.
    pub(crate) fn written(&self, name: &str) -> Option<&'static str> {
        let mut declared = self.declared.iter();
        if let Some((_, what)) = declared.find(|(found, _)| *found == name) {
            return Some(what);
        }
        let is_imported = self.imported.iter().any(|(found, _)| *found == name);
        // An import can also be a macro or a value.
        (is_imported && uses_as_type(self.tokens, name, false)).then_some("an import")
    }

    /// Whether a block above the current one is for the same aggregate.
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

/// Whether the scope uses a name as a type. Macro calls, names behind a path, and items in which the name means something else prove
/// nothing. `is_typed` says that a type follows a colon here.
fn uses_as_type(tokens: &[Token], name: &str, is_typed: bool) -> bool {
    let certain = items(tokens).filter(Item::is_certain);
    let mut certain = certain.filter(|item| !matches!(item.head().0, "use" | "mod"));
    certain.any(|item| {
        if has_parameter(item.tokens, name) {
            return false;
        }
        let mut within = item.tokens.iter().enumerate();
        within.any(|(at, token)| match token {
            Token::Word(word) if word == name => {
                let (before, behind) = (&item.tokens[..at], &item.tokens[at + 1..]);
                is_type(before, behind, is_typed)
            }
            Token::Group(group) if !is_for_a_macro(item.tokens, at) => {
                let is_nearer = |item: Item<'_>| match item.head() {
                    ("use", tree) => mentions(tree, name),
                    _ => item.declared().is_some_and(|(_, found)| found == name),
                };
                let keyword = item.declared().map(|(keyword, _)| keyword);
                let is_typed = group.open == '(' || keyword == Some("struct");
                !items(&group.tokens).any(is_nearer) && uses_as_type(&group.tokens, name, is_typed)
            }
            _ => false,
        })
    })
}

/// Whether a name stands in angle brackets as a generic parameter does.
fn has_parameter(tokens: &[Token], name: &str) -> bool {
    let is_any = |token: &Token, signs: &[char]| signs.iter().any(|sign| token.is(*sign));
    tokens.windows(3).any(|window| {
        is_any(&window[0], &['<', ','])
            && window[1].word() == Some(name)
            && is_any(&window[2], &['>', ',', ':', '='])
    })
}

/// Whether a name between these tokens is a type, and not only a macro or a value.
fn is_type(before: &[Token], behind: &[Token], is_typed: bool) -> bool {
    let ends_in = |signs: [char; 2]| matches!(before, [.., first, second] if first.is(signs[0]) && second.is(signs[1]));
    if ends_in([':', ':']) {
        return false;
    }
    let is_annotation = matches!(before, [.., Token::Word(_), colon] if colon.is(':'));
    // In a comparison, an operator or the end of the statement comes before a `>`.
    let end = |token: &&Token| ['>', '=', '&', '|', ';'].iter().any(|sign| token.is(*sign));
    let has_arguments = behind.first().is_some_and(|token| token.is('<'))
        && behind.iter().find(end).is_some_and(|token| token.is('>'));
    let is_path = matches!(behind, [first, second, ..] if first.is(':') && second.is(':'));
    is_typed && is_annotation || ends_in(['-', '>']) || has_arguments || is_path
}

#[cfg(test)]
mod tests {
    use super::{super::beside_in, Scope};

    const FILE: &str = r#"
use intent_runtime::{Id as Key, log::{self, Tail}};
#[cfg(test)]
struct Absent;
#[derive(Clone, intent_runtime::Aggregate)]
#[aggregate(created_by(Opened))]
pub(crate) struct Account;
mod inner { struct Hidden; }
#[intent_runtime::commands]
impl Account {
    #[create(allow("teller"))] pub fn open_it() -> Opened { struct Local; Opened }
    #[handle(name = Shut)] fn close(&self) -> Closed { Closed }
    #[handle(Relocate, allow("x"))] fn relocate(&self, c: Relocate) {}
    #[cfg(test)] #[handle] fn try_it(&self) {}
    fn helper(&self) {}
}
#[event]
struct Closed;
#[commands]
impl Account { #[handle] fn open_it(&self) {} }
enum Kind { Deposit }
fn follow(tail: Tail) -> log::Kind { Key::<Account>::new() }
"#;

    /// What has the name beside the block in this line, and whether a block above is for the same aggregate.
    fn beside(line: usize, name: &str) -> (Option<String>, bool) {
        let said = |scope: &Scope<'_>| (scope.taken(name), scope.has_earlier_block());
        beside_in(FILE, (line, 1), said).unwrap()
    }

    #[test]
    fn names_of_the_scope_are_known() {
        for (name, what) in [
            ("Key", "an import"),
            ("log", "an import"),
            ("Tail", "an import"),
            ("Account", "an aggregate"),
            ("AccountEvent", "the enum of an aggregate's events"),
            ("Closed", "an event"),
            ("Kind", "an enum"),
        ] {
            assert_eq!(beside(9, name), (Some(what.to_owned()), false), "{name}");
        }
        for name in [
            "Absent", "Hidden", "Local", "OpenIt", "Shut", "Deposit", "Id",
        ] {
            assert_eq!(beside(9, name), (None, false), "{name}");
        }
    }

    #[test]
    fn a_block_knows_those_above_it() {
        let function = |name: &str| (Some(format!("that of `Account::{name}`")), true);
        assert_eq!(beside(19, "OpenIt"), function("open_it"));
        assert_eq!(beside(19, "Shut"), function("close"));
        assert_eq!(beside(19, "Relocate"), (None, true));
        assert_eq!(beside(19, "TryIt"), (None, true));
    }

    /// What the scope of the `#[commands]` says of `Deposit`.
    fn taken(file: &str) -> Option<String> {
        let at = file.find("#[commands]").unwrap();
        beside_in(file, (1, at + 1), |scope| scope.taken("Deposit")).flatten()
    }

    #[test]
    fn a_name_is_not_taken_by_what_may_not_be_there() {
        const BLOCK: &str = "#[commands] impl Account {}";
        for beside in [
            "#[cfg(a)] unsafe trait Deposit {}",
            "#[cfg(a)] pub(in a::b) mod Deposit {}",
            "#[cfg(a)] #[allow(b)] pub unsafe trait Deposit {}",
            "#[cfg_attr(a, cfg(b))] struct Deposit;",
            "#[maybe] struct Deposit;",
            "#[cfg(a)] #[commands] impl Loan { #[create] fn deposit() {} }",
            "a! { struct Deposit; }",
            "macro_rules! a { () => { struct Deposit; } }",
            "use a::Deposit;",
            "use a::Deposit; #[derive(Deposit)] struct Other;",
            "use a::Deposit; #[cfg_attr(a, derive(Deposit))] struct Other;",
            "use a::MAX as Deposit; fn f() -> bool { 1 < Deposit && g(Limit { of: Deposit }) }",
            "use a::MAX as Deposit; fn f() -> bool { Deposit < 1 && 2 > 1 }",
            "use a::MAX as Deposit; fn f() -> u8 { match a { b if Deposit < 1 => b } }",
            "use a::Deposit; fn f() { Deposit!(x: Deposit); }",
            "use a::Deposit as Other; fn f(a: Other) {}",
            "use a::Deposit; fn f<Deposit>(a: Deposit) -> Deposit { Deposit!(a) }",
            "use a::Deposit; impl<T, Deposit: Copy> A<T> for B<Deposit> { fn f(a: Deposit) {} }",
            "use a::Deposit; struct A<Deposit> { a: Deposit }",
            "use a::Deposit as _; fn f(a: b::Deposit) {}",
            "#[cfg(a)] use a::Deposit; fn f(a: Deposit) {}",
            "use a::Deposit; fn f() { use b::Deposit; let a = Deposit::new(); }",
        ] {
            for file in [format!("{beside} {BLOCK}"), format!("{BLOCK} {beside}")] {
                assert_eq!(taken(&file), None, "{file}");
            }
        }
        for around in [
            "a! {{ {} }}",
            "macro_rules! a {{ () => {{ {} }} }}",
            "#[a] mod a {{ {} }}",
        ] {
            let file = around.replacen("{}", &format!("struct Deposit; {BLOCK}"), 1);
            let file = file.replace("{{", "{").replace("}}", "}");
            assert_eq!(taken(&file), None, "{file}");
        }
        assert_eq!(taken(&format!("struct Deposit; #[wrap] {BLOCK}")), None);
    }

    #[test]
    fn a_name_is_taken_by_what_is_there_for_sure() {
        for beside in [
            "struct Deposit;",
            "#[allow(a)] pub(crate) unsafe trait Deposit {}",
            "use a::Deposit; struct Other { a: Deposit }",
            "use a::b::{self, c as Deposit}; fn f(a: u8, b: Deposit) {}",
            "use a::Deposit; impl A { fn f() -> Deposit { g() } }",
            "use a::Deposit; fn f() { let a: Vec<Deposit<u8>> = g(); }",
        ] {
            let file = format!("mod a {{ {beside} #[cfg(a)] #[commands] impl Account {{}} }}");
            assert!(taken(&file).is_some(), "{file}");
        }
    }
}
