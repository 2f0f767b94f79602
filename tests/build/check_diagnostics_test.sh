#!/bin/bash
# The comparison by itself, on compiler outputs written by hand.
set -u

readonly checker=$PWD/tests/build/check_diagnostics.sh
cd "$TEST_TMPDIR" || exit 1
failures=0

# check EXPECTED_EXIT MODE SOURCE OUTPUT [TEXT]: the report must contain TEXT.
check() {
  local expected=$1 mode=$2 text=${5:-} report
  printf '%s\n' "$3" >case.cc
  printf '%s\n' "$4" >case.txt
  report=$("$checker" "$mode" '' compiler case.txt -- case.cc)
  if (($? != expected)) || [[ $report != *"$text"* ]]; then
    printf 'FAILED: %s\n  mode %s, expected exit code %s and: %s\n%s\n' "$3" "$mode" "$expected" "$text" "$report"
    failures=$((failures + 1))
  fi
}

readonly refused='case.cc:1:5: error: static assertion failed: tokengate[TG-E101] operation '\''pay'\'': no. Remedy: yes.
exit code 1'

check 0 refused "pay  // expect: TG-E101" "$refused"
check 0 refused "pay  // expect: TG-E101 'pay' ... Remedy" "$refused"
check 1 refused "pay  // expect: TG-E101 Remedy ... 'pay'" "$refused" 'expected and not reported'
check 1 refused "pay  // expect: TG-E10 'pay'" "$refused" 'expected and not reported'
check 1 refused "pay  // expect: error 'pay'" "$refused" 'expected and not reported'
check 1 refused "pay" "$refused" 'no expectations in case.cc'
check 1 refused "pay  // expect:" "$refused" "'' is neither a code such as TG-E101 nor 'error'"
check 1 refused "pay  // expect: E101" "$refused" "'E101' is neither a code"
check 1 refused $'// expect@+2: TG-E101\npay' "$refused" 'case.cc:3: expected and not reported'
check 0 refused $'pay\n// expect@-1: TG-E101' "$refused"

# What one compiler says around the code, by itself.
check 0 refused "pay  // expect: TG-E101 'pay' // compiler says: static ... failed: ... 'pay': no" "$refused"
check 0 refused "pay  // expect: TG-E101 'pay' // other says: nothing // compiler says: static assertion" "$refused"
check 0 refused "pay  // expect: TG-E101 // other says: nothing" "$refused"
check 1 refused "pay  // expect: TG-E101 // compiler says: 'pay' ... static" "$refused" 'does not say what it should'
check 1 refused "pay  // expect: TG-E101 'you' // compiler says: static" "$refused" 'expected and not reported'

# The same error from a file made by the build, or found through '-iquote .'.
check 0 refused 'pay  // expect: TG-E101' "./$refused"
check 0 refused 'pay  // expect: TG-E101' "bazel-out/k8-opt/bin/$refused"

check 0 refused 'pay  // expect: TG-E101' "bazel-out/k8-opt/bin/shop/_virtual_includes/pay/tokengate/$refused"

# Pages of notes around an error.
check 0 refused=3 'pay  // expect: TG-E101' "one
two
three
$refused
one"
check 1 refused=3 'pay  // expect: TG-E101' "one
two
three
four
$refused" 'more than 3 lines without an error: four'
check 1 refused=3 'pay  // expect: TG-E101' "${refused%$'\n'*}
one
two
three
four
exit code 1" 'more than 3 lines without an error: four'

# Errors that are nobody's line, and compilers that do not even come to refusing.
check 1 refused 'pay  // expect: TG-E101' "g++: error: unrecognized command-line option
$refused" 'unexpected: g++: error: unrecognized'
check 1 refused 'pay  // expect: TG-E101' "other.h:1:5: error: what
$refused" 'unexpected error: other.h:1:5: error: what'
check 1 refused 'pay  // expect: error x.h' 'case.cc:1:10: fatal error: x.h: No such file
exit code 0' 'the file compiles, although it must not'
check 0 refused 'pay  // expect: error x.h' 'case.cc:1:10: fatal error: x.h: No such file
exit code 1'
check 1 refused 'pay  // expect: TG-E101' "${refused/code 1/code 137}" "exit code '137'"
check 1 refused 'pay  // expect: TG-E101' "${refused/exit code 1/}" "exit code ''"

# Notes and warnings are no errors; but a file that must compile does so without a word.
check 0 refused 'pay  // expect: TG-E101' "case.cc:1:1: note: error: this
case.cc:1:2: warning: that
$refused"
check 0 clean 'pay' 'exit code 0'
check 1 clean 'pay' 'case.cc:1:2: warning: that
exit code 0' 'unexpected: case.cc:1:2: warning: that'
check 1 clean 'pay' 'exit code 1' 'the file does not compile'
check 1 clean 'pay  // expect: TG-E101' 'exit code 0' 'expects an error in a file that must compile'

# A comparison that should fail and does not, or for another reason, is a failure.
printf 'pay\n' >case.cc
printf 'exit code 0\n' >case.txt
"$checker" clean 'anything' compiler case.txt -- case.cc >/dev/null && { echo 'FAILED: control 1'; failures=1; }
printf 'exit code 1\n' >case.txt
"$checker" clean 'anything' compiler case.txt -- case.cc >/dev/null && { echo 'FAILED: control 2'; failures=1; }
"$checker" clean 'does not compile' compiler case.txt -- case.cc >/dev/null || { echo 'FAILED: control 3'; failures=1; }

((failures == 0))
