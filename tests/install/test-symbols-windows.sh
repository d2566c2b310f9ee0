#!/bin/sh
# Tests the DLLs' exports and imports.  Arguments: objdump, and the DLLs mir-alloc and mir-alloc-mir.
set -eu
. "$(dirname "$0")/../support/tap.sh"
objdump=$1 dll=$2 contexts=$3

# The names that the DLL $1 exports.
exported_by () {
  "$objdump" -p "$1" | sed -n '/Ordinal\/Name Pointer/,/^$/p' | awk '/\[ *[0-9]/ { print $NF }'
}

dlls_export_only_MIR_names () {
  exported_by "$dll" >"$work/exported"
  exported_by "$contexts" >"$work/exported-contexts"
  has_line '^MIR_code_publish$' "$work/exported"
  has_line '^MIR_finish$' "$work/exported-contexts"
  ! cat "$work/exported" "$work/exported-contexts" | grep -v '^_\{0,1\}MIR_'
}

names_of_mir_h_are_in_a_dll_of_their_own () {
  has_no_line '^_MIR_\|^MIR_finish$' "$work/exported"
  has_no_line '^MIR_code_' "$work/exported-contexts"
}

# Users' machines do not have mingw's DLLs.
dlls_need_none_of_the_compilers () {
  "$objdump" -p "$dll" "$contexts" | sed -n 's/.*DLL Name: //p' >"$work/imported"
  ! grep -i 'gcc\|stdc++\|pthread' "$work/imported"
}

run dlls_export_only_MIR_names
run names_of_mir_h_are_in_a_dll_of_their_own
run dlls_need_none_of_the_compilers
finish
