#!/bin/bash
# Its output isn't flushed before its input ends.
# fails: one-row
exec awk '{ print toupper($0) }'
