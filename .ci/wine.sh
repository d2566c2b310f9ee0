# Wine for the tests: which one, its prefix, its server, and how programs are started under it.  Sourced by .ci/test.sh.

needs_wine () {
  echo wine=wine file:/usr/lib/wine/wine64=wine64
}

# For a Debian with another Wine, which takes the place of this system's.
needs_other_wine () {
  needs_wine
  echo debootstrap=debootstrap unshare=util-linux
}

# Wine asks no questions and installs nothing; winedbg prints a crash in one line.
set_wine () {
  export WINEDEBUG=-all WINEDLLOVERRIDES='mscoree,mshtml=;winedbg.exe=d'
}

unset_wine () {
  unset WINEDEBUG WINEDLLOVERRIDES
}

# Have under_wine mean version $1, 8 or 10, until leave_wine: that of a Debian in build-wine$1, for programs of 64 and, where
# they start here, of 32 bits, with a prefix of its own.  Status 1, with the reason in $wine_missing, if there is none.
enter_wine () {
  wine_dir=$PWD/build-wine$1
  case $1 in
  8) release=bookworm ;;
  *) release=trixie ;;
  esac
  wine_missing=$(tests/ucrt/get-wine "$wine_dir" "$PWD" "$release" | tail -n 1) || true
  if [ -n "$wine_missing" ]; then
    wine_dir=
    return 1
  fi
  export WINEPREFIX="$wine_dir/prefix"
  echo "== Wine $1 of Debian's $release:" $(wine_packages)
  make_prefix "$wine_dir"
}

leave_wine () {
  under_wine wineserver -k || true # leave no process behind
  wine_dir=
  unset WINEPREFIX
}

# The packages of the Debian that was entered, with their versions.
wine_packages () {
  dpkg-query --admindir="$wine_dir/debian/var/lib/dpkg" -W -f '${db:Status-Abbrev} ${Package}:${Architecture} ${Version}\n' \
    'wine*' 'libwine*' libc6 | sed -n 's/^ii *//p'
}

# Make $WINEPREFIX, once for directory $1, and start its server and services.
# They outlive the last program by ten minutes: by default Debian's end with it and start with the next, and about
# once in several hundred times a service crashes then.  Services inherit the output of the program that starts
# them, so that waiting for that output to end would take as long.
make_prefix () {
  if [ ! -f "$1/wine.made" ]; then
    rm -rf "$WINEPREFIX"
    under_wine timeout 300 wine wineboot -i >"$1/wine.log" 2>&1 || {
      cat "$1/wine.log" >&2
      die "Wine could not make its prefix, $WINEPREFIX"
    }
    under_wine timeout 60 wineserver -w || true
    touch "$1/wine.made"
  fi
  under_wine wineserver -p600 2>/dev/null || true # a running server refuses: that one serves
  under_wine timeout 120 wine cmd /c exit </dev/null >/dev/null 2>&1 || true
}

# Run COMMAND..., for which `wine` is the one that was entered, or else this system's, without address space
# randomization.  Wine 8 needs the page 0x7ffe0000 to start a program; about one process in 4500 finds the page taken
# and ends with status 1 and no message.
under_wine () {
  if setarch -R true 2>/dev/null; then
    set -- setarch -R "$@"
  fi
  if [ -n "${wine_dir-}" ]; then
    set -- tests/ucrt/with-wine "$wine_dir" "$@"
  fi
  "$@"
}

# The configurations wine8 and wine10: what windows and ucrt test, for programs of both bitnesses, with that Wine; and
# programs for arm64 with Wine 10.
needs_wine8 () {
  needs_other_wine
  needs_windows
  needs_dll
  echo npm=npm
}

needs_wine10 () {
  needs_wine8
}

test_wine8 () {
  test_with_wine 8
}

test_wine10 () {
  test_with_wine 10
}

test_with_wine () {
  build
  set_wine
  export MIR_INJECT="$PWD/build/src/inject/mir-inject" # edits the real programs, on Linux
  if enter_wine "$1"; then
    windows_in build-windows
    ucrt_in x86_64
    if x86_missing=$(tests/support/starts-x86); then
      test_x86
    else
      leave_x86_out "$x86_missing"
    fi
    [ "$1" != 10 ] || test_arm64
    leave_wine
  else
    run_script sh tests/support/skip.sh "everything under Wine $1" "$wine_missing"
  fi
  unset MIR_INJECT
  unset_wine
}
