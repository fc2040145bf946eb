# shellcheck shell=bash disable=SC2034,SC2154,SC2317
# A transform calls a function that crashes on one row: that costs the row its value, and nobody else anything.
crashing_function() {
    local root
    cp "$ODW_BUILD/tests/test_functions" "$ODW_USER_SCRIPTS/"
    "$ODW_USER_SCRIPTS/test_functions" --xml >"$ODW_FUNCTIONS_CONFIG/test_function.xml"
    sql 'SYSTEM RELOAD FUNCTIONS'
    root=$(other_root "s/record.project_id AS project_id/if(startsWith(testTrouble(record.project_id), 'error'), 'no value', record.project_id) AS project_id/" mv/events.sql)
    odw apply --no-check --root "$root" >/dev/null
    printf '%s\n' "{\"id\":\"crash-$round\",\"event_name\":\"x\",\"timestamp\":\"2026-11-19T10:00:00Z\",\"distinct_id\":\"u\",\"project_id\":\"crash\"}" >"$STACK_DIR/load/crash"
    produce events -l "$STACK_DIR/load/crash" 2>>"$STACK_DIR/log/kcat.log"
    cat "$STACK_DIR/load/crash" >>"$STACK_DIR/load/kcat.acknowledged"
    there() { [ "$(sql "SELECT count() FROM $ODW_DATABASE.events WHERE id = 'crash-$round' AND project_id = 'no value'" 2>/dev/null)" = 1 ]; }
    within 60 there
    odw apply >/dev/null
}
