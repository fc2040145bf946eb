# A Kafka node is halted: connections stay open, nothing answers.
halt_kafka() { halted "$(a_broker)" "$HALT"; }
