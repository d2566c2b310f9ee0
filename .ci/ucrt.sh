# The configuration ucrt: the DLL that replaces the C runtime's allocator, and what ./dev dll makes.  Sourced by
# .ci/test.sh.

needs_ucrt () {
  needs_other_wine
  needs_dll
  [ -z "${CI-}" ] || wants_arm64ec
  echo npm=npm
}

# On x86-64 programs run under this system's Wine, those of 32 bits in a Debian of their own; on aarch64 only the DLL's
# file is tested.  Microsoft's runtime comes from a package of npm's.  If one of these cannot be fetched, the tests
# that need it are skipped with the reason.
test_ucrt () {
  build
  set_wine
  export MIR_INJECT="$PWD/build/src/inject/mir-inject" # edits the real programs, on Linux
  ucrt_in aarch64 'no programs for this CPU run here'
  configure_ucrt x86_64
  export WINEPREFIX="$PWD/build-ucrt-x86_64/prefix"
  make_prefix build-ucrt-x86_64
  REAL_RUNTIME=one ucrt_in x86_64 # both: ./dev test wine8
  test_dll
  wineserver -k || true # leave no process behind
  unset WINEPREFIX
  if x86_missing=$(tests/support/starts-x86) && enter_wine 8; then
    test_x86
    leave_wine
  else
    leave_x86_out "${x86_missing:-$wine_missing}"
  fi
  unset MIR_INJECT
  unset_wine
}

configure_ucrt () {
  configure_in "build-ucrt-$1" --cross-file "cross/ucrt-$1.ini" -Ducrt_override=only
}

# Test the DLL for CPU $1 under Wine, or, if $2 says why there is none, its file.
ucrt_in () {
  dir=build-ucrt-$1 cpu=$1
  configure_ucrt "$cpu"
  UCRT_WINE=wine UCRT_WINE_MISSING=${2-}
  UCRT_MICROSOFT= UCRT_MICROSOFT_MISSING="there is a known source only for x86-64's"
  [ -z "$UCRT_WINE_MISSING" ] || UCRT_WINE=
  if [ "$cpu" = x86_64 ]; then
    UCRT_MICROSOFT=$PWD/$dir/microsoft
    UCRT_MICROSOFT_MISSING=$(tests/ucrt/get-ucrt "$UCRT_MICROSOFT" | tail -n 1) || true
  fi
  export UCRT_WINE UCRT_WINE_MISSING UCRT_MICROSOFT UCRT_MICROSOFT_MISSING
  launcher=under_wine
  build_and_test "$dir" emulated --cross-file "cross/ucrt-$cpu.ini" -Ducrt_override=only
  launcher=
  unset UCRT_WINE UCRT_WINE_MISSING UCRT_MICROSOFT UCRT_MICROSOFT_MISSING
}

# The DLL for x86, and mir-inject of one bitness on programs of the other, in both directions, under a Wine for both.
test_x86 () {
  ucrt_in x86
  echo "== both bitnesses"
  run_script under_wine sh tests/inject/process/test-bitness.sh build-ucrt-x86_64 build-ucrt-x86
}

# Of the DLL for x86 only the file, because of $1.
leave_x86_out () {
  ucrt_in x86 "$1"
  run_script sh tests/support/skip.sh 'programs of both bitnesses' "$1"
}

# The DLL for arm64, under Wine for arm64 in an emulator; the Debian of Wine 10 helps to get both.
test_arm64 () {
  echo "== arm64"
  arm64=$PWD/build-wine-arm64
  missing=$(tests/ucrt/get-wine-arm64 "$arm64" "$wine_dir" | tail -n 1) || true
  if [ -n "$missing" ]; then
    run_script sh tests/support/skip.sh 'programs for arm64' "$missing"
    return
  fi
  configure_ucrt aarch64
  compile_in build-ucrt-aarch64 src/ucrt/mir-ucrt.dll
  set -- "$PWD/tests/ucrt/in-wine-arm64" "$arm64" "$PWD"
  export WINEPREFIX="$arm64/prefix"
  echo "$("$arm64/qemu-aarch64" --version | head -n 1), $("$@" /usr/lib/wine/wine64 --version 2>/dev/null)"
  timeout 600 "$@" /usr/lib/wine/wine64 wineboot -i >"$arm64/wine.log" 2>&1 || cat "$arm64/wine.log"
  run_script sh tests/ucrt/test-arm64.sh build-ucrt-aarch64/src/ucrt/mir-ucrt.dll "$@" /usr/lib/wine/wine64
  "$@" /usr/lib/wine/wineserver64 -k || true # leave no process behind
  export WINEPREFIX="$wine_dir/prefix"
}

test_dll () {
  echo "== build-dll"
  dll >build-dll.log
  cat build-dll.log
  rm -f build-dll.log
  run_script under_wine sh tests/ucrt/test-dll.sh build-dll build-ucrt-x86_64/tests/ucrt/ucrt-status.exe
}
