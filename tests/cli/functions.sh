#!/bin/bash
# odw functions install without a server: where the server's configuration says, whole, the same in a tar file and in a dry run; what is
# right is left alone, what someone changed stays, what is damaged is put right; an upgrade leaves the old program to what runs;
# uninstall takes away what was installed and nothing else; refusals say what to do.
set -euo pipefail
odw=$(cd "${ODW_BUILD:-build}" && pwd)/bin/odw
work=$(mktemp -d "${TMPDIR:-/tmp}/odw-test.XXXXXX")
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
for name in $(compgen -e ODW_); do
    case $name in ODW_BUILD) ;; *) unset "$name" ;; esac
done
export ODW_STATE_DIR=$work/none

fail() {
    echo "FAILED: $*" >&2
    exit 1
}
install() { "$odw" functions install --root "$work/root" "$@"; }
# refused STATUS WORDS ARGUMENT…: the command fails with this exit code and says these words; nothing is touched.
refused() {
    local status=0 expected=$1 words=$2 before
    shift 2
    before=$(find "$work/node" -printf '%p %T@\n' | sort)
    "$odw" functions "$@" >"$work/out" 2>"$work/err" || status=$?
    [ "$status" = "$expected" ] || fail "$*: expected exit $expected, got $status: $(cat "$work/out" "$work/err")"
    grep -qE -e "$words" "$work/err" || fail "$*: expected '$words', got $(cat "$work/err")"
    [ "$before" = "$(find "$work/node" -printf '%p %T@\n' | sort)" ] || fail "$*: it was refused and touched files"
}

mkdir -p "$work/root" "$work/node/etc/clickhouse-server/config.d"
cp -r contracts "$work/root/"
etc=$work/node/etc/clickhouse-server
scripts=$work/node/scripts
xml=$etc/odw_function.xml

# Where: nobody said (unless this machine has a server), two places, no server's folder, a configuration that doesn't say, or says it in a
# way that only the server can read.
[ -e /etc/clickhouse-server/config.xml ] || refused 2 '--dir' install
refused 2 'one of --dir and --tar' install --dir "$work/a" --tar "$work/b"
refused 1 'found no config.xml' install --dir "$etc"
echo '<clickhouse><path>/nowhere/</path>' >"$etc/config.xml"
refused 1 'config.xml:2: expected XML' install --dir "$etc"
echo "<clickhouse><path>$work/node/data/</path></clickhouse>" >"$etc/config.xml"
refused 1 'user_defined_executable_functions_config.*config.d/functions.xml' install --dir "$etc"
echo '<clickhouse><user_defined_executable_functions_config>*_function.*ml</user_defined_executable_functions_config>
<user_scripts_path>/overridden</user_scripts_path></clickhouse>' >"$etc/config.xml"
echo '<clickhouse><user_scripts_path from_env="WHERE"/></clickhouse>' >"$etc/config.d/a.xml"
refused 1 '--user-scripts' install --dir "$etc"
echo 'user_scripts_path: /x' >"$etc/config.d/b.yaml"
refused 1 'b.yaml.*only XML' install --dir "$etc"
rm "$etc/config.d/b.yaml"
echo "<clickhouse><user_scripts_path>$scripts/</user_scripts_path></clickhouse>" >"$etc/config.d/b.xml"

install --dir "$etc" --dry-run >"$work/out"
[ ! -e "$scripts" ] && [ ! -e "$xml" ] || fail 'a dry run made something'
grep -q '^would install odw-udf ' "$work/out" || fail "dry run: $(cat "$work/out")"

