//! A counterexample for every mistake. `UPDATE_COUNTEREXAMPLES=1 cargo test` writes the page anew, and a change of it is
//! reviewed.

use std::{
    env,
    fmt::Write,
    fs,
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use stateright::{Checker, HasDiscoveries, Model, Property};

use super::{Action, LogModel, State, mistakes::Mistake, story};
use crate::store::postgres::mistakes::Mistake as StormMistake;

const HEAD: &str = "# Counterexamples

Each mistake that readers and writers of the log can make, with the fewest steps that show it. A test finds them and writes
this page. The comment in `tests/log_model/mod.rs` explains the right rule.
";

#[test]
fn every_mistake_has_a_counterexample() {
    let mut page = HEAD.to_owned();
    for mistake in Mistake::ALL {
        let (what, breaks) = (mistake.what(), mistake.breaks());
        write!(page, "\n## {mistake:?}\n\n{what}\n\nBroken: {breaks}.\n\n").unwrap();
        let model = mistake.model();
        let (states, actions) = counterexample(model.clone(), breaks);
        for (number, (action, around)) in (1..).zip(actions.iter().zip(states.windows(2))) {
            let step = story::step(*action, &around[0], &around[1], &model);
            writeln!(page, "{number}. {step}").unwrap();
        }
        let end = story::end(&states[actions.len()], breaks);
        writeln!(page, "\n{end}").unwrap();
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("log_model/counterexamples.md");
    if env::var_os("UPDATE_COUNTEREXAMPLES").is_some() {
        fs::write(&file, &page).unwrap();
    }
    let reviewed = fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(
        reviewed, page,
        "a counterexample has changed; see it with `UPDATE_COUNTEREXAMPLES=1 cargo test` and `git diff`"
    );
}

#[test]
fn every_mistake_of_the_storm_is_in_the_model() {
    let names = Mistake::ALL.map(|mistake| format!("{mistake:?}"));
    for mistake in StormMistake::ALL {
        assert!(names.contains(&format!("{mistake:?}")), "{mistake:?}");
    }
}

/// The states on a shortest way from the start to one in which a property is broken, and the actions between them.
fn counterexample(model: LogModel, breaks: &'static str) -> (Vec<State>, Vec<Action>) {
    let mistake = model.mistake;
    let search = Search {
        model,
        breaks,
        found: AtomicBool::new(false),
    };
    // One thread, so that states come in the order of their distance from the start.
    let checker = search.checker().finish_when(HasDiscoveries::Any);
    let found = checker.spawn_bfs().join().discovery(breaks);
    let path = found.unwrap_or_else(|| panic!("the model must catch {mistake:?}"));
    (path.clone().into_states(), path.into_actions())
}

/// A model with one property, which is broken no more than once. Of all the states that break a property, the checker would
/// keep the last one that it meets before it stops. The nearest is the first.
struct Search {
    model: LogModel,
    breaks: &'static str,
    found: AtomicBool,
}

impl Model for Search {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        self.model.init_states()
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        self.model.actions(state, actions);
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        self.model.next_state(state, action)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always(self.breaks, |search: &Self, state| {
            let holds = search.model.property(search.breaks).condition;
            search.found.load(Ordering::Relaxed)
                || holds(&search.model, state)
                || search.found.swap(true, Ordering::Relaxed)
        })]
    }
}
