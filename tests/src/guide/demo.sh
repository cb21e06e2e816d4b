set -euo pipefail

woadctl demo --env-file "$ROOT/demo.env" >demo.log 2>&1 </dev/null &
DEMO=$!
finish() {
    local status=$?
    kill -TERM "$DEMO" 2>/dev/null || true
    if ! wait "$DEMO" || ((status != 0)); then tail -n 40 demo.log; fi
}
trap finish EXIT

# It tells how to use it when its story has ended.
until grep -q 'Ctrl-C' demo.log; do
    kill -0 "$DEMO"
    sleep 0.2
done
