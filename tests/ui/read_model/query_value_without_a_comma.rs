use intent_runtime::prelude::*;

async fn rich<M: ReadModel>(app: &App) -> Result<Vec<M>, ReadError> {
    app.read::<M>().query("where balance > $1", (1)).await
}

fn main() {}
