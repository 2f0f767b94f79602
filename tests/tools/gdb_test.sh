#!/bin/bash
# What tools/tokengate-gdb.py says about a stopped program, and about its core dump. $1: the program, $2: the script.
set -u
program=$1 script=$2

if ! type -P gdb >/dev/null; then
  echo 'skipped: there is no gdb here (Debian: apt-get install gdb)'
  exit 0
fi

folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
failures=0
fail() {
  printf 'FAILED: %s\n' "$1"
  failures=$((failures + 1))
}

# Debug information is for gdb to look for here, not elsewhere.
live=$(HOME=$folder gdb -nx -batch -ex 'set debuginfod enabled off' -x "$script" -ex run -ex 'tokengate tokens' \
  -ex 'tokengate fibers' -ex 'signal 0' "$program" 2>&1)
if [[ $live == *'ptrace: Operation not permitted'* || $live == *'Could not trace'* ]]; then
  echo 'skipped: this machine does not let gdb trace a program'
  exit 0
fi

# Its own core dump, where the system leaves such in the working directory. (A file of 4 GB would be a mistake.)
program=$(realpath "$program")
(cd "$folder" && ulimit -c 4000000 && "$program") >/dev/null 2>&1
cores=("$folder"/core*)
kinds=(live)
if [[ -s ${cores[0]} ]]; then
  kinds+=(dumped)
  dumped=$(HOME=$folder gdb -nx -batch -ex 'set debuginfod enabled off' -x "$script" -ex 'tokengate tokens' \
    -ex 'tokengate fibers' "$program" "${cores[0]}" 2>&1)
else
  echo "not tested: a core dump (the system keeps none here: $(cat /proc/sys/kernel/core_pattern))"
fi

# $1: a regular expression, $2: what it is about.
expect() {
  local said
  for said in "${kinds[@]}"; do
    [[ ${!said} =~ $1 ]] || fail "$2 ($said): /$1/"
  done
}
expect "executing +token ([0-9]+) of 'wait_at_the_gate'" 'a token that runs'
gate=${BASH_REMATCH[1]:-none}
expect "executing +token ([0-9]+) of 'wait_for_another', waits for token $gate of 'wait_at_the_gate'" 'a token that waits'
expect $'\n3 tokens\n' 'the number of tokens'
expect "core [01]: suspended token $gate of 'wait_at_the_gate', waits for something else" 'a suspended fiber'
expect "suspended token [0-9]+ of 'sleep_long', waits for the end of its sleep, for a limited time" 'a timed wait'
expect 'deep_in_an_operation\(' 'the calls of a suspended fiber'
[[ $live == *'exited normally'* ]] || fail 'the program goes on and ends'

without=$(gdb -nx -batch -x "$script" -ex 'tokengate tokens' 2>&1)
[[ $without == *'no TokenGate program is being debugged'* ]] || fail 'without a program'

if ((failures != 0)); then
  printf -- '--- live:\n%s\n--- dumped:\n%s\n--- without:\n%s\n' "$live" "${dumped:-}" "$without"
  exit 1
fi
