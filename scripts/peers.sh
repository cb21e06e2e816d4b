#!/usr/bin/env bash
# Prints the path of a folder with what the bench measures Woad beside: oidc-provider.mjs with its packages, and etcd. Made
# once for each content of benches/peers and each Node version, in the cache folder; nothing is installed on the machine.
# What can't be had (no npm, no apt-get) is left out, and the bench says so.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/env.sh
. scripts/env.sh

key=$({ node --version 2>/dev/null || true; cat benches/peers/*; } | sha256sum | cut -c1-16)
folder=$WOAD_CACHE/peers-$key
if [[ ! -e $folder/complete ]]; then
    {
        exec 9>"$WOAD_CACHE/peers.lock"
        flock 9
        if [[ ! -e $folder/complete ]]; then
            rm -rf "$folder"
            mkdir -p "$folder/deb"
            cp benches/peers/* tests/web/.npmrc "$folder"
            if command -v npm >/dev/null 2>&1; then
                npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund --loglevel=error
            fi
            if command -v etcd >/dev/null 2>&1; then
                ln -s "$(command -v etcd)" "$folder/etcd"
            elif command -v apt-get >/dev/null 2>&1; then
                # Debian's package would start a service when it is installed; only its program is wanted.
                (cd "$folder/deb" && { apt-get download -qq -o APT::Sandbox::User=root etcd-server || { apt-get update -qq && apt-get download -qq -o APT::Sandbox::User=root etcd-server; }; })
                dpkg --extract "$folder"/deb/etcd-server_*.deb "$folder/deb"
                mv "$folder/deb/usr/bin/etcd" "$folder/etcd"
            fi
            rm -rf "$folder/deb"
            touch "$folder/complete"
        fi
    } >&2
fi
printf '%s\n' "$folder"
