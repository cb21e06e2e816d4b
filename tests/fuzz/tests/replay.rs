//! Every target with its committed corpus, with each input that ever broke it, and with inputs made of these: the
//! same ones in every run. On a small stack, within a bound of memory and of processor time for each input.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use peak_alloc::PeakAlloc;
use rustix::time::{ClockId, clock_gettime};
use woad_fuzz::Target;
use woad_fuzz::mutate::Mutator;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Less than any thread of the programs has: what recurses with its input ends here.
const STACK: usize = 256 * 1024;
/// What nests no deeper than 128 levels, by `serde_json`'s own bound, and is read by a program of its own.
const LARGER: (&str, usize) = ("import_lines", 1024 * 1024);
/// Bytes that no input may make a parser hold.
const MOST_MEMORY: usize = 64 * 1024 * 1024;
/// Time of a processor that no input of 64 KiB may take, in a build without optimisation.
const MOST_TIME: Duration = Duration::from_secs(2);

fn folder(kind: &str, target: &Target) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(kind).join(target.name)
}

fn files(kind: &str, target: &Target) -> Vec<(String, Vec<u8>)> {
    let Ok(found) = fs::read_dir(folder(kind, target)) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = found.map(|file| file.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.display().to_string(), fs::read(&path).unwrap())).collect()
}

fn time() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap())
}

fn feed(target: &Target, name: &str, input: &[u8]) {
    let (held, began) = (MEMORY.current_usage(), time());
    if let Some(folder) = std::env::var_os("WOAD_FUZZ_TRACE") {
        fs::write(Path::new(&folder).join(target.name), input).unwrap();
    }
    MEMORY.reset_peak_usage();
    let survived = catch_unwind(AssertUnwindSafe(|| (target.run)(input))).is_ok();
    let (took, grew) = (time().saturating_sub(began), MEMORY.peak_usage().saturating_sub(held));
    let fault = if !survived {
        "breaks its invariant".to_owned()
    } else if took > MOST_TIME {
        format!("takes {took:?}")
    } else if grew > MOST_MEMORY {
        format!("takes {grew} bytes")
    } else {
        return;
    };
    let kept = std::env::temp_dir().join(format!("woad-fuzz-{}-{:08x}", target.name, checksum(input)));
    fs::write(&kept, input).unwrap();
    panic!("{}: {name} {fault}; the input is in {}", target.name, kept.display());
}

fn checksum(input: &[u8]) -> u32 {
    input.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

fn on_a_small_stack(target: &Target, work: impl FnOnce() + Send + 'static) {
    let stack = if target.name == LARGER.0 { LARGER.1 } else { STACK };
    let thread = std::thread::Builder::new().name(target.name.to_owned()).stack_size(stack).spawn(work).unwrap();
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

fn replay(target: &'static Target) {
    on_a_small_stack(target, move || {
        for (place, seed) in (target.seeds)().iter().enumerate() {
            feed(target, &format!("seed {place}"), seed);
        }
        for (name, input) in files("corpus", target).into_iter().chain(files("crashes", target)) {
            feed(target, &name, &input);
        }
    });
}

/// `WOAD_FUZZ_ROUNDS` multiplies the rounds, `WOAD_FUZZ_SEED` begins elsewhere; `WOAD_FUZZ_TRACE` names a folder in
/// which each input stands while it is fed: what overflows the stack ends the process.
fn mutated(target: &'static Target) {
    let number = |name| std::env::var(name).ok().map(|text| text.parse::<u32>().expect("a number"));
    let rounds = target.rounds.saturating_mul(number("WOAD_FUZZ_ROUNDS").unwrap_or(1));
    let seed = u64::from(number("WOAD_FUZZ_SEED").unwrap_or(1));
    on_a_small_stack(target, move || {
        let known = files("corpus", target).into_iter().chain(files("crashes", target)).map(|(_, input)| input);
        let pool: Vec<Vec<u8>> = (target.seeds)().into_iter().chain(known).collect();
        let mut mutator = Mutator::new(seed, &pool, target.words);
        for round in 0..rounds {
            feed(target, &format!("round {round} of seed {seed}"), &mutator.input());
        }
    });
}

macro_rules! tests {
    ($($name:ident),*) => {
        $(mod $name {
            use woad_fuzz::targets::$name::TARGET;

            #[test]
            fn holds_for_all_that_is_known() {
                assert_eq!(TARGET.name, stringify!($name));
                super::replay(&TARGET);
            }

            #[test]
            fn holds_for_what_is_made_of_it() {
                super::mutated(&TARGET);
            }
        })*
    };
}

woad_fuzz::for_each_target!(tests);
