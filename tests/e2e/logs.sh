#!/bin/bash
# Logs that programs nobody here wrote put on the topic or into files arrive with the right level, time and trace id: rsyslog's omkafka,
# an nginx access log, a Java service's rotating file, Fluent Bit's and Vector's JSON; the questions of GET /api/logs; 20 % marked lines.
set -eu
. tests/lib/stack.sh
. tests/lib/path.sh
for program in rsyslogd logger; do
    command -v "$program" >/dev/null || PATH=$PATH:/usr/sbin
    command -v "$program" >/dev/null || stack_fail "there is no $program (apt-get install rsyslog rsyslog-kafka bsdutils)"
done
[ -n "$(find /usr/lib -name omkafka.so -print -quit)" ] || stack_fail 'there is no omkafka.so (apt-get install rsyslog-kafka)'
path_start kafka clickhouse worker shim
work=$STACK_DIR/work
mkdir -p "$work"
row() { # a word that only its message has
    sql "SELECT level, source, toString(timestamp), trace_id, request_id FROM $ODW_DATABASE.logs WHERE hasAllTokens(message, '$1') FORMAT TSV"
}
is_there() { [ -n "$(row "$1")" ]; }

# rsyslog, unprivileged, with a configuration of its own; omkafka in its own template and with the whole of RFC 5424.
cat >"$work/rsyslog.conf" <<CONF
global(workDirectory="$work")
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="$work/log.sock" CreatePath="off")
module(load="omkafka")
template(name="rfc5424" type="string" string="<%PRI%>1 %TIMESTAMP:::date-rfc3339% %HOSTNAME% %APP-NAME% %PROCID% %MSGID% %STRUCTURED-DATA% %msg%")
if \$programname == 'shop' then action(type="omkafka" broker=["$ODW_KAFKA_BROKERS"] topic="logs" confParam=["acks=all"] template="rfc5424")
else action(type="omkafka" broker=["$ODW_KAFKA_BROKERS"] topic="logs" confParam=["acks=all"])
CONF
rsyslogd -n -f "$work/rsyslog.conf" -i "$work/rsyslog.pid" >"$work/rsyslog.out" 2>&1 &
rsyslog=$!
trap 'kill "$rsyslog" 2>/dev/null || true; stack_stop' EXIT
wait_until 30 test -S "$work/log.sock"
before=$(date -u +%s)
logger -u "$work/log.sock" -p user.err -t shop 'zebra charge failed trace_id=0af7651916cd43dd8448eb211c80319c'
logger -u "$work/log.sock" -p daemon.warning -t backup 'giraffe: disk is at 91 %'
wait_until 60 is_there zebra
wait_until 60 is_there giraffe
after=$(date -u +%s)
read -r level source day time trace _ < <(row zebra | tr '\t' ' ')
expect 'rsyslog with RFC 5424' 'ERROR shop 0af7651916cd43dd8448eb211c80319c' "$level $source $trace"
moment=$(date -u -d "$day $time" +%s)
{ [ "$moment" -ge "$((before - 1))" ] && [ "$moment" -le "$((after + 1))" ]; } || stack_fail "rsyslog's time: $day $time"
expect 'rsyslog in its own template' backup "$(row giraffe | cut -f2)"

