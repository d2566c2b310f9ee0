#!/bin/sh
# The HTML of ./dev docs: its links lead somewhere, it is always the same, and it works in Chromium (browse.py).  Prints
# TAP.
#
# usage: test-browser.sh ROOT PYTHON
set -u
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/browser.sh"
root=$1 python=$2
here=$(dirname "$0")

for command in cmark-gfm mandoc; do
  command -v $command >/dev/null || skip_all "there is no $command"
done

all_pages_are_made () {
  "$python" -B "$root/docs/reference/make.py" html "$root" "$work/html"
  [ -s "$work/html/index.html" ]
}

all_links_lead_somewhere () {
  "$python" -B "$here/links.py" "$work/html"
}

pages_are_always_the_same () {
  "$python" -B "$root/docs/reference/make.py" html "$root" "$work/again"
  diff -r "$work/html" "$work/again"
}

# A page that links to what does not exist.
a_lost_file_is_named () {
  mkdir "$work/root"
  ln -s "$root"/* "$work/root"
  rm "$work/root/docs"
  cp -R "$root/docs" "$work/root"
  echo '[nothing](lost.md)' >>"$work/root/docs/llvm.md"
  ! "$python" -B "$root/docs/reference/make.py" html "$work/root" "$work/lost" 2>"$work/why"
  has_line '^make.py: docs/llvm.md links to lost.md, which does not exist$' "$work/why"
}

run all_pages_are_made
run all_links_lead_somewhere
run pages_are_always_the_same
run a_lost_file_is_named

find_browser
explain () {
  cat "$work/why"
}
mkdir "$work/browser"
set +e
run_in_browser 'browses the reference' "$python" "$here/browse.py" "$browser" "$work/browser" "$work/html"
finish
