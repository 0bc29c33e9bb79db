//! What the shop has when it is opened for the first time.

use std::error::Error;

use intent_runtime::prelude::*;

use crate::{
    checkout::{self, Wanted},
    domain::{
        Customer, Order, Product,
        customer::Register,
        order::{Pay, Ship},
        product::{Add, Restock},
    },
};

const PRODUCTS: [(&str, i64, u32); 6] = [
    ("Teapot", 2_490, 12),
    ("Green tea, 100 g", 690, 200),
    ("Black tea, 100 g", 590, 150),
    ("Cup", 850, 48),
    ("Strainer", 420, 30),
    ("Kettle", 3_990, 3),
];
const CUSTOMERS: [(&str, &str); 3] = [
    ("Ada", "ada@example.org"),
    ("Bo", "bo@example.org"),
    ("Cleo", "cleo@example.org"),
];

/// Fills an empty shop. What is there already is left as it is, so it can be called at every start.
pub async fn seed(app: &App) -> Result<(), Box<dyn Error>> {
    let shop = app.acting(Actor::new("seed").role("clerk"));
    let once = |what: &str| {
        let id = CommandId::from_key(&format!("seed\n{what}"));
        SendOptions::new().command_id(id)
    };
    for (name, price_cents, quantity) in PRODUCTS {
        let id = Id::<Product>::from_name(name);
        let name = name.to_owned();
        let (added, restocked) = (format!("add {name}"), format!("restock {name}"));
        let add = Add {
            id,
            name,
            price_cents,
        };
        shop.send_with(add, once(&added)).await?;
        shop.send_with(Restock { id, quantity }, once(&restocked))
            .await?;
    }
    for (name, email) in CUSTOMERS {
        let id = Id::<Customer>::from_name(name);
        let register = Register {
            id,
            name: name.to_owned(),
            email: email.to_owned(),
        };
        shop.send_with(register, once(name)).await?;
    }
    for (number, (who, what, quantity)) in [
        ("Ada", "Teapot", 1),
        ("Bo", "Cup", 4),
        ("Ada", "Green tea, 100 g", 3),
    ]
    .into_iter()
    .enumerate()
    {
        let id = Id::<Order>::from_name(&format!("order {number}"));
        let product = Id::<Product>::from_name(what);
        let lines = vec![Wanted { product, quantity }];
        checkout::place(&shop, id, Id::from_name(who), lines).await?;
        if number < 2 {
            shop.send_with(Pay { id }, once(&format!("pay {number}")))
                .await?;
        }
        if number < 1 {
            shop.send_with(Ship { id }, once(&format!("ship {number}")))
                .await?;
        }
    }
    Ok(())
}
