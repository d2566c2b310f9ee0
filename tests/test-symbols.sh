#!/bin/sh
# What the libraries show to a linker.  Arguments: nm, the shared library, and, if we built it, the
# archive of mimalloc.
set -eu
nm=$1 shared=$2 mimalloc=${3-}
failed=0

# Note LIST and count a failure unless it is empty; $2 is the name of the test, $3 its number.
expect_none () {
  if [ -z "$1" ]; then
    echo "ok $3 - $2"
  else
    echo "$1" | sed 's/^/# /'
    echo "not ok $3 - $2"
    failed=$((failed + 1))
  fi
}

exported=$("$nm" -D --defined-only "$shared" | awk '{ print $NF }' | grep -v '^_\(init\|fini\|edata\|end\|_bss_start\)$')
[ -n "$exported" ] || exported=nothing_is_exported
# The two names of GDB's JIT interface, which GDB looks for, are not ours to choose.
ours='^_\{0,1\}MIR_\|^__jit_debug_\(register_code\|descriptor\)$'
expect_none "$(echo "$exported" | grep -v "$ours" || true)" shared_library_exports_only_MIR_names 1
expect_none "$(echo "$exported" | grep '^mi_' || true)" shared_library_exports_no_mimalloc 2
[ -z "$mimalloc" ] || malloc=$("$nm" --defined-only "$mimalloc" |
  grep -E ' [TDBR] (malloc|calloc|realloc|free|posix_memalign|aligned_alloc|_Znwm|_ZdlPv)$' || true)
expect_none "${malloc-}" mimalloc_does_not_define_malloc 3
missing=$(for name in __jit_debug_register_code __jit_debug_descriptor; do
  echo "$exported" | grep -qx "$name" || echo "$name is missing"
done)
expect_none "$missing" shared_library_exports_what_gdb_looks_for 4
echo 1..4
echo "# $((4 - failed)) passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
