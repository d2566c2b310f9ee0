#!/bin/sh
# Tests the library as a few C files: how it is made, that compilers take it without a warning, that programs and a
# plug-in contain it, and that it passes the library's tests.
#
# usage: test-amalgamation.sh BUILD [CC [WRAPPER]]   a directory that meson has configured; the compiler of its programs,
#                                                    and what runs them
set -eu
. "$(dirname "$0")/../support/tap.sh"
build=$(CDPATH= cd -- "$1" && pwd)
source=$(CDPATH= cd -- "$(dirname -- "$0")/../.." && pwd)
cc=${2:-cc} wrapper=${3-}
tests=$source/tests/install
dir=$work/amalgamation
case $cc in
*mingw*) is_windows=true thread_flag= libraries='-lpsapi -lshell32 -luser32 -ladvapi32 -lbcrypt -static' ;;
*) is_windows=false thread_flag=-pthread libraries= ;;
esac

amalgamate () { python3 "$source/.ci/amalgamate.py" "$@"; }

# Running ./dev amalgamate with the arguments after $1 and $2 ends with status $1, and $2 is its only line.
refuses () {
  expected=$1 line=$2
  shift 2
  status=0
  amalgamate "$@" >"$work/said" 2>&1 || status=$?
  cat "$work/said"
  [ "$status" = "$expected" ]
  [ "$(wc -l <"$work/said")" = 1 ]
  has_line "$line" "$work/said"
}

is_made_the_same_way_every_time () {
  amalgamate "$dir"
  amalgamate "$work/again"
  diff -r "$dir" "$work/again"
}

head_says_version_license_and_how_to_compile () {
  for file in "$dir"/mir-alloc.c "$dir"/mir-alloc-mir.c "$dir"/mir-mimalloc.c; do
    head -n 40 "$file" >"$work/head"
    has_line "version $(sed -n 's/.*VERSION_MAJOR //p' "$source/mir-alloc-api.h")\." "$work/head"
    has_line 'MIT License' "$work/head"
    has_line 'cc -O2 -pthread -c mir-alloc.c' "$work/head"
  done
  has_line 'Microsoft' "$dir/mir-mimalloc.c"
}

# As the heads say.
compiles_with_one_line () {
  cd "$dir"
  $cc -O2 $thread_flag -Wall -Wextra -Werror -c mir-alloc.c mir-alloc-mir.c mir-mimalloc.c
}

# $1 takes the files in folder $2 without a warning, or is not here.
is_silent () {
  echo '#include <stdio.h>' | "$1" -fsyntax-only -x c - 2>/dev/null || { echo "needs $1 and a C library"; exit 77; }
  "$1" -fsyntax-only -Wall -Wextra -Werror "$2"/mir-alloc.c
  "$1" -fsyntax-only -Wall -Wextra -Werror "$2"/mir-alloc-mir.c
  [ ! -f "$2/mir-mimalloc.c" ] || "$1" -fsyntax-only -Wall -Wextra -Werror "$2"/mir-mimalloc.c
}
clang_is_silent () { is_silent clang "$dir"; }
compiler_for_aarch64_is_silent () { is_silent aarch64-linux-gnu-gcc "$dir"; }
compiler_for_windows_is_silent () { is_silent x86_64-w64-mingw32-gcc-win32 "$dir"; }

