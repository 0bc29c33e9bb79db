//! The items in the scope of an attribute.

use std::ptr;

use quote::ToTokens as _;
use syn::{
    Attribute, Block, GenericParam, Generics, ImplItem, ImplItemFn, Item, ItemImpl, ItemMod,
    ItemUse, Path, Stmt, TypePath,
    visit::{self, Visit},
};

use super::{
    items::{
        attribute, attributes, command, declared, derives, has_word, imports, is_certain,
        is_conditional,
    },
    place::Place,
};

/// The items beside an attribute, which stands above one of them.
///
/// Items that another build may not have, or that another macro may change, are left out.
#[derive(Default)]
pub(crate) struct Scope<'a> {
    items: Vec<&'a Item>,
    /// The types and modules that are declared, each with what it is, as in "an event".
    declared: Vec<(String, &'static str)>,
    aggregates: Vec<String>,
    /// The names that are imported, each with its path.
    imported: Vec<(String, Vec<String>)>,
    blocks: Vec<CommandsBlock>,
    /// Which of the blocks the attribute stands above, if it stands above one.
    own: Option<usize>,
}

/// A struct under `#[command]`.
pub(crate) const COMMAND: &str = "a command with a struct of its own";

struct CommandsBlock {
    /// The aggregate, as the impl names it.
    aggregate: String,
    /// The functions that become commands, each with the command's name.
    commands: Vec<(String, String)>,
}

impl<'a> Scope<'a> {
    pub(super) fn read(place: &Place<'a>) -> Self {
        let certain = |item: &&&Item| attributes(item).iter().all(is_certain);
        let items: Vec<&Item> = place.scope.iter().filter(certain).copied().collect();
        let mut scope = Self {
            imported: imports(items.iter().copied()),
            ..Self::default()
        };
        for item in &items {
            match item {
                Item::Impl(block) if attribute(&block.attrs, "commands").is_some() => {
                    if ptr::eq(*item, place.item) {
                        scope.own = Some(scope.blocks.len());
                    }
                    scope.blocks.push(CommandsBlock::read(block));
                }
                _ => scope.declare(item),
            }
        }
        scope.items = items;
        scope
    }

    fn declare(&mut self, item: &Item) {
        let Some((keyword, name)) = declared(item) else {
            return;
        };
        let attributes = attributes(item);
        let is = |word| attribute(attributes, word).is_some();
        let mut derives = derives(attributes).into_iter();
        let is_aggregate = is("aggregate")
            && derives.any(|path| path.last().is_some_and(|last| last == "Aggregate"));
        if is_aggregate {
            self.aggregates.push(name.to_string());
        }
        let what = match keyword {
            _ if is("event") => "an event",
            _ if is("value") => "a value",
            _ if is("command") => COMMAND,
            _ if is_aggregate => "an aggregate",
            "struct" => "a struct",
            "enum" => "an enum",
            "union" => "a union",
            "trait" => "a trait",
            "type alias" => "a type alias",
            _ => "a module",
        };
        self.declared.push((name.to_string(), what));
    }

    /// What has the name beside the current block, in words. Of two commands, the upper one has it.
    pub(crate) fn taken(&self, name: &str) -> Option<String> {
        if let Some(what) = self.written(name) {
            return Some(what.to_owned());
        }
        let aggregate = name.strip_suffix("Event");
        if aggregate.is_some_and(|aggregate| self.aggregates.iter().any(|one| one == aggregate)) {
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
        if let Some((_, what)) = declared.find(|(found, _)| found == name) {
            return Some(what);
        }
        let is_imported = self.imported.iter().any(|(found, _)| found == name);
        // An import can also be a macro or a value.
        let mut items = self.items.iter();
        (is_imported && items.any(|item| UseAsType::is_in(item, name))).then_some("an import")
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

impl CommandsBlock {
    fn read(block: &ItemImpl) -> Self {
        let commands = block.items.iter().filter_map(|item| match item {
            ImplItem::Fn(function) if !is_conditional(&function.attrs) => {
                Some((function.sig.ident.to_string(), command(function)?))
            }
            _ => None,
        });
        Self {
            aggregate: block.self_ty.to_token_stream().to_string().replace(' ', ""),
            commands: commands.collect(),
        }
    }
}

/// Whether an item certainly uses a name as a type. Macro calls, modules, and names behind a path prove nothing, nor does an item in which
/// the name means something else or a `cfg` stands.
struct UseAsType<'a> {
    name: &'a str,
    is_found: bool,
    is_certain: bool,
}

impl<'a> UseAsType<'a> {
    fn is_in(item: &Item, name: &'a str) -> bool {
        let mut search = Self {
            name,
            is_found: false,
            is_certain: true,
        };
        search.visit_item(item);
        search.is_found && search.is_certain
    }
}

impl<'ast> Visit<'ast> for UseAsType<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if attributes(item).iter().all(is_certain) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, _: &'ast ItemMod) {}

    fn visit_item_use(&mut self, _: &'ast ItemUse) {}

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        if function.attrs.iter().all(is_certain) {
            visit::visit_impl_item_fn(self, function);
        }
    }

    fn visit_attribute(&mut self, found: &'ast Attribute) {
        self.is_certain &= !is_conditional(std::slice::from_ref(found));
    }

    fn visit_generics(&mut self, generics: &'ast Generics) {
        let is_here = |parameter: &GenericParam| match parameter {
            GenericParam::Type(parameter) => parameter.ident == self.name,
            GenericParam::Const(parameter) => parameter.ident == self.name,
            GenericParam::Lifetime(_) => false,
        };
        self.is_certain &= !generics.params.iter().any(is_here);
        visit::visit_generics(self, generics);
    }

    fn visit_block(&mut self, block: &'ast Block) {
        let is_nearer = |statement: &Stmt| match statement {
            Stmt::Item(Item::Use(item)) => has_word(&item.tree, self.name),
            Stmt::Item(item) => declared(item).is_some_and(|(_, found)| found == self.name),
            _ => false,
        };
        if !block.stmts.iter().any(is_nearer) {
            visit::visit_block(self, block);
        }
    }

    fn visit_type_path(&mut self, ty: &'ast TypePath) {
        self.is_found |= ty.qself.is_none() && ty.path.is_ident(self.name);
        visit::visit_type_path(self, ty);
    }

    fn visit_path(&mut self, path: &'ast Path) {
        let first = &path.segments[0];
        let is_type = path.segments.len() > 1 || !first.arguments.is_none();
        self.is_found |= path.leading_colon.is_none() && is_type && first.ident == self.name;
        visit::visit_path(self, path);
    }
}

#[cfg(test)]
mod tests {
    use proc_macro2::LineColumn;

    use super::{Place, Scope};

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
    fn helper(&self) {} }
#[event]
struct Closed;
#[commands]
impl Account { #[handle] fn open_it(&self) {} }
enum Kind { Deposit }
fn follow(tail: Tail) -> log::Kind { Key::<Account>::new() }
"#;

    fn beside_in<T>(
        text: &str,
        (line, column): (usize, usize),
        read: impl FnOnce(&Scope<'_>) -> T,
    ) -> Option<T> {
        let file = syn::parse_file(text).unwrap();
        let column = column - 1;
        let place = Place::find(&file, LineColumn { line, column })?;
        Some(read(&Scope::read(&place)))
    }

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
        assert_eq!(beside(18, "OpenIt"), function("open_it"));
        assert_eq!(beside(18, "Shut"), function("close"));
        assert_eq!(beside(18, "Relocate"), (None, true));
        assert_eq!(beside(18, "TryIt"), (None, true));
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
