//! Who reads which rows, on every store.

use intent_runtime::{Rows, prelude::*};
use uuid::Uuid;

use super::{domain::*, fixture::on_every_store};

/// A row for each account, of the person whose name it has.
#[derive(ReadModel, Debug, Clone, PartialEq)]
#[read_model(
    table = "owned",
    created_by(Opened),
    events(Named, Paid),
    removed_by(Closed),
    access(role = "teller"),
    access(role = "customer", own = owner),
    access(role = "device", own = account),
    access(role = "heir", own = heir),
    access(role = "heir", own = owner)
)]
pub struct Owned {
    #[key]
    pub account: Id<Account>,
    #[index]
    #[on(Named = |e| e.name.clone())]
    pub owner: String,
    /// The branch, if it is somebody's name.
    #[on(Opened = |e| Some(e.branch.clone()).filter(|branch| !branch.is_empty()))]
    pub heir: Option<String>,
    #[index]
    #[on(Paid += |e| e.amount)]
    pub cents: i64,
}

/// A row that only the program reads.
#[derive(ReadModel, Debug, Clone, PartialEq)]
#[read_model(table = "internal", created_by(Opened), events())]
pub struct Internal {
    #[key]
    pub account: Id<Account>,
}

pub const ROLES: [&str; 4] = ["teller", "customer", "device", "heir"];

pub fn owned() -> Domain {
    Domain::of::<Account>()
        .roles(ROLES)
        .read_model::<Owned>()
        .read_model::<Internal>()
}

/// An account of a person, who is its heir too.
pub async fn account_of(tenant: &Tenant, owner: &str, heir: &str) -> Id<Account> {
    let id = opened(tenant, heir).await;
    let name = owner.to_owned();
    tenant.send(Rename { id, name }).await.unwrap();
    pay(tenant, id, 5).await;
    id
}

async fn read(rows: Rows<Owned>) -> Vec<Id<Account>> {
    let by_text = rows.query("order by account", ()).await.unwrap();
    let found: Vec<_> = by_text.iter().map(|row| row.account).collect();
    // What `query` finds, `list` and `get` find too.
    assert_eq!(rows.list().await.unwrap(), by_text);
    for row in by_text {
        assert_eq!(rows.get(row.account).await.unwrap(), Some(row));
    }
    found
}

fn sorted<const N: usize>(mut ids: [Id<Account>; N]) -> [Id<Account>; N] {
    ids.sort_by_key(Id::as_uuid);
    ids
}

