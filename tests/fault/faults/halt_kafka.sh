# shellcheck shell=bash disable=SC2034,SC2154,SC2317
# A Kafka node is halted: connections stay open, nothing answers.
halt_kafka() { halted "$(a_broker)" "$HALT"; }
