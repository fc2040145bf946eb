#!/bin/bash
# It answers one chunk, and ends: no program for a pool.
# lint: --chunk-header
# notes: end-in-chunk wrong-header
# fails: several-chunks no-rows
read -r n
exec head -n "$n"
