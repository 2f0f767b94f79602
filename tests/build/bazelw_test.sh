#!/bin/bash
# ./bazelw on machines made of fakes: what it installs, what it says, and that Bazel gets exactly what was typed.
# shellcheck disable=SC2016,SC2265
set -u

readonly bazelw=$PWD/bazelw
failures=0

fail() {
  printf 'FAILED in "%s": %s\n--- calls:\n%s\n--- said:\n%s\n' "$case_name" "$1" "$(<calls)" "$(<said)"
  failures=$((failures + 1))
}

# fake NAME: a program of the machine, whose body is read from stdin.
fake() {
  { echo '#!/bin/bash'; cat; } >"bin/$1"
  chmod +x "bin/$1"
}

# A fresh directory that holds a machine: everything installed but the packages named, root, a working apt.
machine() {
  case_name=$1
  shift
  cd "$(mktemp -d "$TEST_TMPDIR/machine.XXXXXX")" || exit 1
  mkdir bin
  local tool
  for tool in env flock; do ln -s "$(type -P "$tool")" "bin/$tool"; done
  printf '%s\n' "$@" >missing
  : >calls
  : >said
  fake dpkg-query <<'END'
echo "dpkg-query" >>calls
[[ ${TELL_ONCE:-} && ! -e told ]] && : >told && exec 8>"$TELL_ONCE"
missing=" $(<missing) "
for package in "$@"; do
  [[ $package == -* ]] && continue
  if [[ ${missing//$'\n'/ } == *" $package "* ]]; then echo "not-installed $package"; else echo "installed $package"; fi
done
END
  fake id <<<'echo 0'
  fake apt-get <<'END'
words=() ; for word in "$@"; do [[ $word == -* || $word == DPkg* ]] || words+=("$word"); done
echo "apt-get ${words[*]} ($DEBIAN_FRONTEND)" >>calls
echo "$*" >>apt_arguments
[[ ${words[0]} == install ]] && : >missing
exit 0
END
  fake bazel-4 <<'END'
printf 'bazel'  >>calls; printf ' <%s>' "$@" >>calls; echo >>calls
exit "${BAZEL_EXIT_CODE:-0}"
END
}

run() {
  PATH=$PWD/bin CC='' "$bazelw" "$@" 2>said
  exit_code=$?
}

exits_with() { ((exit_code == $1)) || fail "exit code $exit_code instead of $1"; }
calls_are() { [[ $(<calls) == "$(printf '%s\n' "$@")" ]] || fail "expected other calls: $(printf '%s; ' "$@")"; }
says() { [[ $(<said) == *"$1"* ]] || fail "did not say: $1"; }
says_nothing() { [[ ! -s said ]] || fail 'said something'; }

machine 'nothing is missing'
BAZEL_EXIT_CODE=37 run --output_base=/x run //:tokengate -- 'two words' '' '*' "it's"
exits_with 37
calls_are dpkg-query "bazel <--output_base=/x> <run> <//:tokengate> <--> <two words> <> <*> <it's>"
says_nothing

machine 'no arguments'
run
calls_are dpkg-query 'bazel <>'

machine 'two packages are missing' libxxhash-dev liburing-dev
run run //:tokengate
exits_with 0
calls_are dpkg-query dpkg-query 'apt-get update (noninteractive)' \
  'apt-get install libxxhash-dev liburing-dev (noninteractive)' 'bazel <run> <//:tokengate>'
says 'libxxhash-dev'
says 'asynchronous file I/O'
grep -q -- '--no-install-recommends --no-remove libxxhash-dev' apt_arguments || fail 'recommended packages, or removals'
grep -q -- '-o DPkg::Lock::Timeout=' apt_arguments || fail 'does not wait for a busy apt'

machine 'run needs no second compiler' clang-16 xxhash
run run //:tokengate -- test
calls_are dpkg-query 'bazel <run> <//:tokengate> <--> <test>'

machine 'test needs it' clang-16
run --output_base /x test //...
calls_are dpkg-query dpkg-query 'apt-get update (noninteractive)' 'apt-get install clang-16 (noninteractive)' \
  'bazel <--output_base> </x> <test> <//...>'

machine 'so does everything that is built by it' clang-16
PATH=$PWD/bin CC=clang-16 "$bazelw" run //:tokengate 2>said
grep -q 'apt-get install clang-16' calls || fail 'clang-16 is not installed'

machine 'not root' libssl-dev g++
fake id <<<'echo 1000'
run test //...
exits_with 1
calls_are dpkg-query dpkg-query
says 'needs root'
says 'sudo apt-get update && sudo apt-get install --no-install-recommends g++ libssl-dev'

machine 'not root, and sudo asks for a password' libssl-dev
fake id <<<'echo 1000'
fake sudo <<<'[[ $1 == -n ]] && exit 1; echo "sudo asked" >>calls'
run test //...
exits_with 1
calls_are dpkg-query dpkg-query
says 'needs root'

machine 'not root, and sudo asks for nothing' libssl-dev
fake id <<<'echo 1000'
fake sudo <<<'[[ $1 == -n ]] && shift && { [[ $1 == true ]] || { echo sudo >>calls; exec "$@"; }; }'
run test //...
exits_with 0
calls_are dpkg-query dpkg-query sudo 'apt-get update (noninteractive)' \
  sudo 'apt-get install libssl-dev (noninteractive)' 'bazel <test> <//...>'

machine 'no apt' libssl-dev
rm bin/apt-get
run test //...
exits_with 1
calls_are dpkg-query dpkg-query
says 'libssl-dev'
says 'there is no apt-get here'

machine 'no dpkg and no apt'
rm bin/apt-get bin/dpkg-query
run test //...
exits_with 1
calls_are
says 'bazel-bootstrap'
says 'there is no apt-get here'

machine 'apt fails' libboost-fiber1.81-dev
fake apt-get <<<'[[ $* == *install* ]] && { echo "E: Unable to correct problems, you have held broken packages." >&2; exit 100; }; exit 0'
run test //...
exits_with 1
calls_are dpkg-query dpkg-query
says 'held broken packages'
says 'apt could not install them'
says 'apt-get install --no-install-recommends libboost-fiber1.81-dev'
[[ $(<said) != *network* ]] || fail 'blames the network'

machine 'no network' libssl-dev
fake apt-get <<'END'
[[ $* == *update* ]] && { echo 'Err:1 the archive: Temporary failure resolving'; exit 0; }
echo 'E: Unable to locate package libssl-dev' >&2
exit 100
END
run test //...
exits_with 1
says 'Temporary failure resolving'
says 'Unable to locate package'
says 'is there a network'
[[ $(<calls) != *bazel* ]] || fail 'Bazel was started'

machine 'no network, but apt still has the packages' libssl-dev
fake apt-get <<<'[[ $* == *update* ]] && exit 100; : >missing'
run test //...
exits_with 0
calls_are dpkg-query dpkg-query 'bazel <test> <//...>'

machine 'Bazel is not in PATH'
rm bin/bazel-4
run test //...
exits_with 1
says 'bazel-4 is not to be found'

# The first one's apt goes on only when the second one has asked dpkg, too, and has been told that a package is missing.
machine 'two at once' libssl-dev
mkfifo second_has_asked
fake apt-get <<'END'
[[ $* == *install* ]] || exit 0
echo 'apt-get' >>calls
flock --nonblock /var/lib env >/dev/null && echo 'apt-get runs unlocked' >>calls
read -r <second_has_asked
: >missing
END
run test first &
TELL_ONCE=second_has_asked PATH=$PWD/bin CC='' "$bazelw" test second 2>said_second
wait "$!"
[[ $(grep -c apt-get calls) == 1 ]] || fail 'apt ran twice'
[[ $(grep -c '^bazel' calls) == 2 ]] || fail 'Bazel did not run twice'

machine 'a warm start costs less than 0.2 s'
best=1000000
for _ in {1..10}; do
  start=${EPOCHREALTIME/[.,]/}
  run test //...
  took=$((${EPOCHREALTIME/[.,]/} - start))
  ((took < best)) && best=$took
done
((best < 200000)) || fail "$best microseconds"

((failures == 0))
