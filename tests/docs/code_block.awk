# Prints the fenced block that follows the line "<!-- KIND: NAME -->" of a Markdown file.
#   awk -v mark="code: first_program.cc" -f code_block.awk README.md
$0 == "<!-- " mark " -->" { wanted = 1; next }
wanted && /^```/ {
  if (inside) { found = 1; exit }
  inside = 1
  next
}
inside { print }
END { if (!found) { print "no block marked <!-- " mark " -->" > "/dev/stderr"; exit 1 } }
