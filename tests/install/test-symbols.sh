#!/bin/sh
# Tests the symbols that the libraries define.  Arguments: nm, the shared libraries mir-alloc and mir-alloc-mir, and
# the archive of mimalloc if this build makes it.
set -eu
. "$(dirname "$0")/../support/tap.sh"
nm=$1 shared=$2 contexts=$3 mimalloc=${4-}
root=$(CDPATH= cd -- "$(dirname -- "$0")/../.." && pwd)

# The names that the shared library $1 exports.
exported_by () {
  "$nm" -D --defined-only "$1" | awk '$2 != "A" { sub (/@.*/, "", $NF); print $NF }' |
    grep -v '^_\(init\|fini\|edata\|end\|_bss_start\)$' | sort
}
exported_by "$shared" >"$work/exported"
exported_by "$contexts" >"$work/exported-contexts"
# The functions that mir.h declares, and those of MIR_CONTEXT_API in other headers.
grep -ho '^MIR_CONTEXT_API [^(]*' "$root"/mir*.h | grep -o '_*MIR_[A-Za-z0-9_]*$\|_*MIR_[A-Za-z0-9_]* $' |
  tr -d ' ' | sort >"$work/declared"

# GDB's JIT interface prescribes two other names.
shared_libraries_export_only_MIR_names () {
  ! cat "$work/exported" "$work/exported-contexts" |
    grep -v '^_\{0,1\}MIR_\|^__jit_debug_\(register_code\|descriptor\)$'
}

# The version node is the soname's.
names_carry_the_version_of_the_soname () {
  "$nm" -D --defined-only "$shared" | awk '$2 != "A" { print $NF }' >"$work/versioned"
  "$nm" -D --defined-only "$contexts" | awk '$2 != "A" { print $NF }' >"$work/versioned-contexts"
  [ -s "$work/versioned" ]
  [ -s "$work/versioned-contexts" ]
  major=$(sed -n 's/^#define MIR_ALLOC_VERSION_MAJOR //p' "$root/mir-alloc-api.h")
  ! grep -v "@@MIR_ALLOC_$major\$" "$work/versioned"
  ! grep -v "@@MIR_ALLOC_MIR_$major\$" "$work/versioned-contexts"
}

shared_library_exports_no_mimalloc () {
  has_no_line '^mi_' "$work/exported"
}

mimalloc_does_not_define_malloc () {
  [ -n "$mimalloc" ] || return 0
  "$nm" --defined-only "$mimalloc" >"$work/defined"
  ! grep -E ' [TDBR] (malloc|calloc|realloc|free|posix_memalign|aligned_alloc|_Znwm|_ZdlPv)$' "$work/defined"
}

shared_library_exports_what_gdb_looks_for () {
  has_line '^__jit_debug_register_code$' "$work/exported"
  has_line '^__jit_debug_descriptor$' "$work/exported"
}

# MIR itself may be in the same process.
names_of_mir_h_are_in_a_library_of_their_own () {
  has_line '^MIR_init_with$' "$work/declared"
  diff "$work/declared" "$work/exported-contexts"
  has_no_line '^_MIR_' "$work/exported"
  [ -z "$(comm -12 "$work/declared" "$work/exported")" ]
}

run shared_libraries_export_only_MIR_names
run names_carry_the_version_of_the_soname
run shared_library_exports_no_mimalloc
run mimalloc_does_not_define_malloc
run shared_library_exports_what_gdb_looks_for
run names_of_mir_h_are_in_a_library_of_their_own
finish
