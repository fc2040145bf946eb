#!/bin/bash
# A broker that asks for TLS and a password: what odw.conf says of both reaches librdkafka, and `odw load` is let in. A wrong password,
# an authority that isn't trusted, and a librdkafka whose SCRAM Kafka refuses are said as such.
# shellcheck disable=SC2154 # the stack's variables
set -eu
. tests/lib/stack.sh
stack_start kafka
work=$STACK_DIR/secured
mkdir "$work"
libs="${ODW_DEPS:-.deps}/kafka/libs/*"
port=$((${ODW_KAFKA_BROKERS##*:} + 14)) # this stack has twenty; it uses the first

openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 \
    -keyout "$work/key.pem" -out "$work/ca.pem" 2>/dev/null
cat "$work/key.pem" "$work/ca.pem" >"$work/server.pem"
sed -E -e "s|^(advertised\.)?listeners=.*|\1listeners=SECURED://127.0.0.1:$port|; s|^(listeners=.*)|\1,CONTROLLER://127.0.0.1:$((port + 1))|" \
    -e "s|^(controller.quorum.bootstrap.servers)=.*|\1=127.0.0.1:$((port + 1))|; s|^log.dirs=.*|log.dirs=$work/data|" \
    -e 's|^listener.security.protocol.map=.*|listener.security.protocol.map=CONTROLLER:PLAINTEXT,SECURED:SASL_SSL|' \
    "$STACK_DIR/kafka/server.properties" >"$work/server.properties"
login=' required username="odw" password="sesame-right"'
plain=org.apache.kafka.common.security.plain.PlainLoginModule$login
cat >>"$work/server.properties" <<END
inter.broker.listener.name=SECURED
sasl.mechanism.inter.broker.protocol=PLAIN
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512
listener.name.secured.plain.sasl.jaas.config=$plain user_odw="sesame-right";
listener.name.secured.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule$login;
ssl.keystore.type=PEM
ssl.keystore.location=$work/server.pem
ssl.truststore.type=PEM
ssl.truststore.location=$work/ca.pem
END
cat >"$work/client.properties" <<END
security.protocol=SASL_SSL
sasl.mechanism=PLAIN
sasl.jaas.config=$plain;
ssl.truststore.type=PEM
ssl.truststore.location=$work/ca.pem
END
java -cp "$libs" kafka.tools.StorageTool format --standalone -t "$(java -cp "$libs" kafka.tools.StorageTool random-uuid 2>/dev/null)" \
    --add-scram 'SCRAM-SHA-512=[name=odw,password=sesame-right]' -c "$work/server.properties" >"$STACK_DIR/log/secured.log" 2>&1
# What carries this variable is ended with the stack.
ODW_SUPERVISED_DIR=$STACK_DIR java -Xmx256m -cp "$libs" kafka.Kafka "$work/server.properties" >>"$STACK_DIR/log/secured.log" 2>&1 &
make_topic() {
    java -cp "$libs" org.apache.kafka.tools.TopicCommand --bootstrap-server "127.0.0.1:$port" --command-config "$work/client.properties" \
        --create --if-not-exists --topic events --partitions 1 >>"$STACK_DIR/log/secured.log" 2>&1
}
wait_until 150 make_topic

umask 077
echo sesame-right >"$work/right"
echo sesame-wrong >"$work/wrong"
# configure PASSWORD-FILE [AUTHORITIES]: as README has it
configure() {
    printf '%s\n' '[kafka]' "brokers = 127.0.0.1:$port" 'security-protocol = sasl_ssl' 'sasl-mechanism = PLAIN' \
        'sasl-username = odw' "sasl-password-file = $1" ${2:+"ssl-ca-location = $2"} >"$work/odw.conf"
}
load() { (unset "${!ODW_KAFKA@}" && "$ODW_BUILD/bin/odw" load events --config "$work/odw.conf" --state-dir "$work/none" --timeout 10s "$@") 2>"$work/said"; }

configure "$work/right" "$work/ca.pem"
load --count 500 || stack_fail "odw load: $(cat "$work/said")"
count=$(kcat -C -e -q -b "127.0.0.1:$port" -t events -X security.protocol=sasl_ssl -X sasl.mechanism=PLAIN -X sasl.username=odw \
    -X sasl.password=sesame-right -X "ssl.ca.location=$work/ca.pem" | wc -l)
expect 'records on the topic' 500 "$count"

# refused WHAT WORDS: odw load must fail, and say so.
refused() {
    local status=0
    load --count 1 || status=$?
    expect "exit code with $1" 1 "$status"
    grep -q "$2" "$work/said" || stack_fail "with $1 expected '$2', got: $(cat "$work/said")"
    if grep -q sesame "$work/said"; then stack_fail "a password was said: $(cat "$work/said")"; fi
}
configure "$work/wrong" "$work/ca.pem"
refused 'a wrong password' 'lets us not in (invalid username or password)'
configure "$work/right"
refused 'no authority' 'lets us not in (.*certificate verify failed'
load --count 1 --kafka-ssl-ca-location "$work/ca.pem" || stack_fail "by a flag: $(cat "$work/said")"

# Debian 12's librdkafka is one of those: that it isn't the password is said; a later one is let in.
load --count 1 --kafka-ssl-ca-location "$work/ca.pem" --kafka-sasl-mechanism SCRAM-SHA-512 ||
    grep -q 'older than 2.6.1, whose SCRAM Kafka 4 refuses' "$work/said" || stack_fail "by SCRAM: $(cat "$work/said")"
echo passed
