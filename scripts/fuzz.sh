#!/usr/bin/env bash
# fuzz.sh [TARGET|all] [SECONDS]: fuzzes one target, or each in turn, for so many seconds (60). Guided by coverage (libFuzzer)
# where the toolchain can; else with the mutations of the tests, for as long. `fuzz.sh list` names the targets.
#
# What finds new code is kept under $WOAD_CACHE/fuzz/TARGET, what breaks an invariant under tests/fuzz/crashes/TARGET, where
# `make test` finds it. `fuzz.sh keep TARGET` chooses a small corpus out of the former for tests/fuzz/corpus/TARGET.
#
# Neither nightly nor cargo-fuzz is needed: LLVM's pass is asked for by stable options. tests/fuzz/libfuzzer is a folder as
# cargo-fuzz has it, too.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/env.sh
. scripts/env.sh

target=${1:-all}
seconds=${2:-60}
list=$(sed -n '/\$then! {/,/}/p' tests/fuzz/src/lib.rs | grep -oE '\b[a-z_0-9]+\b' | grep -v '^then$')
kept=$WOAD_CACHE/fuzz
host=$(rustc -vV | sed -n 's/^host: //p')
build=$CARGO_TARGET_DIR/fuzz
program=$build/$host/release/any

instrumented() {
    local flags=(-Cpasses=sancov-module -Ccodegen-units=4 --cfg fuzzing)
    for option in level=4 inline-8bit-counters pc-table trace-compares; do
        flags+=("-Cllvm-args=-sanitizer-coverage-$option")
    done
    # With a target named, build scripts and macros are built without. Not --locked: this lock file follows the workspace's
    # manifests only when somebody fuzzes.
    RUSTFLAGS="${flags[*]}" CARGO_TARGET_DIR=$build cargo build --quiet --release --target "$host" \
        --manifest-path tests/fuzz/libfuzzer/Cargo.toml
}

seeded() {
    mkdir -p "$kept/$1" "tests/fuzz/corpus/$1" "tests/fuzz/crashes/$1"
    [[ -e $kept/$1/.seeded ]] || { WOAD_FUZZ_SEEDS="$kept/$1" WOAD_FUZZ_TARGET=$1 "$program" -runs=0 >/dev/null 2>&1; touch "$kept/$1/.seeded"; }
}

guided() {
    seeded "$1"
    local words=$kept/$1.words dictionary=()
    WOAD_FUZZ_WORDS="$words" WOAD_FUZZ_TARGET=$1 "$program" -runs=0 >/dev/null 2>&1
    [[ ! -s $words ]] || dictionary=("-dict=$words")
    WOAD_FUZZ_TARGET=$1 "$program" -max_total_time="$seconds" -timeout=2 -rss_limit_mb=1024 -max_len=8192 \
        "${dictionary[@]}" -artifact_prefix="tests/fuzz/crashes/$1/" -print_final_stats=1 -verbosity=1 \
        "$kept/$1" "tests/fuzz/corpus/$1" "tests/fuzz/crashes/$1" 2>&1 | grep -E '^#[0-9]+.*(DONE|INITED)|panicked|stat::(number|average|peak)|SUMMARY|artifact|ERROR' || true
    rmdir --ignore-fail-on-non-empty "tests/fuzz/corpus/$1" "tests/fuzz/crashes/$1"
}

# Seconds are not what the tests count in: rounds of about a second each.
unguided() {
    WOAD_FUZZ_ROUNDS=$seconds WOAD_FUZZ_SEED=$RANDOM cargo test --locked --quiet -p woad-fuzz --test replay -- "$1::holds_for_what_is_made_of_it"
}

case $target in
    list)
        echo "$list"
        exit ;;
    keep)
        one=$2
        seeded "$one"
        small=$kept/$one.small
        rm -rf "$small"
        mkdir -p "$small"
        WOAD_FUZZ_TARGET=$one "$program" -merge=1 -max_len=2048 "$small" "tests/fuzz/corpus/$one" "$kept/$one" >/dev/null 2>&1
        # The smallest say the most for their size; a handful a target is enough for the tests.
        find "$small" -type f -size -3 -printf '%s %p\n' | sort -n | awk '{print $2}' |
            python3 -c 'import sys; all=sys.stdin.read().split(); n=int(sys.argv[1]); print("\n".join(all[::max(1, -(-len(all)//n))]))' "${3:-8}" |
            while read -r file; do cp "$file" "tests/fuzz/corpus/$one/$(basename "$file" | cut -c1-12)"; done
        exit ;;
    all) ;;
    *)
        grep -qx "$target" <<<"$list" || { echo "no such target: $target; there are" $list >&2; exit 2; }
        list=$target ;;
esac

if instrumented; then
    run=guided
else
    echo "coverage-guided fuzzing can't be built here (see above): mutations without guidance instead" >&2
    run=unguided
fi
for one in $list; do
    echo "── $one"
    "$run" "$one"
done
left=$(git status --porcelain -- tests/fuzz/crashes)
[[ -z $left ]] || { echo "inputs that break an invariant:" >&2; echo "$left" >&2; exit 1; }
