//! Calls the target that `WOAD_FUZZ_TARGET` names. `WOAD_FUZZ_SEEDS` and `WOAD_FUZZ_WORDS` name a folder and a file to
//! write its seeds and its dictionary to.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use woad_fuzz::{Target, targets};

fn target() -> &'static Target {
    let name = std::env::var("WOAD_FUZZ_TARGET").unwrap_or_default();
    targets::by_name(&name).unwrap_or_else(|| panic!("WOAD_FUZZ_TARGET={name} names no target"))
}

fn begin() -> &'static Target {
    let target = target();
    if let Some(folder) = std::env::var_os("WOAD_FUZZ_SEEDS") {
        for (place, seed) in (target.seeds)().iter().enumerate() {
            std::fs::write(Path::new(&folder).join(format!("seed-{place}")), seed).expect("a seed can be written");
        }
    }
    if let Some(file) = std::env::var_os("WOAD_FUZZ_WORDS") {
        let quoted = |byte: u8| format!("\\x{byte:02x}");
        let word = |word: &&str| format!("\"{}\"\n", word.bytes().map(quoted).collect::<String>());
        let words: String = target.words.iter().map(word).collect();
        std::fs::write(file, words).expect("a dictionary can be written");
    }
    target
}

fuzz_target!(init: { begin(); }, |data: &[u8]| {
    static TARGET: std::sync::OnceLock<&Target> = std::sync::OnceLock::new();
    (TARGET.get_or_init(target).run)(data);
});