serves_a_c_program () {
  $cc -Wall -Wextra -Werror -I"$dir" -I"$dir/mir-alloc-default" "$tests/consumer.c" "$dir"/*.o $thread_flag $libraries \
    -o "$work/consumer.exe"
  $wrapper "$work/consumer.exe"
}

serves_a_cpp_program () {
  $(echo "$cc" | sed 's/gcc/g++/; s/^cc$/c++/') -Wall -Wextra -Werror -I"$dir" "$tests/stranger.cpp" "$dir"/mir-alloc.o \
    "$dir"/mir-mimalloc.o $thread_flag $libraries -o "$work/stranger.exe"
  $wrapper "$work/stranger.exe"
}

# Its functions, and mimalloc's, are no business of the program that loads it.
plug_in_exports_public_names_only () {
  ! $is_windows || { echo 'DLLs export what they say'; exit 77; }
  $cc -O1 -fPIC -shared $thread_flag "$dir"/mir-alloc.c "$dir"/mir-mimalloc.c -o "$work/plug-in.so" -Wl,--no-undefined
  nm -D --defined-only "$work/plug-in.so" | awk '{ print $NF }' >"$work/exported"
  has_line '^MIR_code_publish$' "$work/exported"
  ! grep -v '^MIR_\|^__jit_debug_\(register_code\|descriptor\)$' "$work/exported"
}

lines_name_the_original_files () {
  amalgamate --lines "$work/lines"
  sed 's/^int MIR_alloc_version (void) {$/& fault;/' "$work/lines/mir-alloc.c" >"$work/lines/faulty.c"
  ! $cc -fsyntax-only "$work/lines/faulty.c" 2>"$work/said" || return 1
  has_line "^src/version.c:$(grep -n '^int MIR_alloc_version' "$source/src/version.c" | cut -d : -f 1):" "$work/said"
}

# The mimalloc of the program is a copy of the one in subprojects/ here.
works_with_the_programs_own_mimalloc () {
  amalgamate "$work/none"
  amalgamate --no-mimalloc "$work/none" # what the other one has left is gone
  [ ! -e "$work/none/mir-mimalloc.c" ]
  [ ! -e "$work/none/mir-alloc-default" ]
  $cc -O1 $thread_flag -Wall -Wextra -Werror -I"$dir/mir-alloc-default" -c "$work/none/mir-alloc.c" -o "$work/none.o"
  $cc -Wall -Wextra -Werror -I"$work/none" -I"$dir/mir-alloc-default" "$tests/consumer.c" "$work/none.o" \
    "$dir"/mir-alloc-mir.o "$dir"/mir-mimalloc.o $thread_flag $libraries -o "$work/consumer-none.exe"
  $wrapper "$work/consumer-none.exe"
}

macros_settle_what_is_asked () {
  $cc -fsyntax-only -Wall -Wextra -Werror -DMIR_IF_VALGRIND=0 -DMIR_IF_MEMCHECK=0 -DMIR_IF_UNWIND=0 -DMIR_IF_CANCEL=0 \
    "$dir/mir-alloc.c"
  $cc -E -DMIR_IF_VALGRIND=0 -DMIR_IF_MEMCHECK=0 "$dir/mir-alloc.c" >"$work/preprocessed"
  has_no_line 'valgrind/.*\.h"' "$work/preprocessed"
}

bad_input_is_one_line () {
  refuses 2 'unrecognized arguments: --plastic' --plastic
  refuses 2 'unrecognized arguments: two' one two
  refuses 2 'DIR is empty' ''
  echo kept >"$work/file"
  refuses 1 "^amalgamate: $work/file: File exists" "$work/file"
  [ "$(cat "$work/file")" = kept ]
  refuses 1 'Not a directory' "$work/file/below"
}

other_peoples_files_stay () {
  mkdir -p "$work/tree/mir-alloc-default"
  echo theirs >"$work/tree/mir.h"
  refuses 1 "^amalgamate: $work/tree/mir.h is there, and not of an amalgamation$" "$work/tree"
  [ "$(ls "$work/tree")" = "$(printf 'mir-alloc-default\nmir.h')" ]
  rm "$work/tree/mir.h"
  echo theirs >"$work/tree/mir-alloc-default/mine.c"
  amalgamate "$work/tree"
  amalgamate --no-mimalloc "$work/tree"
  [ "$(ls "$work/tree/mir-alloc-default")" = mine.c ]
  [ ! -e "$work/tree/mir-mimalloc.c" ]
}

what_cannot_be_written_changes_nothing () {
  amalgamate "$work/kept"
  before=$(cat "$work/kept"/*.c | cksum)
  rm "$work/kept/mir-varr.h"
  mkdir "$work/kept/mir-varr.h"
  refuses 1 "^amalgamate: $work/kept/mir-varr.h: Is a directory$" --lines "$work/kept"
  [ "$before" = "$(cat "$work/kept"/*.c | cksum)" ]
  [ -z "$(find "$work/kept" -name '*.new')" ]
}

a_compiler_that_compiles_nothing_is_refused () {
  (export CC=false && refuses 1 '^amalgamate: the compiler does not compile mimalloc.h: it says nothing$' "$work/false")
  (export CC=/nonexistent && refuses 1 '^amalgamate: the compiler cannot be run: ' "$work/false")
  [ ! -e "$work/false" ]
}

missing_mimalloc_is_one_line () {
  mkdir -p "$work/bare"
  (cd "$source" && tar -c .ci src adapters LICENSE meson.build *.h *.c subprojects/packagefiles) | tar -x -C "$work/bare"
  source=$work/bare
  refuses 1 '^amalgamate: there is no mimalloc: run subprojects/get-mimalloc, or give --no-mimalloc$' "$work/bare-out"
  [ ! -e "$work/bare-out" ]
}

run is_made_the_same_way_every_time
run head_says_version_license_and_how_to_compile
run compiles_with_one_line
run clang_is_silent
run compiler_for_aarch64_is_silent
run compiler_for_windows_is_silent
run serves_a_c_program
run serves_a_cpp_program
run plug_in_exports_public_names_only
run lines_name_the_original_files
run works_with_the_programs_own_mimalloc
run macros_settle_what_is_asked
run bad_input_is_one_line
run other_peoples_files_stay
run what_cannot_be_written_changes_nothing
run a_compiler_that_compiles_nothing_is_refused
run missing_mimalloc_is_one_line

# The library's tests, with these objects in the library's place.
mkdir "$work/tests"
status=0
python3 "$tests/relink.py" "$build" "$work/tests" "$dir"/*.o >"$work/programs" 2>"$work/log" || status=$?
[ "$(wc -l <"$work/programs")" -gt 20 ] || status=1
result $status 'programs_of_the_tests_can_be_linked'
while read -r name program; do
  status=0
  TAP_SCALE=${TAP_SCALE-10} $wrapper "$program" >"$work/log" 2>&1 </dev/null || status=$?
  case $status in
  77) skip "passes $name" "$(tail -n 1 "$work/log")" ;;
  *) result $status "passes $name" ;;
  esac
done <"$work/programs"
finish