install --dir "$etc" >"$work/out"
grep -q "odw functions test" "$work/out" || fail "nothing said what is next: $(cat "$work/out")"
program=$(echo "$scripts"/odw-udf-[0-9]*)
# What language models answered is for the server's user alone: the one that its folders belong to.
expect_state() {
    [ "$(stat -c '%a %u' "$scripts/odw/llm/state")" = "700 $1" ] || fail "the folder of answers: expected mode 700 and owner $1, got $(stat -c '%a %u' "$scripts/odw/llm/state")"
}
expect_state "$(stat -c %u "$scripts")"
if [ "$(id -u)" = 0 ]; then
    rmdir "$scripts/odw/llm/state"
    chown 12345 "$scripts"
    install --dir "$etc" >"$work/out"
    grep -q 'make the folder for answers' "$work/out" || fail "nothing said that a folder was made: $(cat "$work/out")"
    expect_state 12345
    chown 0 "$scripts"
fi
[ "$(stat -c %a "$program")" = 755 ] || fail 'the program must run as any user'
cmp "$program" "$(dirname "$odw")/odw-udf"
hash=$(sha256sum "$program" | cut -c1-12)
[[ $program = *-$hash ]] || fail "$program isn't named after its content, $hash"
contract=$(cd "$scripts/odw/contracts" && echo events.*.schema.json)
record=eventsRecord_$(echo "$contract" | cut -d. -f2)
cmp contracts/events.schema.json "$scripts/odw/contracts/$contract"
grep -q "<name>$record</name>" "$xml" || fail "$xml doesn't declare $record"
[ "$(sed -n 's/.*<command>\([^ ]*\) .*/\1/p' "$xml" | sort -u)" = "$(basename "$program")" ] || fail "$xml names another program"
# What the build gathered for the functions, and nothing that isn't as it came.
other=$(diff -r "${ODW_BUILD:-build}/share/odw" "$scripts/odw" | grep -v -e ': contracts$' -e ': installed$' -e ': llm$' || true)
[ -z "$other" ] || fail "other data than was built: $other"
[ ! -e "$scripts/odw/installed" ] || (cd "$scripts/odw" && sha256sum --check --quiet installed)
# Declared as it is served: from the folder that it is in, by a path that holds nothing of this machine.
(cd / && "$program" "$record" </dev/null) || fail 'the installed program does not serve its contract'
! grep -q "$work" "$xml" || fail "$xml names a path of this machine"

before=$(find "$work/node" -printf '%p %i %T@\n' | sort)
install --dir "$etc" >"$work/out"
grep -q '^0 changes' "$work/out" || fail "a second time: $(cat "$work/out")"
[ "$before" = "$(find "$work/node" -printf '%p %i %T@\n' | sort)" ] || fail 'a second time touched files'

# The same as a tar file.
install --tar "$work/functions.tar" >/dev/null
mkdir "$work/unpacked"
tar -C "$work/unpacked" -xf "$work/functions.tar"
diff -r -x llm "$scripts" "$work/unpacked/var/lib/clickhouse/user_scripts" # whose it is is known where the server runs
cmp "$xml" "$work/unpacked/etc/clickhouse-server/odw_function.xml"
[ "$(stat -c %a "$work/unpacked/var/lib/clickhouse/user_scripts/$(basename "$program")")" = 755 ] || fail 'the tar lost a mode'
[ "$(install --tar - | tar -tf -)" = "$(tar -tf "$work/functions.tar")" ] || fail 'a tar on standard output holds something else'

# A changed contract: the old one stays, and both are declared.
sed -i 's/"maxLength": 45/"maxLength": 46/' "$work/root/contracts/events.schema.json"
install --dir "$etc" >/dev/null
[ "$(find "$scripts/odw/contracts" -name 'events.*' -type f | wc -l)" = 2 ] || fail 'expected the old contract and the new one'
[ "$(grep -c '<name>eventsRecord_' "$xml")" = 2 ] || fail 'expected both record functions to be declared'

# Damage is put right; a contract that is none is refused before anything changes.
second=$(cd "$scripts/odw/contracts" && find . -name 'events.*' -type f ! -name "$contract")
echo '{}' >"$scripts/odw/contracts/$second"
install --dir "$etc" >"$work/out"
grep -q '^replace contract ' "$work/out" || fail 'a damaged contract was left as it was'
cp "$work/root/contracts/events.schema.json" "$work/good"
echo '{ "type": "object", "nonsense": 1 }' >"$work/root/contracts/events.schema.json"
refused 1 'events.schema.json' install --root "$work/root" --dir "$etc"
cp "$work/good" "$work/root/contracts/events.schema.json"

