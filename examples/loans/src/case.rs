//! From a trace of the log to what is asked of one application: a command per event, checked before any is sent.

use intent_runtime::{CommandId, Id, Metadata, SendOptions, Timestamp, Version};

use crate::{
    domain::{
        Accept, AcceptOffer, Activate, Approve, Cancel, CancelOffer, CompleteWork, CreateOffer,
        Decline, DeclineOffer, Euros, Finalize, LoanApplication, PartlySubmit, PreAccept,
        ReceiveOfferBack, Register, ScheduleWork, SelectOffer, SendOffer, StartWork, Submit, Task,
    },
    order::Order,
    xes::{Attributes, Event, Fault, Place, Trace},
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
        let number = required(&trace.attributes, "trace", NAME).map_err(|f| (trace.place, f))?;
        let id = Id::from_name(number);
        let steps = trace.events.iter().map(|event| {
            let step = Step::of(event, id, trace);
            step.map_err(|fault| (event.place, fault))
        });
        let steps = steps.collect::<Result<Vec<_>, _>>()?;
        if steps.is_empty() {
            return Err((trace.place, Fault::NoEvents));
        }
        Ok(Self {
            id,
            number: number.to_owned(),
            steps,
        })
    }

    /// The options under which step `index` is sent. Its command id follows from the log alone, so that it has one
    /// effect, whoever imports the log and however often.
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
    fn of(event: &Event, id: Id<LoanApplication>, trace: &Trace) -> Result<Self, Fault> {
        let name = required(&event.attributes, "event", NAME)?;
        let transition = required(&event.attributes, "event", TRANSITION)?;
        let order = match (name, transition) {
            ("A_SUBMITTED", "COMPLETE") => submission(id, trace)?.into(),
            _ => order(id, name, transition).ok_or_else(|| Fault::Unknown {
                name: name.to_owned(),
                transition: transition.to_owned(),
            })?,
        };
        Ok(Self {
            place: event.place,
            name: name.to_owned(),
            order,
            time: time(&event.attributes, "event", TIME)?,
            actor: event.attributes.get(RESOURCE).map(str::to_owned),
        })
    }
}

fn submission(id: Id<LoanApplication>, trace: &Trace) -> Result<Submit, Fault> {
    let amount = required(&trace.attributes, "trace", AMOUNT)?;
    let euros = amount.parse().map_err(|source| Fault::Amount {
        text: amount.to_owned(),
        source,
    })?;
    Ok(Submit {
        id,
        number: required(&trace.attributes, "trace", NAME)?.to_owned(),
        amount: Euros(euros),
        entered_at: time(&trace.attributes, "trace", ENTERED_AT)?,
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

fn required<'a>(
    attributes: &'a Attributes,
    of: &'static str,
    key: &'static str,
) -> Result<&'a str, Fault> {
    attributes.get(key).ok_or(Fault::Missing { of, key })
}

fn time(attributes: &Attributes, of: &'static str, key: &'static str) -> Result<Timestamp, Fault> {
    let text = required(attributes, of, key)?;
    text.parse().map_err(|source| Fault::Time { key, source })
}
