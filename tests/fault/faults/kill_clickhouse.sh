# shellcheck shell=bash disable=SC2034,SC2154,SC2317
# kill -9 of clickhouse.
kill_clickhouse() { killed clickhouse; }
