//! R2, R4: two builds of one domain run beside each other, one with an event that has another name, one that is new, and a new
//! version of a model. Whichever of them has the leases, no event is passed, and each reads its own version.

use intent_runtime::prelude::*;

use super::{bank::SHORT, domain::*, fixture::on_every_store};

/// A model that both builds have as it is.
#[derive(ReadModel, Debug, Clone, PartialEq)]
#[read_model(table = "places", events(Moved by |e| e.to.clone()))]
struct Places {
    #[key]
    name: String,
    #[on(Moved += 1)]
    moves: i64,
}

/// What the newer build hears more of.
#[derive(ReadModel, Debug, Clone, PartialEq)]
#[read_model(table = "sheets", created_by(Opened), events(Paid))]
struct Sheet {
    #[key]
    account: Id<Account>,
    #[on(Paid += 1)]
    payments: i64,
    #[on(Paid += |e| e.amount)]
    cents: i64,
    flags: i64,
}

/// What the newer build has another version of.
#[derive(ReadModel, Debug, Clone, PartialEq)]
#[read_model(table = "owners", created_by(Opened), events(Named))]
struct Owner {
    #[key]
    account: Id<Account>,
    #[on(Named = |e| e.name.clone())]
    name: String,
}

fn older() -> Domain {
    Domain::of::<Account>()
        .read_model::<Places>()
        .read_model::<Sheet>()
        .read_model::<Owner>()
}

/// The newer build.
mod newer {
    use super::*;

    #[derive(Aggregate, Debug, Clone)]
    #[aggregate(
        name = "Account",
        created_by(Opened),
        events(Received => (), Flagged => (), Named => (), Moved)
    )]
    pub struct Account {
        #[id]
        id: Id<Account>,
        #[on(Opened = |e| e.branch.clone(), Moved = |e| e.to.clone())]
        branch: String,
    }

    #[event]
    pub struct Opened {
        pub branch: String,
    }
    /// It was `Paid`.
    #[event(formerly("Paid"))]
    pub struct Received {
        pub amount: i64,
    }
    #[event]
    pub struct Flagged;
    #[event]
    pub struct Named {
        pub name: String,
    }
    #[event]
    pub struct Moved {
        pub from: String,
        pub to: String,
    }

    #[commands]
    impl Account {
        #[handle]
        pub fn receive(&self, amount: i64) -> Received {
            Received { amount }
        }
        #[handle]
        pub fn flag(&self) -> Flagged {
            Flagged
        }
        #[handle(name = GoTo)]
        pub fn go_to(&self, to: String) -> Moved {
            let from = self.branch.clone();
            Moved { from, to }
        }
    }

    #[derive(ReadModel, Debug, Clone, PartialEq)]
    #[read_model(table = "places", events(Moved by |e| e.to.clone()))]
    pub struct Places {
        #[key]
        pub name: String,
        #[on(Moved += 1)]
        pub moves: i64,
    }

    #[derive(ReadModel, Debug, Clone, PartialEq)]
    #[read_model(table = "sheets", created_by(Opened), events(Received, Flagged))]
    pub struct Sheet {
        #[key]
        pub account: Id<Account>,
        #[on(Received += 1)]
        pub payments: i64,
        #[on(Received += |e| e.amount)]
        pub cents: i64,
        #[on(Flagged += 1)]
        pub flags: i64,
    }

    /// With a column more.
    #[derive(ReadModel, Debug, Clone, PartialEq)]
    #[read_model(table = "owners", version = 2, created_by(Opened), events(Named))]
    pub struct Owner {
        #[key]
        pub account: Id<Account>,
        #[on(Named = |e| e.name.clone())]
        pub name: String,
        #[on(Named += 1)]
        pub names: i64,
    }

    pub fn domain() -> Domain {
        Domain::of::<Account>()
            .read_model::<Places>()
            .read_model::<Sheet>()
            .read_model::<Owner>()
    }
}

/// What was sent so far.
#[derive(Default)]
struct Sent {
    payments: i64,
    cents: i64,
    flags: i64,
    names: i64,
    moves: i64,
}

