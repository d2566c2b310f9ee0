# The configuration ucrt: the DLL that replaces the C runtime's allocator, and what ./dev dll makes.  Sourced by
# .ci/test.sh.

needs_ucrt () {
  needs_wine
  needs_dll
  echo npm=npm debootstrap=debootstrap unshare=util-linux
}

# On x86-64 and x86 programs run under Wine, those of 32 bits in a Debian of their own; on aarch64 only the DLL's
# file is tested.  Microsoft's runtime comes from a package of npm's.  If one of these cannot be fetched, the tests
# that need it are skipped with the reason.
test_ucrt () {
  build
  set_wine
  export MIR_INJECT="$PWD/build/src/inject/mir-inject" # edits the real programs, on Linux
  test_ucrt_on aarch64
  test_ucrt_on x86_64
  test_ucrt_on x86
  test_dll
  unset MIR_INJECT
  unset_wine
}

test_ucrt_on () {
  dir=build-ucrt-$1
  build_in "$dir" --cross-file "cross/ucrt-$1.ini" -Ducrt_override=only
  UCRT_WINE= UCRT_WINE_MISSING= UCRT_MICROSOFT= UCRT_MICROSOFT_MISSING="there is a known source only for x86-64's"
  case $1 in
  x86_64)
    UCRT_WINE=wine UCRT_MICROSOFT=$PWD/$dir/microsoft
    UCRT_MICROSOFT_MISSING=$(tests/ucrt/get-ucrt "$UCRT_MICROSOFT" | tail -n 1) || true
    ;;
  x86)
    UCRT_WINE_MISSING=$(tests/ucrt/get-wine "$PWD/$dir/wine" i386 bookworm | tail -n 1) || true
    [ -n "$UCRT_WINE_MISSING" ] || UCRT_WINE="$PWD/tests/ucrt/in-wine $PWD/$dir/wine $PWD wine"
    ;;
  esac
  export UCRT_WINE UCRT_WINE_MISSING UCRT_MICROSOFT UCRT_MICROSOFT_MISSING WINEPREFIX="$PWD/$dir/prefix"
  [ -z "$UCRT_WINE" ] || make_prefix "$dir" "$UCRT_WINE"
  launcher=under_wine
  build_and_test "$dir" emulated --cross-file "cross/ucrt-$1.ini" -Ducrt_override=only
  launcher=
  [ -z "$UCRT_WINE" ] || ${UCRT_WINE%wine}wineserver -k || true # leave no process behind
  unset UCRT_WINE UCRT_WINE_MISSING UCRT_MICROSOFT UCRT_MICROSOFT_MISSING WINEPREFIX
}

test_dll () {
  echo "== build-dll"
  dll >build-dll.log
  cat build-dll.log
  rm -f build-dll.log
  export WINEPREFIX="$PWD/build-ucrt-x86_64/prefix"
  run_script under_wine sh tests/ucrt/test-dll.sh build-dll build-ucrt-x86_64/tests/ucrt/ucrt-status.exe
  wineserver -k || true
  unset WINEPREFIX
}
