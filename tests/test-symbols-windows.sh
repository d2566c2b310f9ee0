#!/bin/sh
# What the DLL shows.  Arguments: objdump, and the DLL.
set -eu
objdump=$1 dll=$2
failed=0

exported=$("$objdump" -p "$dll" | sed -n '/Ordinal\/Name Pointer/,/^$/p' | sed 1d | awk 'NF { print $NF }')
others=$(echo "$exported" | grep -v '^_\{0,1\}MIR_' || true)
if echo "$exported" | grep -qx MIR_finish && [ -z "$others" ]; then
  echo 'ok 1 - dll_exports_only_MIR_names'
else
  echo "${others:-nothing is exported}" | sed 's/^/# /'
  echo 'not ok 1 - dll_exports_only_MIR_names'
  failed=1
fi
# Without an installation of mingw nobody has its DLLs.
imported=$("$objdump" -p "$dll" | sed -n 's/.*DLL Name: //p' | grep -i 'gcc\|stdc++\|pthread' || true)
if [ -z "$imported" ]; then
  echo 'ok 2 - dll_needs_none_of_the_compilers'
else
  echo "$imported" | sed 's/^/# /'
  echo 'not ok 2 - dll_needs_none_of_the_compilers'
  failed=$((failed + 1))
fi
echo 1..2
echo "# $((2 - failed)) passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
