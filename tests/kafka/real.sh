#!/bin/bash
# lib/kafka's topics, positions and ranges against a real broker: what the mock cluster doesn't speak.
set -eu
. tests/lib/stack.sh
stack_start kafka
"$ODW_BUILD/tests/kafka_real"
