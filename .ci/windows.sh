# The configuration windows: the library compiled by Debian's mingw and run under Wine.  Sourced by .ci/test.sh.

needs_windows () {
  needs_wine
  echo x86_64-w64-mingw32-gcc-win32=gcc-mingw-w64-x86-64-win32 \
    x86_64-w64-mingw32-g++-win32=g++-mingw-w64-x86-64-win32
}

test_windows () {
  build
  with_prefix windows_in build-windows
}

# Run COMMAND... with Wine and a prefix of build-windows, which is configured.
with_prefix () {
  set_wine
  export WINEPREFIX="$PWD/build-windows/wine"
  configure_in build-windows --cross-file cross/windows-x86_64.ini
  make_prefix build-windows
  "$@"
  wineserver -k || true # leave no process behind
  unset WINEPREFIX
  unset_wine
}

# Run the tests of directory $1 under Wine.  The demo must find the packets that Linux's finds.
windows_in () {
  export WINEPATH="Z:$PWD/$1/src"
  launcher=under_wine
  build_and_test "$1" emulated --cross-file cross/windows-x86_64.ini
  launcher=
  run_script under_wine sh examples/packet-filter/test-counts.sh build/examples/packet-filter/packet-filter \
    "wine $1/examples/packet-filter/packet-filter.exe"
  run_script under_wine sh tests/install/test-routes-windows.sh "$1"
  unset WINEPATH
}
