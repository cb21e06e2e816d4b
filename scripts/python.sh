#!/usr/bin/env bash
# Prints the path of a Python that has tests/requirements.txt. The virtual environment is made once for each content of that
# file and each Python version, in the cache folder.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/env.sh
. scripts/env.sh

key=$({ python3 --version; cat tests/requirements.txt; } | sha256sum | cut -c1-16)
venv=$WOAD_CACHE/python-$key
if [[ ! -e $venv/complete ]]; then
    {
        exec 9>"$WOAD_CACHE/python.lock"
        flock 9 # two test runs may start at once
        if [[ ! -e $venv/complete ]]; then
            rm -rf "$venv"
            python3 -m venv "$venv"
            "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --requirement tests/requirements.txt
            "$venv/bin/python" -m pip check
            touch "$venv/complete"
        fi
    } >&2
fi
printf '%s\n' "$venv/bin/python"
