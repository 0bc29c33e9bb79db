//! Section "Two aggregates" of the chapter "Commands".

use std::{convert::Infallible, error::Error};

use intent_runtime::{App, prelude::*};

#[derive(Aggregate)]
#[aggregate(created_by(Joined), events(Charged))]
pub struct Member {
    #[id]
    id: Id<Member>,
    #[on(Charged += |e| e.amount)]
    owes: i64,
}

#[event]
pub struct Joined;

#[event]
pub struct Charged {
    pub amount: i64,
}

#[commands]
impl Member {
    #[create]
    pub fn join() -> Joined {
        Joined
    }

    #[handle]
    pub fn charge(&self, amount: i64) -> Charged {
        Charged { amount }
    }
}

#[derive(Aggregate)]
#[aggregate(created_by(Lent), events(Returned))]
pub struct Loan {
    #[id]
    id: Id<Loan>,
    #[on(Lent = |e| e.member)]
    member: Id<Member>,
    #[on(Returned = true)]
    returned: bool,
}

#[event]
pub struct Lent {
    pub member: Id<Member>,
}

#[event]
pub struct Returned {
    pub member: Id<Member>,
    pub fee: i64,
}

#[commands]
impl Loan {
    #[create]
    pub fn lend(member: Id<Member>) -> Lent {
        Lent { member }
    }

    #[handle]
    pub fn take_back(&self, fee: i64) -> Option<Returned> {
        let member = self.member;
        (!self.returned).then_some(Returned { member, fee })
    }
}

// ANCHOR: domain
pub fn library() -> Domain {
    Domain::of::<Member>().aggregate::<Loan>()
}
// ANCHOR_END: domain

// ANCHOR: reader
/// Charges the member for each loan that comes back. After an error, call it again: it goes on from the cursor.
async fn charge_fees(
    app: &App,
    cursor: &mut Cursor,
) -> Result<Infallible, Box<dyn Error + Send + Sync>> {
    let mut loans = app.follow::<Loan>().after(*cursor);
    loop {
        let event = loans.next_event().await?;
        if let LoanEvent::Returned(Returned { member, fee }) = event.event {
            let charge = Charge {
                id: member,
                amount: fee,
            };
            // The same id whenever this event is read, so its member is charged once.
            let name = format!("charge for {}", event.id());
            let options = SendOptions::new()
                .command_id(CommandId::from_name(event.recorded_at(), &name))
                .caused_by(&event);
            let tenant = app.tenant(event.tenant_id());
            tenant.send_with(charge, options).await?;
        }
        *cursor = loans.cursor();
    }
}
// ANCHOR_END: reader

#[tokio::test]
async fn each_aggregate_gives_events_of_its_own() {
    let app = App::connect("memory:", library()).await.unwrap();
    let (member, id) = (Id::<Member>::new(), Id::<Loan>::new());
    app.send(Join { id: member }).await.unwrap();
    app.send(Lend { id, member }).await.unwrap();
    app.send(TakeBack { id, fee: 2 }).await.unwrap();
    let (id, amount) = (member, 2);
    app.send(Charge { id, amount }).await.unwrap();

    // ANCHOR: pairs
    let wanted = LogFilter::all()
        .event_of::<Loan, Lent>()
        .event_of::<Member, Charged>();
    let mut log = app.subscribe(wanted);
    // ANCHOR_END: pairs
    let page = log.next_page().await.unwrap();
    let names: Vec<_> = page.events.iter().map(|it| &it.event_type).collect();
    assert_eq!(names, ["Lent", "Charged"]);

    let mistyped = LogFilter::all().event_type("Lend");
    let page = app.subscribe(mistyped).next_page().await.unwrap();
    assert!(page.events.is_empty() && page.end, "{page:?}");
}

#[tokio::test]
async fn a_member_is_charged_once_for_each_loan_that_comes_back() {
    let app = App::connect("memory:", library()).await.unwrap();
    let branch = app.tenant(TenantId::from_name("eindhoven"));
    let member = Id::<Member>::new();
    branch.send(Join { id: member }).await.unwrap();
    let mut charges = branch.follow::<Member>();
    charges.next_event().await.unwrap();

    let mut total = 0;
    // Each time it begins at the start of the log, as if its cursor was lost.
    for fee in [2, 3] {
        let id = Id::<Loan>::new();
        branch.send(Lend { id, member }).await.unwrap();
        let returned = branch.send(TakeBack { id, fee }).await.unwrap();
        total += fee;
        let mut cursor = Cursor::START;
        let charged = tokio::select! {
            ended = charge_fees(&app, &mut cursor) => panic!("{:?}", ended.err()),
            charged = charges.next_event() => charged.unwrap(),
        };
        assert_eq!(charged.event, Charged { amount: fee }.into());
        let cause = branch.history(id).await.unwrap();
        assert_eq!(
            charged.metadata().unwrap().causation_id,
            Some(cause[1].id())
        );
        assert_eq!(cause[1].version(), returned.version);
        let loan = branch.load(id).await.unwrap();
        assert_eq!((loan.id, loan.returned), (id, true));
    }
    let member = branch.load(member).await.unwrap();
    assert_eq!((member.owes, member.id), (total, member.state().id));
}
