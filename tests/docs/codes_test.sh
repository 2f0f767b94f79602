#!/bin/bash
# codes_test.sh PAGE: each code of the headers has one entry on the page, and each entry is of a code that exists.
page=$1
codes() { grep -oE '\b[A-Z]{2,}-E[0-9]{3}\b' | sort -u; }
in_headers=$(find -L core anchors lanes plugins -name '*.h' -exec cat {} + | codes)
entries=$(sed -n 's/^### \([A-Z]*-E[0-9]*\): .*/\1/p' "$page")
failures=0
[[ $in_headers && $entries ]] || { echo "found no codes"; exit 1; }
[[ $(uniq -d <<<"$(sort <<<"$entries")") ]] && { echo "two entries: $(sort <<<"$entries" | uniq -d)"; failures=1; }
difference=$(diff <(echo "$in_headers") <(sort <<<"$entries")) || { echo "headers (<) and $page (>): $difference"; failures=1; }
for code in $entries; do
  for mark in refused repaired; do
    grep -qx "<!-- $mark: $code -->" "$page" || { echo "$code: nothing is marked as $mark"; failures=1; }
  done
done
exit "$failures"
