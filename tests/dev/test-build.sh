#!/bin/sh
# .ci/build.sh: a directory that meson has not made is not removed, the remains of an interrupted setup are; ./dev build
# makes tests and examples also where a setup left them out; relative names are the caller's.  Prints TAP.
set -eu
. "$(dirname "$0")/../support/tap.sh"
root=$(CDPATH= cd -- "$(dirname -- "$0")/../.." && pwd)

# Have make_room_for make room for folder $1.
make_room () {
  (
    cd "$root"
    eval "$(sed '/^\. \.ci\/build\.sh/,$d; s/^CDPATH=.*//' dev)"
    . .ci/build.sh
    make_room_for "$1"
  )
}

others_files_stay () {
  mkdir "$work/theirs"
  echo theirs >"$work/theirs/build.ninja"
  status=0
  make_room "$work/theirs" 2>"$work/said" || status=$?
  [ "$status" = 1 ]
  [ "$(cat "$work/said")" = "dev: $work/theirs/ is there and not of meson: move it away" ]
  [ "$(cat "$work/theirs/build.ninja")" = theirs ]
}

remains_of_a_setup_go () {
  mkdir -p "$work/ours" "$work/older/meson-private"
  echo log >"$work/ours/setup.log"
  make_room "$work/ours"
  make_room "$work/older"
  [ ! -e "$work/ours" ] && [ ! -e "$work/older" ]
}

what_is_empty_or_has_only_pages_goes () {
  mkdir -p "$work/empty" "$work/pages/reference"
  make_room "$work/none"
  make_room "$work/empty"
  make_room "$work/pages"
  [ ! -e "$work/empty" ] && [ ! -e "$work/pages" ]
}

# Print what ./dev build has meson configure in the directory $1, where nothing is compiled.
configured_in () {
  (
    cd "$1"
    eval "$(sed '/^\. \.ci\/build\.sh/,$d; s/^CDPATH=.*//' "$root/dev")"
    . "$root/.ci/build.sh"
    need_to_build () { :; }
    configure_in () { :; }
    compile_in () { :; }
    meson () { echo "$@"; }
    build
  )
}

left_out_parts_are_built () {
  mkdir -p "$work/without/build" "$work/with/build/tests" "$work/with/build/examples"
  [ "$(configured_in "$work/without")" = 'configure build -Dtests=auto -Dexamples=auto' ]
  [ -z "$(configured_in "$work/with")" ]
}

names_are_the_callers () {
  mkdir "$work/caller"
  (cd "$work/caller" && "$root/dev" amalgamate --no-mimalloc out)
  [ -f "$work/caller/out/mir-alloc.c" ] && [ ! -e "$root/out" ]
}

# The demo is not compiled here: a program in its place says where it runs and with what.
demo_runs_in_the_callers_folder () {
  program=$work/project/build-demo/examples/packet-filter
  mkdir -p "$program" "$work/project/examples/packet-filter/filters" "$work/caller"
  cp -R "$root/dev" "$root/.ci" "$work/project"
  : >"$work/project/examples/packet-filter/filters/one.bpf"
  printf '#!/bin/sh\npwd\nprintf "%%s\\n" "$@"\n' >"$program/packet-filter"
  chmod +x "$program/packet-filter"
  (
    cd "$work/caller"
    eval "$(sed '/^\. \.ci\/build\.sh/,$d' "$work/project/dev" | sed "s,^CDPATH=.*,cd '$work/project',")"
    . .ci/build.sh
    need () { :; }
    get_mimalloc () { :; }
    configure_in () { :; }
    compile_in () { :; }
    demo --trace mine
  ) >"$work/said"
  has_line "$work/caller" "$work/said"
  has_line mine "$work/said"
  has_line "$work/project/examples/packet-filter/filters/one.bpf" "$work/said"
}

run others_files_stay
run remains_of_a_setup_go
run what_is_empty_or_has_only_pages_goes
run left_out_parts_are_built
run names_are_the_callers
run demo_runs_in_the_callers_folder
finish
