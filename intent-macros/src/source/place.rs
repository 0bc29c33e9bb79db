//! Where an attribute stands in its file.

use proc_macro2::LineColumn;
use syn::{
    Attribute, Block, File, ImplItemFn, Item, ItemMod, Stmt,
    visit::{self, Visit},
};

use super::items::{attributes, derives, imports, is_certain, last_word};

/// An attribute, the item under it, and the items beside that.
pub(super) struct Place<'a> {
    pub(super) scope: Vec<&'a Item>,
    pub(super) item: &'a Item,
    /// The attributes above this one.
    above: &'a [Attribute],
}

impl<'a> Place<'a> {
    /// The attribute at a place. `None` where a macro may have moved it, or is given the scope.
    pub(super) fn find(file: &'a File, at: LineColumn) -> Option<Self> {
        let mut search = Search {
            at,
            scope: file.items.iter().collect(),
            found: None,
        };
        search.visit_file(file);
        search.found
    }

    /// The paths of the derives above the attribute, the nearest first. A name that is imported has its whole path.
    pub(super) fn derives_above(&self) -> Vec<Vec<String>> {
        let above = self.above.iter().rev();
        let mut derives: Vec<_> = above
            .flat_map(|attribute| derives(std::slice::from_ref(attribute)))
            .collect();
        let imports = imports(self.scope.iter().copied());
        for derive in &mut derives {
            if let [name] = &derive[..]
                && let Some((_, path)) = imports.iter().find(|(found, _)| found == name)
            {
                derive.clone_from(path);
            }
        }
        derives
    }
}

struct Search<'a> {
    at: LineColumn,
    scope: Vec<&'a Item>,
    found: Option<Place<'a>>,
}

impl<'a> Search<'a> {
    fn within(&mut self, scope: Vec<&'a Item>, visit: impl FnOnce(&mut Self)) {
        let outside = std::mem::replace(&mut self.scope, scope);
        visit(self);
        self.scope = outside;
    }

    fn is_at(&self, attribute: &Attribute) -> bool {
        let end = attribute.bracket_token.span.close().end();
        attribute.pound_token.span.start() <= self.at && self.at < end
    }
}

/// Whether what is under the attribute stays where it is. What is being expanded exists, whatever its `cfg` says.
fn stays(attribute: &Attribute) -> bool {
    is_certain(attribute) || last_word(attribute) == "cfg"
}

impl<'a> Visit<'a> for Search<'a> {
    fn visit_item(&mut self, item: &'a Item) {
        let attributes = attributes(item);
        let own = attributes.iter().position(|found| self.is_at(found));
        let above = &attributes[..own.unwrap_or(attributes.len())];
        if !above.iter().all(stays) {
            return;
        }
        if own.is_some() {
            let scope = self.scope.clone();
            self.found = Some(Place { scope, item, above });
        } else {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_mod(&mut self, item: &'a ItemMod) {
        if let Some((_, items)) = &item.content {
            self.within(items.iter().collect(), |search| {
                visit::visit_item_mod(search, item);
            });
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'a ImplItemFn) {
        if item.attrs.iter().all(stays) {
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_block(&mut self, block: &'a Block) {
        let items = block.stmts.iter().filter_map(|statement| match statement {
            Stmt::Item(item) => Some(item),
            _ => None,
        });
        self.within(items.collect(), |search| visit::visit_block(search, block));
    }
}

#[cfg(test)]
mod tests {
    use proc_macro2::LineColumn;

    use super::Place;

    #[test]
    fn an_attribute_knows_the_derives_above_it() {
        let text = "use a::{b, c::Debug};\n#[derive(Debug, Clone)]\n/// Text.\n#[derive(d::Hash)]\n#[event] #[derive(Copy)] struct Closed;";
        let file = syn::parse_file(text).unwrap();
        let place = Place::find(&file, LineColumn { line: 5, column: 0 }).unwrap();
        let above = place.derives_above();
        let above: Vec<_> = above.iter().map(|path| path.join("::")).collect();
        assert_eq!(above, ["d::Hash", "a::c::Debug", "Clone"]);
    }
}
