#!/bin/sh
# Tests the symbols that the libraries define.  Arguments: nm, the shared library, and the archive of mimalloc if
# this build makes it.
set -eu
. "$(dirname "$0")/../support/tap.sh"
nm=$1 shared=$2 mimalloc=${3-}

"$nm" -D --defined-only "$shared" | awk '{ print $NF }' |
  grep -v '^_\(init\|fini\|edata\|end\|_bss_start\)$' >"$work/exported"

# GDB's JIT interface prescribes two other names.
shared_library_exports_only_MIR_names () {
  ! grep -v '^_\{0,1\}MIR_\|^__jit_debug_\(register_code\|descriptor\)$' "$work/exported"
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

run shared_library_exports_only_MIR_names
run shared_library_exports_no_mimalloc
run mimalloc_does_not_define_malloc
run shared_library_exports_what_gdb_looks_for
finish
