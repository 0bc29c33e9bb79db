//! `Traceparent`: what it reads and what it refuses.

use intent_runtime::{Metadata, Traceparent};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";

#[test]
fn what_w3c_trace_context_writes_is_read() {
    for text in [
        format!("00-{TRACE}-{SPAN}-01"),
        format!("00-{TRACE}-{SPAN}-ff"),
        format!("01-{TRACE}-{SPAN}-00"),
        format!("cc-{TRACE}-{SPAN}-00-what-will-be"),
    ] {
        let traceparent: Traceparent = text.parse().unwrap();
        assert_eq!(traceparent.to_string(), text);
        let metadata = Metadata::new().traceparent(traceparent);
        let json = serde_json::to_string(&metadata).unwrap();
        assert_eq!(json, format!(r#"{{"traceparent":"{text}"}}"#));
        assert_eq!(serde_json::from_str::<Metadata>(&json).unwrap(), metadata);
    }
}

#[test]
fn what_is_no_traceparent_is_refused() {
    let none = "0".repeat(32);
    for text in [
        String::new(),
        String::from("a trace"),
        format!("{TRACE}-{SPAN}-01"),
        format!("00-{TRACE}-{SPAN}"),
        format!("00-{TRACE}-{SPAN}-01-more"),
        format!("00-{TRACE}-{SPAN}-01-"),
        format!("ff-{TRACE}-{SPAN}-01"),
        format!("0-{TRACE}-{SPAN}-01"),
        format!("00-{none}-{SPAN}-01"),
        format!("00-{TRACE}-0000000000000000-01"),
        format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
        format!("00-{TRACE}0-{SPAN}-01"),
        format!("00-{TRACE}-{SPAN}-1"),
        format!("00-{TRACE}-{SPAN}-0g"),
        format!(" 00-{TRACE}-{SPAN}-01"),
        format!("00-{TRACE}-{SPAN}-01\n"),
        format!("00_{TRACE}_{SPAN}_01"),
        format!("00-{}-{SPAN}-01", "é".repeat(16)),
    ] {
        let error = text.parse::<Traceparent>().unwrap_err().to_string();
        assert!(error.contains(&format!("`{text}`")), "{error}");
        let json = serde_json::json!({ "traceparent": text }).to_string();
        assert!(serde_json::from_str::<Metadata>(&json).is_err(), "{json}");
    }
}
