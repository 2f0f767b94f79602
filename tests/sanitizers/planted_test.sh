#!/bin/bash
# planted_test.sh PROGRAM SANITIZER: the sanitizer that PROGRAM was built with reports the bugs that are planted for it, at
# the right place, and says nothing of the same program without it. SANITIZER is asan, tsan, ubsan or none.
set -u

readonly program=$1 sanitizer=$2
case $sanitizer in
  asan) bugs='use_after_free stale_argument stale_result' place='planted::read' ;;
  tsan) bugs=race place='planted::count' ;;
  ubsan) bugs=overflow place='planted::add' ;;
  none) bugs='' ;;
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
# Nodes are not freed but go into a pool, hence another word for it.
declare -A reports=(
  [use_after_free]='ERROR: AddressSanitizer: heap-use-after-free'
  [stale_argument]='ERROR: AddressSanitizer: use-after-poison'
  [stale_result]='ERROR: AddressSanitizer: use-after-poison'
  [race]='WARNING: ThreadSanitizer: data race'
  [overflow]='runtime error: signed integer overflow: 2147483647 + 1'
)
failures=0
for bug in $bugs; do
  report=${reports[$bug]}
  output=$("$program" "$bug" 2>&1)
  exit_code=$?
  if ((exit_code == 0)) || [[ $output != *"$report"* || $output != *"$place"* ]]; then
    printf 'FAILED: %s was to report "%s" of %s in %s; exit code %s:\n%s\n' \
      "$sanitizer" "$report" "$bug" "$place" "$exit_code" "$output"
    failures=$((failures + 1))
  fi
done
((failures == 0))
