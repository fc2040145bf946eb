#!/bin/bash
# Something is printed before the first answer.
# fails: one-row
echo 'loading the model'
exec cat
