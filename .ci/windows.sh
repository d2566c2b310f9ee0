# The configuration windows: the library compiled by Debian's mingw and run under Wine.  Sourced by .ci/test.sh.

needs_windows () {
  needs_wine
  echo x86_64-w64-mingw32-gcc-win32=gcc-mingw-w64-x86-64-win32 \
    x86_64-w64-mingw32-g++-win32=g++-mingw-w64-x86-64-win32
}

# The demo must find the packets that Linux's finds.
test_windows () {
  build
  set_wine
  export WINEPREFIX="$PWD/build-windows/wine" WINEPATH="Z:$PWD/build-windows/src"
  build_in build-windows --cross-file cross/windows-x86_64.ini
  make_prefix build-windows wine
  launcher=under_wine
  build_and_test build-windows emulated
  launcher=
  run_script under_wine sh examples/packet-filter/test-counts.sh build/examples/packet-filter/packet-filter \
    'wine build-windows/examples/packet-filter/packet-filter.exe'
  wineserver -k || true # leave no process behind
  unset WINEPREFIX WINEPATH
  unset_wine
}
