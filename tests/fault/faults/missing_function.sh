# shellcheck shell=bash disable=SC2034,SC2154,SC2317
# The functions' programs are taken away and put back.
missing_function() {
    local pid away=$ODW_USER_SCRIPTS/taken-away
    mkdir "$away"
    mv "$ODW_USER_SCRIPTS"/odw-udf-* "$away/"
    for pid in $(function_processes); do # those that run already would go on
        kill -9 "$pid" 2>/dev/null || true
    done
    named 'eventsRecord|odw-udf'
    mv "$away"/* "$ODW_USER_SCRIPTS/"
    rmdir "$away"
}
