//! Commands: structs made of arguments, and what functions may return.

use std::{convert::Infallible, fmt};

use intent_runtime::{Decision, prelude::*};
use serde_json::json;

use super::account::{
    Account, AccountEvent, Address, Close, Closed, Deposit, Money, Open, Opened, Refused, Relocate,
    Withdraw,
};

fn id() -> Id<Account> {
    Id::from_name("1")
}

fn account() -> Account {
    let open = Open {
        id: id(),
        owner: "Ada".into(),
    };
    Account::create(open, &Context::new()).unwrap().0
}

fn decide<A: Decide<C>, C: Command<Aggregate = A>>(
    state: Option<&A>,
    command: C,
) -> Result<Decision<A>, A::Error> {
    A::decide(state, command, &Context::new())
}

fn events<A: Aggregate, E: fmt::Debug>(decision: Result<Decision<A>, E>) -> Vec<A::Event> {
    match decision.unwrap() {
        Decision::Events(events) => events,
        Decision::NotFound => panic!("not found"),
        Decision::AlreadyExists => panic!("already exists"),
    }
}

#[test]
fn a_command_is_made_of_the_arguments() {
    let amount = Money { cents: 5 };
    let deposit = Deposit {
        id: id(),
        amount,
        channel: "web".into(),
    };
    let json = json!({ "id": id(), "amount": { "cents": 5 }, "channel": "web" });
    assert_eq!(serde_json::to_value(&deposit).unwrap(), json);
    assert_eq!(
        serde_json::from_value::<Deposit>(json).unwrap(),
        deposit.clone()
    );
    assert_eq!((Deposit::NAME, Deposit::DOC), ("Deposit", "Puts money in."));
    assert_eq!(deposit.target(), id());
    // The context is no part of the command.
    let _ = Close { id: id() };
}

#[test]
fn its_schema_describes_a_form() {
    let schema = serde_json::to_value(schemars::schema_for!(Deposit)).unwrap();
    assert_eq!(schema["title"], "Deposit");
    assert_eq!(schema["description"], "Puts money in.");
    assert_eq!(schema["required"], json!(["id", "amount", "channel"]));
    let open = serde_json::to_value(schemars::schema_for!(Open)).unwrap();
    assert_eq!(
        open.get("description"),
        None,
        "generated comments stay out of the schema"
    );
}

#[test]
fn a_command_of_ones_own_names_its_aggregate_by_its_id() {
    let to = Address {
        street: "Main Street".into(),
    };
    let relocate = Relocate { account: id(), to };
    assert_eq!(relocate.target(), id());
    let decided = events(decide(Some(&account()), relocate));
    assert!(matches!(decided.as_slice(), [AccountEvent::Moved(_)]));
}

#[test]
fn creating_and_continuing_look_at_the_stream() {
    let open = Open {
        id: id(),
        owner: "Ada".into(),
    };
    let state = account();
    let again = decide(Some(&state), open.clone());
    assert!(matches!(again, Ok(Decision::AlreadyExists)));
    assert!(matches!(
        decide(None, Close { id: id() }),
        Ok(Decision::NotFound)
    ));
    assert_eq!(
        events(decide(None, open)),
        [Opened {
            owner: "Ada".into()
        }
        .into()]
    );
    assert_eq!(
        events(decide(Some(&state), Close { id: id() })),
        [Closed.into()]
    );
}

#[test]
fn a_refusal_is_the_domains_own_error() {
    let asked = Money { cents: 1 };
    let refused = decide(
        Some(&account()),
        Withdraw {
            id: id(),
            amount: asked,
        },
    );
    let balance = Money { cents: 0 };
    assert_eq!(refused.unwrap_err(), Refused::Overdrawn { balance, asked });
}

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("odd")]
pub struct Odd;

#[event]
pub struct Began {
    pub parent: Option<Id<Counter>>,
}

#[event]
pub struct Counted {
    pub by: u8,
}

#[event]
pub struct Reset;

