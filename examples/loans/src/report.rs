//! The outcomes of the applications up to a time.

use std::io::{self, Write};

use indicatif::HumanCount;
use intent_runtime::{App, AsOf, Id, LoadError, Loaded, Timestamp};
use serde::Serialize;

use crate::{
    Failure,
    concurrently::concurrently,
    domain::{LoanApplication, OfferTally, Outcome, Stage},
};

const TASKS: usize = 32;

/// The figures of all applications.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Figures {
    pub applications: u64,
    pub events: u64,
    pub requested_amount: u64,
    pub approved: u64,
    pub declined: u64,
    pub cancelled: u64,
    pub undecided: u64,
    #[serde(skip)]
    pub stages: Stages,
    #[serde(skip)]
    pub offers: Offers,
}

/// How many applications came at least this far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stages {
    pub pre_accepted: u64,
    pub accepted: u64,
    pub finalized: u64,
    pub registered: u64,
    pub activated: u64,
}

/// The outcomes of the offers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offers {
    pub selected: u64,
    pub created: u64,
    pub sent: u64,
    pub sent_back: u64,
    pub accepted: u64,
    pub declined: u64,
    pub cancelled: u64,
}

impl Figures {
    /// Counts the applications as they were at a time, by the events' own time, inclusive; or as they are now.
    pub async fn count(
        app: &App,
        applications: Vec<Id<LoanApplication>>,
        as_of: Option<Timestamp>,
    ) -> Result<Self, Failure> {
        let mut figures = Self::default();
        let load = |id| {
            let app = app.clone();
            async move {
                let loaded = match as_of {
                    Some(time) => app.load_as_of(id, AsOf::Occurred(time)).await,
                    None => app.load(id).await,
                };
                match loaded {
                    Ok(loaded) => Ok(Some(loaded)),
                    Err(LoadError::NotFound { .. }) => Ok(None),
                    Err(error) => Err(error.into()),
                }
            }
        };
        let add = |loaded: Option<Loaded<LoanApplication>>| {
            if let Some(loaded) = loaded {
                figures.add(&loaded);
            }
        };
        concurrently::<_, _, Failure, _>(applications, TASKS, load, add).await?;
        Ok(figures)
    }

    fn add(&mut self, loaded: &Loaded<LoanApplication>) {
        self.applications += 1;
        self.events += loaded.version().get();
        self.requested_amount += loaded.requested.0;
        *match loaded.outcome {
            Some(Outcome::Approved) => &mut self.approved,
            Some(Outcome::Declined) => &mut self.declined,
            Some(Outcome::Cancelled) => &mut self.cancelled,
            None => &mut self.undecided,
        } += 1;
        self.stages.add(loaded);
        self.offers.add(loaded.offers);
    }

    /// Writes the figures as one JSON object.
    pub fn write_json(&self, mut out: impl Write) -> io::Result<()> {
        serde_json::to_writer(&mut out, self)?;
        writeln!(out)
    }

    /// Writes the figures as a table.
    pub fn write_table(&self, mut out: impl Write) -> io::Result<()> {
        let sections: [&[(&str, u64)]; 4] = [
            &[
                ("applications", self.applications),
                ("events", self.events),
                ("requested amount", self.requested_amount),
            ],
            &[
                ("approved", self.approved),
                ("declined", self.declined),
                ("cancelled", self.cancelled),
                ("undecided", self.undecided),
            ],
            &[
                ("pre-accepted", self.stages.pre_accepted),
                ("accepted", self.stages.accepted),
                ("finalized", self.stages.finalized),
                ("registered", self.stages.registered),
                ("activated", self.stages.activated),
            ],
            &[
                ("offers selected", self.offers.selected),
                ("offers created", self.offers.created),
                ("offers sent", self.offers.sent),
                ("offers sent back", self.offers.sent_back),
                ("offers accepted", self.offers.accepted),
                ("offers declined", self.offers.declined),
                ("offers cancelled", self.offers.cancelled),
            ],
        ];
        for (number, section) in sections.iter().enumerate() {
            if number > 0 {
                writeln!(out)?;
            }
            for (name, figure) in *section {
                let figure = HumanCount(*figure).to_string();
                writeln!(out, "{name:<18}{figure:>14}")?;
            }
        }
        Ok(())
    }
}

impl Stages {
    fn add(&mut self, application: &LoanApplication) {
        self.pre_accepted += u64::from(application.stage >= Stage::PreAccepted);
        self.accepted += u64::from(application.stage >= Stage::Accepted);
        self.finalized += u64::from(application.stage >= Stage::Finalized);
        self.registered += u64::from(application.registered);
        self.activated += u64::from(application.activated);
    }
}

impl Offers {
    fn add(&mut self, offers: OfferTally) {
        self.selected += u64::from(offers.selected);
        self.created += u64::from(offers.created);
        self.sent += u64::from(offers.sent);
        self.sent_back += u64::from(offers.sent_back);
        self.accepted += u64::from(offers.accepted);
        self.declined += u64::from(offers.declined);
        self.cancelled += u64::from(offers.cancelled);
    }
}
