set -euo pipefail

woadctl demo --env-file "$ROOT/demo.env" >demo.log 2>&1 </dev/null &
DEMO=$!
finish() {
    kill -TERM "$DEMO" 2>/dev/null && wait "$DEMO" || tail -n 40 demo.log
}
trap finish EXIT

# It tells how to use it when its story has ended.
until grep -q curl demo.log; do
    kill -0 "$DEMO"
    sleep 0.2
done
