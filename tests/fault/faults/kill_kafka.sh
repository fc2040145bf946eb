# kill -9 of a Kafka node.
kill_kafka() { killed "$(a_broker)"; }
