#!/bin/sh
# What the environment variables make the DLL do and say.  Arguments: DLL, status.exe, CRT.
set -eu
here=$(dirname "$0")
. "$here/../support/tap.sh"
dll=$1 program=$2 crt=$3

# Run status.exe in MODE $1 with the settings that follow; its output goes to $work/out, errors to $work/err.
status () {
  mode=$1
  shift
  code=0
  env "$@" sh "$here/run.sh" "$dll" "$program" "$crt" "$mode" >"$work/out" 2>"$work/err" || code=$?
  if grep -q '^ok 1 .*# SKIP' "$work/out"; then
    sed 's/.*# SKIP //' "$work/out" | head -n 1
    exit 77
  fi
}

# Otherwise results for Microsoft's would be Wine's, which pretends to be the file that was asked for.
the_runtime_is_the_one_asked_for () {
  status none A=
  [ "$code" = 3 ] && has_line '^state: no DLL$' "$work/out"
  case $crt in
  wine) has_line '^_o_malloc: malloc$' "$work/out" ;;
  *) has_line '^_o_malloc: 48 8b d1 48 8d 0d$' "$work/out" ;; # mov rdx,rcx; lea rcx,[malloc]
  esac
}

everything_is_taken_over_at_start_up () {
  status first A=
  [ "$code" = 0 ] && has_line '^state: active$' "$work/out" && has_line '^check: 0$' "$work/out"
  has_line '^reason: $' "$work/out"
  has_line '^crt ucrtbase.dll: active, at start-up, ' "$work/out"
  for name in malloc calloc realloc free _msize _expand _recalloc _free_base _realloc_base _heapmin \
    _aligned_malloc _aligned_realloc _aligned_free _aligned_msize _aligned_offset_malloc \
    _aligned_offset_realloc _aligned_recalloc _aligned_offset_recalloc; do
    has_line "^function $name of 0: taken, intact, passed" "$work/out"
  done
  has_no_line 'BAD\|nonsense' "$work/out"
}

every_function_of_the_hooks_is_listed () {
  status first A=
  for name in _o_malloc _o_calloc _o_realloc _o_free _o__msize _o__expand _o__recalloc _o__aligned_malloc \
    _o__aligned_realloc _o__aligned_recalloc _o__aligned_msize _o__aligned_free _o__aligned_offset_malloc \
    _o__aligned_offset_realloc _o__aligned_offset_recalloc; do
    has_line "^function $name of 0: \(taken\|alias\|reached\), " "$work/out"
  done
  # These must be left alone, or the CRT's own functions would get blocks of ours.
  has_no_line '^function \(_malloc_base\|_calloc_base\) of 0: taken' "$work/out"
}

everything_is_taken_over_late () {
  status late A=
  [ "$code" = 0 ] && has_line '^state: active$' "$work/out" && has_line '^check: 0$' "$work/out"
  has_line '^crt ucrtbase.dll: active, late, ' "$work/out"
}

late_is_refused_on_request () {
  status late MIR_UCRT_LATE=refuse
  has_line '^state: refused$' "$work/out" && has_line '^reason: ..........' "$work/out"
  has_no_line ': taken' "$work/out"
  status first MIR_UCRT_LATE=refuse
  has_line '^state: active$' "$work/out"
}

is_disabled () {
  has_line '^state: disabled$' "$work/out" && has_no_line ': taken' "$work/out"
}

every_name_disables () {
  for name in MIR_UCRT_DISABLE MIMALLOC_DISABLE_REDIRECT MIMALLOC_DISABLE_OVERRIDE; do
    for value in 1 TRUE yes on; do
      status first "$name=$value" && is_disabled
    done
    status late "$name=1" && is_disabled
    status first "$name=0"
    has_line '^state: active$' "$work/out"
  done
}

one_line_on_request () {
  status first A=
  has_no_line 'mir-ucrt:' "$work/err"
  for name in MIR_UCRT_VERBOSE MIMALLOC_VERBOSE; do
    status first "$name=1"
    has_line '^mir-ucrt: active: [0-9]* functions of ucrtbase.dll, .*start-up' "$work/err"
    [ "$(grep -c 'mir-ucrt:' "$work/err")" = 1 ]
    status late "$name=1"
    has_line '^mir-ucrt: active: [0-9]* functions of ucrtbase.dll, .*late' "$work/err"
  done
  status first MIR_UCRT_VERBOSE=1 MIR_UCRT_DISABLE=1
  has_line '^mir-ucrt: disabled' "$work/err"
  status late MIR_UCRT_VERBOSE=1 MIR_UCRT_LATE=refuse
  has_line '^mir-ucrt: refused: ..........' "$work/err"
}

calls_are_counted_on_request () {
  status first A=
  has_line '^counting: 0$' "$work/out"
  status first MIR_UCRT_COUNT=1
  has_line '^counting: 1$' "$work/out"
  for name in malloc calloc realloc free; do
    has_line "^function $name of 0: taken, intact, passed, [1-9][0-9]* calls$" "$work/out"
  done
}

only_the_crts_asked_for () {
  status first MIR_UCRT_CRTS=other
  has_line '^reason: .*: ucrtbase.dll is loaded, but only taken over if MIR_UCRT_CRTS names it' "$work/out"
  has_line '^state: waiting$' "$work/out" && has_no_line ': taken' "$work/out"
  status first MIR_UCRT_CRTS=Other,UcrtBase
  has_line '^state: active$' "$work/out"
}

sizes_are_exact () {
  status first A=
  has_line '^exact: 1$' "$work/out"
}

for name in the_runtime_is_the_one_asked_for everything_is_taken_over_at_start_up every_function_of_the_hooks_is_listed everything_is_taken_over_late \
  late_is_refused_on_request every_name_disables one_line_on_request calls_are_counted_on_request \
  only_the_crts_asked_for sizes_are_exact; do
  run "$name"
done
finish
