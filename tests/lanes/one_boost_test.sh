#!/bin/bash
# one_boost_test.sh PROGRAM: PROGRAM contains Boost.Fiber and needs no shared library that does.
set -u

readonly program=$1
needed=$(LC_ALL=C readelf --wide --dynamic "$program") || exit 1
if grep --extended-regexp 'NEEDED.*libboost_(fiber|context)' <<<"$needed"; then
  echo "FAILED: $program needs these, and each switch of a fiber goes through their __tls_get_addr"
  exit 1
fi
copies=$(LC_ALL=C readelf --wide --symbols "$program" |
  awk '$4 == "TLS" && $7 != "UND" && /boost6fibers19context_initializer7active_E$/ && !seen[$2]++' | wc -l)
if ((copies != 1)); then
  echo "FAILED: $copies thread-locals that say which fiber is active"
  exit 1
fi
echo 'passed'
