# tests/lib: functions on a test's stack; to be sourced after stack.sh.
#
#   functions_install            odw-udf, its policies and data, its record functions, and the test's own (testEcho, testTrouble, testJoin)
#   record_function STEM         the name of its record function

functions_install() {
    local at=$ODW_USER_SCRIPTS hash
    mkdir -p "$at/odw/contracts"
    cp -R "$ODW_BUILD/share/odw/." "$at/odw/"
    cp "$ODW_BUILD/bin/odw-udf" "$ODW_BUILD/tests/test_functions" "$at/"
    hash=$(record_function events)
    cp contracts/events.schema.json "$at/odw/contracts/events.${hash##*_}.schema.json"
    "$at/odw-udf" --xml >"$ODW_FUNCTIONS_CONFIG/odw_function.xml"
    "$at/test_functions" --xml >"$ODW_FUNCTIONS_CONFIG/test_function.xml"
    sql 'SYSTEM RELOAD FUNCTIONS'
    expect 'functions that did not load' 0 "$(sql "SELECT count() FROM system.user_defined_functions WHERE load_status != 'Success'")"
}

record_function() {
    "$ODW_BUILD/bin/odw-udf" --list --contracts contracts | sed -n "s/^\($1Record_[0-9a-f]*\)(.*/\1/p"
}
