#!/bin/sh
# What the libraries show to a linker.  Arguments: nm, the shared library, and, if we built it, the
# archive of mimalloc.
set -eu
. "$(dirname "$0")/../support/tap.sh"
nm=$1 shared=$2 mimalloc=${3-}

"$nm" -D --defined-only "$shared" | awk '{ print $NF }' |
  grep -v '^_\(init\|fini\|edata\|end\|_bss_start\)$' >"$work/exported"

# The two names of GDB's JIT interface, which GDB looks for, are not ours to choose.
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
