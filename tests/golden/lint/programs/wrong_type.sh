#!/bin/bash
# Text where a number is declared.
# lint: --returns UInt32
# fails: one-row
exec sed -u 's/.*/about 7/'
