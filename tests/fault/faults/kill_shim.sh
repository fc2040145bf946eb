# kill -9 of shim.
kill_shim() { killed shim; }
