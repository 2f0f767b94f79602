#!/bin/bash
# What docs/lanes.md shows, done: a lane in a workspace of its own, with a Bazel of its own. And what is refused there.
set -u

root=$(dirname "$(readlink -f bazelw)")
readonly root page=$PWD/docs/lanes.md block=$PWD/tests/docs/code_block.awk
readonly shop=$TEST_TMPDIR/shop
failures=0
mkdir -p "$shop/lanes" && cd "$shop" || exit 1

fail() {
  printf 'FAILED: %s\n' "$1"
  [[ ${2:-} ]] && tail -n 25 "$2"
  failures=$((failures + 1))
}

# Nearly all of the time goes into compiling the framework once more, so what was compiled the last time is kept, as
# Bazel keeps it: by the content of all inputs. It does not see the compiler and the headers below /usr/include, so
# whatever packages are installed is part of the name. In a sandbox that cannot write there everything is compiled.
cache_of_before() {
  local home cache
  home=$(getent passwd "$(id -u)" | cut -d: -f6)
  cache=${XDG_CACHE_HOME:-${home:-/nowhere}/.cache}/tokengate/outside
  mkdir -p "$cache" 2>/dev/null && [[ -w $cache ]] || { echo "$TEST_TMPDIR/disk_cache"; return; }
  cache+=/$(dpkg-query --show | cksum | cut -d' ' -f1)
  # Other machines' worth of packages, and what has grown too large, begins anew.
  find "${cache%/*}" -mindepth 1 -maxdepth 1 ! -path "$cache" -exec rm -rf {} +
  local megabytes
  megabytes=$(du -sm "$cache" 2>/dev/null | cut -f1)
  ((${megabytes:-0} < 400)) || rm -rf "$cache"
  echo "$cache"
}
cache=$(cache_of_before)
readonly cache

# A server of its own, which must not outlive the test.
export HOME=$TEST_TMPDIR/home XDG_CACHE_HOME=$TEST_TMPDIR/cache
bazelw() {
  local command=$1
  shift
  "$root/bazelw" --nohome_rc --output_user_root="$TEST_TMPDIR/bazel" --max_idle_secs=15 "$command" \
    --color=no --curses=no --show_progress_rate_limit=60 "$@"
}
trap 'bazelw shutdown >/dev/null 2>&1' EXIT

for file in WORKSPACE .bazelrc BUILD.bazel shop.cc lanes/express.h lanes/BUILD.bazel; do
  awk -v mark="file: $file" -f "$block" "$page" >"$file" || fail "docs/lanes.md has no $file"
done
sed -i "s|/path/to/tokengate|$root|" WORKSPACE
((failures == 0)) || exit 1
# What was kept, half the time for the rest, and actions that do not depend on who calls (see the .bazelrc there).
printf 'build %s\n' "--disk_cache=$cache" --compilation_mode=fastbuild --incompatible_strict_action_env >>.bazelrc
echo 'test --nocache_test_results' >>.bazelrc

# refused WHAT TEXT...: the last command must have failed, saying all of this.
refused() {
  local what=$1 text
  shift
  ((exit_code != 0)) || fail "$what was accepted"
  for text in "$@"; do
    grep -qF -- "$text" said || fail "$what was not refused with: $text" said
  done
}
attempt() {
  bazelw "$@" >out 2>said
  exit_code=$?
}

attempt run --jobs=2 //:shop
((exit_code == 0)) || { fail 'the program of docs/lanes.md does not run' said; exit 1; }
[[ $(<out) == 42 ]] || fail "it printed '$(<out)' and not 42"

attempt run --@tokengate//:default_lane=express //:shop
[[ $exit_code == 0 && $(<out) == 42 ]] || fail 'the lane cannot be the default' said

attempt test --jobs=2 //lanes:express_test
((exit_code == 0)) || fail 'the lane does not do what every lane must do' said

attempt build --@tokengate//:default_lane=nobody //:shop
refused 'an unknown default' "--@tokengate//:default_lane is 'nobody', which is none of its lanes; those are express, balanced"

# TokenGate's own set does not have the lane; it is enough to compile the file that names it.
attempt build --@tokengate//:linked_lanes=@tokengate//plugins/lanes --compile_one_dependency shop.cc
refused 'a lane that is not linked' "tokengate[TG-E205] operation 'order': its lane is not linked into this program"

# A lane whose tokens would be lost: the test of lanes finds it.
cp lanes/express.h express.h
sed -i 's/return queues_\[first == light ? other : light\].take();/return nullptr;/' lanes/express.h
attempt test --jobs=2 //lanes:express_test
refused 'a lane that keeps tokens for ever' '//lanes:express_test' 'FAILED'
sed 's/lanes::node\* take() noexcept/lanes::node* take()/' express.h >lanes/express.h
attempt build //lanes:express
refused 'a policy that may throw' "tokengate[TG-E409] lane 'express' (shop::express): the policy may throw"
cp express.h lanes/express.h

# Descriptions that are not right. bad TEXT: what stands in the BUILD file, read from stdin, is refused with the text.
number=0
bad() {
  number=$((number + 1))
  mkdir -p "bad$number"
  {
    echo 'load("@tokengate//:rules.bzl", "tokengate_lane", "tokengate_lane_set")'
    cat
  } >"bad$number/BUILD.bazel"
  attempt build --nobuild "//bad$number:all"
  refused "bad description $number" "$@"
}
described='hdrs = ["x.h"], policy = "shop::x", summary = "x"'
bad "tokengate_lane 'Express': name: operations call the lane by it" <<<"tokengate_lane(name = 'Express', $described)"
bad "tokengate_lane 'ex-press': name" <<<"tokengate_lane(name = 'ex-press', $described)"
bad "tokengate_lane '1st': name" <<<"tokengate_lane(name = '1st', $described)"
bad "policy: 'shop::' is not the full name of a class" <<<"tokengate_lane(name = 'x', ${described/shop::x/shop::})"
bad "policy: 'x; int' is not the full name of a class" <<<"tokengate_lane(name = 'x', ${described/shop::x/x; int})"
bad 'hdrs: name the headers' <<<"tokengate_lane(name = 'x', hdrs = [], policy = 'x', summary = 'x')"
bad 'hdrs: name the headers' <<<"tokengate_lane(name = 'x', hdrs = ['//lanes:express.h'], policy = 'x', summary = 'x')"
bad 'summary: say in one line' <<<"tokengate_lane(name = 'x', hdrs = ['x.h'], policy = 'x', summary = ' ')"
bad 'summary: say in one line' <<<"tokengate_lane(name = 'x', hdrs = ['x.h'], policy = 'x', summary = 'x' * 121)"
bad "tokengate_lane_set 'x': lanes: name 1 to 64 targets" <<<"tokengate_lane_set(name = 'x', lanes = [], default = 'y')"
bad "default is 'nobody', which is none of its lanes; those are balanced" \
  <<<"tokengate_lane_set(name = 'x', lanes = ['@tokengate//plugins/lanes/balanced'], default = 'nobody')"
bad "two of its lanes have the name 'balanced'" <<END
tokengate_lane(name = 'balanced', $described, visibility = ['//visibility:public'])
tokengate_lane_set(name = 'x', lanes = [':balanced', '@tokengate//plugins/lanes/balanced'], default = 'balanced')
END
bad "TokengateLaneInfo" <<<"tokengate_lane_set(name = 'x', lanes = ['@tokengate//io'], default = 'io')"

((failures == 0))