#[derive(Aggregate, Debug, PartialEq)]
#[aggregate(created_by(Began), events(Counted, Reset))]
pub struct Counter {
    #[id]
    pub id: Id<Self>,
    #[on(Counted += |e| e.by, Reset = 0)]
    pub count: u8,
}

#[commands]
impl Counter {
    #[create]
    fn begin(
        #[serde(default)]
        /// The counter it was split from.
        parent: Option<Id<Self>>,
    ) -> Began {
        Began { parent }
    }

    #[handle]
    fn one(&self) -> Counted {
        Counted { by: 1 }
    }

    #[handle]
    fn maybe(&self, mut by: u8) -> Option<Counted> {
        by *= 1;
        (by > 0).then_some(Counted { by })
    }

    #[handle(allow("keeper"))]
    fn two(&self) -> (Counted, Reset) {
        (Counted { by: 2 }, Reset)
    }

    #[handle]
    fn more(&self) -> (Counted, Option<Reset>) {
        (Counted { by: 3 }, None)
    }

    #[handle]
    fn many(&self) -> Vec<CounterEvent> {
        vec![Counted { by: 4 }.into(), Reset.into()]
    }

    #[handle]
    fn each(&self) -> [Counted; 2] {
        [Counted { by: 5 }, Counted { by: 6 }]
    }

    #[handle]
    #[expect(
        clippy::unused_unit,
        reason = "written out, it is one of the return types"
    )]
    fn nothing(&self) -> () {}

    #[handle]
    fn silent(&self) {}

    #[handle]
    fn even(&self, by: u8) -> std::result::Result<Vec<Counted>, Odd> {
        if by % 2 == 1 {
            return Err(Odd);
        }
        Ok(vec![Counted { by }])
    }

    #[handle(name = Clear, allow("keeper"))]
    fn reset(&self) -> Result<(), Infallible> {
        Ok(())
    }

    #[create(Count, allow("keeper", "guest"))]
    fn begin_counting(_: Count) -> (Began, Counted) {
        (Began { parent: None }, Counted { by: 1 })
    }

    #[handle(Count, allow("guest", "keeper"))]
    fn count(&self, count: Count) -> Result<Counted, Odd> {
        if count.by % 2 == 1 {
            return Err(Odd);
        }
        Ok(Counted { by: count.by })
    }

    #[handle]
    fn split(&self, ctx: &Context, state: String) -> Began {
        let _ = state;
        let parent = Some(ctx.new_id());
        Began { parent }
    }

    #[cfg(any())]
    #[handle]
    fn never(&self, absent: NoSuchType) -> Reset {
        Reset
    }

    /// Unmarked functions are left as they are.
    fn total(&self) -> u8 {
        self.count
    }
}

#[command]
pub struct Count {
    #[id]
    pub counter: Id<Counter>,
    pub by: u8,
}

fn counter() -> Counter {
    let id = Id::from_name("1");
    let begin = Begin { id, parent: None };
    Counter::create(begin, &Context::new()).unwrap().0
}

#[test]
fn every_allowed_return_type_becomes_events() {
    let counter = counter();
    let id = counter.id;
    let by = |by| CounterEvent::from(Counted { by });
    let reset = || CounterEvent::from(Reset);
    let state = Some(&counter);
    assert_eq!(events(decide(state, One { id })), [by(1)]);
    assert_eq!(events(decide(state, Maybe { id, by: 0 })), []);
    assert_eq!(events(decide(state, Maybe { id, by: 9 })), [by(9)]);
    assert_eq!(events(decide(state, Two { id })), [by(2), reset()]);
    assert_eq!(events(decide(state, More { id })), [by(3)]);
    assert_eq!(events(decide(state, Many { id })), [by(4), reset()]);
    assert_eq!(events(decide(state, Each { id })), [by(5), by(6)]);
    assert_eq!(events(decide(state, Nothing { id })), []);
    assert_eq!(events(decide(state, Silent { id })), []);
    assert_eq!(events(decide(state, Even { id, by: 2 })), [by(2)]);
    assert_eq!(decide(state, Even { id, by: 1 }).unwrap_err(), Odd);
    assert_eq!(events(decide(state, Clear { id })), []);
    assert_eq!(counter.total(), 0);
}

