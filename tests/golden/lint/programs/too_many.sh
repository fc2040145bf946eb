#!/bin/bash
# Some rows have two answers, which moves all later ones.
# notes: one-row
# fails: rows
exec sed -u 's/^42$/4\n2/'
