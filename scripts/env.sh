# shellcheck shell=bash
# Sourced by scripts/run.sh: where builds and caches are, so that every checkout on a machine shares one build of RocksDB.
#
#   WOAD_CACHE        ${XDG_CACHE_HOME:-$HOME/.cache}/woad unless set
#   CARGO_TARGET_DIR  $WOAD_CACHE/target unless set
#   CCACHE_DIR        $WOAD_CACHE/ccache unless set
#   CC, CXX           "ccache gcc", "ccache g++" where ccache is found, unless set
#
# ccache needs no settings: the sources it sees are in cargo's registry, compiled from there without -g, so neither checkout
# nor target directory enters the hash of preprocessed code. Measured on two cores: RocksDB 8 min cold, 5 s again in the same
# target directory and profile, 33 s in another one (343 files are preprocessed once more because cargo passes the path of
# lz4's headers; one of them, which includes these, is compiled).

: "${HOME:=$(getent passwd "$(id -u)" | cut -d: -f6)}"
export HOME
export WOAD_CACHE="${WOAD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/woad}"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$WOAD_CACHE/target}"
case $CARGO_TARGET_DIR in
    /*) ;;
    *) CARGO_TARGET_DIR="$PWD/$CARGO_TARGET_DIR" ;;
esac
mkdir -p "$WOAD_CACHE" "$CARGO_TARGET_DIR"

# Shells that are not login shells may lack rustup's folder.
if ! command -v cargo >/dev/null 2>&1; then
    PATH="$PATH:${CARGO_HOME:-$HOME/.cargo}/bin"
fi
# Tools that setup.sh fetched without installing them (promtool).
export PATH="$PATH:$WOAD_CACHE/bin"

if command -v ccache >/dev/null 2>&1; then
    export CCACHE_DIR="${CCACHE_DIR:-$WOAD_CACHE/ccache}"
    export CC="${CC:-ccache gcc}"
    export CXX="${CXX:-ccache g++}"
fi

# Two checkouts give their crates the same names in a shared target directory, and cargo tells them apart by file times alone:
# going back to the older checkout it would take the newer one's code for fresh. So whoever builds after another forgets what
# was built of our own crates, and only of these.
checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
if [[ $(cat "$CARGO_TARGET_DIR/.checkout" 2>/dev/null) != "$checkout" ]]; then
    rm -rf "$CARGO_TARGET_DIR"/*/.fingerprint/{woad,woad-*,woadctl-*,raft-store-*}
    printf '%s\n' "$checkout" >"$CARGO_TARGET_DIR/.checkout"
fi
unset checkout