#[tokio::test]
async fn each_role_reads_its_rows() {
    on_every_store(owned, async |app| {
        let workers = app.start().await.unwrap();
        let [here, there] = [1, 2].map(|id| app.tenant(TenantId::from_uuid(Uuid::from_u128(id))));
        let ada = account_of(&here, "ada", "").await;
        let eve = account_of(&here, "eve", "ada").await;
        let nobody = account_of(&here, "", "").await;
        account_of(&there, "ada", "ada").await;
        app.settled(LONG).await.unwrap();

        let of = |actor: Actor| read(here.acting(actor).read());
        let all = sorted([ada, eve, nobody]);
        assert_eq!(read(here.read()).await, all);
        assert_eq!(of(Actor::new("ada").role("teller")).await, all);
        assert_eq!(of(Actor::new("ada").role("customer")).await, [ada]);
        assert_eq!(
            of(Actor::new("ada").role("customer").role("teller")).await,
            all
        );
        // Both rules of a role count.
        assert_eq!(of(Actor::new("ada").role("heir")).await, sorted([ada, eve]));
        // The name is compared as it is, and nobody has an empty one.
        for name in ["", "Ada", "ada ", "ada\0", "' or true --", "%"] {
            assert_eq!(of(Actor::new(name).role("customer")).await, [], "{name}");
        }
        // An id is written as ids are.
        let device = |name: String| of(Actor::new(name).role("device"));
        assert_eq!(device(eve.to_string()).await, [eve]);
        assert_eq!(device(eve.to_string().to_uppercase()).await, [eve]);
        assert_eq!(device(format!("{{{eve}}}")).await, []);
        assert_eq!(device(eve.as_uuid().simple().to_string()).await, []);
        assert_eq!(device("ada".to_owned()).await, []);

        // A row of somebody else is not there.
        let ada = here.acting(Actor::new("ada").role("customer"));
        assert_eq!(ada.read::<Owned>().get(eve).await.unwrap(), None);
        workers.stop(LONG).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn without_a_rule_only_the_program_reads() {
    on_every_store(owned, async |app| {
        let workers = app.start().await.unwrap();
        account_of(&app, "ada", "").await;
        app.settled(LONG).await.unwrap();
        assert_eq!(app.read::<Internal>().list().await.unwrap().len(), 1);

        let teller = app.acting(Actor::new("ada").role("teller"));
        let refused = teller.read::<Internal>().list().await.unwrap_err();
        assert!(
            matches!(&refused, ReadError::Forbidden { model: "internal", allowed, .. } if allowed.is_empty()),
            "{refused:?}"
        );
        assert_eq!(
            refused.to_string(),
            "ada may not read `internal`: it has no access rule, so only the program reads it"
        );
        for (actor, said) in [
            (Actor::new("ada"), "the actor has no role"),
            (
                Actor::new("ada").role("auditor").role("tell"),
                "the actor has the roles `auditor`, `tell`",
            ),
            (
                Actor::new("ada").role("customer,teller"),
                "the actor has the role `customer,teller`",
            ),
        ] {
            let acting = app.acting(actor);
            let rows = acting.read::<Owned>();
            let refused = [
                rows.get(Id::new()).await.unwrap_err(),
                rows.query("", ()).await.unwrap_err(),
                rows.list().await.unwrap_err(),
            ];
            for refused in refused {
                let text = format!(
                    "ada may not read `owned`: {said}, and the read model needs `teller` or `customer` or `device` or `heir`"
                );
                assert_eq!(refused.to_string(), text);
            }
        }
        workers.stop(LONG).await.unwrap();
    })
    .await;
}

/// Whatever a text says, it sees the rows of its tenant and of its actor.
#[tokio::test]
async fn no_text_leads_to_other_rows() {
    /// Texts that are refused before any database sees them.
    const REFUSED: [&str; 38] = [
        "where true union select * from intent_read.\"owned__1\"",
        "where true union all table intent_read.owned__1",
        "union select 1, 2, 3, 4",
        "where exists (select 1 from intent_read_owned__1)",
        "where (account, owner) in intent_read_owned__1",
        "where cents in(select cents from intent_read_owned__1)",
        "WHERE TRUE UNION VALUES (1)",
        "where 1=1union select 1",
        "where true except select 1",
        "where true intersect select 1",
        ", intent_read.owned__1 as o",
        "cross join intent_read_owned__1",
        "as o where true",
        "(a, b) where true",
        "where true -- and more",
        "where true /* and */ and false",
        "where true) as t, intent_read.owned__1 as o where (true",
        "where true) union (table intent_read.owned__1",
        "where (true",
        "where owner = 'ada",
        "where owner = \"ada",
        "where owner = e'\\'' union select 1, '",
        "where owner = $$ada$$ union select 1",
        "where [owner'] = 1 union select 1 where 'x' = ''",
        "where `owner'` = 1 union select 1 where 'x' = ''",
        "where true; drop table intent_read.owned__1",
        "where owner = U&'a' uescape '!'",
        "'where' or true",
        "where exists (with o as (values (1)) values (2))",
        "where true returning 1",
        "where query_to_xml('select 1', true, false, '') is not null",
        "where \"query_to_xml\" ('select 1', true, false, '') is not null",
        "where pg_catalog.table_to_xml('intent_read.owned__1', true, false, '') is not null",
        "where U&\"query!005fto_xml\" uescape '!' ('select 1', true, false, '') is not null",
        "where set_config('intent.tenant', '00000000-0000-0000-0000-000000000002', false) is not null",
        "where intent_read_owned__1.cents > 0",
        "where account in $1",
        "where true limit (table intent_read.owned__1)",
    ];
    /// Texts that see what may be seen.
    const SEEN: [&str; 6] = [
        "where true or true",
        "where cents > 0 or owner <> 'nobody'' or ' or true",
        "where owner in ('ada', 'eve') or \"owner\" <> 'union select'",
        "where not (cents = 0) group by account, owner, heir, cents having true order by cents limit 100 offset 0",
        "order by (cents), account",
        "",
    ];
    on_every_store(owned, async |app| {
        let workers = app.start().await.unwrap();
        let [here, there] = [1, 2].map(|id| app.tenant(TenantId::from_uuid(Uuid::from_u128(id))));
        let ada = account_of(&here, "ada", "").await;
        account_of(&here, "eve", "").await;
        account_of(&there, "ada", "").await;
        app.settled(LONG).await.unwrap();
        let actor = here.acting(Actor::new("ada").role("customer"));
        for text in REFUSED {
            for rows in [here.read::<Owned>(), actor.read()] {
                let refused = rows.query(text, ()).await;
                assert!(
                    matches!(refused, Err(ReadError::Text { .. })),
                    "{text}: {refused:?}"
                );
            }
        }
        for text in SEEN {
            let found = here.read::<Owned>().query(text, ()).await.unwrap();
            assert_eq!(found.len(), 2, "{text}");
            let found = actor.read::<Owned>().query(text, ()).await.unwrap();
            let found: Vec<_> = found.iter().map(|row| row.account).collect();
            assert_eq!(found, [ada], "{text}");
        }
        // A value is a value, whatever it says.
        let rows = here.read::<Owned>();
        for value in [
            "' or true --",
            "ada' union select 1 --",
            "$1",
            "\"; drop table x",
        ] {
            let found = rows.query("where owner = $1", (value,)).await.unwrap();
            assert_eq!(found, [], "{value}");
            let found = rows.list().filter("owner", value).await.unwrap();
            assert_eq!(found, [], "{value}");
            let mistake = rows.list().order_by(value).await.unwrap_err();
            assert!(
                matches!(mistake, ReadError::UnknownColumn { .. }),
                "{mistake:?}"
            );
        }
        workers.stop(LONG).await.unwrap();
    })
    .await;
}
