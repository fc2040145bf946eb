#!/bin/bash
# As it should be, as far as it can be without a chunk header.
# notes: one-row
exec cat
