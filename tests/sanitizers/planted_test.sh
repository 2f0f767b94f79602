#!/bin/bash
# planted_test.sh PROGRAM SANITIZER: the sanitizer that PROGRAM was built with reports the bug that is planted for it, at
# the right place, and says nothing of the same program without it. SANITIZER is asan, tsan, ubsan or none.
set -u

readonly program=$1 sanitizer=$2
case $sanitizer in
  asan) bug=use_after_free report='ERROR: AddressSanitizer: heap-use-after-free' place='planted::read' ;;
  tsan) bug=race report='WARNING: ThreadSanitizer: data race' place='planted::count' ;;
  ubsan) bug=overflow report='runtime error: signed integer overflow: 2147483647 + 1' place='planted::add' ;;
  none) bug='' ;;
  *) echo "what is '$sanitizer'?" && exit 2 ;;
esac

# AddressSanitizer warns once of swapcontext, which Boost.Context tells it about.
output=$("$program" none 2>&1)
exit_code=$?
output=$(grep -v 'swapcontext functions and may produce false positives' <<<"$output")
if ((exit_code != 0)) || [[ $output != 'counted to 100' ]]; then
  printf 'FAILED without a bug, exit code %s:\n%s\n' "$exit_code" "$output"
  exit 1
fi
[[ $bug ]] || exit 0

output=$("$program" "$bug" 2>&1)
exit_code=$?
if ((exit_code == 0)) || [[ $output != *"$report"* || $output != *"$place"* ]]; then
  printf 'FAILED: %s was to report "%s" in %s; exit code %s:\n%s\n' "$sanitizer" "$report" "$place" "$exit_code" "$output"
  exit 1
fi