# nginx and a Java service write files; the loader follows them through a rotation.
"$ODW_BUILD/bin/odw" load logs "$work/*.log" >/dev/null 2>"$work/said" &
load=$!
trap 'kill "$rsyslog" "$load" 2>/dev/null || true; stack_stop' EXIT
echo '203.0.113.9 - - [25/Nov/2025:10:00:00 +0100] "GET /walrus HTTP/1.1" 502 157 "-" "curl/8.0"' >"$work/access.log"
{
    echo '2025-11-25 10:00:00,123 ERROR [http-nio-8080-exec-1] c.e.Pay - otter declined trace_id=4bf92f3577b34da6a3ce929d0e0e4736'
    printf 'java.lang.IllegalStateException: x\n\tat com.e.Pay.charge(Pay.java:3)\n'
} >"$work/service.log"
wait_until 60 is_there walrus
mv "$work/service.log" "$work/service.log.1"
echo '2025-11-25 10:00:01,000 INFO  [main] c.e.Pay - badger after the rotation' >"$work/service.log"
wait_until 60 is_there badger
expect 'nginx' "$(printf 'ERROR\taccess\t2025-11-25 09:00:00.000\t\\N\t\\N')" "$(row walrus)"
expect 'Java' "$(printf 'ERROR\tc.e.Pay\t2025-11-25 10:00:00.123\t4bf92f3577b34da6a3ce929d0e0e4736\t\\N')" "$(row otter)"
expect 'a stack trace' 1 "$(sql "SELECT count() FROM $ODW_DATABASE.logs WHERE hasAllTokens(message, 'otter') AND endsWith(message, '(Pay.java:3)')")"
kill "$load"
wait "$load" || stack_fail "the loader: $(cat "$work/said")"

# Fluent Bit and Vector, as their Kafka outputs write.
printf '%s\n' '{"date":1764064800.5,"log":"level=warn msg=\"lemur from fluent bit\" request_id=r-4711"}' \
    '{"file":"/var/log/x","host":"vm1","message":"<38>Nov 25 10:00:02 vm1 sshd[7]: puffin from vector","source_type":"file","timestamp":"2025-11-25T10:00:03Z"}' |
    produce logs
wait_until 60 is_there lemur
wait_until 60 is_there puffin
expect 'Fluent Bit' "$(printf 'WARN\t\\N\t2025-11-25 10:00:00.500\t\\N\tr-4711')" "$(row lemur)"
expect 'Vector' "$(printf 'INFO\tsshd\t2025-11-25 10:00:02.000\t\\N\t\\N')" "$(row puffin)"

# The endpoint's questions.
ask() { curl -sS --fail-with-body "$ODW_SHIM_URL/api/logs?$1" | jq -r '[.items[].message | split("\n")[0]] | join(" / ")'; }
expect 'q and level' 'GET /walrus HTTP/1.1' "$(ask 'q=WALRUS&level=ERROR')"
expect 'all words' '' "$(ask 'q=walrus%20otter')"
expect 'two words and source' 'GET /walrus HTTP/1.1' "$(ask 'q=http%20walrus&source=access')"
expect 'trace_id' 'otter declined trace_id=4bf92f3577b34da6a3ce929d0e0e4736' "$(ask 'trace_id=4bf92f3577b34da6a3ce929d0e0e4736')"
expect 'request_id' 'lemur from fluent bit' "$(ask 'request_id=r-4711')"
expect 'from and to' 'badger after the rotation' "$(ask 'from=2025-11-25T10:00:01Z&to=2025-11-25T10:00:02Z')"
expect 'a word' 'zebra charge failed trace_id=0af7651916cd43dd8448eb211c80319c' "$(ask 'q=charge')"

# 20 % of generated lines are marked to fail: dead letters, nothing lost.
sql "SELECT count() FROM $ODW_DATABASE.logs" >"$work/before"
odw load logs --count 20000 --fail-percentage 20 --log-level error 2>/dev/null
settle 120
letters=$(sql "SELECT count() FROM $ODW_DATABASE.dead_letters WHERE source = 'logs' AND class = 'simulated'")
{ [ "$letters" -gt 3700 ] && [ "$letters" -lt 4300 ]; } || stack_fail "of 20,000 lines with 20 % marked $letters became letters"
expect 'rows beside the letters' "$((20000 - letters + $(cat "$work/before")))" "$(sql "SELECT count() FROM $ODW_DATABASE.logs")"
expect 'rows with personal data' 0 "$(sql "SELECT count() FROM $ODW_DATABASE.logs WHERE match(message, '@example.com|203\\\\.0\\\\.113')")"
odw audit >/dev/null || stack_fail "the audit does not hold: $(odw audit 2>&1 | tail -n 3)"
echo 'ok'
