# ClickHouse is halted, as a machine that swaps.
halt_clickhouse() { halted clickhouse "$HALT"; }
