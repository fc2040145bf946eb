# shellcheck shell=bash disable=SC2034,SC2154,SC2317
# A transform calls a function that crashes on one row: that costs the row its value, and nobody else anything.
test_functions_there() { [ "$(sql "SELECT load_status FROM system.user_defined_functions WHERE name = 'testTrouble'")" = Success ]; }

# Once for all rounds: a program that runs can't be written again. ClickHouse, which looks by itself too, must never see half a file: it
# goes by the second in which a file was changed, so it would not read the other half.
test_functions_install() {
    cp "$ODW_BUILD/tests/test_functions" "$ODW_USER_SCRIPTS/"
    "$ODW_USER_SCRIPTS/test_functions" --xml >"$ODW_FUNCTIONS_CONFIG/test_function.new"
    mv "$ODW_FUNCTIONS_CONFIG/test_function.new" "$ODW_FUNCTIONS_CONFIG/test_function.xml"
    sql 'SYSTEM RELOAD FUNCTIONS'
    wait_until $((30 * SLACK)) test_functions_there
}

crashing_function() {
    local root
    test_functions_there || test_functions_install
    root=$(other_root "s/record.project_id AS project_id/if(startsWith(testTrouble(record.project_id), 'error'), 'no value', record.project_id) AS project_id/" mv/events.sql)
    odw apply --no-check --root "$root" >/dev/null
    printf '%s\n' "{\"id\":\"crash-$round\",\"event_name\":\"x\",\"timestamp\":\"2026-11-19T10:00:00Z\",\"distinct_id\":\"u\",\"project_id\":\"crash\"}" >"$STACK_DIR/load/crash"
    produce events -l "$STACK_DIR/load/crash" 2>>"$STACK_DIR/log/kcat.log"
    cat "$STACK_DIR/load/crash" >>"$STACK_DIR/load/kcat.acknowledged"
    there() { [ "$(sql "SELECT count() FROM $ODW_DATABASE.events WHERE id = 'crash-$round' AND project_id = 'no value'" 2>/dev/null)" = 1 ]; }
    within 60 there
    odw apply >/dev/null
}
