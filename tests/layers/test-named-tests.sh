#!/bin/sh
# The checker of pages that name tests, on pages and tests made up here.  Argument: python.
set -eu
here=$(CDPATH= cd -- "$(dirname "$0")" && pwd)
. "$here/../support/tap.sh"
python=$1

# Write a page whose table has the row $1.
page () {
  mkdir -p "$work/tree/tests"
  printf 'run it_is_round\nresult $? "says so"\n' >"$work/tree/tests/test-ball.sh"
  printf '| there | | here | shown by |\n|---|---|---|---|\n%s\n\n| other | table |\n' "$1" >"$work/page.md"
}

is_right () {
  page "$1"
  "$python" "$here/named-tests.py" "$work/tree" "$work/page.md"
}

is_wrong () { # a row, and what is said of it
  page "$1"
  ! "$python" "$here/named-tests.py" "$work/tree" "$work/page.md" >"$work/out"
  has_line "$2" "$work/out"
}

takes_names_and_titles_of_tests () {
  is_right '| a ball | holds | | `tests/test-ball.sh`: `it_is_round`, `says so`; `tests/test-ball.sh` |'
  is_right '| a ball | not run | | - |'
}

misses_tests_that_are_not_there () {
  is_wrong '| a ball | holds | | `tests/test-ball.sh`: `it_is` |' 'page.md:3: there is no it_is in tests/test-ball.sh'
  is_wrong '| a ball | differs | | `tests/test-cube.sh` |' 'page.md:3: there is no tests/test-cube.sh'
  is_wrong '| a ball | holds | | - |' 'page.md:3: holds, but no test shows it'
  is_wrong '| a ball | holds | | none |' 'page.md:3: is no name of a test: none'
  is_wrong '| a ball | perhaps | | - |' 'page.md:3: does not say whether'
}

misses_a_table () {
  is_wrong '' 'there are no rows'
}

run takes_names_and_titles_of_tests
run misses_tests_that_are_not_there
run misses_a_table
finish
