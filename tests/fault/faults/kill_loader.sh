# shellcheck shell=bash disable=SC2034,SC2154,SC2317
# kill -9 of a loader: the same command goes on where the last acknowledged record was, and every record is there once.
kill_loader() {
    local file=$STACK_DIR/load/file.jsonl loader
    odw load events --print --count 20000 --seed "$((SEED * 1000 + round))" --days 3 --until 2026-11-20T00:00:00Z >"$file"
    "$ODW_BUILD/bin/odw" load events "$file" --rate 8000 --log-level error >/dev/null 2>&1 &
    loader=$!
    disown "$loader"
    moves_on 60
    kill -9 "$loader" 2>/dev/null || true
    odw load events "$file" --log-level error >"$STACK_DIR/load/loader.out" 2>&1 || stack_fail "the load that goes on: $(cat "$STACK_DIR/load/loader.out")"
    cat "$file" >>"$STACK_DIR/load/kcat.acknowledged"
}
