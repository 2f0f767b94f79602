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
  for tool in env flock mkdir mktemp mv rm sort tar xz; do ln -s "$(type -P "$tool")" "bin/$tool"; done
  printf '%s\n' "$@" >missing
  : >calls
  : >said
  fake dpkg-query <<'END'
echo "dpkg-query" >>calls
[[ $* == *source:Version* ]] && { echo -n 1.81.0-5; exit; }
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
  PATH=$PWD/bin CC='' XDG_CACHE_HOME=$PWD/cache "$bazelw" "$@" 2>said
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

machine 'run needs no second compiler, nor a debugger' clang-16 gdb xxhash
run run //:tokengate -- test
calls_are dpkg-query 'bazel <run> <//:tokengate> <--> <test>'

machine 'test needs it' clang-16
run --output_base /x test //...
calls_are dpkg-query dpkg-query 'apt-get update (noninteractive)' 'apt-get install clang-16 (noninteractive)' \
  'bazel <--output_base> </x> <test> <//...>'

machine 'and a debugger' gdb
run test //tests/tools/...
calls_are dpkg-query dpkg-query 'apt-get update (noninteractive)' 'apt-get install gdb (noninteractive)' \
  'bazel <test> <//tests/tools/...>'

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

# A mirror with a source package, for apt-get: it downloads into the current directory.
source_mirror() {
  mkdir -p tree/boost/libs/{fiber,context,other}/src
  echo "$1" | tee tree/boost/libs/{fiber,context,other}/src/file.cpp >tree/boost/readme
  tar -cJf boost.tar.xz -C tree boost
  fake apt-get <<'END'
machine=${BASH_SOURCE[0]%/bin/*}
case " $* " in
  *' indextargets '*)
    echo 'Packages mirror://somewhere/debian/ bookworm main'
    echo 'Translations mirror://somewhere/debian/ bookworm main'
    echo 'Packages mirror://elsewhere/flat/ ./ '
    ;;
  *' update '*)
    for word in "$@"; do [[ $word == Dir::Etc::SourceList=* ]] && cp "${word#*=}" "$machine/sources"; done
    exit "$(<"$machine/update_exit_code")" # of some source that is of no use here
    ;;
  *' source --download-only boost1.81=1.81.0-5 '*)
    echo "source in $PWD" >>"$machine/source_calls"
    [[ -e $machine/boost.tar.xz ]] || { echo 'E: Unable to find a source package for boost1.81'; exit 100; }
    cp "$machine/boost.tar.xz" boost1.81_1.81.0.orig.tar.xz
    ;;
  *) echo "apt-get $*" >>"$machine/calls" ;;
esac
END
  ln -sf "$(type -P cp)" bin/cp
  echo 0 >update_exit_code
}

for asks in --config=asan --config=tsan '--config asan'; do
  machine "the source of Boost.Fiber is fetched once, for $asks"
  source_mirror one
  echo 100 >update_exit_code
  read -ra words <<<"$asks"
  run test "${words[@]}" //...
  exits_with 0
  says 'fetching the source of boost1.81 1.81.0-5'
  [[ $(<sources) == 'deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] mirror://somewhere/debian/ bookworm main' ]] ||
    fail "other sources: $(<sources)"
  [[ $(cd cache/tokengate && echo ./* ./*/* ./*/libs/*) == './boost1.81 ./boost1.81/libs ./boost1.81/version ./boost1.81/libs/context ./boost1.81/libs/fiber' ]] ||
    fail "there is something else: $(find cache)"
  run test "${words[@]}" //...
  exits_with 0
  says_nothing
  [[ $(grep -c source source_calls) == 1 ]] || fail 'fetched twice'
  [[ $(grep -c '^bazel' calls) == 2 ]] || fail 'Bazel did not run twice'
done

machine 'another Boost is installed than the source is of'
source_mirror two
mkdir -p cache/tokengate/boost1.81/libs/fiber/old
echo 1.81.0-4 >cache/tokengate/boost1.81/version
run test --config=tsan //...
exits_with 0
[[ ! -e cache/tokengate/boost1.81/libs/fiber/old && $(<cache/tokengate/boost1.81/version) == 1.81.0-5 ]] || fail 'the old one is still there'

machine 'the source is not to be had'
source_mirror three
rm boost.tar.xz
run test --config=tsan //...
exits_with 75
says 'Unable to find a source package for boost1.81'
says '--config=ubsan'
[[ $(<calls) != *bazel* ]] || fail 'Bazel was started'
[[ ! -e cache/tokengate/boost1.81 && $(echo cache/tokengate/*) == 'cache/tokengate/*' ]] || fail 'something was left behind'

for words in 'test //...' 'test --config=ubsan //...' 'run //:tokengate -- --config=tsan'; do
  machine "no source is fetched for $words"
  source_mirror four
  read -ra words <<<"$words"
  run "${words[@]}"
  exits_with 0
  [[ ! -e source_calls && ! -e cache ]] || fail 'fetched it'
done

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
