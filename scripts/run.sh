#!/usr/bin/env bash
# run.sh [-s TITLE] COMMAND...: runs it at the repository's root in the environment of env.sh; with -s as a named step, whose
# time it prints.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/env.sh
. scripts/env.sh

if [[ ${1:-} != -s ]]; then
    exec "$@"
fi

title=$2
shift 2
printf '\n── %s\n' "$title"
start=$EPOCHREALTIME
status=0
"$@" || status=$?
tenths=$(((${EPOCHREALTIME/[.,]/} - ${start/[.,]/}) / 100000))
verdict=ok
((status == 0)) || verdict="FAILED (exit $status)"
printf '── %s: %s, %d.%d s\n' "$title" "$verdict" $((tenths / 10)) $((tenths % 10))
exit "$status"
