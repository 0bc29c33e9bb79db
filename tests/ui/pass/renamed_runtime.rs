//! The runtime under another name: `crate = ..` on every macro.
#![deny(warnings, missing_docs)]

/// Re-exports the runtime, as a framework of one's own would.
pub mod framework {
    pub use ::intent_runtime as events;
}

/// Hides the crate's own name: whatever names it directly does not compile.
pub mod domain {
    use crate::framework::events::{Aggregate, Id, ReadModel, command, commands, event, value};

    /// A light.
    #[derive(Aggregate, Debug)]
    #[aggregate(
        created_by(Installed),
        events(Switched),
        split(Toggled => toggled),
        retired("Dimmed"),
        formerly("Lamp"),
        snapshot(every = 5),
        crate = crate::framework::events
    )]
    pub struct Light {
        #[id]
        id: Id<Light>,
        #[on(Switched = |e| e.to.clone())]
        state: State,
    }

    /// How often a light was switched.
    #[derive(ReadModel, Debug, Clone)]
    #[read_model(
        created_by(Installed),
        events(Switched),
        crate = crate::framework::events
    )]
    pub struct Switchings {
        #[key]
        light: Id<Light>,
        #[on(Switched += 1)]
        times: u32,
    }

    /// A light was installed.
    #[event(crate = crate::framework::events)]
    pub struct Installed;

    /// Past: a light was switched on.
    #[event(crate = crate::framework::events, formerly("Flipped"))]
    pub struct Toggled;

    fn toggled(_: Toggled) -> Switched {
        Switched { to: State::On }
    }

    /// A light was switched.
    #[event(crate = crate::framework::events)]
    pub struct Switched {
        /// To what.
        pub to: State,
    }

    /// On or off.
    #[value(crate = crate::framework::events)]
    #[derive(Default)]
    pub enum State {
        /// On.
        On,
        /// Off.
        #[default]
        Off,
    }

    /// Switches a light.
    #[command(crate = crate::framework::events)]
    pub struct Switch {
        /// Which one.
        #[id]
        pub light: Id<Light>,
        /// To what.
        pub to: State,
    }

    #[commands(crate = crate::framework::events)]
    impl Light {
        /// Installs a light.
        #[create]
        pub fn install() -> Installed {
            Installed
        }

        /// Switches it.
        #[handle(Switch)]
        pub fn switch(&self, command: Switch) -> Option<Switched> {
            (self.state != command.to).then_some(Switched { to: command.to })
        }
    }
}

fn main() {}
