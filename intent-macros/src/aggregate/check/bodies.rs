//! What a rule's expression must keep to: it sees the event and its own field, at once, and cannot fail.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{
    Expr, ExprAsync, ExprAwait, ExprClosure, ExprTry, Ident, Local, Pat, PatIdent, Type,
    visit::{self, Visit},
};

use super::super::{
    attrs::{Change, Rule},
    model::{Aggregate, Field},
};
use crate::{
    stored::storable::PLAIN,
    syntax::{
        diag::{Diagnostics, Mistake},
        paths::{last_ident, same},
        respan::snake_case,
    },
};

const BLIND: &str = "a rule sees only the event and its own field";
const WAITS: &str = "a rule runs at once and cannot wait";
const FETCH: &str =
    "fetch what it needs before the command is sent, and make it a field of the event";

/// Reports what the rules of `aggregate` reach for and do not have.
pub(super) fn check(diag: &Diagnostics, aggregate: &Aggregate<'_>) {
    let fields: Vec<&Ident> = aggregate.fields.iter().map(|field| field.ident).collect();
    for field in &aggregate.fields {
        for rule in &field.rules {
            let (closure, body) = match &rule.change {
                Change::Assign(Expr::Closure(closure))
                | Change::Operate(_, Expr::Closure(closure))
                | Change::InPlace(closure) => (Some(closure), closure.body.as_ref()),
                Change::Assign(value) | Change::Operate(_, value) => (None, value),
            };
            if closure.is_some_and(|closure| parameters(diag, field, rule, closure)) {
                continue;
            }
            if let Some(word) = receiver(body.to_token_stream()) {
                diag.add(Mistake::at(word, BLIND).help(a_function(rule)));
                continue;
            }
            let mut reached = Reached {
                fails: fails(field, rule),
                has_event: closure.is_some(),
                ..Reached::default()
            };
            for parameter in closure.into_iter().flat_map(|closure| &closure.inputs) {
                reached.visit_pat(parameter);
            }
            reached.operand(body);
            reached.visit_expr(body);
            reached.report(diag, field, rule, &fields);
        }
    }
}

/// Whether a parameter is of a type that a rule is not given, or the closure waits, which is reported.
fn parameters(diag: &Diagnostics, field: &Field<'_>, rule: &Rule, closure: &ExprClosure) -> bool {
    if let Some(asyncness) = &closure.asyncness {
        diag.add(Mistake::at(asyncness, WAITS).help(FETCH));
        return true;
    }
    let types = closure.inputs.iter().map(|parameter| match parameter {
        Pat::Type(typed) => Some(typed.ty.as_ref()),
        _ => None,
    });
    let types: Vec<Option<&Type>> = types.collect();
    let (in_place, event) = match types.as_slice() {
        [event] => (None, *event),
        [in_place, event] => (*in_place, *event),
        _ => return false,
    };
    let is_event = |ty: &&Type| matches!(ty, Type::Path(path) if last_ident(&path.path) == last_ident(&rule.event));
    let is_field = |ty: &&Type| same(ty, field.ty());
    let (blame, fact, form) = match (event.filter(is_event), in_place.filter(is_field)) {
        (Some(event), _) => (event, "a rule borrows the event", "&"),
        (None, Some(in_place)) => (
            in_place,
            "a rule changes the field through a reference",
            "&mut ",
        ),
        (None, None) => return false,
    };
    let help = format!(
        "write `{form}{}`, or leave the type out",
        blame.to_token_stream()
    );
    diag.add(Mistake::at(blame, fact).help(help));
    true
}

/// What does the work of a rule that needs more than it sees.
fn a_function(rule: &Rule) -> String {
    let event = last_ident(&rule.event)
        .map(ToString::to_string)
        .unwrap_or_default();
    let function = snake_case(&event);
    format!(
        "use a function: `{event} => Self::{function}` in `#[aggregate(..)]`, and no rule for `{event}`"
    )
}

/// The first `self` that is a value, not the beginning of a path.
fn receiver(tokens: TokenStream) -> Option<TokenTree> {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match &token {
            TokenTree::Group(group) => {
                let inside = receiver(group.stream());
                if inside.is_some() {
                    return inside;
                }
            }
            TokenTree::Ident(word) if word == "self" => {
                let is_path =
                    matches!(tokens.peek(), Some(TokenTree::Punct(next)) if next.as_char() == ':');
                if !is_path {
                    return Some(token);
                }
            }
            _ => {}
        }
    }
    None
}

/// Whether `?` has nothing to leave the rule with: its value goes into a field that is neither an `Option` nor a `Result`,
/// as far as the field's words tell.
fn fails(field: &Field<'_>, rule: &Rule) -> bool {
    let known = |ident: &Ident| PLAIN.iter().any(|plain| ident == plain) || ident == "Vec";
    match &rule.change {
        Change::InPlace(_) => true,
        Change::Assign(_) | Change::Operate(..) => {
            matches!(field.ty(), Type::Path(path) if last_ident(&path.path).is_some_and(known))
        }
    }
}

