#!/bin/sh
# The checker of pages, on pages, sources and tables of commands made up here.  Argument: python.
set -eu
here=$(CDPATH= cd -- "$(dirname "$0")" && pwd)
. "$here/../support/tap.sh"
python=$1

# A tree with a source, a test and a dev; then the page $1 and the table of commands $2, both as formats of printf.
page () {
  rm -rf "$work/tree"
  mkdir -p "$work/tree/examples/tasks" "$work/tree/tests" "$work/tree/docs" "$work/tree/bench"
  : >"$work/tree/bench/run.sh"
  printf '  first ();\n  second ();\n\n  third ();\n' >"$work/tree/examples/tasks/ball.c"
  printf "executable('ball.c')\n" >"$work/tree/examples/tasks/meson.build"
  printf 'first ();\n' >"$work/tree/examples/lost.c"
  printf 'roll --far\n' >"$work/tree/tests/test-ball.sh"
  printf '# Other\n\n## One `name` of two\n' >"$work/tree/docs/other.md"
  printf "#!/bin/sh\necho './dev roll'; echo './dev test [CONFIG]  gcc'\n" >"$work/tree/dev"
  chmod +x "$work/tree/dev"
  printf "$1" >"$work/tree/docs/page.md"
  printf "$2" >"$work/tree/commands"
  "$python" "$here/pages.py" "$work/tree" "$work/tree/commands" "$work/tree" docs/page.md >"$work/out"
}

is_right () { # a page, and a table
  page "$1" "${2-}" || {
    cat "$work/out"
    return 1
  }
}

is_wrong () { # what is said, a page, and a table
  ! page "$2" "${3-}"
  has_line "$1" "$work/out"
}

from='<!-- from examples/tasks/ball.c -->\n```c\n'

takes_code_of_files_that_are_compiled () {
  is_right "${from}first ();\nsecond ();\n\`\`\`\n"
  is_right "${from}first ();\n...\nthird ();\n\`\`\`\n"
  is_right "${from}second ();\n\nthird ();\n\`\`\`\n"
  is_right '<!-- not compiled: it is another library -->\n```c\nfirst ();\n```\n'
  is_right '```text\nfirst ();\n```\n'
}

misses_code_that_is_elsewhere () {
  is_wrong 'docs/page.md:2: not in examples/tasks/ball.c, .*: fourth ();' "${from}first ();\nfourth ();\n\`\`\`\n"
  is_wrong 'not in examples/tasks/ball.c, .*: first ();' "${from}first ();\nthird ();\n\`\`\`\n"
  is_wrong 'not in examples/tasks/ball.c, .*: first ();' "${from}third ();\n...\nfirst ();\n\`\`\`\n"
  is_wrong 'docs/page.md:1: no comment says from which file' '```c\nfirst ();\n```\n'
  is_wrong 'docs/page.md:2: this code is not between fences' 'Text.\n\n    first ();\n'
  is_wrong 'no comment says from which file' '<!-- not compiled: -->\n```c\nfirst ();\n```\n'
  is_wrong 'there is no examples/cube.c' '<!-- from examples/cube.c -->\n```c\nfirst ();\n```\n'
  is_wrong 'nothing compiles examples/lost.c' '<!-- from examples/lost.c -->\n```c\nfirst ();\n```\n'
}

takes_commands_that_are_tested () {
  is_right '```sh\ntrue     explained\n```\n' '[run here]\ntrue\n'
  is_right '```sh\nroll \\\n  --far # explained\n```\n' '[run by tests/test-ball.sh]\nroll --far\n'
  is_right 'Text.\n\n    ./dev roll     explained\n' '[run by tests/test-ball.sh: --far]\n./dev roll\n'
  is_right '```console\n$ roll far\noutput\n```\n' '[not run: there is no ball]\nroll far\n'
  is_right '<!-- not run: there is no ball -->\n```sh\nroll near\n```\n'
  is_right 'Text.\n\n    a drawing ──► of something\n'
  is_right '```sh\ncd docs\ntest -f page.md\n```\n' '[run here]\ncd docs\ntest -f page.md\n'
  is_right '```sh\nno-such-program\n```\n' '[run here, with no-such-program]\nno-such-program\n'
}

misses_commands_that_are_not () {
  is_wrong 'docs/page.md:1: nothing says how this command is tested: roll' '```sh\nroll\n```\n'
  is_wrong 'docs/page.md:2: nothing says how .*: \./dev roll' 'Text.\n\n    ./dev roll     explained\n'
  is_wrong 'docs/page.md:1: status 1 of: false' '```sh\nfalse\n```\n' '[run here]\nfalse\n'
  is_wrong 'commands:1: there is no tests/test-cube.sh' '```sh\nroll\n```\n' '[run by tests/test-cube.sh: x]\nroll\n'
  is_wrong 'commands:1: tests/test-ball.sh has no --near' '```sh\nroll\n```\n' '[run by tests/test-ball.sh: --near]\nroll\n'
  is_wrong 'tests/test-ball.sh does not run: roll --near' '```sh\nroll --near\n```\n' \
    '[run by tests/test-ball.sh]\nroll --near\n'
  is_wrong 'commands:1: is no way to test a command: not run' '```sh\nroll\n```\n' '[not run]\nroll\n'
}

misses_names_that_lead_nowhere () {
  is_right '`./dev roll`, `./dev test gcc`, [other](other.md#one-name-of-two), `examples/tasks/ball.c`, `test-*.sh`\n'
  is_wrong 'docs/page.md:1: there is no ./dev throw' 'Use `./dev throw`.\n'
  is_wrong 'there is no ./dev test clang' '`./dev test clang`\n'
  is_wrong 'docs/page.md:1: the link leads nowhere: none.md' '[none](none.md)\n'
  is_wrong 'docs/other.md has no heading two' '[none](other.md#two)\n'
  is_wrong 'there is no examples/tasks/cube.c' '`examples/tasks/cube.c`\n'
  is_wrong 'there is no test-cube.sh' '`test-cube.sh`\n'
  is_wrong 'docs/page.md:1: nothing has the name MIR_ball' 'Call MIR_ball.\n'
  is_right '`MIR_item_t` and `MIR_*`\n'
}

run takes_code_of_files_that_are_compiled
run misses_code_that_is_elsewhere
run takes_commands_that_are_tested
run misses_commands_that_are_not
run misses_names_that_lead_nowhere
finish
