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

printf '#!/bin/sh\necho word\n' >"$work/odd-nm"
chmod +x "$work/odd-nm"

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

# abi.py with the arguments behind $2 ends with the status $1 and one line of errors, which $2 matches.
ends_with () {
  wanted=$1 line=$2
  shift 2
  status=0
  "$python" "$here/abi.py" "$@" >"$work/out" 2>"$work/errors" || status=$?
  cat "$work/errors"
  [ "$status" = "$wanted" ]
  [ "$(wc -l <"$work/errors")" = 1 ]
  has_line "$line" "$work/errors"
  [ ! -s "$work/out" ]
}

what_cannot_be_compared_is_said_in_one_line () {
  cp "$work/original" "$work/list"
  for arguments in '' --update list 'list 1.1.0' 'list 1.1.0 nm objdump' '--update list 1.1.0 nm objdump' \
    'list new nm objdump types.o'; do
    ends_with 2 '^usage: abi.py ' $arguments
  done
  set -- "$nm" "$objdump" "$work/types.o" "$library"
  ends_with 1 "^abi.py: $work/missing: No such file" "$work/missing" 1.1.0 "$@"
  ends_with 1 '^abi.py: .*nonesuch: No such file' "$work/list" 1.1.0 "$nm" "$work/nonesuch" "$work/types.o"
  ends_with 1 "^abi.py: $objdump failed with status 1: ." "$work/list" 1.1.0 "$nm" "$objdump" "$work/missing.o"
  ends_with 1 "^abi.py: $nm failed with status 1: ." "$work/list" 1.1.0 "$nm" "$objdump" "$work/types.o" "$work/missing.so"
  ends_with 1 '^abi.py: .* what is not a symbol: word' "$work/list" 1.1.0 "$work/odd-nm" "$objdump" "$work/types.o" "$library"
  for line in word '1.0.0' '1.0.0 struct' '1.0.0 struct MIR_alloc x' 'x struct MIR_alloc 48' '1.0.0 member MIR_alloc 0 8' \
    '1.0.0 enumerator MIR_X' '1.0.0 symbol mir-alloc' '1.0.0 union MIR_alloc 48' ' '; do
    (cat "$work/original" && echo "$line") >"$work/list"
    ends_with 1 "^abi.py: $work/list:[0-9]*: not understood: $line\$" "$work/list" 1.1.0 "$@"
  done
  printf '\377\n' >"$work/list"
  ends_with 1 "^abi.py: $work/list is not UTF-8\$" "$work/list" 1.1.0 "$@"
}

# The disk is full: only the list may be there afterwards, as it was.
a_list_that_cannot_be_written_stays () {
  mkdir -p "$work/alone"
  sed '$d' "$work/original" >"$work/alone/list"
  cp "$work/alone/list" "$work/before"
  edit mir-alloc.h '' || true # types.o as it is
  (
    trap '' XFSZ
    ulimit -f 1
    ends_with 1 '^abi.py: .*: File too large' --update "$work/alone/list" 1.1.0 "$nm" "$objdump" "$work/types.o" "$library"
  )
  cmp "$work/before" "$work/alone/list"
  [ "$(ls -A "$work/alone")" = list ]
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
run what_cannot_be_compared_is_said_in_one_line
run a_list_that_cannot_be_written_stays
run debians_symbols_are_those_of_the_list
finish
