# shellcheck shell=bash disable=SC2034,SC2154,SC2317
# ClickHouse is halted, as a machine that swaps.
halt_clickhouse() { halted clickhouse "$HALT"; }
