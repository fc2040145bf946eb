#!/bin/bash
# odw functions install: a folder, a tar file and a dry run hold the same; what is right is left alone; older contracts stay; a
# damaged file is put right.
set -euo pipefail
odw=${ODW_BUILD:-build}/bin/odw
work=$(mktemp -d "${TMPDIR:-/tmp}/odw-test.XXXXXX")
trap 'rm -rf "$work"' EXIT
for name in $(compgen -e ODW_); do
    case $name in ODW_BUILD) ;; *) unset "$name" ;; esac
done
export ODW_STATE_DIR=$work/none

fail() {
    echo "FAILED: $*" >&2
    exit 1
}
install() { "$odw" functions install --root "$work/root" "$@"; }

mkdir "$work/root"
cp -r contracts "$work/root/"

# Nobody said where: usage, and nothing is made.
status=0
install >"$work/out" 2>"$work/err" || status=$?
[ "$status" = 2 ] && [ ! -s "$work/out" ] && grep -q -e '--dir' "$work/err" || fail "without a place: exit $status: $(cat "$work/err")"
status=0
install --dir "$work/a" --tar "$work/b" 2>"$work/err" || status=$?
[ "$status" = 2 ] || fail "both places: exit $status"

install --dir "$work/node" --dry-run >"$work/out"
[ ! -e "$work/node" ] || fail "a dry run made $work/node"
grep -q '^would install functions ' "$work/out" || fail "dry run: $(cat "$work/out")"

install --dir "$work/node" >"$work/out"
scripts=$work/node/var/lib/clickhouse/user_scripts
xml=$work/node/etc/clickhouse-server/odw_function.xml
[ "$(stat -c %a "$scripts/odw-udf")" = 755 ] || fail 'odw-udf must run as any user'
cmp "$scripts/odw-udf" "$(dirname "$odw")/odw-udf"
first=$(cd "$scripts/odw/contracts" && echo events.*.schema.json)
hash=$(echo "$first" | cut -d. -f2)
cmp contracts/events.schema.json "$scripts/odw/contracts/$first"
grep -q "<name>eventsRecord_$hash</name>" "$xml" || fail "$xml doesn't declare eventsRecord_$hash"
# Declared as it is served: from the folder that it is in, by a path that holds nothing of this machine.
(cd / && "$scripts/odw-udf" "eventsRecord_$hash" </dev/null) || fail 'the installed odw-udf does not serve its contract'
! grep -q "$work" "$xml" || fail "$xml names a path of this machine"

before=$(find "$work/node" -printf '%p %i %T@\n' | sort)
install --dir "$work/node" >"$work/out"
grep -q '^0 changes' "$work/out" || fail "a second time: $(cat "$work/out")"
[ "$before" = "$(find "$work/node" -printf '%p %i %T@\n' | sort)" ] || fail 'a second time touched files'

# The same as a tar file.
install --tar "$work/functions.tar" >/dev/null
mkdir "$work/unpacked"
tar -C "$work/unpacked" -xf "$work/functions.tar"
diff -r "$work/node" "$work/unpacked"
[ "$(stat -c %a "$work/unpacked/var/lib/clickhouse/user_scripts/odw-udf")" = 755 ] || fail 'the tar lost a mode'
[ "$(install --tar - | tar -tf -)" = "$(tar -tf "$work/functions.tar")" ] || fail 'a tar on standard output holds something else'

# A changed contract: the old one stays, and both are declared.
sed -i 's/"maxLength": 45/"maxLength": 46/' "$work/root/contracts/events.schema.json"
install --dir "$work/node" >/dev/null
[ "$(find "$scripts/odw/contracts" -type f | wc -l)" = 2 ] || fail 'expected the old contract and the new one'
[ "$(grep -c '<name>eventsRecord_' "$xml")" = 2 ] || fail 'expected both record functions to be declared'

# Damage is put right; a contract that is none is refused before anything changes.
second=$(cd "$scripts/odw/contracts" && find . -type f ! -name "$first")
echo '{}' >"$scripts/odw/contracts/$second"
install --dir "$work/node" >"$work/out"
grep -q '^replace contract ' "$work/out" || fail 'a damaged contract was left as it was'
echo '{ "type": "object", "nonsense": 1 }' >"$work/root/contracts/events.schema.json"
status=0
install --dir "$work/node" 2>"$work/err" || status=$?
[ "$status" = 1 ] && grep -q 'events.schema.json' "$work/err" || fail "a contract that is none: exit $status: $(cat "$work/err")"
echo ok
