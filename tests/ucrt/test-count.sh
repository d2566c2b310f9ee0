#!/bin/sh
# Compares the DLL's counts with Wine's own log of calls, which knows nothing of the DLL.  Arguments: DLL, count.exe.
set -eu
here=$(dirname "$0")
. "$here/../support/tap.sh"
dll=$1 program=$2
names='malloc calloc realloc free _msize _recalloc _expand _aligned_malloc _aligned_realloc _aligned_free'

# What Wine logs is a setting of the prefix.
log_calls () {
  include=ucrtbase._heapchk
  for name in $names; do
    include="$include;ucrtbase.$name"
  done
  $UCRT_WINE reg add 'HKCU\Software\Wine\Debug' /v RelayInclude /d "$include" /f >/dev/null 2>&1
}

# The calls between the two marks, by the program without the DLL.
count_in_log () {
  WINEDEBUG=+relay sh "$here/run.sh" "$dll" "$program" wine none >"$work/none" 2>"$work/relay"
  awk -v names="$names" '
    /Call ucrtbase\._heapchk/ { marks++ }
    marks == 1 && match ($0, /Call ucrtbase\.[a-z_]*\(/) {
      calls[substr ($0, RSTART + 14, RLENGTH - 15)]++
    }
    END {
      n = split (names, list, " ")
      for (i = 1; i <= n; i++) print list[i], calls[list[i]] + 0
      exit marks != 2
    }' "$work/relay" >"$work/logged"
}

agree () {
  [ -n "${UCRT_WINE-}" ] || {
    echo "${UCRT_WINE_MISSING:-Wine is not set up: ./dev test ucrt does it}"
    exit 77
  }
  log_calls
  count_in_log
  MIR_UCRT_COUNT=1 sh "$here/run.sh" "$dll" "$program" wine "$1" >"$work/counted"
  echo 'logged, counted:'
  paste "$work/logged" "$work/counted"
  awk '{ sum += $2 } END { exit sum < 1000 }' "$work/logged"
  cmp "$work/logged" "$work/counted"
}

counts_agree_with_wines_log_at_start_up () {
  agree first
}

counts_agree_with_wines_log_late () {
  agree late
}

run counts_agree_with_wines_log_at_start_up
run counts_agree_with_wines_log_late
finish
