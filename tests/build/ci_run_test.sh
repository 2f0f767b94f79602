#!/bin/bash
# .ci/run counts honestly: what Bazel is made to say here, and what the last line and the exit code then are.
set -u

readonly run=$PWD/.ci/run
failures=0

# A clone of its own, with a Bazel that says what stands in `says` and exits with what stands in `exit_code`; or, for
# the runs with a sanitizer, in `says_NAME` and `exit_code_NAME`: nothing, and 0.
clone=$TEST_TMPDIR/clone
new_clone() {
  rm -rf "$clone"
  mkdir -p "$clone/.ci"
  cp "$run" "$clone/.ci/run"
  cat >"$clone/bazelw" <<'END'
#!/bin/bash
echo "$*" >>calls
echo 'INFO: Elapsed time: 1.2s, Critical Path: 0.1s' >&2
sanitizer=
[[ $2 == --config=* ]] && sanitizer=_${2#--config=}
cat "says$sanitizer"
exit "$(<"exit_code$sanitizer")"
END
  chmod +x "$clone/bazelw"
  cat >"$clone/says"
  echo "$1" >"$clone/exit_code"
  with tsan 0 </dev/null
  with asan 0 </dev/null
}

# with SANITIZER EXIT_CODE: what a run with it says.
with() {
  cat >"$clone/says_$1"
  echo "$2" >"$clone/exit_code_$1"
}

# xml PACKAGE/NAME: the test.xml of a test.
xml() {
  mkdir -p "$clone/bazel-testlogs/$1"
  cat >"$clone/bazel-testlogs/$1/test.xml"
}

script_passed='<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="tests/build/a_test" tests="1" failures="0" errors="0">
    <testcase name="tests/build/a_test" status="run" duration="1" time="1"></testcase>'
script_failed=${script_passed/errors=\"0\"/errors=\"1\"}
cases='<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="7" failures="1" disabled="1" errors="0" time="0." name="AllTests">
  <testsuite name="first" tests="4" failures="1" disabled="1" skipped="0" errors="0" time="0.">
    <testcase name="x" status="run" result="completed" time="0." classname="first"><failure message="m"></failure>
  <testsuite name="second" tests="3" failures="0" disabled="0" skipped="1" errors="0" time="0.">'

readonly all_calls='test //...
test --config=tsan //tests/sanitizers:quick
test --config=asan //tests/sanitizers:quick'

# expect EXIT_CODE LAST_LINE
expect() {
  local output exit_code
  output=$(cd / && "$clone/.ci/run")
  exit_code=$?
  if ((exit_code != $1)) || [[ ${output##*$'\n'} != "$2" || $(<"$clone/calls") != "$all_calls" ]]; then
    printf 'FAILED: expected exit code %s and "%s"; got %s and:\n%s\n' "$1" "$2" "$exit_code" "$output"
    failures=$((failures + 1))
  fi
}

new_clone 0 <<<'//tests/build:a_test                     PASSED in 0.0s
//tests/core:b_test             (cached) PASSED in 0.1s'
xml tests/build/a_test <<<"$script_passed"
xml tests/core/b_test/shard_1_of_2 <<<"$script_passed"
xml tests/core/b_test/shard_2_of_2 <<<"$script_passed"
expect 0 '3 passed, 0 failed'

new_clone 3 <<<'//tests/build:a_test                     FAILED in 0.0s
  /somewhere/test.log
//tests/core:b_test                      FAILED in 0.1s'
xml tests/build/a_test <<<"$script_failed"
xml tests/core/b_test <<<"$cases"
expect 1 '4 passed, 2 failed'

# A program that reports no failed case and fails nevertheless, one that never ends, one that is not built, one not run.
new_clone 1 <<<'//tests/core:a_test                      FAILED in 0.1s
//tests/core:b_test                      TIMEOUT in 60.0s
//tests/core:c_test                      FAILED TO BUILD
//tests/core:d_test                      NO STATUS'
for name in a c d; do xml "tests/core/${name}_test" <<<"$script_passed"; done
expect 1 '1 passed, 4 failed'

# The words of a summary inside a test's output do not count.
new_clone 3 <<<'//tests/core:made_up_test                PASSED in 0.1s
INFO: Elapsed time: 2.3s, Critical Path: 0.1s
//tests/core:a_test                      FAILED in 0.1s'
expect 1 '0 passed, 1 failed'

# The runs with sanitizers count like the first one.
new_clone 0 <<<'//tests/build:a_test                     PASSED in 0.0s'
with tsan 0 <<<'//tests/sanitizers:b_test                PASSED in 0.1s'
with asan 0 <<<'//tests/sanitizers:b_test                PASSED in 0.1s'
expect 0 '3 passed, 0 failed'
with tsan 3 <<<'//tests/sanitizers:b_test                FAILED in 0.1s'
rm "$clone/calls"
expect 1 '2 passed, 1 failed'
with tsan 1 <<<'ERROR: no such package'
rm "$clone/calls"
expect 1 '2 passed, 1 failed'

# Without the source of Boost.Fiber they are left out, which is said, and fails nothing.
new_clone 0 <<<'//tests/build:a_test                     PASSED in 0.0s'
with tsan 75 </dev/null
with asan 75 </dev/null
expect 0 '1 passed, 0 failed'
output=$(rm "$clone/calls" && "$clone/.ci/run")
[[ $output == *'LEFT OUT: test --config=tsan'*'LEFT OUT: test --config=asan'*'2 skipped'* ]] || {
  printf 'FAILED: does not say what is left out:\n%s\n' "$output"
  failures=$((failures + 1))
}

# No tests, and no build.
new_clone 4 <<<'ERROR: No test targets were found, yet testing was requested'
expect 1 '0 passed, 0 failed'
new_clone 1 <<<'ERROR: no such package'
expect 1 '0 passed, 1 failed'

((failures == 0))
