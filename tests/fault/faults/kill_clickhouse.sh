# kill -9 of clickhouse.
kill_clickhouse() { killed clickhouse; }
