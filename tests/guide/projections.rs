//! The code of the chapter "Projections by hand".

use std::{
    error::Error,
    sync::{Arc, Mutex},
    time::Duration,
};

use intent_runtime::{Hears, Projection, ProjectionError, prelude::*};
use sqlx::{Connection as _, SqliteConnection};

use super::read_models::{Account, Deposit, Deposited, Open, Opened};

/// What stands for a mail server.
#[derive(Clone, Default)]
pub struct MailClient(Arc<Mutex<Vec<(EventId, String)>>>);

impl MailClient {
    async fn send(&self, id: EventId, text: String) -> Result<(), std::io::Error> {
        self.0.lock().unwrap().push((id, text));
        Ok(())
    }
}

// ANCHOR: mails
/// Writes to the owners of accounts.
struct Mails {
    client: MailClient,
}

enum Mail {
    Welcome(Recorded<Opened>),
    CameIn(Recorded<Deposited>),
}

impl Projection for Mails {
    const NAME: &'static str = "mails";
    type Event = Mail;
    type Transaction = ();

    fn hears(hears: &mut Hears<Mail>) {
        hears.on(Mail::Welcome);
        hears.on(Mail::CameIn);
    }

    async fn apply(&self, events: &[Mail], (): &mut ()) -> Result<(), ProjectionError> {
        for event in events {
            let (id, text) = match event {
                Mail::Welcome(opened) => (opened.id(), format!("welcome, {}", opened.owner)),
                Mail::CameIn(deposited) => {
                    (deposited.id(), format!("{} came in", deposited.amount))
                }
            };
            // The id of the event lets the mail server tell what it has already.
            self.client.send(id, text).await?;
        }
        Ok(())
    }
}
// ANCHOR_END: mails

// ANCHOR: words
/// The words in the names of owners, each with the accounts that they lead to.
struct Words;

impl Projection for Words {
    const NAME: &'static str = "words";
    type Event = Recorded<Opened>;
    type Transaction = SqliteConnection;

    fn hears(hears: &mut Hears<Recorded<Opened>>) {
        hears.on(|opened| opened);
    }

    async fn apply(
        &self,
        events: &[Recorded<Opened>],
        transaction: &mut SqliteConnection,
    ) -> Result<(), ProjectionError> {
        for opened in events {
            for word in opened.owner.split_whitespace() {
                sqlx::query("INSERT INTO words (tenant, word, account) VALUES ($1, $2, $3)")
                    .bind(opened.tenant_id().to_string())
                    .bind(word.to_lowercase())
                    .bind(opened.aggregate_id().to_string())
                    .execute(&mut *transaction)
                    .await?;
            }
        }
        Ok(())
    }
}
// ANCHOR_END: words

#[tokio::test]
async fn mails_are_sent() -> Result<(), Box<dyn Error>> {
    let url = "memory:";
    let domain = || Domain::of::<Account>();
    let client = MailClient::default();
    let sent = client.clone();
    // ANCHOR: add
    let app = App::connect(url, domain())
        .projection(Mails { client })
        .await?;
    let workers = app.start().await?;
    // ANCHOR_END: add
    let id = Id::new();
    let owner = "Ada Lovelace".to_owned();
    let branch = "north".to_owned();
    app.send(Open {
        id,
        owner,
        branch: branch.clone(),
    })
    .await?;
    // ANCHOR: wait
    let receipt = app
        .send(Deposit {
            id,
            branch,
            amount: 5,
        })
        .await?;
    app.wait_for_projection::<Mails>(&receipt, Duration::from_secs(10))
        .await?;
    // ANCHOR_END: wait
    let texts: Vec<String> = sent
        .0
        .lock()
        .unwrap()
        .iter()
        .map(|(_, text)| text.clone())
        .collect();
    assert_eq!(texts, ["welcome, Ada Lovelace", "5 came in"]);
    // ANCHOR: operate
    let mails = app.projection::<Mails>();
    mails.pause().await?;
    mails.resume().await?;
    // ANCHOR_END: operate
    workers.stop(Duration::from_secs(10)).await?;
    Ok(())
}

#[tokio::test]
async fn words_are_found() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let url = format!("sqlite:{}", folder.path().join("bank.db").display());
    let app = App::connect(&url, Domain::of::<Account>())
        .projection(Words)
        .await?;
    let mut connection = SqliteConnection::connect(&url).await?;
    sqlx::raw_sql("CREATE TABLE words (tenant TEXT, word TEXT, account TEXT)")
        .execute(&mut connection)
        .await?;
    let workers = app.start().await?;
    let (id, branch) = (Id::<Account>::new(), "north".to_owned());
    let owner = "Ada Lovelace".to_owned();
    app.send(Open { id, owner, branch }).await?;
    app.settled(Duration::from_secs(10)).await?;
    let found: Vec<String> =
        sqlx::query_scalar("SELECT account FROM words WHERE word = 'lovelace'")
            .fetch_all(&mut connection)
            .await?;
    assert_eq!(found, [id.to_string()]);
    workers.stop(Duration::from_secs(10)).await?;
    Ok(())
}
