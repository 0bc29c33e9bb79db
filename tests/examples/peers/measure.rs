//! Work done by several tasks for a while: how much, how long each took, and what it cost.

use std::{
    fs,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::cpu::Cpu;

/// What is measured, as the peers' protocol names the library.
pub const LIB: &str = "ours";

/// The process id of the server, whose file `PGPIDFILE` names.
pub fn postmaster() -> Option<u32> {
    let file = std::env::var("PGPIDFILE").ok()?;
    let text = fs::read_to_string(file).ok()?;
    text.lines().next()?.trim().parse().ok()
}

pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// Has `tasks` tasks do `work(task, turn)` again and again, for some seconds.
pub async fn rate<W, F>(metric: &str, tasks: usize, seconds: u64, work: W) -> Value
where
    W: Fn(u64, u64) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<(), String>> + Send,
{
    let done = Arc::new(AtomicU64::new(0));
    let failures = Arc::new(Mutex::new((0_u64, None::<String>)));
    let (cpu, start) = (Cpu::now(postmaster()), Instant::now());
    let mut workers = JoinSet::new();
    for task in 0..tasks as u64 {
        let (done, failures, work) = (done.clone(), failures.clone(), work.clone());
        workers.spawn(async move {
            let mut latencies = Vec::with_capacity(1 << 14);
            for turn in 0.. {
                if start.elapsed() >= Duration::from_secs(seconds) {
                    break;
                }
                let begun = Instant::now();
                match work(task, turn).await {
                    Ok(()) => {
                        done.fetch_add(1, Ordering::Relaxed);
                        latencies.push(begun.elapsed().as_secs_f64() * 1e3);
                    }
                    Err(error) => {
                        let mut failures = failures.lock().unwrap();
                        failures.0 += 1;
                        failures.1.get_or_insert(error);
                    }
                }
            }
            latencies
        });
    }
    let mut windows = Vec::new();
    let mut last = 0;
    for second in 1..=seconds {
        tokio::time::sleep_until((start + Duration::from_secs(second)).into()).await;
        let now = done.load(Ordering::Relaxed);
        windows.push((now - last) as f64);
        last = now;
    }
    let mut latencies = workers.join_all().await.concat();
    latencies.sort_by(f64::total_cmp);
    let quantile = |q: f64| {
        let index = (latencies.len() as f64 * q) as usize;
        latencies.get(index).or(latencies.last()).copied()
    };
    let count = done.load(Ordering::Relaxed);
    let (client, server) = cpu.since(count);
    let (errors, first_error) = failures.lock().unwrap().clone();
    json!({
        "lib": LIB, "metric": metric, "n": tasks,
        "per_s_median": median(&mut windows.clone()),
        "per_s_mean": count as f64 / start.elapsed().as_secs_f64(),
        "windows": windows, "p50_ms": quantile(0.5), "p99_ms": quantile(0.99),
        "errors": errors, "first_error": first_error,
        "cpu_us_client": client, "cpu_us_pg": server,
    })
}
