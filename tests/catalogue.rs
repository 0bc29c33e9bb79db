//! What the catalogue says of a domain: as a value, as JSON, and as a diagram.

use std::convert::Infallible;

use intent_runtime::{
    Decision,
    catalogue::{Catalogue, Emits},
    prelude::*,
};
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

/// An order with a way of emitting each.
#[derive(Aggregate)]
#[aggregate(created_by(Placed, Imported => Self::imported), events(Packed, Sent => Self::sent, Seen => ()))]
struct Order {
    #[id]
    id: Id<Order>,
    /// What was ordered.
    #[on(Placed = |e| e.goods.clone())]
    goods: Vec<String>,
    #[on(Placed = 0, Packed += 1)]
    parcels: u32,
}

/// It was placed.
#[event]
struct Placed {
    /// What is wanted.
    goods: Vec<String>,
}

#[event]
struct Imported;

#[event(version = 2)]
struct Packed {
    #[since(2)]
    weight: Grams,
}

#[event(name = "sent \"off\"")]
struct Sent;

#[event]
struct Seen;

/// How heavy something is.
#[value]
#[derive(Default)]
struct Grams(u32);

#[derive(Debug, thiserror::Error)]
#[error("no")]
struct No;

#[commands]
impl Order {
    /// Places an order.
    #[create]
    fn place(goods: Vec<String>) -> Result<Placed, No> {
        if goods.is_empty() {
            Err(No)
        } else {
            Ok(Placed { goods })
        }
    }

    #[handle(allow("packer", "chef & \"boss\""))]
    fn pack(&self) -> (Packed, Option<Sent>) {
        (Packed { weight: Grams(1) }, None)
    }

    #[handle]
    fn pack_all(&self) -> [Packed; 0] {
        []
    }

    #[handle]
    fn catch_up(&self) -> Result<Vec<OrderEvent>, No> {
        Ok(Vec::new())
    }

    #[handle]
    fn ignore(&self) {}

    #[create(Touch)]
    fn import(_: Touch) -> Imported {
        Imported
    }

    #[handle(Touch)]
    fn touch(&self, _: Touch) -> Option<Seen> {
        None
    }

    fn imported(id: Id<Self>, _: &Imported) -> Self {
        Self {
            id,
            goods: Vec::new(),
            parcels: 0,
        }
    }

    fn sent(&mut self, _: &Sent) {
        self.parcels = 0;
    }
}

#[command]
struct Touch {
    #[id]
    order: Id<Order>,
}

/// A command whose decision is written by hand.
#[command]
struct Audit {
    #[id]
    order: Id<Order>,
}

impl Decide<Audit> for Order {
    type Error = Infallible;

    fn decide(_: Option<&Self>, _: Audit, _: &Context) -> Result<Decision<Self>, Infallible> {
        Ok(Decision::NotFound)
    }
}

fn catalogue() -> Catalogue {
    let orders = Domain::of::<Order>()
        .command::<Audit>()
        .roles(["packer", "chef & \"boss\""]);
    orders.check().unwrap();
    orders.catalogue().clone()
}