#[test]
fn one_command_may_create_and_continue() {
    let counter = counter();
    let count = |by| Count {
        counter: counter.id,
        by,
    };
    assert_eq!(events(decide(None, count(2))).len(), 2);
    assert_eq!(
        events(decide(Some(&counter), count(2))),
        [Counted { by: 2 }.into()]
    );
    assert_eq!(decide(Some(&counter), count(3)).unwrap_err(), Odd);
}

#[test]
fn the_same_context_decides_the_same() {
    let counter = counter();
    let command_id = intent_runtime::CommandId::new();
    let decided = || {
        let context = Context::new().with_command_id(command_id);
        let split = Split {
            id: counter.id,
            state: String::new(),
        };
        events(Counter::decide(Some(&counter), split, &context))
    };
    assert_eq!(decided(), decided());
}

#[test]
fn attributes_on_arguments_are_those_of_the_fields() {
    let id = Id::<Counter>::from_name("1");
    let begin: Begin = serde_json::from_value(json!({ "id": id })).unwrap();
    assert_eq!(begin, Begin { id, parent: None });
    let schema = serde_json::to_value(schemars::schema_for!(Begin)).unwrap();
    let parent = &schema["properties"]["parent"];
    assert_eq!(parent["description"], "The counter it was split from.");
}

mod of_ones_own {
    use intent_runtime::prelude::*;

    #[value]
    pub struct Context {
        pub title: String,
    }

    #[event]
    pub struct Begun {
        pub context: Context,
    }

    #[event]
    pub struct Ended;

    #[derive(Aggregate)]
    #[aggregate(created_by(Begun), events(Ended => ()))]
    pub struct Talk {
        #[id]
        pub id: Id<Talk>,
    }

    #[commands]
    impl Talk {
        #[create]
        pub fn begin(about: self::Context, ctx: &intent_runtime::Context) -> Begun {
            let _ = ctx;
            Begun { context: about }
        }

        #[handle]
        #[allow(clippy::needless_arbitrary_self_type)]
        pub fn end(self: &Self, #[cfg(any())] gone: Gone, #[cfg(not(any()))] there: u8) -> Ended {
            let _ = there;
            Ended
        }

        #[handle]
        pub fn resume(self: &self::Talk) -> Ended {
            Ended
        }
    }
}

#[test]
fn the_words_of_a_signature_may_be_written_out_and_be_conditional() {
    use of_ones_own::{Begin, Begun, Context as Subject, End, Ended, Resume, Talk, TalkEvent};

    let (id, about) = (
        Id::<Talk>::from_name("1"),
        Subject {
            title: "events".into(),
        },
    );
    let begin = Begin {
        id,
        about: about.clone(),
    };
    let (talk, begun) = Talk::create(begin, &Context::new()).unwrap();
    assert_eq!(begun, [TalkEvent::from(Begun { context: about })]);
    assert_eq!(
        events(decide(Some(&talk), End { id, there: 1 })),
        [Ended.into()]
    );
    assert_eq!(events(decide(Some(&talk), Resume { id })), [Ended.into()]);
}

#[tokio::test]
async fn the_block_registers_its_commands() {
    let app = App::connect(
        "memory:",
        Domain::of::<Counter>().roles(["keeper", "guest"]),
    )
    .await
    .unwrap();
    let kinds = &app.catalogue().aggregates()[0].commands;
    let names: Vec<_> = kinds.iter().map(|kind| kind.name).collect();
    assert_eq!(names[..3], ["Begin", "One", "Maybe"]);
    assert_eq!(names.len(), 13);
}

#[test]
fn a_mark_says_which_roles_may_send_the_command() {
    fn allowed<C: Command>() -> &'static [&'static str] {
        <C::Aggregate as Decide<C>>::ALLOWED
    }
    assert_eq!(allowed::<Two>(), ["keeper"]);
    assert_eq!(allowed::<Clear>(), ["keeper"]);
    assert_eq!(allowed::<Count>(), ["keeper", "guest"]);
    assert_eq!(allowed::<One>(), [""; 0], "everybody may");
}