# A function of another program with the name of one of ours; one with another name is nobody's business.
other=$etc/theirs_function.xml
echo '<functions><function><name>theirs</name><command>their.py</command></function></functions>' >"$other"
install --dir "$etc" >/dev/null
echo '<functions><function><name>piiRedact</name><command>their.py x</command></function></functions>' >"$other"
refused 1 'piiRedact is declared already by .*theirs_function.xml .it runs their.py' install --root "$work/root" --dir "$etc"
rm "$other"

# An upgrade, played by a build whose program and data are others: the new program beside the old one, declared at once; what someone
# changed stays as it is, what the new release no longer has goes.
mkdir -p "$work/next/bin" "$work/next/share/odw/data" "$work/next/share/odw/policies"
cp "$odw" "$work/next/bin/"
{ cat "$(dirname "$odw")/odw-udf" && echo; } >"$work/next/bin/odw-udf"
chmod 755 "$work/next/bin/odw-udf"
echo one >"$work/next/share/odw/data/one"
echo mine >"$work/next/share/odw/policies/p.json"
next() { "$work/next/bin/odw" functions install --root "$work/root" --dir "$etc"; }
next >"$work/out"
new=$(find "$scripts" -maxdepth 1 -name 'odw-udf-[0-9]*' ! -path "$program")
[ -e "$program" ] && [ -n "$new" ] || fail 'expected the old program and the new one'
[ "$(sed -n 's/.*<command>\([^ ]*\) .*/\1/p' "$xml" | sort -u)" = "$(basename "$new")" ] || fail "$xml names another program"
[ "$(cat "$scripts/odw/data/one")" = one ] || fail 'data was not installed'
echo changed >"$scripts/odw/policies/p.json"
echo other >"$work/next/share/odw/policies/p.json"
echo two >"$work/next/share/odw/data/two"
rm "$work/next/share/odw/data/one"
next >"$work/out"
[ "$(cat "$scripts/odw/policies/p.json")" = changed ] && grep -q '^keep .*p.json' "$work/out" || fail "a changed policy was replaced: $(cat "$work/out")"
[ ! -e "$scripts/odw/data/one" ] && [ "$(cat "$scripts/odw/data/two")" = two ] || fail 'data is not that of the new release'

# Without the right to write: who has it, and nothing is touched. (Root may always write.)
if [ "$(id -u)" -ne 0 ]; then
    chmod a-w "$etc"
    refused 1 'may not write there, it belongs to .*run this as root' uninstall --force --dir "$etc"
    echo again >>"$work/next/bin/odw-udf"
    chmod u+w "$etc"
fi

# Nothing can be asked: refused, but for a dry run or by force. Theirs stays.
touch "$scripts/theirs.py" "$scripts/odw-udf-tool"
refused 1 "can't be asked.*--force" uninstall --dir "$etc" --clickhouse-url http://127.0.0.1:1
"$odw" functions uninstall --dir "$etc" --dry-run --clickhouse-url http://127.0.0.1:1 >"$work/out"
grep -q '^would remove ' "$work/out" && [ -e "$xml" ] || fail 'a dry run of uninstall'
"$odw" functions uninstall --dir "$etc" --force --clickhouse-url http://127.0.0.1:1 >"$work/out"
[ "$(cd "$work/node" && find . -type f | sort | tr '\n' ' ')" = './etc/clickhouse-server/config.d/a.xml ./etc/clickhouse-server/config.d/b.xml ./etc/clickhouse-server/config.xml ./scripts/odw-udf-tool ./scripts/odw/policies/p.json ./scripts/theirs.py ' ] ||
    fail "uninstall left $(cd "$work/node" && find . -type f | sort | tr '\n' ' ')"
echo ok
