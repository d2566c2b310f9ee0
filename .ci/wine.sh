# Wine for the tests: its prefix, its server, and how programs are started under it.  Sourced by .ci/test.sh.

needs_wine () {
  echo wine=wine file:/usr/lib/wine/wine64=wine64
}

# Wine asks no questions and installs nothing; winedbg prints a crash in one line.
set_wine () {
  export WINEDEBUG=-all WINEDLLOVERRIDES='mscoree,mshtml=;winedbg.exe=d'
}

unset_wine () {
  unset WINEDEBUG WINEDLLOVERRIDES
}

# Make $WINEPREFIX with the Wine that command $2 runs, once for directory $1, and start its server and services.
# They outlive the last program by ten minutes: by default Debian's end with it and start with the next, and about
# once in several hundred times a service crashes then.  Services inherit the output of the program that starts
# them, so that waiting for that output to end would take as long.
make_prefix () {
  if [ ! -f "$1/wine.made" ]; then
    rm -rf "$WINEPREFIX"
    under_wine timeout 300 $2 wineboot -i >"$1/wine.log" 2>&1 || {
      cat "$1/wine.log" >&2
      die "Wine could not make its prefix, $WINEPREFIX"
    }
    timeout 60 ${2%wine}wineserver -w || true
    touch "$1/wine.made"
  fi
  under_wine ${2%wine}wineserver -p600 2>/dev/null || true # a running server refuses: that one serves
  under_wine timeout 120 $2 cmd /c exit </dev/null >/dev/null 2>&1 || true
}

# Run COMMAND... without address space randomization.  Wine 8 needs the page 0x7ffe0000 to start a program; about
# one process in 4500 finds the page taken and ends with status 1 and no message.
under_wine () {
  if setarch -R true 2>/dev/null; then
    setarch -R "$@"
  else
    "$@"
  fi
}
