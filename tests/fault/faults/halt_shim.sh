# The shim is halted under POST /ingest.
halt_shim() { halted shim "$HALT"; }
