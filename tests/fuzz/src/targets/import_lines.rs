//! Lines of `woadctl import`.

use crate::Target;

/// See [`target`].
pub const TARGET: Target = Target {
    name: "import_lines",
    run: target,
    seeds: || crate::texts(&[
        "\u{feff}{\"kind\":\"group\",\"name\":\"cms/x\"}\n{\"kind\":\"user\",\"userName\":\"ada\",\"emails\":[{\"value\":\"a@x.org\"}]}\n\n{\"kind\":\"membership\",\"user\":\"ada\",\"group\":\"cms\"}",
        "{\"kind\":\"manager\",\"user\":\"ada\",\"group\":\"cms\"}\r\n[1]\n{\"kind\":\"x\"}\n{\"a\":1,\"a\":2}\n",
    ]),
    words: &["\n", "{\"kind\":\"user\"", "}", "[[[[[[[[[[[[[[[[", "{\"a\":", "\"kind\":", ",", "\\u0000", "1e999", "\u{feff}"],
    rounds: 4000,
};

// woadctl is a program and no library: its parser is taken in as it stands there.
#[path = "../../../../cluster-tools/src/transfer/line.rs"]
#[allow(dead_code, reason = "the half that reads is enough")]
mod line;
#[path = "../../../../cluster-tools/src/transfer/strict.rs"]
mod strict;

/// Any bytes: every line that is not empty is a record or a complaint, in order and numbered.
pub fn target(data: &[u8]) {
    let (lines, bad) = line::read(data).expect("reading from memory does not fail");
    let numbers = || lines.iter().map(|line| line.number).chain(bad.iter().map(|bad| bad.number));
    let most = data.split(|byte| *byte == b'\n').count();
    assert!(lines.len() + bad.len() <= most && numbers().all(|number| (1..=most).contains(&number)));
    for line in &lines {
        let record = line.record();
        assert!(!record.contains_key("kind"));
        let text = serde_json::to_string(&record).expect("JSON");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).ok().as_ref().and_then(|value| value.as_object()), Some(&record));
    }
}