/// What an expression reaches for.
#[derive(Default)]
struct Reached {
    /// Names that it declares itself, parameters among them.
    declared: Vec<Ident>,
    /// Names that stand where only a value can.
    values: Vec<Ident>,
    /// Names whose fields are looked at.
    bases: Vec<Ident>,
    /// Whether there is a closure, which takes the event.
    has_event: bool,
    /// Whether `?` is a mistake.
    fails: bool,
    /// How many closures and `async` blocks stand around what is looked at: `?` and `.await` are theirs.
    depth: usize,
    tried: Vec<ExprTry>,
    awaited: Vec<ExprAwait>,
}

impl Reached {
    fn operand(&mut self, operand: &Expr) {
        if let Expr::Path(path) = operand
            && let Some(ident) = path.path.get_ident()
        {
            self.values.push(ident.clone());
        }
    }

    fn report(self, diag: &Diagnostics, field: &Field<'_>, rule: &Rule, fields: &[&Ident]) {
        for awaited in &self.awaited {
            diag.add(Mistake::at(awaited.await_token, WAITS).help(FETCH));
        }
        for tried in &self.tried {
            let fact = "a rule cannot fail: its event has happened";
            let help = "refuse in the command what may be wrong, or give another value here";
            diag.add(Mistake::at(tried.question_token, fact).help(help));
        }
        let is_other = |value: &&Ident| fields.contains(value) && !self.declared.contains(value);
        if let Some(value) = self.values.iter().find(is_other) {
            let event = last_ident(&rule.event)
                .map(ToString::to_string)
                .unwrap_or_default();
            let (fact, help) = match &rule.change {
                _ if value != field.ident => (BLIND, a_function(rule)),
                Change::InPlace(_) => (BLIND, "use the first parameter of the closure".to_owned()),
                _ => (
                    "the value of a rule is made from the event alone",
                    format!("change the field in place: `{event} => |{value}, e| *{value} = …`"),
                ),
            };
            diag.add(Mistake::at(value, fact).help(help));
        } else if let Some(base) = self
            .bases
            .iter()
            .find(|base| !self.has_event && !self.declared.contains(base))
        {
            // A name in lower case that has fields is a parameter, and there is none.
            let fact = format!("`{base}` is not known here: a closure takes the event");
            let help = format!("write `|{base}| …`");
            diag.add(Mistake::at(base, fact).help(help));
        }
    }

    fn base(&mut self, base: &Expr) {
        if let Expr::Path(path) = base
            && let Some(ident) = path.path.get_ident()
            && ident.to_string().starts_with(char::is_lowercase)
        {
            self.bases.push(ident.clone());
        }
    }
}

impl<'ast> Visit<'ast> for Reached {
    fn visit_pat_ident(&mut self, pattern: &'ast PatIdent) {
        self.declared.push(pattern.ident.clone());
        visit::visit_pat_ident(self, pattern);
    }

    fn visit_expr(&mut self, expr: &'ast Expr) {
        match expr {
            Expr::Binary(binary) => {
                self.operand(&binary.left);
                self.operand(&binary.right);
            }
            Expr::Unary(unary) => self.operand(&unary.expr),
            Expr::MethodCall(call) => self.operand(&call.receiver),
            Expr::Field(field) => {
                self.operand(&field.base);
                self.base(&field.base);
            }
            Expr::Index(index) => self.operand(&index.expr),
            Expr::Reference(reference) => self.operand(&reference.expr),
            Expr::If(condition) => self.operand(&condition.cond),
            Expr::While(condition) => self.operand(&condition.cond),
            Expr::Match(matched) => self.operand(&matched.expr),
            Expr::Return(returned) => returned.expr.iter().for_each(|value| self.operand(value)),
            _ => {}
        }
        visit::visit_expr(self, expr);
    }

    fn visit_local(&mut self, local: &'ast Local) {
        if let Some(init) = &local.init {
            self.operand(&init.expr);
        }
        visit::visit_local(self, local);
    }

    fn visit_expr_closure(&mut self, closure: &'ast ExprClosure) {
        self.depth += 1;
        visit::visit_expr_closure(self, closure);
        self.depth -= 1;
    }

    fn visit_expr_async(&mut self, block: &'ast ExprAsync) {
        self.depth += 1;
        visit::visit_expr_async(self, block);
        self.depth -= 1;
    }

    fn visit_expr_try(&mut self, tried: &'ast ExprTry) {
        if self.fails && self.depth == 0 {
            self.tried.push(tried.clone());
        }
        visit::visit_expr_try(self, tried);
    }

    fn visit_expr_await(&mut self, awaited: &'ast ExprAwait) {
        if self.depth == 0 {
            self.awaited.push(awaited.clone());
        }
        visit::visit_expr_await(self, awaited);
    }
}
