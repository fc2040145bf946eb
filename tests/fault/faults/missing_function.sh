# shellcheck shell=bash disable=SC2034,SC2154,SC2317
# The functions' program is taken away and put back.
missing_function() {
    local pid program
    program=$(echo "$ODW_USER_SCRIPTS"/odw-udf-*)
    mv "$program" "$ODW_USER_SCRIPTS/taken-away"
    for pid in $(function_processes); do # those that run already would go on
        kill -9 "$pid" 2>/dev/null || true
    done
    named 'eventsRecord|odw-udf'
    mv "$ODW_USER_SCRIPTS/taken-away" "$program"
}
