#!/bin/bash
# Equal rows have other answers each time, and it is declared deterministic.
# lint: --deterministic
# notes: one-row
# fails: several-chunks large-chunk same-again constants single-bytes odd-cuts slow-reader
exec perl -ne '$|=1; chomp; print rand(), "\n"'
