#!/usr/bin/env bash
# setup.sh [build|test|verify]: makes a machine with Rust and gcc ready, and is silent and quick when it is. As root on a
# Debian-like system it installs what is missing; elsewhere it prints the one command to run and exits 1.
#
#   build   what `cargo build` needs: C++ compiler, libclang (bindgen reads RocksDB's header); ccache when it can be had
#   test    and what the whole-system tests look at Woad with: promtool, Python with venv, curl, jq, Node with npm, Chromium,
#           Apache's program with mod_auth_openidc (the tests start it with a configuration of their own; no service is set up);
#           and what the fault lab breaks it with: iproute2, nftables, e2fsprogs, strace, libfaketime
#   verify  and rustfmt, clippy
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/env.sh
. scripts/env.sh

level=${1:-build}
case $level in build | test | verify) ;; *) echo "usage: setup.sh [build|test|verify]" >&2 && exit 2 ;; esac

say() { printf 'setup: %s\n' "$*" >&2; }
have() { command -v "$1" >/dev/null 2>&1; }
wants() { [[ $level == verify || $level == "$1" ]]; }

# ---- what is missing ----------------------------------------------------------------------------------------------------

have_libclang() {
    [[ -z ${LIBCLANG_PATH:-} ]] || return 0
    local dir
    for dir in /usr/lib/llvm*/lib /usr/lib64/llvm*/lib* /usr/lib/*-linux-gnu /usr/lib /usr/lib64 /usr/local/lib /usr/local/llvm*/lib; do
        if compgen -G "$dir/libclang.so*" >/dev/null || compgen -G "$dir/libclang-[0-9]*.so*" >/dev/null; then
            return 0
        fi
    done
    return 1
}

# libclang alone lacks the compiler's own headers (stddef.h).
have_clang_headers() {
    [[ -z ${BINDGEN_EXTRA_CLANG_ARGS:-} ]] || return 0
    compgen -G '/usr/lib*/llvm*/lib*/clang/*/include/stddef.h' >/dev/null ||
        compgen -G '/usr/lib*/clang/*/include/stddef.h' >/dev/null ||
        compgen -G '/usr/local/lib*/clang/*/include/stddef.h' >/dev/null
}

