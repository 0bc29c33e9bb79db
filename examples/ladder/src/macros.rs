//! With all macros: the state says what changes it, the arguments are the commands.

use intent_runtime::prelude::*;

/// A light that counts how often it was switched on.
#[derive(Aggregate, Debug, Clone, PartialEq)]
#[aggregate(
    created_by(Installed),
    events(SwitchedOn, SwitchedOff),
    snapshot(every = 50)
)]
pub struct Light {
    /// Which light.
    #[id]
    pub id: Id<Light>,
    /// Where it hangs.
    #[on(Installed = |e| e.room.clone())]
    pub room: String,
    /// Whether it is on.
    #[on(SwitchedOn = true, SwitchedOff = false)]
    pub on: bool,
    /// How often it was switched on.
    #[on(SwitchedOn += 1)]
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

#[commands]
impl Light {
    /// Installs a light.
    #[create]
    pub fn install(room: String) -> Installed {
        Installed { room }
    }

    /// Switches it on, if it is off.
    #[handle]
    pub fn switch_on(&self) -> Option<SwitchedOn> {
        (!self.on).then_some(SwitchedOn)
    }

    /// Switches it off, if it is on.
    #[handle]
    pub fn switch_off(&self) -> Option<SwitchedOff> {
        self.on.then_some(SwitchedOff)
    }
}
