# shellcheck shell=bash disable=SC2034,SC2154,SC2317
# The shim is halted under POST /ingest.
halt_shim() { halted shim "$HALT"; }
