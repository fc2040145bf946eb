# shellcheck shell=bash disable=SC2034,SC2154,SC2317
# kill -9 of worker.
kill_worker() { killed worker; }