#[test]
fn the_return_types_say_which_events_a_command_may_emit() {
    let catalogue = catalogue();
    let emitted: Vec<(&str, Emits)> = catalogue.aggregates()[0]
        .commands
        .iter()
        .map(|command| (command.name, command.emits()))
        .collect();
    let events = |names: &[&'static str]| Emits::Events(names.to_vec());
    assert_eq!(
        emitted,
        [
            ("Place", events(&["Placed"])),
            ("Pack", events(&["Packed", "sent \"off\""])),
            ("PackAll", events(&["Packed"])),
            ("CatchUp", Emits::Any),
            ("Ignore", events(&[])),
            ("Touch", events(&["Imported", "Seen"])),
            ("Audit", Emits::Unknown),
        ]
    );
}

#[test]
fn the_rules_say_which_fields_an_event_changes() {
    let catalogue = catalogue();
    let changed: Vec<_> = catalogue.aggregates()[0]
        .events
        .iter()
        .map(|event| (event.name, event.creates, event.changes))
        .collect();
    assert_eq!(
        changed,
        [
            ("Placed", true, Some(["goods", "parcels"].as_slice())),
            ("Imported", true, None),
            ("Packed", false, Some(["parcels"].as_slice())),
            ("sent \"off\"", false, None),
            ("Seen", false, Some([].as_slice())),
        ]
    );
}

#[test]
fn as_json_it_has_schemas_and_comments() {
    let json = catalogue().to_json();
    assert_eq!(
        serde_json::to_value(catalogue()).unwrap(),
        json,
        "it serializes as that"
    );
    let order = &json["aggregates"][0];
    assert_eq!(order["doc"], "An order with a way of emitting each.");
    assert_eq!(order["snapshot_version"], Value::Null);
    let placed = &order["events"][0];
    assert_eq!(
        placed["schema"]["properties"]["goods"]["description"],
        "What is wanted."
    );
    assert_eq!(
        (&placed["version"], &placed["creates"]),
        (&json!(1), &json!(true))
    );
    assert_eq!(placed["changes"], json!(["goods", "parcels"]));
    let weight = &order["events"][2]["schema"]["properties"]["weight"];
    assert_eq!(
        weight["type"], "integer",
        "values are written out in their place"
    );
    let emits: Vec<&Value> = (0..7)
        .map(|index| &order["commands"][index]["emits"])
        .collect();
    assert_eq!(
        (emits[0], emits[3], emits[6]),
        (&json!(["Placed"]), &json!("any"), &Value::Null)
    );
    assert_eq!(
        (
            &order["commands"][0]["allowed"],
            &order["commands"][1]["allowed"]
        ),
        (&json!([]), &json!(["packer", "chef & \"boss\""]))
    );
    assert_eq!(order["commands"][0]["doc"], "Places an order.");
    assert_eq!(
        order["commands"][0]["schema"]["required"],
        json!(["id", "goods"])
    );
}

/// A list of steps, each of which may have steps of its own.
#[event]
struct Step {
    label: Option<Label>,
    steps: Vec<Step>,
}

#[value]
struct Label {
    text: String,
}

/// A schema of the same name as the one above.
mod other {
    use super::*;

    #[event]
    pub(super) struct Step {
        by: super::Step,
    }
}

#[derive(Aggregate)]
#[aggregate(created_by(Step), events(Revised => ()))]
struct Plan {
    #[id]
    id: Id<Plan>,
    #[on(Step = |e| e.steps.len())]
    steps: usize,
}

#[event]
struct Revised {
    step: other::Step,
    label: Label,
}

#[commands]
impl Plan {
    #[create]
    fn begin(first: Step) -> Step {
        first
    }
}

/// Definitions and references are as schemars itself writes them, also where two types share a name or one contains itself.
#[test]
fn a_schema_is_what_its_type_says_under_any_settings() {
    let catalogue = Domain::of::<Plan>().catalogue().clone();
    let [plan] = catalogue.aggregates() else {
        panic!("one aggregate: {catalogue:?}")
    };
    let inline = SchemaSettings::default().with(|settings| settings.inline_subschemas = true);
    for settings in [
        SchemaSettings::default(),
        inline,
        SchemaSettings::openapi3(),
    ] {
        let [mut ours, mut theirs] = [(); 2].map(|()| settings.clone().into_generator());
        let [first, second] = [&plan.events[0], &plan.events[1]];
        for _ in 0..2 {
            assert_eq!(second.schema(&mut ours), theirs.subschema_for::<Revised>());
            assert_eq!(first.schema(&mut ours), theirs.subschema_for::<Step>());
            assert_eq!(
                plan.commands[0].schema(&mut ours),
                theirs.subschema_for::<Begin>()
            );
        }
        assert_eq!(ours.definitions(), theirs.definitions());
    }
}

#[test]
fn as_a_diagram_it_has_an_arrow_for_each_of_them() {
    let diagram = diagram::mermaid(&catalogue());
    let arrows: Vec<&str> = diagram
        .lines()
        .map(str::trim)
        .filter(|line| line.contains("->") || line.contains("=>"))
        .collect();
    assert_eq!(
        arrows,
        [
            "a0c0 --> a0e0",
            "a0c1 --> a0e2 & a0e3",
            "a0c2 --> a0e2",
            "a0c3 -.-> a0e0 & a0e1 & a0e2 & a0e3 & a0e4",
            "a0c5 --> a0e1 & a0e4",
            "a0c6 -.->|\"?\"| a0",
            "a0e0 ==>|\"goods, parcels\"| a0",
            "a0e1 ==> a0",
            "a0e2 -->|\"parcels\"| a0",
            "a0e3 --> a0",
            "a0e4 -.-> a0",
        ]
    );
    assert!(diagram.contains("a0c0[\"Place\"]:::command"), "{diagram}");
    assert!(
        diagram.contains("a0c1[\"Pack<br/>packer, chef #38; #34;boss#34;\"]:::command"),
        "{diagram}"
    );
    assert!(
        diagram.contains("a0e3([\"sent #34;off#34;\"]):::event"),
        "{diagram}"
    );
}

/// An aggregate with a past.
#[derive(Aggregate)]
#[aggregate(
    name = "Crate",
    formerly("Box", "Case"),
    created_by(Made),
    events(Moved => ()),
    split(Shifted => both),
    retired("Weighed")
)]
struct Chest {
    #[id]
    id: Id<Chest>,
}

