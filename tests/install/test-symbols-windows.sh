#!/bin/sh
# Tests the DLL's exports and imports.  Arguments: objdump, and the DLL.
set -eu
. "$(dirname "$0")/../support/tap.sh"
objdump=$1 dll=$2

dll_exports_only_MIR_names () {
  "$objdump" -p "$dll" | sed -n '/Ordinal\/Name Pointer/,/^$/p' | awk '/\[ *[0-9]/ { print $NF }' >"$work/exported"
  has_line '^MIR_finish$' "$work/exported"
  ! grep -v '^_\{0,1\}MIR_' "$work/exported"
}

# Users' machines do not have mingw's DLLs.
dll_needs_none_of_the_compilers () {
  "$objdump" -p "$dll" | sed -n 's/.*DLL Name: //p' >"$work/imported"
  ! grep -i 'gcc\|stdc++\|pthread' "$work/imported"
}

run dll_exports_only_MIR_names
run dll_needs_none_of_the_compilers
finish
