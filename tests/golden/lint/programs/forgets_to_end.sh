#!/bin/bash
# It doesn't end with its input.
# lint: --executable
# fails: one-row
cat
exec sleep 1000
