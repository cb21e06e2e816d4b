#!/usr/bin/env bash
# test.sh [ARGS for the runner]: the tests of all crates with cargo-nextest where it is installed, else with cargo test; and in
# the environment what whole-system tests look for:
#
#   WOAD_BIN_DIR       folder of the programs under test (woad, woadctl), development profile
#   WOAD_PYTHON        Python with tests/requirements.txt
#   WOAD_NODE_MODULES  packages of tests/web, where there is Node with npm
#   WOAD_ARTIFACTS     folder for what tests leave to be looked at (screenshots)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/env.sh
. scripts/env.sh

export WOAD_BIN_DIR="${WOAD_BIN_DIR:-$CARGO_TARGET_DIR/debug}"
WOAD_PYTHON=$(scripts/python.sh)
export WOAD_PYTHON
if command -v npm >/dev/null 2>&1; then
    WOAD_NODE_MODULES=$(scripts/node_modules.sh)
    export WOAD_NODE_MODULES
fi
export WOAD_ARTIFACTS="${WOAD_ARTIFACTS:-$WOAD_CACHE/artifacts}"
mkdir -p "$WOAD_ARTIFACTS"

if cargo nextest --version >/dev/null 2>&1; then
    exec cargo nextest run --locked --workspace --no-tests=pass "$@"
fi
exec cargo test --locked --workspace --lib --bins --tests "$@"
