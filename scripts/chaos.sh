#!/usr/bin/env bash
# chaos.sh [ARGS]: the fault lab on the programs of the development profile; its table as JSON in the folder of artifacts.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/env.sh
. scripts/env.sh

export WOAD_BIN_DIR="${WOAD_BIN_DIR:-$CARGO_TARGET_DIR/debug}"
export WOAD_ARTIFACTS="${WOAD_ARTIFACTS:-$WOAD_CACHE/artifacts}"
mkdir -p "$WOAD_ARTIFACTS"
exec "$WOAD_BIN_DIR/woad-chaos" "$@"
