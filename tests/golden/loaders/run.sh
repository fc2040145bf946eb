#!/bin/bash
# Runs every loader's cases: loaders/NAME/cases/*.in holds the arguments of `odw load`, in that folder; .out what must come out.
# Then what no single case shows: the generator's spread over many events.
set -eu
odw=$1/bin/odw source=$2 failed=0 ran=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for case in "$source"/loaders/*/cases/*.in; do
    ran=$((ran + 1))
    wanted=${case%.in}.out
    read -ra arguments <"$case"
    status=0
    (cd "$(dirname "$case")" && env -i PATH="$PATH" TZ=America/New_York ODW_STATE_DIR="$work/state" "$odw" load "${arguments[@]}") >"$work/out" 2>&1 || status=$?
    [ "$status" -eq 0 ] || echo "exit $status" >>"$work/out"
    # What names a file on this machine is another elsewhere.
    sed -i -E 's/"id":"[0-9a-f]{16}-([0-9a-f]+")/"id":"FILE-\1/' "$work/out"
    if [ -n "${UPDATE:-}" ]; then
        cp "$work/out" "$wanted"
    elif ! diff -u "$wanted" "$work/out"; then
        echo "FAILED: $case" >&2
        failed=1
    fi
done
[ "$ran" -gt 0 ] || { echo 'FAILED: no case was found' >&2; exit 1; }

hold() { # WHAT CONDITION…
    local what=$1
    shift
    [ "$@" ] || { echo "FAILED: $what: $*" >&2; failed=1; }
}
events() { "$odw" load events --print --until 2026-11-20T10:00:00Z "$@"; }
events --count 100000 --seed 7 --fail-percentage 5 >"$work/many"
hold 'the same seed gives the same events' "$(events --count 1000 --seed 7 | md5sum)" = "$(events --count 1000 --seed 7 | md5sum)"
hold 'another seed gives others' "$(events --count 1000 --seed 7 | md5sum)" != "$(events --count 1000 --seed 8 | md5sum)"
hold 'different ids' "$(jq -r .id "$work/many" | sort -u | wc -l)" -eq 100000
hold 'different user agents' "$(jq -r .user_agent "$work/many" | sort -u | wc -l)" -ge 5000
hold 'event names' "$(jq -r '.event_name | ltrimstr("[DLQ]")' "$work/many" | sort -u | wc -l)" -eq 21
marked=$(grep -c '"event_name":"\[DLQ\]' "$work/many")
hold 'about 5 % marked to fail' "$marked" -gt 4500 -a "$marked" -lt 5500
personal=$(jq -c '.properties | select(.email or .phone or .card or .iban or .ssn or .comment or .forwarded_for)' "$work/many" | wc -l)
hold 'about 10 % with personal data' "$personal" -gt 9500 -a "$personal" -lt 10500
hold 'addresses of both kinds' "$(jq -r .ip_address "$work/many" | grep -c :)" -gt 10000
hold 'one day, to the last moment' "$(jq -rs '"\(map(.timestamp) | max) \(map(.timestamp) | min | .[0:16])"' "$work/many")" = \
    '2026-11-20T10:00:00.000Z 2026-11-19T10:00'
size=$(($(wc -c <"$work/many") / 100000))
hold 'about 480 bytes each' "$size" -ge 450 -a "$size" -le 510

"$odw" load logs --print --until 2026-11-20T10:00:00Z --count 50000 --seed 7 --fail-percentage 20 >"$work/logs"
hold 'different ids of lines' "$(jq -r .id "$work/logs" | sort -u | wc -l)" -eq 50000
hold 'all levels' "$(jq -r .level "$work/logs" | sort -u | paste -sd' ')" = 'DEBUG ERROR FATAL INFO TRACE WARN'
marked=$(grep -c '"message":"\[DLQ\]' "$work/logs")
hold 'about 20 % of lines marked to fail' "$marked" -gt 9500 -a "$marked" -lt 10500
exit "$failed"