python_ready() { python3 -c 'import ensurepip, venv, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

# playwright-core wants Node 20.
node_ready() { have npm && node -e 'process.exit(parseInt(process.version.slice(1)) < 20 ? 1 : 0)' 2>/dev/null; }
# Programs for root are not on everybody's path.
have_tool() { have "$1" || [[ -x /usr/sbin/$1 || -x /sbin/$1 ]]; }
have_openidc() {
    compgen -G '/usr/lib*/apache2/modules/mod_auth_openidc.so' >/dev/null ||
        compgen -G '/usr/lib*/httpd/modules/mod_auth_openidc.so' >/dev/null
}

missing=() # names of Debian packages
have gcc || missing+=(gcc)
have g++ || missing+=(g++)
have make || missing+=(make)
{ have_libclang && have_clang_headers; } || missing+=(libclang-dev)
# The guides, whose command blocks are tests, use curl and jq. The gate's own scripts run on Python too.
if wants test && ! have curl; then missing+=(curl); fi
if wants test && ! have jq; then missing+=(jq); fi
if wants test && ! python_ready; then missing+=(python3-venv); fi
# Browsers and relying parties: where there is no apt-get to bring them, the tests that need them are listed as not exercised.
clients=()
if wants test; then
    node_ready || clients+=(nodejs npm)
    have chromium || clients+=(chromium)
    { have apache2 || have httpd; } || clients+=(apache2-bin)
    have_openidc || clients+=(libapache2-mod-auth-openidc)
    # The fault lab's: namespaces, packet filter, disks, system calls, clocks.
    have_tool ip || clients+=(iproute2)
    have_tool nft || clients+=(nftables)
    have_tool mkfs.ext4 || clients+=(e2fsprogs)
    have_tool strace || clients+=(strace)
    compgen -G '/usr/lib*/*/faketime/libfaketimeMT.so.1' >/dev/null || clients+=(libfaketime)
fi
if have apt-get; then
    missing+=("${clients[@]}")
elif ((${#clients[@]})); then
    say "not found: ${clients[*]} (Debian's names); the tests that use them will be listed as not exercised"
    [[ ${WOAD_REQUIRE_ALL:-} != 1 ]] || exit 1
fi
lacks_ccache=false
have ccache || [[ -e $WOAD_CACHE/no-ccache ]] || lacks_ccache=true
lacks_promtool=false
if wants test && ! have promtool; then lacks_promtool=true; fi

# ---- Rust: never installed from here, but asked for early ---------------------------------------------------------------

rust_version=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
if ! have cargo; then
    say "cargo is missing: install Rust $rust_version or newer (https://rustup.rs), then run this again"
    exit 1
fi
found=$(rustc --version | cut -d' ' -f2)
if [[ $(printf '%s\n' "$rust_version" "${found%%-*}" | sort -V | head -n 1) != "$rust_version" ]]; then
    say "Rust $found is too old, $rust_version is needed; run: rustup update stable"
    exit 1
fi
if [[ $level == verify ]] && ! { have cargo-fmt && have cargo-clippy && cargo fmt --version && cargo clippy --version; } >/dev/null 2>&1; then
    if have rustup; then
        say "adding rustfmt and clippy"
        rustup component add rustfmt clippy
    else
        say "rustfmt or clippy is missing: install the packages of your Rust distribution, then run this again"
        exit 1
    fi
fi

# ---- promtool: taken out of its package, because installing that would start a Prometheus server ------------------------

fetch_promtool() {
    have apt-get && have dpkg-deb || return 1
    local work
    work=$(mktemp -d "$WOAD_CACHE/promtool.XXXXXX")
    (
        cd "$work"
        apt-get download prometheus >/dev/null 2>&1 || exit 1
        dpkg-deb --fsys-tarfile prometheus_*.deb | tar -x ./usr/bin/promtool
        mkdir -p "$WOAD_CACHE/bin"
        mv usr/bin/promtool "$WOAD_CACHE/bin/promtool"
    ) || { rm -rf "$work" && return 1; }
    rm -rf "$work"
    "$WOAD_CACHE/bin/promtool" --version >/dev/null 2>&1
}

# ---- install, or say how ------------------------------------------------------------------------------------------------

apt() { DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 "$@" </dev/null >&2; }
apt_updated=false
apt_update() {
    $apt_updated || apt update
    apt_updated=true
}

print_command() { # packages
    local names=("$@")
    if have apt-get; then
        say "this needs root, once: sudo sh -c 'apt-get update && apt-get install -y --no-install-recommends ${names[*]}'"
        return
    fi
    local tool translate
    if have dnf; then
        tool="sudo dnf install -y" translate="s/^g++$/gcc-c++/; s/^libclang-dev$/clang-devel/; s/^python3-venv$/python3/"
    elif have zypper; then
        tool="sudo zypper install -y" translate="s/^g++$/gcc-c++/; s/^libclang-dev$/clang-devel/; s/^python3-venv$/python311/"
    elif have pacman; then
        tool="sudo pacman -S --needed" translate="s/^g++$/gcc/; s/^libclang-dev$/clang/; s/^python3-venv$/python/"
    elif have apk; then
        tool="sudo apk add" translate="s/^libclang-dev$/clang-dev/; s/^python3-venv$/python3/"
    else
        tool="(your package manager) install" translate=""
    fi
    say "run this once: $tool $(printf '%s\n' "${names[@]}" | sed "$translate" | sort -u | tr '\n' ' ')"
}

if ! compgen -G "$CARGO_TARGET_DIR/*/build/librocksdb-sys-*/out/librocksdb.a" >/dev/null; then
    say "the first build on a machine compiles RocksDB: up to ten minutes on two cores"
fi
if ((${#missing[@]} == 0)) && ! $lacks_promtool && ! $lacks_ccache; then
    exit 0
fi

if have apt-get && (($(id -u) == 0)); then
    if ((${#missing[@]})); then
        say "installing ${missing[*]}"
        apt_update
        apt install -y --no-install-recommends "${missing[@]}"
    fi
    if $lacks_ccache; then
        say "installing ccache"
        { apt_update && apt install -y --no-install-recommends ccache; } || {
            say "no ccache here: a second profile or target directory compiles RocksDB again"
            touch "$WOAD_CACHE/no-ccache"
        }
    fi
    if $lacks_promtool; then
        say "fetching promtool"
        fetch_promtool || { apt_update && fetch_promtool; } || {
            say "promtool cannot be had: the package prometheus is not in this machine's package lists"
            exit 1
        }
    fi
    if wants test && ! python_ready; then
        say "Python 3.11 or newer with venv is needed, $(python3 --version 2>&1 | head -n 1) was found"
        exit 1
    fi
    if wants test && ! node_ready; then
        say "Node 20 or newer with npm is needed, $(node --version 2>&1 | head -n 1) was found"
        exit 1
    fi
    exit 0
fi

if $lacks_promtool && have apt-get; then
    say "fetching promtool"
    fetch_promtool || missing+=(prometheus)
elif $lacks_promtool; then
    say "promtool is not on PATH: the check of the metrics will be listed as not exercised"
    [[ ${WOAD_REQUIRE_ALL:-} != 1 ]] || exit 1
fi
if ((${#missing[@]} == 0)); then
    ! $lacks_ccache || say "ccache is not installed: a second profile or target directory compiles RocksDB again"
    exit 0
fi
! $lacks_ccache || missing+=(ccache)
print_command "${missing[@]}"
exit 1
