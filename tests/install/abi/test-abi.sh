#!/bin/sh
# abi.py finds each kind of change of the binary interface.  Arguments: python, nm, objdump, a shared library, and the
# C compiler's command.
set -eu
. "$(dirname "$0")/../../support/tap.sh"
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
root=$here/../../..
python=$1 nm=$2 objdump=$3 library=$4
shift 4
compiler=$*

# Compare the headers, of which $1 is edited by sed with $2, and the library, with the list in $work/list, as version
# 1.1.0.  The TAP goes to $work/out.
edit () {
  rm -rf "$work/headers"
  mkdir "$work/headers"
  cp "$root"/mir*.h "$work/headers"
  sed "$2" "$root/$1" >"$work/headers/$1"
  [ -z "$2" ] || ! cmp -s "$root/$1" "$work/headers/$1" || return 2 # the edit does not fit the header any more
  $compiler -g -fno-eliminate-unused-debug-types "-I$work/headers" -c "$here/types.c" -o "$work/types.o"
  compare
}

compare () {
  "$python" "$here/abi.py" "$@" "$work/list" 1.1.0 "$nm" "$objdump" "$work/types.o" "$library" >"$work/out"
}

fails_with () {
  status=0
  edit "$2" "$3" || status=$?
  [ "$status" = 1 ]
  has_line "^# $1" "$work/out"
}

# A list with the one library's symbols.
grep -v ' symbol mir-alloc-mir ' "$here/64-bit.list" >"$work/list"
cp "$work/list" "$work/original"

headers_as_they_are_pass () { edit mir-alloc.h ''; }

a_member_less_is_found () {
  fails_with 'gone: member MIR_code_options.map_at_once' mir-code.h '/^  int map_at_once;/d'
}

a_moved_member_is_found () {
  fails_with 'changed: member MIR_code_options.max_bytes' mir-code.h 's/^  size_t max_bytes;/  size_t in_between; &/'
}

a_wider_member_is_found () {
  fails_with 'changed: member MIR_code_options.map_at_once 80 8' mir-code.h 's/int map_at_once;/long long map_at_once;/'
}

a_fixed_structure_must_not_grow () {
  fails_with 'changed: struct MIR_alloc 48' mir-alloc.h 's/^  void \*user_data;/& void *one_more;/'
}

another_number_of_a_constant_is_found () {
  fails_with 'changed: enumerator MIR_CODE_LIMIT 5' mir-code.h 's/^  MIR_CODE_NO_MEMORY,/  MIR_CODE_OTHER, &/'
}

# Programs compiled before would be taken for newer ones.
a_member_in_padding_is_found () {
  fails_with 'changed: member MIR_code_options.one_more 84' mir-code.h 's/int map_at_once;/& int one_more;/'
}

a_symbol_less_is_found () {
  echo '1.0.0 symbol mir-alloc MIR_code_was_here' >>"$work/list"
  fails_with 'gone: symbol mir-alloc MIR_code_was_here' mir-alloc.h ''
}

a_line_of_a_later_version_is_found () {
  sed 's/^1.0.0 symbol mir-alloc MIR_alloc_version/1.2.0 symbol mir-alloc MIR_alloc_version/' "$work/original" >"$work/list"
  fails_with '1.2.0 symbol mir-alloc MIR_alloc_version' mir-alloc.h ''
}

# Only in the list, with the version.
a_structure_with_a_size_may_grow () {
  cp "$work/original" "$work/list"
  fails_with 'to add it: .*--update' mir-code.h 's/int map_at_once;/& size_t one_more;/'
  has_line '^ok 1 ' "$work/out"
  has_line '^not ok 2 ' "$work/out"
  compare --update
  has_line '^1.1.0 struct MIR_code_options 96$' "$work/list"
  has_line '^1.1.0 member MIR_code_options.one_more 88 8$' "$work/list"
  compare
}

what_has_changed_is_not_added () {
  cp "$work/original" "$work/list"
  fails_with 'gone' mir-code.h '/^  int map_at_once;/d'
  ! compare --update
  cmp "$work/original" "$work/list"
}

debians_symbols_are_those_of_the_list () {
  for name in mir-alloc mir-alloc-mir; do
    "$python" "$here/debian-symbols.py" "$here/64-bit.list" $name >"$work/symbols"
    diff -u "$root/debian/lib${name}1.symbols" "$work/symbols"
  done
}

run headers_as_they_are_pass
run a_member_less_is_found
run a_moved_member_is_found
run a_wider_member_is_found
run a_fixed_structure_must_not_grow
run another_number_of_a_constant_is_found
run a_member_in_padding_is_found
run a_symbol_less_is_found
run a_line_of_a_later_version_is_found
run a_structure_with_a_size_may_grow
run what_has_changed_is_not_added
run debians_symbols_are_those_of_the_list
finish
