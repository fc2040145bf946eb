#!/bin/bash
# What can't work is said plainly, before anything is started, and nothing stays behind.
set -euo pipefail
# shellcheck source=tests/lib/stack.sh
. tests/lib/stack.sh

stack() { /usr/bin/env PATH="${STACK_PATH:-$PATH}" "$ODW_BUILD/bin/odw-stack" "$@"; }
work=$(mktemp -d "${TMPDIR:-/tmp}/odw-test.XXXXXX")
finish() {
    [ -z "${listener:-}" ] || kill "$listener" 2>/dev/null || true
    stack down --dir "$work/s" >/dev/null 2>&1 || true
    umount "$work/small" "$work/readonly" 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT

# refused EXIT-CODE PATTERN ARGUMENT…
refused() {
    local code=$1 pattern=$2 got=0
    shift 2
    stack "$@" >"$work/out" 2>"$work/err" || got=$?
    [ "$got" -eq "$code" ] || stack_fail "odw-stack $*: expected exit code $code, got $got: $(cat "$work/err")"
    grep -qE -- "$pattern" "$work/err" || stack_fail "odw-stack $*: expected \"$pattern\" on stderr, got: $(cat "$work/err")"
}

refused 2 'expected up, down, status, logs or run, got "fly"' fly
refused 2 "Try 'odw-stack --help'" up --nonsense
refused 1 'there is no part "kafkaa"; there are clickhouse, kafka' up --only kafkaa --dir "$work/s"
refused 1 'expected auto or a number' up --port-base 80 --dir "$work/s"
refused 1 'can.t be made: No such file or directory' up --dir "$work/no/such/place"
ODW_DEPS=$work/empty refused 1 'clickhouse: its library is not there: .*libchdb.so.*run dev/install' up --dir "$work/s" --only clickhouse --port-base auto
ODW_DEPS=$work/empty refused 1 'kafka: its library is not in .*run dev/install' up --dir "$work/s" --only kafka --port-base auto
STACK_PATH=$work JAVA_HOME='' refused 1 'kafka: no .java.*openjdk-17-jre-headless' up --dir "$work/s" --only kafka --port-base auto

# A port in use: which, for what, by whom.
python3 - >"$work/port" <<'END' &
import socket, time, sys
s = socket.socket()
for base in range(20011, 31000, 20):
    try:
        s.bind(("127.0.0.1", base))
        break
    except OSError:
        pass
s.listen()
print(base, flush=True)
time.sleep(120)
END
listener=$!
has_port() { [ -s "$work/port" ]; }
wait_until 10 has_port
port=$(cat "$work/port")
refused 1 "port $port, for ClickHouse HTTP, is in use by pid $listener \\(.*python3" up --dir "$work/s" --only clickhouse --port-base "$port"
[ ! -e "$work/s/supervisor.pid" ] || stack_fail "a refused up left a supervisor"

# A full disk: a file system of a few megabytes, where this user may mount one.
if mkdir "$work/small" && mount -t tmpfs -o size=4m tmpfs "$work/small" 2>/dev/null; then
    refused 1 'has [0-9]+ MB left, and a stack needs at least 512 MB' up --dir "$work/small/s" --port-base auto
    umount "$work/small"
else
    echo "skipped: a full disk (this user may not mount a tmpfs)"
fi

# A folder that can't be written (root can write everywhere but where the file system says no).
if [ "$(id -u)" -ne 0 ]; then
    mkdir "$work/readonly" && chmod 555 "$work/readonly"
    refused 1 'can.t be written' up --dir "$work/readonly" --port-base auto
elif mkdir "$work/readonly" && mount -t tmpfs -o ro tmpfs "$work/readonly" 2>/dev/null; then
    refused 1 'can.t be written: Read-only file system' up --dir "$work/readonly" --port-base auto
    umount "$work/readonly"
else
    echo "skipped: a folder that can't be written"
fi
echo ok
