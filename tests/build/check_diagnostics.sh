#!/bin/bash
# Compares what compilers said of a file with what its comments expect; rules.bzl documents the comments.
#
#   check_diagnostics.sh refused[=LINES]|clean CONTROL (COMPILER DIAGNOSTICS)... -- SOURCE...
#
# DIAGNOSTICS is the compiler's output with a last line "exit code N". With a CONTROL that is not empty the comparison
# itself is under test: it must fail, and its report must contain every line of CONTROL. With LINES at most so many lines
# lie between two errors, ahead of the first, and after the last.
set -u

mode=${1%%=*} limit=0 control=$2
[[ $1 == *=* ]] && limit=${1#*=}
shift 2
compilers=() outputs=()
while [[ $1 != -- ]]; do
  compilers+=("$1") outputs+=("$2")
  shift 2
done
shift
sources=("$@")

# The expectations, index by index: where ("file:line"), which code, which text, and what a compiler says there.
where=() code=() text=() said=()

read_expectations() {
  local source number line rest
  local pattern='//[ ]?expect(@([+-][0-9]+))?:[ ]*([^ ]*)[ ]*(.*)$'
  for source in "${sources[@]}"; do
    number=0
    while IFS= read -r line || [[ $line ]]; do
      number=$((number + 1))
      while [[ $line =~ $pattern ]]; do
        where+=("$source:$((number + ${BASH_REMATCH[2]:-0}))")
        code+=("${BASH_REMATCH[3]}")
        rest=${BASH_REMATCH[4]}
        # The pattern finds the first of several expectations; the others are at the end of its text.
        line=
        if [[ $rest == *'// expect'* ]]; then
          line="// expect${rest#*'// expect'}"
          rest=${rest%%'// expect'*}
        fi
        said+=('')
        if [[ $rest == *'// '*' says: '* ]]; then
          said[-1]="// ${rest#*'// '}"
          rest=${rest%%'// '*}
        fi
        text+=("${rest%"${rest##*[! ]}"}")
      done
    done <"$source"
  done
}

# Whether the text $2 contains the fragments of $1 ("one ... another") one after the other, whatever is between them.
contains() {
  local fragments=$1 rest=$2 fragment
  while [[ $fragments ]]; do
    fragment=${fragments%%...*}
    fragments=${fragments:${#fragment}+3}
    fragment=${fragment#"${fragment%%[! ]*}"}
    fragment=${fragment%"${fragment##*[! ]}"}
    [[ $rest == *"$fragment"* ]] || return 1
    rest=${rest#*"$fragment"}
  done
}

# Whether error $1 at $2 is what expectation number $3 expects.
is_expected() {
  [[ $2 == "${where[$3]}" ]] || return 1
  if [[ ${code[$3]} == error ]]; then
    [[ $1 != *"tokengate["* ]] && contains "${text[$3]}" "$1"
  else
    [[ $1 == *"[${code[$3]}]"* ]] && contains "${text[$3]}" "${1#*"[${code[$3]}]"}"
  fi
}

# Whether compiler $2 says in error $1 what expectation number $3 knows of it, if anything.
is_said() {
  local wanted=${said[$3]}
  [[ $wanted == *"// $2 says: "* ]] || return 0
  wanted=${wanted#*"// $2 says: "}
  wanted=${wanted%%' // '*}
  contains "$wanted" "$1"
}

# Compares the output file $2 of compiler $1.
compare() {
  local compiler=$1 output=$2 line place message exit_code='' failed=0 between=0 i
  local located='^([^: ]+:[0-9]+):([0-9]+:)? (fatal error|error|internal compiler error|sorry, unimplemented): (.*)$'
  local elsewhere='^[^: ]+: (fatal error|error|internal compiler error): '
  local -A met=()

  while IFS= read -r line; do
    if [[ $line =~ $located ]]; then
      between=0
    elif [[ $line != 'exit code '* ]] && ((++between == limit + 1 && limit > 0)); then
      echo "$compiler: more than $limit lines without an error: $line"
      failed=1
    fi
    if [[ $line =~ ^exit\ code\ ([0-9]+)$ ]]; then
      exit_code=${BASH_REMATCH[1]}
    elif [[ $line =~ $located ]]; then
      place=${BASH_REMATCH[1]#./} message=${BASH_REMATCH[4]}
      [[ $place =~ ^bazel-out/[^/]+/bin/(.*) ]] && place=${BASH_REMATCH[1]}
      [[ $place =~ /_virtual_includes/[^/]+/tokengate/(.*) ]] && place=${BASH_REMATCH[1]}
      for i in "${!where[@]}"; do
        [[ ! ${met[$i]:-} ]] && is_expected "$message" "$place" "$i" || continue
        met[$i]=1
        is_said "$message" "$compiler" "$i" || { echo "$compiler: does not say what it should: $line"; failed=1; }
        continue 2
      done
      echo "$compiler: unexpected error: $line"
      failed=1
    elif [[ $line =~ $elsewhere || ($mode == clean && $line) ]]; then
      echo "$compiler: unexpected: $line"
      failed=1
    fi
  done <"$output"

  for i in "${!where[@]}"; do
    [[ ${met[$i]:-} ]] || { echo "$compiler: ${where[$i]}: expected and not reported: ${code[$i]} ${text[$i]}"; failed=1; }
  done
  if [[ $mode == clean && $exit_code != 0 ]]; then
    echo "$compiler: the file does not compile (exit code '$exit_code')"
    failed=1
  elif [[ $mode == refused && $exit_code == 0 ]]; then
    echo "$compiler: the file compiles, although it must not"
    failed=1
  elif [[ $mode == refused && $exit_code != 1 ]]; then
    echo "$compiler: did not end as a compiler that refuses a file does (exit code '$exit_code')"
    failed=1
  fi
  if ((failed)); then
    echo "--- all that $compiler said:"
    cat "$output"
  fi
  return "$failed"
}

check() {
  local failed=0 i
  read_expectations
  if [[ $mode == refused && ${#where[@]} -eq 0 ]]; then
    echo "no expectations in ${sources[*]}: add a comment such as '// expect: TG-E101 text' to the line to be blamed"
    failed=1
  elif [[ $mode == clean && ${#where[@]} -ne 0 ]]; then
    echo "${where[0]}: expects an error in a file that must compile"
    failed=1
  fi
  for i in "${!code[@]}"; do
    [[ ${code[$i]} =~ ^(error|[A-Z]+-[A-Z][0-9]+)$ ]] && continue
    echo "${where[$i]}: '${code[$i]}' is neither a code such as TG-E101 nor 'error'"
    failed=1
  done
  for i in "${!compilers[@]}"; do
    compare "${compilers[$i]}" "${outputs[$i]}" || failed=1
  done
  return "$failed"
}

if [[ ! $control ]]; then
  check
  exit
fi
if report=$(check); then
  echo "the comparison should have failed and said:"
  echo "$control"
  exit 1
fi
while IFS= read -r line; do
  if [[ $report != *"$line"* ]]; then
    echo "the comparison failed as it should, but did not say: $line"
    echo "$report"
    exit 1
  fi
done <<<"$control"
