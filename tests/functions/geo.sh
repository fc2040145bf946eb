#!/usr/bin/env bash
# ipGeo's databases: those that come along, one's own in their place, and what is said of one that is missing or damaged.
set -euo pipefail
. tests/lib/stack.sh
. tests/lib/functions.sh
stack_start clickhouse
functions_install
home=$ODW_USER_SCRIPTS/odw
place() { sql "SELECT tupleElement(ipGeo('$1'), 'country'), tupleElement(ipGeo('$1'), 'asn'), tupleElement(ipGeo('$1'), 'organisation')"; }
refused() { # refused WHY…: the query fails and says all of it
    local got
    sql 'SYSTEM RELOAD FUNCTIONS'
    got=$(curl -sS "$ODW_CLICKHOUSE_URL/" --data-binary "SELECT ipGeo('8.8.8.8') FROM numbers(1000)" 2>&1)
    for why; do
        case $got in *"$why"*) ;; *) stack_fail "expected a failure that says \"$why\", got $got" ;; esac
    done
}

expect 'the databases that come along' "$(printf 'US\t15169\tGoogle LLC')" "$(place 8.8.8.8)"
expect 'the same of the network' "$(place 8.8.8.8)" "$(place 8.8.8.0)"
expect 'a million addresses in one block' 1000000 "$(sql "SELECT count() FROM (SELECT ipGeo(IPv4NumToString(toUInt32(number * 4294))) AS p FROM numbers(1000000)
    WHERE NOT ignore(p)) SETTINGS max_block_size = 1000000")"

# One's own: here a database of networks alone takes the place of all that come along.
mkdir "$home/geo"
cp "$home/data/geo-network.mmdb" "$home/geo/own.mmdb"
sql 'SYSTEM RELOAD FUNCTIONS'
expect 'a database of one'"'"'s own' "$(printf '\t15169\tGoogle LLC')" "$(place 8.8.8.8)"

# Damaged: cut short, as by a disk that was full. Written beside it and renamed, since processes have the old one mapped.
head -c 1000000 "$home/geo/own.mmdb" >"$home/geo/new" && mv "$home/geo/new" "$home/geo/own.mmdb"
refused "$home/geo/own.mmdb" 'expected a MaxMind database'
echo 'no database' >"$home/geo/new" && mv "$home/geo/new" "$home/geo/own.mmdb"
refused "$home/geo/own.mmdb" 'expected a MaxMind database'

# Without any the message says where they belong; with them it goes on.
rm -r "$home/geo"
mv "$home/data" "$home/away"
mkdir "$home/data"
refused "$home/data" 'expected databases of addresses'
rmdir "$home/data"
mv "$home/away" "$home/data"
sql 'SYSTEM RELOAD FUNCTIONS'
expect 'mended' "$(printf 'US\t15169\tGoogle LLC')" "$(place 8.8.8.8)"
