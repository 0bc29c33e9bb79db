//! Commands and loads are traced.

use std::process::Command;

#[test]
fn each_call_has_a_span() {
    let child = Command::new(env!("CARGO_BIN_EXE_child"))
        .arg("spans")
        .output()
        .unwrap();
    assert!(child.status.success(), "{child:?}");
    let spans = String::from_utf8(child.stdout).unwrap();
    let spans: Vec<_> = spans.lines().collect();
    assert_eq!(spans, ["intent.send", "intent.load", "intent.snapshot"]);
}
