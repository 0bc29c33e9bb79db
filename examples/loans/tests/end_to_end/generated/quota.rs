//! Deals exact totals out to many cases, so that sums are known in advance whatever the random numbers are.

/// Deals out `total` in proportion to the weights. The shares add up to `total` exactly.
///
/// Panics when there is something to deal out and no weight.
pub fn deal(total: u64, weights: &[u64]) -> Vec<u64> {
    let all: u64 = weights.iter().sum();
    assert!(all > 0 || total == 0, "{total} for nobody");
    let mut weight = 0;
    let mut dealt = 0;
    let shares = weights.iter().map(|more| {
        weight += more;
        // What is due to all cases up to this one, less what they have.
        let share = total * weight / all.max(1) - dealt;
        dealt += share;
        share
    });
    shares.collect()
}

/// Weights of which few are large, as are the efforts that cases take.
pub fn skewed(random: &mut fastrand::Rng, count: usize) -> Vec<u64> {
    (0..count)
        .map(|_| 1 + random.u64(1..=30).pow(2) / 30)
        .collect()
}

#[test]
fn shares_add_up_to_the_total() {
    assert_eq!(deal(10, &[1, 1, 1]), [3, 3, 4]);
    assert_eq!(deal(3, &[0, 1, 0, 2]), [0, 1, 0, 2]);
    assert_eq!(deal(0, &[0, 0]), [0, 0]);
    let mut random = fastrand::Rng::with_seed(7);
    let weights = skewed(&mut random, 1_000);
    assert_eq!(deal(123_457, &weights).iter().sum::<u64>(), 123_457);
}
