#!/bin/bash
# prints.sh PROGRAM TEXT: the program succeeds and prints exactly the text.
output=$("$1") || { echo "$1 failed with exit code $?"; exit 1; }
[[ $output == "$2" ]] || { printf 'expected %s, got %s\n' "$2" "$output"; exit 1; }
