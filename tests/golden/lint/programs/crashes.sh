#!/bin/bash
# A value that it can't read ends it, and all rows of the chunk with it.
# notes: one-row
# fails: hostile-values huge-row
exec perl -ne '$|=1; exit 3 if length > 1000000; print'
