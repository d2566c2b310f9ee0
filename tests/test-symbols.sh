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
expect_none "$(echo "$exported" | grep -v '^_\{0,1\}MIR_' || true)" shared_library_exports_only_MIR_names 1
expect_none "$(echo "$exported" | grep '^mi_' || true)" shared_library_exports_no_mimalloc 2
[ -z "$mimalloc" ] || malloc=$("$nm" --defined-only "$mimalloc" |
  grep -E ' [TDBR] (malloc|calloc|realloc|free|posix_memalign|aligned_alloc|_Znwm|_ZdlPv)$' || true)
expect_none "${malloc-}" mimalloc_does_not_define_malloc 3
echo 1..3
echo "# $((3 - failed)) passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
