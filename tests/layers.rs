//! `intent-runtime/src` is built in layers: a file imports from its own layer and from those below it, and each thing from the
//! module that defines it. See ARCHITECTURE.md.

use std::{
    fs,
    path::{Path, PathBuf},
};

use syn::{Item, UseTree, visit::Visit};

/// The layers, from top to bottom.
const LAYERS: [&str; 14] = [
    "macro_support",
    "app",
    "testing",
    "read_model",
    "worker",
    "log",
    "transfer",
    "by_name",
    "dispatch",
    "schema",
    "model",
    "store",
    "telemetry",
    "record",
];

/// One path that a file names: `crate::store::error::StoreError`.
type CratePath = Vec<String>;

/// Collects the paths that begin with `crate`, of imports and within code. Doc comments and macros' arguments are left out.
#[derive(Default)]
struct Paths(Vec<CratePath>);

impl<'ast> Visit<'ast> for Paths {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let mut stack = vec![(Vec::new(), &item.tree)];
        while let Some((mut path, tree)) = stack.pop() {
            match tree {
                UseTree::Path(part) => {
                    path.push(part.ident.to_string());
                    stack.push((path, &part.tree));
                }
                UseTree::Group(group) => {
                    stack.extend(group.items.iter().map(|tree| (path.clone(), tree)));
                }
                UseTree::Name(name) if name.ident == "self" => self.note(path),
                UseTree::Name(name) => self.note([path, vec![name.ident.to_string()]].concat()),
                UseTree::Rename(name) => self.note([path, vec![name.ident.to_string()]].concat()),
                UseTree::Glob(_) => self.note([path, vec!["*".to_owned()]].concat()),
            }
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.note(
            path.segments
                .iter()
                .map(|part| part.ident.to_string())
                .collect(),
        );
        syn::visit::visit_path(self, path);
    }
}

impl Paths {
    fn note(&mut self, path: CratePath) {
        if path.len() > 1 && path[0] == "crate" {
            self.0.push(path);
        }
    }
}

/// What is wrong with the imports of a file, whose path is relative to `root`.
fn mistakes(root: &Path, file: &Path, text: &str) -> Vec<String> {
    let layer = file.iter().next().unwrap().to_str().unwrap();
    let place = |layer: &str| LAYERS.iter().position(|known| *known == layer);
    let own = place(layer).unwrap_or_else(|| panic!("{layer} is no layer"));
    let mut paths = Paths::default();
    paths.visit_file(&syn::parse_file(text).unwrap());
    let judged = paths.0.iter().filter_map(|path| {
        let what = path.join("::");
        match place(&path[1]) {
            // An exported macro is at the root.
            None if path[1].starts_with("__") => None,
            None => Some(format!(
                "{what} is not named from the module that defines it"
            )),
            Some(other) if other < own => Some(format!("{what} is above `{layer}`")),
            Some(_) => defined_elsewhere(root, path),
        }
    });
    judged
        .map(|mistake| format!("{}: {mistake}", file.display()))
        .collect()
}

/// That a path goes through a module which only hands its item on.
fn defined_elsewhere(root: &Path, path: &CratePath) -> Option<String> {
    let mut module = root.to_owned();
    for name in &path[1..] {
        let next = module.join(name);
        if next.is_dir() || next.with_extension("rs").is_file() {
            module = next;
            continue;
        }
        let file = [module.join("mod.rs"), module.with_extension("rs")];
        let file = file.into_iter().find(|file| file.is_file()).unwrap();
        let items = syn::parse_file(&fs::read_to_string(file).unwrap())
            .unwrap()
            .items;
        let handed_on = items.iter().any(|item| hands_on(item, name));
        return (handed_on && !items.iter().any(|item| is_macro(item, name))).then(|| {
            let what = path.join("::");
            format!("{what} is not named from the module that defines it")
        });
    }
    None
}

/// Whether an item is an import of this name.
fn hands_on(item: &Item, name: &str) -> bool {
    let Item::Use(item) = item else { return false };
    let mut trees = vec![&item.tree];
    while let Some(tree) = trees.pop() {
        match tree {
            UseTree::Path(path) => trees.push(&path.tree),
            UseTree::Group(group) => trees.extend(&group.items),
            UseTree::Name(it) if it.ident == name => return true,
            UseTree::Rename(it) if it.rename == name => return true,
            _ => {}
        }
    }
    false
}

/// Whether an item is a macro of this name, which its module exports by an import of its own.
fn is_macro(item: &Item, name: &str) -> bool {
    matches!(item, Item::Macro(item) if item.ident.as_ref().is_some_and(|it| it == name))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../intent-runtime/src")
}

/// Every file below the root but `lib.rs`, which is where users find everything.
fn files(root: &Path) -> Vec<PathBuf> {
    let mut folders = vec![root.to_owned()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") && path != root.join("lib.rs") {
                files.push(path.strip_prefix(root).unwrap().to_owned());
            }
        }
    }
    files
}

#[test]
fn imports_go_down_and_to_where_things_are_defined() {
    let root = root();
    let files = files(&root);
    assert!(files.len() > 100);
    let mistakes: Vec<String> = files
        .iter()
        .flat_map(|file| mistakes(&root, file, &fs::read_to_string(root.join(file)).unwrap()))
        .collect();
    assert!(mistakes.is_empty(), "{mistakes:#?}");
}

#[test]
fn what_looks_upward_is_found() {
    let planted = |text: &str| mistakes(&root(), Path::new("store/planted.rs"), text);
    assert_eq!(planted("use crate::record::version::Version;"), [""; 0]);
    assert_eq!(
        planted("/// See [`App`](crate::App).\nstruct Documented;"),
        [""; 0]
    );
    for (text, what) in [
        (
            "use crate::model::aggregate::Aggregate;",
            "crate::model::aggregate::Aggregate is above `store`",
        ),
        (
            "use crate::{record::id, dispatch::load::Loaded};",
            "crate::dispatch::load::Loaded is above `store`",
        ),
        (
            "fn f(_: &crate::app::App) {}",
            "crate::app::App is above `store`",
        ),
        (
            "use crate::Version;",
            "crate::Version is not named from the module that defines it",
        ),
        (
            "use crate::store::StoreError;",
            "crate::store::StoreError is not named from the module that defines it",
        ),
    ] {
        assert_eq!(
            planted(text),
            [format!("store/planted.rs: {what}")],
            "{text}"
        );
    }
}
