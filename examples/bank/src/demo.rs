//! The demonstration: each step does something to the store and prints the result.

use std::{borrow::Cow, error::Error, ops::ControlFlow, time::Instant};

use intent_runtime::{
    StoreError, TenantId,
    prelude::*,
    store::{
        Append, Appended, EncodedMetadata, Expect, NewEvent, RawEvent, ReadStream, StateSink,
        StoredSnapshot, StreamId,
    },
};
use tokio::task::JoinSet;

use crate::{
    domain::{Account, Deposit, Money, Note, Open, Refused, Withdraw, bank},
    narrator::Narrator,
};

const RACERS: usize = 50;
const TURNS: usize = 4;

type Outcome = Result<(), Box<dyn Error>>;

/// Runs all steps on the store that `database` names.
pub async fn run(database: &str) -> Outcome {
    let mut tell = Narrator::default();
    // The part of a URL after its password.
    let place = database.rsplit('@').next().unwrap_or_default();
    tell.title("A bank on an event store", place);
    let app = open(database).await?;
    let ada = Id::new();

    first_steps(&app, &mut tell, ada).await?;
    refusal(&app, &mut tell, ada).await?;
    race(&app, &mut tell, ada).await?;
    same_command_twice(&app, &mut tell, ada).await?;
    looking_back(&app, &mut tell, ada).await?;
    old_event(&app, &mut tell, ada).await?;
    snapshot(&app, &mut tell, ada).await?;
    restart(app, &mut tell, database, ada).await?;

    tell.end("Every figure above comes from this run. The domain is examples/bank/src/domain.rs.");
    Ok(())
}

async fn open(database: &str) -> Result<App, Box<dyn Error>> {
    Ok(App::connect(database, bank()).await?)
}

async fn first_steps(app: &App, tell: &mut Narrator, ada: Id<Account>) -> Outcome {
    tell.step("An account is opened, and money comes in");
    let owner = String::from("Ada");
    let receipt = app.send(Open { id: ada, owner }).await?;
    tell.line("open", format_args!("version {}, for Ada", receipt.version));
    for (cents, channel) in [(10_000, "counter"), (2_050, "online")] {
        let receipt = app.send(deposit(ada, cents, channel)).await?;
        tell.line(
            "deposit",
            format_args!(
                "version {}, {} by {channel}",
                receipt.version,
                Money { cents }
            ),
        );
    }
    let account = app.load(ada).await?;
    tell.proof("balance", account.balance);
    Ok(())
}

async fn refusal(app: &App, tell: &mut Narrator, ada: Id<Account>) -> Outcome {
    tell.step("An overdraft is refused, in the domain's own words");
    let amount = Money { cents: 20_000 };
    match app.send(Withdraw { id: ada, amount }).await {
        Err(SendError::Rejected(refused @ Refused::Overdrawn { .. })) => {
            tell.proof("withdraw", refused);
        }
        Err(error) => return Err(error.into()),
        Ok(_) => return Err("an overdraft went through".into()),
    }
    let version = app.load(ada).await?.version();
    tell.line("nothing stored", format_args!("still version {version}"));
    Ok(())
}

async fn race(app: &App, tell: &mut Narrator, ada: Id<Account>) -> Outcome {
    tell.step("50 tasks race for one account");
    let before = app.load(ada).await?;
    let started = Instant::now();
    let mut racers = JoinSet::new();
    for _ in 0..RACERS {
        let app = app.clone();
        racers.spawn(async move {
            for _ in 0..TURNS {
                app.send(deposit(ada, 100, "race")).await?;
            }
            Ok::<_, SendError<Refused>>(())
        });
    }
    while let Some(racer) = racers.join_next().await {
        racer??;
    }
    let took = started.elapsed();
    let after = app.load(ada).await?;
    let sent = RACERS * TURNS;
    let stored = after.version().get() - before.version().get();
    let gained = after.balance.cents - before.balance.cents;
    tell.line("sent", format_args!("{sent} deposits of 1.00"));
    tell.line(
        "stored",
        format_args!(
            "{stored} events, {} more on the account",
            Money { cents: gained }
        ),
    );
    let whole = u64::try_from(sent)? == stored && i64::try_from(sent * 100)? == gained;
    if !whole {
        return Err("a deposit was lost or doubled".into());
    }
    tell.proof("lost, doubled", "none, none");
    let rate = sent as f64 / took.as_secs_f64();
    tell.figure(
        "speed",
        format_args!("{rate:.0}"),
        "durable commands a second, one account",
    );
    Ok(())
}

