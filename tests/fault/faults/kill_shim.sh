# shellcheck shell=bash disable=SC2034,SC2154,SC2317
# kill -9 of shim.
kill_shim() { killed shim; }
