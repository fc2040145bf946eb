# shellcheck shell=bash disable=SC2034,SC2154,SC2317
# Timestamps in 150 months, at once.
months() {
    seq 150 | awk -v round="$round" '{ printf "{\"id\":\"m%d-%d\",\"event_name\":\"$pageview\",\"timestamp\":\"%04d-%02d-11T10:00:00Z\",\"distinct_id\":\"u%d\",\"project_id\":\"p\"}\n",
        round, $1, 1990 + int($1 / 12), 1 + $1 % 12, $1 }' >"$STACK_DIR/load/months"
    produce events -l "$STACK_DIR/load/months" 2>>"$STACK_DIR/log/kcat.log"
    cat "$STACK_DIR/load/months" >>"$STACK_DIR/load/kcat.acknowledged"
}