async fn same_command_twice(app: &App, tell: &mut Narrator, ada: Id<Account>) -> Outcome {
    tell.step("The same command is sent twice");
    let command_id = CommandId::new();
    for turn in ["first", "second"] {
        let options = SendOptions::new().command_id(command_id);
        let receipt = app.send_with(deposit(ada, 500, "mobile"), options).await?;
        let note = if receipt.repeated {
            "the same receipt"
        } else {
            "stored"
        };
        tell.line(turn, format_args!("version {}, {note}", receipt.version));
    }
    tell.proof("balance", app.load(ada).await?.balance);
    Ok(())
}

async fn looking_back(app: &App, tell: &mut Narrator, ada: Id<Account>) -> Outcome {
    tell.step("The account as it was");
    let third = app.load_at(ada, Version::new(3)).await?;
    tell.proof("at version 3", format_args!("balance {}", third.balance));
    let history = app.history(ada).await?;
    let second = &history[1];
    let then = app
        .load_as_of(ada, AsOf::Recorded(second.recorded_at()))
        .await?;
    tell.proof(
        "at a time",
        format_args!("balance {} at {}", then.balance, second.recorded_at()),
    );
    tell.line(
        "audit trail",
        format_args!("{} events, each with who, when and why", history.len()),
    );
    Ok(())
}

async fn old_event(app: &App, tell: &mut Narrator, ada: Id<Account>) -> Outcome {
    tell.step("An event that an older build wrote");
    let version = app.load(ada).await?.version();
    let payload = r#"{"amount":{"cents":700}}"#;
    let append = Append::new(
        StreamId::of(TenantId::DEFAULT, ada),
        Expect::Version(version),
        CommandId::new(),
        vec![NewEvent::new(
            Cow::Borrowed("Deposited"),
            1,
            serde_json::value::RawValue::from_string(payload.into())?,
        )],
        EncodedMetadata::new(Metadata::new().actor("an older build"))?,
    );
    let Appended::Stored { version, .. } = app.store().append(append).await? else {
        return Err("a new command id was known already".into());
    };
    tell.line("stored, version 1", payload);
    let history = app.history(ada).await?;
    let last = history.last().ok_or("the history is empty")?;
    tell.proof("read, version 2", format_args!("{:?}", last.event));
    tell.line("balance", app.load_at(ada, version).await?.balance);
    Ok(())
}

async fn snapshot(app: &App, tell: &mut Narrator, ada: Id<Account>) -> Outcome {
    tell.step("A snapshot, so that loading stays short");
    let stream = StreamId::of(TenantId::DEFAULT, ada);
    app.store().delete_snapshots(stream.tenant_id, None).await?;
    let without = Counted::read(app, &stream).await?;
    let version = app.snapshot(ada).await?;
    let text = String::from("a regular customer");
    app.send(Note { id: ada, text }).await?;
    let with = Counted::read(app, &stream).await?;
    tell.line(
        "without",
        format_args!("a load reads {} events", without.events),
    );
    tell.proof(
        "with, at version",
        format_args!(
            "{version}: a load reads {} state and {} event",
            with.snapshots, with.events
        ),
    );
    Ok(())
}

/// Counts what a load reads.
#[derive(Default)]
struct Counted {
    snapshots: usize,
    events: usize,
}

impl Counted {
    async fn read(app: &App, stream: &StreamId) -> Result<Self, StoreError> {
        let mut counted = Self::default();
        let mut read = ReadStream::all(stream);
        read.snapshot = true;
        app.store().read_state(read, &mut counted).await?;
        Ok(counted)
    }
}

impl StateSink for Counted {
    fn snapshot(&mut self, _: StoredSnapshot) -> bool {
        self.snapshots += 1;
        true
    }

    fn event(&mut self, _: RawEvent<'_>) -> ControlFlow<()> {
        self.events += 1;
        ControlFlow::Continue(())
    }
}

async fn restart(app: App, tell: &mut Narrator, database: &str, ada: Id<Account>) -> Outcome {
    tell.step("A restart");
    let before = app.load(ada).await?;
    if database == "memory:" {
        tell.line("skipped", "memory keeps nothing");
        return Ok(());
    }
    app.close().await?;
    tell.line("closed", "connections and files");
    let app = open(database).await?;
    let after = app.load(ada).await?;
    if before != after {
        return Err("the account changed over the restart".into());
    }
    tell.proof(
        "opened again",
        format_args!("version {}, balance {}", after.version(), after.balance),
    );
    app.close().await?;
    Ok(())
}

fn deposit(id: Id<Account>, cents: i64, channel: &str) -> Deposit {
    Deposit {
        id,
        amount: Money { cents },
        channel: channel.into(),
    }
}