#[event]
struct Made;

#[event(version = 3, formerly("Carried"), unchanged(2), readable_by(2))]
struct Moved {
    #[since(3)]
    by: Option<String>,
}

/// Older builds had one for two.
#[event(version = 2, formerly("Pushed"), unchanged(2))]
struct Shifted;

fn both(_: Shifted) -> [Moved; 2] {
    [Moved { by: None }, Moved { by: None }]
}

#[test]
fn the_json_lists_past_events() {
    let json = Domain::of::<Chest>().catalogue().to_json();
    let chest = &json["aggregates"][0];
    assert_eq!(chest["formerly"], json!(["Box", "Case"]));
    assert_eq!(chest["retired"], json!(["Weighed"]));
    let moved = &chest["events"][1];
    assert_eq!(moved["formerly"], json!(["Carried"]));
    assert_eq!(
        (&moved["version"], &moved["readable_by"]),
        (&json!(3), &json!(2))
    );
    assert_eq!(chest["events"][0]["readable_by"], Value::Null);
    let shifted = &chest["split"][0];
    assert_eq!(
        (&shifted["name"], &shifted["version"], &shifted["formerly"]),
        (&json!("Shifted"), &json!(2), &json!(["Pushed"]))
    );
    assert_eq!(shifted["doc"], "Older builds had one for two.");
    assert_eq!(shifted["schema"]["type"], "object");
    assert_eq!(shifted.get("changes"), None, "it is nobody's any more");
}

#[test]
fn as_a_diagram_it_sets_the_past_apart() {
    let diagram = diagram::mermaid(Domain::of::<Chest>().catalogue());
    for line in [
        "        a0p0([\"Shifted\"]):::past\n",
        "        a0p1([\"Weighed\"]):::past\n",
        "    a0p0 -.->|\"read as others\"| a0\n",
        "    classDef past ",
    ] {
        assert!(diagram.contains(line), "{line} is not in\n{diagram}");
    }
    assert!(!diagram.contains("a0p1 -"), "what is retired does nothing");
    assert!(!diagram::mermaid(&catalogue()).contains("past"));
}

/// What each order weighs.
#[derive(ReadModel, Clone)]
#[read_model(
    table = "order_weights",
    version = 3,
    created_by(Placed),
    events(Packed),
    access(role = "chef"),
    access(role = "packer", own = packer)
)]
struct OrderWeight {
    #[key]
    order: Id<Order>,
    #[index]
    packer: Option<String>,
    #[on(Packed += |_| 1)]
    parcels: i64,
}

fn with_read_models() -> Catalogue {
    let domain = Domain::of::<Chest>().aggregate::<Order>();
    let domain = domain.read_model::<OrderWeight>();
    domain.catalogue().clone()
}

#[test]
fn a_read_model_has_its_columns_its_events_and_who_may_read_it() {
    let catalogue = with_read_models();
    let [model] = catalogue.read_models() else {
        panic!("one read model: {catalogue:?}")
    };
    assert_eq!((model.table, model.version), ("order_weights", 3));
    assert_eq!(model.events, [("Order", "Placed"), ("Order", "Packed")]);
    let column = |name, kind, [nullable, indexed, key]: [bool; 3]| json!({ "name": name, "kind": kind, "nullable": nullable, "indexed": indexed, "unique": false, "key": key });
    assert_eq!(
        catalogue.to_json()["read_models"],
        json!([{
            "table": "order_weights",
            "version": 3,
            "doc": "What each order weighs.",
            "inline": false,
            "columns": [
                column("order", "id", [false, false, true]),
                column("packer", "text", [true, true, false]),
                column("parcels", "integer", [false, false, false]),
            ],
            "events": [
                { "aggregate": "Order", "event": "Placed" },
                { "aggregate": "Order", "event": "Packed" },
            ],
            "access": [
                { "role": "chef", "own": null },
                { "role": "packer", "own": "packer" },
            ],
        }])
    );
    assert_eq!(json!(catalogue.to_json()["aggregates"][0]["name"]), "Crate");
}

#[test]
fn as_a_diagram_a_read_model_has_an_arrow_from_each_event_that_changes_it() {
    let diagram = diagram::mermaid(&with_read_models());
    for line in [
        "    m0[[\"order_weights, version 3<br/>key: order<br/>packer, parcels<br/>read by: chef, packer by packer\"]]:::model\n",
        "    a1e0 & a1e2 --> m0\n",
        "    classDef model ",
    ] {
        assert!(diagram.contains(line), "{line} is not in\n{diagram}");
    }
    assert!(!diagram::mermaid(&catalogue()).contains("model"));
}