/// Both builds send what they have. The older one cannot load an account that has events which it does not know.
async fn send(
    old: &App,
    new: &App,
    [id, grown]: [Id<Account>; 2],
    sent: &mut Sent,
) -> Receipt<newer::Account> {
    let [same, grown] = [id, grown].map(|id| Id::<newer::Account>::from_uuid(id.as_uuid()));
    sent.names += 1;
    let name = format!("name {}", sent.names);
    old.send(Rename { id, name }).await.unwrap();
    let to = "south".to_owned();
    old.send(MoveTo { id, to: to.clone() }).await.unwrap();
    new.send(newer::GoTo { id: same, to }).await.unwrap();
    new.send(newer::Receive {
        id: grown,
        amount: 7,
    })
    .await
    .unwrap();
    sent.moves += 2;
    sent.payments += 1;
    sent.cents += 7;
    sent.flags += 1;
    new.send(newer::Flag { id: grown }).await.unwrap()
}

/// What the newer build reads.
async fn new_reads(new: &App, [id, grown]: [Id<Account>; 2], sent: &Sent) {
    let [id, grown] = [id, grown].map(|id| Id::<newer::Account>::from_uuid(id.as_uuid()));
    let sheet = new
        .read::<newer::Sheet>()
        .get(grown)
        .await
        .unwrap()
        .unwrap();
    let read = (sheet.payments, sheet.cents, sheet.flags);
    assert_eq!(read, (sent.payments, sent.cents, sent.flags));
    let owner = new.read::<newer::Owner>().get(id).await.unwrap().unwrap();
    let name = format!("name {}", sent.names);
    assert_eq!((owner.name, owner.names), (name, sent.names));
    let south = new.read::<newer::Places>().get("south".to_owned()).await;
    assert_eq!(south.unwrap().unwrap().moves, sent.moves);
}

/// What the older build reads: its version of the owners, and what both of them keep.
async fn old_reads(old: &App, [id, _]: [Id<Account>; 2], sent: &Sent) {
    let owner = old.read::<Owner>().get(id).await.unwrap().unwrap();
    assert_eq!(owner.name, format!("name {}", sent.names));
    let south = old.read::<Places>().get("south".to_owned()).await;
    assert_eq!(south.unwrap().unwrap().moves, sent.moves);
}

#[tokio::test]
async fn leases_change_hands_between_two_builds_and_no_event_is_passed() {
    on_every_store(older, async |old| {
        let new = App::on(&old, newer::domain()).await.unwrap();
        let mut sent = Sent::default();
        let older = old.start_with(SHORT).await.unwrap();
        let ids = [opened(&old, "north").await, opened(&old, "north").await];
        for _ in 0..5 {
            pay(&old, ids[1], 3).await;
            sent.payments += 1;
            sent.cents += 3;
        }
        old.settled(LONG).await.unwrap();
        let mut older = Some(older);
        for round in 0..4 {
            // The newer build comes, and takes what only it can write.
            let newer = new.start_with(SHORT).await.unwrap();
            let end = send(&old, &new, ids, &mut sent).await;
            new.settled(LONG).await.unwrap();
            old.wait_for::<Owner>(&end, LONG).await.unwrap();
            new_reads(&new, ids, &sent).await;
            old_reads(&old, ids, &sent).await;
            // It has all of it, as after a deployment, on every other round.
            if round % 2 == 1 {
                older.take().unwrap().stop(LONG).await.unwrap();
                send(&old, &new, ids, &mut sent).await;
                new.settled(LONG).await.unwrap();
                new_reads(&new, ids, &sent).await;
                older = Some(old.start_with(SHORT).await.unwrap());
            }
            // It goes back, and the older one has what it can write.
            newer.stop(LONG).await.unwrap();
            let end = send(&old, &new, ids, &mut sent).await;
            old.wait_for::<Owner>(&end, LONG).await.unwrap();
            old.wait_for::<Places>(&end, LONG).await.unwrap();
            old_reads(&old, ids, &sent).await;
        }
        let newer = new.start_with(SHORT).await.unwrap();
        new.settled(LONG).await.unwrap();
        new_reads(&new, ids, &sent).await;
        println!(
            "two builds: {} payments, {} flags, {} moves, each counted once",
            sent.payments, sent.flags, sent.moves
        );
        newer.stop(LONG).await.unwrap();
        older.unwrap().stop(LONG).await.unwrap();
    })
    .await;
}
