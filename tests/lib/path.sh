# tests/lib/path: the whole path for a test: a stack with everything applied, and what is asked of it. Sourced after stack.sh.
# shellcheck shell=bash disable=SC2016
#
#   path_start            a stack, `odw functions install` and `odw apply` on it
#   odw ARGUMENT…         this build's odw
#   produce TOPIC [KCAT-OPTION…]  lines from standard input become messages
#   status_is_ok          true while odw status names no problem
#   consumed              true once the group has committed everything that is on the topic
#   settle SECONDS        waits until everything is consumed, and the letters of empty messages are written
#   page_days             from events on standard input: day, page views, visitors, as daily_pageviews must say
#   days_are FILE         true once daily_pageviews says what page_days wrote there
#   broken_messages       one message per line, each broken in another way (20 ways; the empty ones are left out)

odw() {
    "$ODW_BUILD/bin/odw" "$@"
}

path_start() {
    stack_start "$@"
    odw functions install >/dev/null
    odw apply >/dev/null
}

produce() {
    local topic=$1
    shift
    kcat -P -b "$ODW_KAFKA_BROKERS" -t "$topic" -X acks=all -X enable.idempotence=true "$@"
}

lag() {
    odw audit --read-only --json 2>/dev/null | jq '[.sources[].lag] | add'
}

status_is_ok() {
    odw status --json 2>/dev/null | jq -e .ok >/dev/null
}

consumed() {
    [ "$(lag)" = 0 ]
}

settle() {
    wait_until "$1" consumed
    odw worker --once --log-level error
}

page_days() {
    jq -r 'select(.event_name == "$pageview") | [.timestamp[0:10], .id, .distinct_id] | @tsv' | sort -u |
        awk -F'\t' '{ views[$1]++; if (!(($1, $3) in seen)) { seen[$1, $3] = 1; visitors[$1]++ } }
                    END { for (day in views) print day "\t" views[day] "\t" visitors[day] }' | sort
}

days_are() {
    sql "SELECT day, page_views, unique_visitors FROM $ODW_DATABASE.daily_pageviews ORDER BY day" | cmp -s "$1" -
}

broken_messages() {
    local ok='"event_name":"$pageview","timestamp":"2026-11-20T10:00:00Z","distinct_id":"u","project_id":"p"'
    printf '%s\n' 'not json at all'
    printf '%s\n' "{\"id\":\"cut\",$ok" | sed 's/.$//'
    printf '%s\n' "{\"id\":7,$ok}"
    printf '%s\n' "{$ok}"
    printf '%s\n' "{\"id\":\"lone\\ud800surrogate\",$ok}"
    printf '{"id":"invalid\xff\xfeutf8",%s}\n' "$ok"
    printf '{"id":"control\x01character",%s}\n' "$ok"
    printf '%s\n' "{\"id\":\"nan\",\"n\":NaN,$ok}"
    printf '{"id":"deep","properties":{"a":%s%s},%s}\n' "$(printf '[%.0s' $(seq 600))" "$(printf ']%.0s' $(seq 600))" "$ok"
    printf '%s\n' '{"id":"when","event_name":"x","timestamp":"2026-02-31T10:00:00Z","distinct_id":"u","project_id":"p"}'
    printf '%s\n' '{"id":"y9999","event_name":"x","timestamp":"9999-12-31T23:59:59Z","distinct_id":"u","project_id":"p"}'
    printf '%s\n' '{"id":"big","event_name":"x","timestamp":18446744073709551616,"distinct_id":"u","project_id":"p"}'
    printf '%s\n' "{\"id\":\"twice\",\"id\":\"again\",$ok}"
    printf '%s\n' "{\"id\":\"trailing\",$ok} x"
    printf '%s\n' "{\"id\":\"comma\",$ok,}"
    printf '%s\n' "[{\"id\":\"array\",$ok}]"
    printf '%s\n' 'null'
    printf '%s\n' "{\"id\":\"zero\",\"n\":007,$ok}"
    printf '%s\n' "{\"id\":\"\",$ok}"
    printf '%s\n' "{\"id\":\"props\",\"properties\":\"text\",$ok}"
}
