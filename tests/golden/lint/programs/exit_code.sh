#!/bin/bash
# It ends with an exit code that says that it failed.
# fails: one-row
cat
exit 3
