set -euo pipefail

# Sets which host the commands are run on.
on() {
    HOST=$1 ADDRESS=$2 HERE="$ROOT/$1"
    export WOAD_NODE_DATA_DIR="$HERE/var/lib/woad" WOAD_OPERATIONS_SOCKET="$HERE/var/lib/woad/woad.sock"
    echo "==== $HOST" >&2
}

# Kept apart from any service of this machine.
hostname() { echo "$ADDRESS"; }

sudo() {
    [[ $1 != -u ]] || shift 2
    "$@"
}

curl() {
    local words=() word number
    for word in "$@"; do
        for number in 1 2 3; do word=${word//iam$number.example.org:443/127.0.0.$number:$HTTPS}; done
        words+=("$word")
    done
    words+=(--cacert "$ROOT/ca.pem" --connect-to "iam.example.org:443:$ADDRESS:$HTTPS")
    for number in 1 2 3; do words+=(--connect-to "iam$number.example.org:443:127.0.0.$number:$HTTPS"); done
    command curl --max-time 20 "${words[@]}"
}

start() {
    (
        set -a
        if [[ -e $HERE/etc/woad/environment ]]; then . "$HERE/etc/woad/environment"; fi
        exec woad --config "$HERE/etc/woad/woad.toml" >>"$HERE/log" 2>&1 </dev/null
    ) &
    echo $! >"$HERE/pid"
}

# Fails unless the node ends with exit code 0.
stop() {
    kill -TERM "$(<"$HERE/pid")"
    wait "$(<"$HERE/pid")"
    rm "$HERE/pid"
}

systemctl() {
    case "$*" in
        'enable --now woad' | 'start woad') start ;;
        'stop woad') stop ;;
        'restart woad')
            stop
            start
            ;;
        *) echo "systemctl $* is not known here" >&2 && return 1 ;;
    esac
}

finish() {
    local file
    for file in "$ROOT"/*/pid; do
        [[ ! -e $file ]] || kill -KILL "$(<"$file")" || true
    done
}
trap finish EXIT
