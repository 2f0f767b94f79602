# Joins a rejected declaration and the message that the page shows for it into a file for tokengate_must_not_compile:
# the message becomes an expectation on the line that it blames. A message without a code is that of a static_assert.
#   awk -f refused_declaration.awk message code
FNR == NR {
  if (match($0, /:[0-9]+:/)) line = substr($0, RSTART + 1, RLENGTH - 2)
  if (match($0, /tokengate\[TG-E[0-9]+\] operation /)) {
    code = substr($0, RSTART, RLENGTH)
    text = substr($0, RSTART + RLENGTH)
    gsub(/tokengate\[|\] operation /, "", code)
  } else if (match($0, /static assertion failed: /)) {
    code = "error"
    text = substr($0, RSTART + RLENGTH)
  }
  next
}
FNR == line { print $0 "  // expect: " code " " text; next }
{ print }
