# shellcheck shell=bash disable=SC2034,SC2154,SC2317
# kill -9 of a process of the functions': the parent that talks to ClickHouse, or the one that computes.
kill_function() {
    local names=(odw-udf odw-udf-worker)
    function_killed=${names[RANDOM % 2]}
    one_gone() {
        local pid
        for pid in $(function_processes); do
            if [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$function_killed" ]; then
                kill -9 "$pid"
                return 0
            fi
        done
        return 1
    }
    wait_until 30 one_gone
    SAID=$function_killed
}
