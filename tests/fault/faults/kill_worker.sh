# kill -9 of worker.
kill_worker() { killed worker; }
