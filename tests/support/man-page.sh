# Manual pages, for the tests of commands that have one: source this file after tap.sh.

# The options in standard input, one a line.
options_in () {
  grep -o -- '-[-A-Za-z]*' | grep -E '^(-[A-Za-z]|--[a-z-]+)$' | sort -u
}

# Succeed if the manual page $1 lists the options of the help in the file $2, and no others; print both lists if not.
lists_options () {
  in_page=$(sed -n 's/^\.It //p' "$1" | sed 's/Fl -/--/g; s/Fl \([A-Za-z]\)/-\1/g' | options_in)
  in_help=$(options_in <"$2")
  [ -n "$in_help" ] && [ "$in_page" = "$in_help" ] && return
  printf 'the page lists:\n%s\nthe help:\n%s\n' "$in_page" "$in_help"
  return 1
}
