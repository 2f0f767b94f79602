# Cuts the rejected declarations and their repairs out of a page, for tokengate_must_not_compile and tokengate_compiles.
# On the page each stands in a fenced block after its mark, and the block after a rejected one holds the essential line
# of each compiler: that of g++, then that of clang. These become expectations in the line that they blame; in them "..."
# stands for what differs from case to case. Where a page shows one line only, both compilers must say what it says after
# the code.
#
#   <!-- refused: TG-E101 -->      <!-- repaired: TG-E101 -->      <!-- shared: complete -->    what those below it use
#
#   awk -v kind=refused -f refused_blocks.awk page           all in one file, each in a namespace of its own
#   awk -v kind=refused -v only=TG-E123 -f ... page          this one as a file of its own
#   awk -v kind=refused -v except=TG-E123 -f ... page        all others
function wanted(code) { return only ? code == only : code != except }
function emit(  i) {
  if (!wanted(code)) return
  found = 1
  for (i = 1; i <= messages; ++i) expect(message[i], i == 1 ? "g++" : "clang++")
  name = code
  gsub(/-/, "_", name)
  if (!only) print "namespace " name " {"
  for (i = 1; i <= lines; ++i) print block[i] expectation[i]
  if (!only) print "}  // namespace " name
}
function expect(said, compiler,  line, text) {
  if (!match(said, /:[0-9]+:[0-9]+: error: /)) return
  line = substr(said, RSTART + 1)
  sub(/:.*/, "", line)
  text = substr(said, RSTART + RLENGTH)
  if (compiler == "g++") {
    if (match(text, /tokengate\[[A-Z]+-E[0-9]+\]/))  # else an error of the language, or a static_assert
      expectation[line] = "  // expect: " substr(text, RSTART + 10, RLENGTH - 11) substr(text, RSTART + RLENGTH)
    else {
      sub(/^static assertion failed: /, "", text)
      expectation[line] = "  // expect: error " text
    }
  }
  if (messages > 1) expectation[line] = expectation[line] " // " compiler " says: " text
}
/^<!-- (refused|repaired|shared): [A-Za-z0-9-]+ -->$/ {
  split($0, words, " ")
  mark = words[2]
  sub(/:/, "", mark)
  code = words[3]
  blocks = lines = messages = 0
  delete expectation
  next
}
!mark { next }
/^```/ {
  inside = !inside
  if (inside) { ++blocks; next }
  if (mark == "refused" && blocks < 2) next
  if (mark == kind) emit()
  if (mark == "shared" && !only) for (i = 1; i <= lines; ++i) print block[i]
  mark = ""
  next
}
inside && blocks == 1 { block[++lines] = $0 }
inside && blocks == 2 { message[++messages] = $0 }
END { if (!found) { print "nothing is marked as " kind " " only > "/dev/stderr"; exit 1 } }
