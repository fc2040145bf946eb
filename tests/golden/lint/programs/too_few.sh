#!/bin/bash
# A row that it doesn't like has no answer.
# notes: one-row
# fails: rows
exec grep --line-buffered -v '^$'
