//! With the macros for events and commands, and the traits of the aggregate by hand.

use std::convert::Infallible;

use intent_runtime::{
    Decision, DecodeError,
    catalogue::CommandList,
    model::{AggregateEvent, EventKind, IntoEvents, SnapshotCodec},
    prelude::*,
};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

/// A light that counts how often it was switched on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Light {
    /// Which light.
    pub id: Id<Light>,
    /// Where it hangs.
    pub room: String,
    /// Whether it is on.
    pub on: bool,
    /// How often it was switched on.
    pub times: u32,
}

/// It was installed.
#[event]
pub struct Installed {
    /// Where.
    pub room: String,
}

/// It was switched on.
#[event]
pub struct SwitchedOn;

/// It was switched off.
#[event]
pub struct SwitchedOff;

/// Installs a light.
#[command]
pub struct Install {
    /// Which light.
    #[id]
    pub id: Id<Light>,
    /// Where.
    pub room: String,
}

/// Switches it on, if it is off.
#[command]
pub struct SwitchOn {
    /// Which light.
    #[id]
    pub id: Id<Light>,
}

/// Switches it off, if it is on.
#[command]
pub struct SwitchOff {
    /// Which light.
    #[id]
    pub id: Id<Light>,
}

/// Everything that can happen to a light.
#[derive(Debug, Clone, PartialEq)]
pub enum LightEvent {
    /// It was installed.
    Installed(Installed),
    /// It was switched on.
    SwitchedOn(SwitchedOn),
    /// It was switched off.
    SwitchedOff(SwitchedOff),
}

impl Aggregate for Light {
    type Event = LightEvent;
    const TYPE: &'static str = "Light";

    fn init(id: Id<Self>, event: &LightEvent) -> Result<Option<Self>, Overflow> {
        let LightEvent::Installed(installed) = event else {
            return Ok(None);
        };
        Ok(Some(Self {
            id,
            room: installed.room.clone(),
            on: false,
            times: 0,
        }))
    }

    fn apply(&mut self, event: &LightEvent) -> Result<(), Overflow> {
        match event {
            LightEvent::Installed(_) => {}
            LightEvent::SwitchedOn(_) => {
                self.on = true;
                let times = self.times.checked_add(1);
                self.times =
                    times.ok_or_else(|| Overflow::of::<Self>(SwitchedOn::NAME, "times"))?;
            }
            LightEvent::SwitchedOff(_) => self.on = false,
        }
        Ok(())
    }

    fn is_creating(event: &LightEvent) -> bool {
        matches!(event, LightEvent::Installed(_))
    }

    fn snapshots() -> Option<SnapshotCodec<Self>> {
        Some(SnapshotCodec::of())
    }

    fn commands(list: &mut CommandList<Self>) {
        list.add::<Install>();
        list.add::<SwitchOn>();
        list.add::<SwitchOff>();
    }
}

impl Snapshot for Light {
    const EVERY: u64 = 50;

    fn encode_state(&self) -> Result<Box<RawValue>, serde_json::Error> {
        to_raw_value(self)
    }

    fn decode_state(version: u32, state: &[u8]) -> Result<Self, DecodeError> {
        if version != Self::version() {
            return Err(DecodeError::stale_snapshot(version, Self::version()));
        }
        serde_json::from_slice(state).map_err(DecodeError::Payload)
    }
}

impl AggregateEvent for LightEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Installed(_) => Installed::NAME,
            Self::SwitchedOn(_) => SwitchedOn::NAME,
            Self::SwitchedOff(_) => SwitchedOff::NAME,
        }
    }

    fn schema_version(&self) -> u32 {
        match self {
            Self::Installed(_) => Installed::VERSION,
            Self::SwitchedOn(_) => SwitchedOn::VERSION,
            Self::SwitchedOff(_) => SwitchedOff::VERSION,
        }
    }

    fn encode(&self) -> Result<Box<RawValue>, serde_json::Error> {
        match self {
            Self::Installed(event) => to_raw_value(event),
            Self::SwitchedOn(event) => to_raw_value(event),
            Self::SwitchedOff(event) => to_raw_value(event),
        }
    }

    fn decode_one(name: &str, version: u32, payload: &[u8]) -> Result<Self, DecodeError> {
        match name {
            Installed::NAME => Installed::decode(version, payload).map(Self::Installed),
            SwitchedOn::NAME => SwitchedOn::decode(version, payload).map(Self::SwitchedOn),
            SwitchedOff::NAME => SwitchedOff::decode(version, payload).map(Self::SwitchedOff),
            _ => Err(DecodeError::unknown_event(name)),
        }
    }

    fn kinds() -> Vec<EventKind> {
        vec![
            EventKind::of::<Installed>(),
            EventKind::of::<SwitchedOn>(),
            EventKind::of::<SwitchedOff>(),
        ]
    }
}

impl From<Installed> for LightEvent {
    fn from(event: Installed) -> Self {
        Self::Installed(event)
    }
}

impl From<SwitchedOn> for LightEvent {
    fn from(event: SwitchedOn) -> Self {
        Self::SwitchedOn(event)
    }
}

impl From<SwitchedOff> for LightEvent {
    fn from(event: SwitchedOff) -> Self {
        Self::SwitchedOff(event)
    }
}

impl IntoEvents<Light> for LightEvent {
    fn append_to(self, events: &mut Vec<LightEvent>) {
        events.push(self);
    }
}

impl Decide<Install> for Light {
    type Error = Infallible;

    fn decide(
        state: Option<&Self>,
        command: Install,
        _: &Context,
    ) -> Result<Decision<Self>, Infallible> {
        if state.is_some() {
            return Ok(Decision::AlreadyExists);
        }
        let event = Installed { room: command.room };
        Ok(Decision::events(LightEvent::from(event)))
    }
}

impl Decide<SwitchOn> for Light {
    type Error = Infallible;

    fn decide(
        state: Option<&Self>,
        _: SwitchOn,
        _: &Context,
    ) -> Result<Decision<Self>, Infallible> {
        let Some(light) = state else {
            return Ok(Decision::NotFound);
        };
        let event = (!light.on).then_some(SwitchedOn);
        Ok(Decision::events(event.map(LightEvent::from)))
    }
}

impl Decide<SwitchOff> for Light {
    type Error = Infallible;

    fn decide(
        state: Option<&Self>,
        _: SwitchOff,
        _: &Context,
    ) -> Result<Decision<Self>, Infallible> {
        let Some(light) = state else {
            return Ok(Decision::NotFound);
        };
        let event = light.on.then_some(SwitchedOff);
        Ok(Decision::events(event.map(LightEvent::from)))
    }
}
