#!/bin/sh
# The DLL's file: what it imports, exports and asks of the loader.  Arguments: llvm-readobj, the DLL, CPU, and a
# program with the DLL first in its import table (unless there is none for this CPU).
set -eu
. "$(dirname "$0")/../support/tap.sh"
readobj=$1 dll=$2 cpu=$3 first=${4-}

imports_ntdll_and_kernel32_alone () {
  "$readobj" --coff-imports "$dll" | tr -d '\r' | sed -n 's/^  Name: //p' | tr 'A-Z' 'a-z' | sort -u >"$work/imports"
  cat "$work/imports"
  printf 'kernel32.dll\nntdll.dll\n' | cmp - "$work/imports"
  [ "$("$readobj" --coff-imports "$dll" | grep -c '^DelayImport')" = 0 ]
}

# memcpy, memmove and memset of Wine's ntdll are slow.
copies_by_itself () {
  case $cpu in
  x86*) ;;
  *)
    echo "on $cpu they are ntdll's"
    exit 77
    ;;
  esac
  "$readobj" --coff-imports "$dll" >"$work/functions"
  has_line 'Symbol: memcmp' "$work/functions"
  has_no_line 'Symbol: mem\(cpy\|move\|set\)' "$work/functions"
}

# GNU ld relocates clang's thread-local variables as addresses, which breaks once the DLL is loaded elsewhere.  On 64
# bits all absolute addresses are DIR64, and only in data.
relocations_are_of_the_right_kind () {
  "$readobj" --coff-basereloc "$dll" >"$work/relocations"
  case $cpu in
  x86) kinds='HIGHLOW\|ABSOLUTE' ;;
  *) kinds='DIR64\|ABSOLUTE' ;;
  esac
  has_line 'Type: \(HIGHLOW\|DIR64\)' "$work/relocations"
  sed -n 's/ *Type: //p' "$work/relocations" | sort | uniq -c
  ! sed -n 's/ *Type: //p' "$work/relocations" | grep -v "^\($kinds\)\$"
  [ "$cpu" = x86 ] || relocations_are_in_data
}

relocations_are_in_data () {
  "$readobj" --sections "$dll" | awk '
    /^ *Name:/ { name = $2 }
    /^ *VirtualSize:/ { size = $2 }
    /^ *VirtualAddress:/ { address = $2 }
    /IMAGE_SCN_MEM_EXECUTE/ { print name, address, size }' >"$work/code"
  [ -s "$work/code" ]
  sed -n 's/^ *Address: //p' "$work/relocations" >"$work/addresses"
  while read -r name address size; do
    start=$((address)) end=$((address + size))
    while read -r at; do
      if [ "$((at))" -ge "$start" ] && [ "$((at))" -lt "$end" ]; then
        echo "$at is in $name"
        return 1
      fi
    done <"$work/addresses"
  done <"$work/code"
}

asks_for_every_protection () {
  "$readobj" --file-headers "$dll" >"$work/headers"
  has_line 'IMAGE_DLL_CHARACTERISTICS_DYNAMIC_BASE' "$work/headers"
  has_line 'IMAGE_DLL_CHARACTERISTICS_NX_COMPAT' "$work/headers"
  has_line 'IMAGE_DLL_CHARACTERISTICS_GUARD_CF' "$work/headers"
  case $cpu in
  x86) has_no_line 'RELOCS_STRIPPED' "$work/headers" ;;
  *) has_line 'IMAGE_DLL_CHARACTERISTICS_HIGH_ENTROPY_VA' "$work/headers" ;;
  esac
  "$readobj" --coff-load-config "$dll" >"$work/config"
  has_line 'GuardFlags: .*0x[0-9A-F]*[1-9A-F][0-9A-F]*\|IMAGE_GUARD_CF_FUNCTION_TABLE_PRESENT\|CF_INSTRUMENTED' "$work/config"
  has_line 'GuardCFFunctionCount: [1-9]\|GuardCFFunctionTable: 0x[0-9A-F]*[1-9A-F]' "$work/config"
  [ "$cpu" != x86_64 ] || {
    "$readobj" --coff-debug-directory "$dll" >"$work/debug"
    has_line 'CET_COMPAT\|ExtendedCharacteristics.*0x1\|Type: ExtendedDLLCharacteristics' "$work/debug"
  }
}

no_section_is_writable_and_executable () {
  "$readobj" --sections "$dll" | awk '
    /^  Section \{/ { x = w = 0 }
    /^ *Name:/ { name = $2 }
    /IMAGE_SCN_MEM_EXECUTE/ { x = 1 }
    /IMAGE_SCN_MEM_WRITE/ { w = 1 }
    /^  \}/ { n++; if (x && w) { print name; bad = 1 } }
    END { exit bad || n < 4 }'
}

status_has_its_section () {
  "$readobj" --sections "$dll" | awk '
    /^ *Name:/ { name = $2 }
    /^ *VirtualSize:/ { size[name] = $2 }
    /IMAGE_SCN_MEM_WRITE/ { writable[name] = 1 }
    END { print size[".mirst"]; exit !(".mirst" in size) || !writable[".mirst"] }' >"$work/size"
  [ "$(($(cat "$work/size")))" -gt 1000 ]
}

# Its thread-local variables have no code of their own: DllMain is told of every thread.
has_no_callbacks_of_threads () {
  "$readobj" --coff-tls-directory "$dll" >"$work/tls"
  has_line 'AddressOfCallBacks: 0x0' "$work/tls"
}

exports_what_it_should () {
  "$readobj" --coff-exports "$dll" | tr -d '\r' | sed -n 's/^  Name: \(.\)/\1/p' >"$work/exports"
  for name in MIR_ucrt_status MIR_ucrt_check mi_malloc mi_free mi_version mi_is_redirected \
    mi_any_heap_contains mi_option_set mi_new mi_heap_new; do
    has_line "^$name\$" "$work/exports"
  done
  # Those of mimalloc and ours, but no internals and no functions of a C runtime.
  ! grep -v '^\(mi_\|MIR_ucrt_\)' "$work/exports" | grep -v '^_mi_\(assert_fail\|auto_process_init\)$'
}

comes_first_in_a_program_which_is_linked_to_it () {
  [ -n "$first" ] || {
    echo 'there is no C runtime to link programs for this CPU to'
    exit 77
  }
  "$readobj" --coff-imports "$first" | tr -d '\r' | sed -n 's/^  Name: //p' >"$work/imports"
  cat "$work/imports"
  [ "$(head -n 1 "$work/imports")" = mir-ucrt.dll ]
}

for name in imports_ntdll_and_kernel32_alone copies_by_itself relocations_are_of_the_right_kind \
  asks_for_every_protection no_section_is_writable_and_executable has_no_callbacks_of_threads status_has_its_section \
  exports_what_it_should comes_first_in_a_program_which_is_linked_to_it; do
  run "$name"
done
finish
