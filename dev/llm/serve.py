#!/usr/bin/env python3
"""serve.py MODEL PORT KEY-FILE: llama.cpp's OpenAI-compatible server on 127.0.0.1, until it is told to end."""
import signal
import sys

import xllamacpp

CONTEXT = 4096  # tokens: a contract, its instructions, a few pages and the answer


def main(model, port, key_file):
    signals = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    params = xllamacpp.CommonParams()
    params.model.path = model
    params.model_alias = {"smollm2-135m"}
    params.hostnames = ["127.0.0.1"]
    params.port = int(port)
    with open(key_file, encoding="ascii") as file:
        params.api_keys = [file.read().strip()]
    # One answer at a time takes all cores; more slots would share them and the context.
    params.n_parallel = 1
    params.n_ctx = CONTEXT
    params.cache_ram_mib = 0
    params.endpoint_slots = False  # it shows what was asked
    params.ui = False
    params.offline = True
    server = xllamacpp.Server(params)
    print("listening on", server.listening_address, flush=True)
    signal.sigwait(signals)


main(*sys.argv[1:])
