#!/usr/bin/env bash
# test.sh [ARGS for the runner]: the tests of all crates with cargo-nextest where it is installed, else with cargo test; and in
# the environment what whole-system tests look for:
#
#   WOAD_BIN_DIR  folder of the programs under test (woad, woadctl), development profile
#   WOAD_PYTHON   Python with tests/requirements.txt
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/env.sh
. scripts/env.sh

export WOAD_BIN_DIR="${WOAD_BIN_DIR:-$CARGO_TARGET_DIR/debug}"
WOAD_PYTHON=$(scripts/python.sh)
export WOAD_PYTHON

if cargo nextest --version >/dev/null 2>&1; then
    exec cargo nextest run --locked --workspace --no-tests=pass "$@"
fi
exec cargo test --locked --workspace --lib --bins --tests "$@"
