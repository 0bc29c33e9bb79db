//! From a trace of the log to what is asked of one application: a command per event, checked before any is sent.

use intent_runtime::{CommandId, Id, Metadata, SendOptions, Timestamp, Version};

use crate::{
    domain::{
        Accept, AcceptOffer, Activate, Approve, Cancel, CancelOffer, CompleteWork, CreateOffer,
        Decline, DeclineOffer, Euros, Finalize, LoanApplication, PartlySubmit, PreAccept,
        ReceiveOfferBack, Register, ScheduleWork, SelectOffer, SendOffer, StartWork, Submit, Task,
    },
    order::Order,
    xes::{Attribute, Attributes, Event, Fault, Place, Trace},
};

const NAME: &str = "concept:name";
const TRANSITION: &str = "lifecycle:transition";
const TIME: &str = "time:timestamp";
const RESOURCE: &str = "org:resource";
const AMOUNT: &str = "AMOUNT_REQ";
const ENTERED_AT: &str = "REG_DATE";

/// One application's whole history, as orders.
#[derive(Debug)]
pub struct Case {
    pub id: Id<LoanApplication>,
    /// The number the institute gave it.
    pub number: String,
    pub steps: Vec<Step>,
}

/// One thing that happened.
#[derive(Debug)]
pub struct Step {
    pub place: Place,
    /// As the log names it.
    pub name: String,
    pub order: Order,
    pub time: Timestamp,
    pub actor: Option<String>,
}

/// What is wrong with a trace, and where.
pub type Wrong = (Place, Fault);

impl Case {
    pub fn of(trace: &Trace) -> Result<Self, Wrong> {
        let number = required(trace, NAME)?.value.clone();
        let id = Id::from_name(&number);
        let steps = trace.events.iter().map(|event| Step::of(event, id, trace));
        let steps = steps.collect::<Result<Vec<_>, _>>()?;
        if steps.is_empty() {
            return Err((trace.place, Fault::NoEvents));
        }
        Ok(Self { id, number, steps })
    }

    /// The options under which step `index` is sent. Its command id follows from the log alone, so that it has one
    /// effect, however often the log is imported.
    pub fn options(&self, index: usize, step: &Step) -> SendOptions {
        let name = format!("{}/{index}", self.number);
        let mut metadata = Metadata::new().timestamp(step.time);
        if let Some(actor) = &step.actor {
            metadata = metadata.actor(actor);
        }
        SendOptions::new()
            .command_id(CommandId::from_name(step.time, &name))
            .expect_version(version(index))
            .metadata(metadata)
    }
}

/// The version of an application after so many steps: each stores one event.
fn version(steps: usize) -> Version {
    u64::try_from(steps).map_or(Version::MAX, Version::new)
}

impl Step {
    fn of(event: &Event, id: Id<LoanApplication>, trace: &Trace) -> Result<Self, Wrong> {
        let name = required(event, NAME)?.value.as_str();
        let transition = required(event, TRANSITION)?.value.as_str();
        let order = match (name, transition) {
            ("A_SUBMITTED", "COMPLETE") => Some(submission(id, trace)?.into()),
            _ => order(id, name, transition),
        };
        let unknown = || Fault::Unknown {
            name: name.to_owned(),
            transition: transition.to_owned(),
        };
        Ok(Self {
            place: event.place,
            name: name.to_owned(),
            order: order.ok_or_else(|| (event.place, unknown()))?,
            time: time(event, TIME)?,
            actor: event.attributes.get(RESOURCE).map(|who| who.value.clone()),
        })
    }
}

fn submission(id: Id<LoanApplication>, trace: &Trace) -> Result<Submit, Wrong> {
    let amount = required(trace, AMOUNT)?;
    let euros = amount.value.parse().map_err(|source| {
        let text = amount.value.clone();
        (amount.place, Fault::Amount { text, source })
    })?;
    Ok(Submit {
        id,
        number: required(trace, NAME)?.value.clone(),
        amount: Euros(euros),
        entered_at: time(trace, ENTERED_AT)?,
    })
}

/// What the log's names mean. `A_` are states of the application, `O_` of its offer, `W_` pieces of work.
fn order(id: Id<LoanApplication>, name: &str, transition: &str) -> Option<Order> {
    if let Some(task) = name.strip_prefix("W_") {
        let task = Task::ALL
            .into_iter()
            .find(|known| known.to_string() == task)?;
        return match transition {
            "SCHEDULE" => Some(ScheduleWork { id, task }.into()),
            "START" => Some(StartWork { id, task }.into()),
            "COMPLETE" => Some(CompleteWork { id, task }.into()),
            _ => None,
        };
    }
    if transition != "COMPLETE" {
        return None;
    }
    Some(match name {
        "A_PARTLYSUBMITTED" => PartlySubmit { id }.into(),
        "A_PREACCEPTED" => PreAccept { id }.into(),
        "A_ACCEPTED" => Accept { id }.into(),
        "A_FINALIZED" => Finalize { id }.into(),
        "A_APPROVED" => Approve { id }.into(),
        "A_REGISTERED" => Register { id }.into(),
        "A_ACTIVATED" => Activate { id }.into(),
        "A_DECLINED" => Decline { id }.into(),
        "A_CANCELLED" => Cancel { id }.into(),
        "O_SELECTED" => SelectOffer { id }.into(),
        "O_CREATED" => CreateOffer { id }.into(),
        "O_SENT" => SendOffer { id }.into(),
        "O_SENT_BACK" => ReceiveOfferBack { id }.into(),
        "O_ACCEPTED" => AcceptOffer { id }.into(),
        "O_CANCELLED" => CancelOffer { id }.into(),
        "O_DECLINED" => DeclineOffer { id }.into(),
        _ => return None,
    })
}

/// A part of a log that has attributes.
trait Element {
    const NAME: &'static str;
    fn place(&self) -> Place;
    fn attributes(&self) -> &Attributes;
}

impl Element for Trace {
    const NAME: &'static str = "trace";

    fn place(&self) -> Place {
        self.place
    }

    fn attributes(&self) -> &Attributes {
        &self.attributes
    }
}

impl Element for Event {
    const NAME: &'static str = "event";

    fn place(&self) -> Place {
        self.place
    }

    fn attributes(&self) -> &Attributes {
        &self.attributes
    }
}

fn required<'a, E: Element>(element: &'a E, key: &'static str) -> Result<&'a Attribute, Wrong> {
    let found = element.attributes().get(key);
    found.ok_or_else(|| (element.place(), Fault::Missing { of: E::NAME, key }))
}

fn time(element: &impl Element, key: &'static str) -> Result<Timestamp, Wrong> {
    let text = required(element, key)?;
    let time = text.value.parse();
    time.map_err(|source| (text.place, Fault::Time { key, source }))
}
