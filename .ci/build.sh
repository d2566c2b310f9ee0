# Build directories: configuring and compiling them; ./dev build, ./dev demo and ./dev amalgamate.  Sourced by ./dev.
#
# A terminal sees what is being done, and ninja's own line of progress; a log gets a line per command at most.

# The demo's: no C++.
needs_demo () {
  echo gcc=gcc ld=binutils file:/usr/include/stdlib.h=libc6-dev meson=meson ninja=ninja-build \
    pkg-config=pkg-config xz=xz-utils pc:libpcap=libpcap-dev
}

needs_build () {
  needs_demo
  echo g++=g++
}

need_to_build () {
  need $(needs_build) "$@"
  get_mimalloc
}

get_mimalloc () {
  [ -e subprojects/mimalloc ] || progress "fetching mimalloc"
  subprojects/get-mimalloc
}

# Say what is being done, to a terminal only.
progress () {
  [ ! -t 2 ] || echo "dev: $*" >&2
}

# A user's own setup may have left tests and examples out of build/, as the README's way to install does.
build () {
  need_to_build
  configure_in build
  if [ ! -d build/tests ] || [ ! -d build/examples ]; then
    meson configure build -Dtests=auto -Dexamples=auto
  fi
  compile_in build
}

# Configure directory $1 with the meson options that follow, unless it is configured.
configure_in () {
  dir=$1
  shift
  [ -z "${CI-}" ] || set -- "$@" -Dwerror=true
  if [ -f "$dir/build.ninja" ] && [ -d "$dir/meson-private" ]; then
    [ -z "${CI-}" ] || meson configure "$dir" -Dwerror=true
  else
    progress "configuring $dir/"
    make_room_for "$dir"
    mkdir "$dir"
    meson setup "$dir" "$@" >"$dir/setup.log" 2>&1 || {
      sed -n '/ERROR:/,$p' "$dir/setup.log" >&2
      die "could not configure $dir/, see $dir/setup.log"
    }
  fi
}

# Remove the remains of an interrupted setup, which meson takes for a configured directory, but nothing that others have
# put into directory $1.  Pages of ./dev docs may be there before anything is built.
make_room_for () {
  [ -d "$1" ] || return 0
  [ -f "$1/setup.log" ] || [ -d "$1/meson-private" ] || rmdir "$1" 2>/dev/null ||
    [ "$(ls -A "$1")" = reference ] || die "$1/ is there and not of meson: move it away"
  rm -rf "$1"
}

# Compile directory $1: everything, or only the targets that follow.
compile_in () {
  dir=$1
  if [ -t 2 ]; then
    ninja -C "$@" >&2 || die "could not compile $dir/"
  else
    ninja -C "$@" >"$dir/ninja.log" 2>&1 || {
      what_failed "$dir/ninja.log" >&2
      compiler_said=$(what_failed "$dir/ninja.log" | tail -n 20)
      die "could not compile $dir/, see $dir/ninja.log"
    }
  fi
}

# Of ninja's log $1 the commands that failed, with their output, and ninja's and meson's own errors.
what_failed () {
  awk '
    /^\[[0-9]+\/[0-9]+\] / { is_failed = 0 }
    /^FAILED: / { is_failed = 1 }
    is_failed || /^ninja: error: / || /^[^ ]*: ?ERROR: /' "$1"
}

build_in () {
  configure_in "$@"
  compile_in "$1"
}

# The demo has a directory of its own, build-demo/, without the tests: with them meson takes more than twice as
# long, and needs C++.  It records a trace, except with --tools: the two do not go together.  The program
# itself tells of bad options; -- keeps it from taking a file of ours for the value of the last one.
demo () {
  here=
  [ "$caller" = "$PWD" ] || here=$PWD/
  trace=${here}build-demo/demo.trace page=${here}build-demo/memory-picture.html
  need $(needs_demo)
  get_mimalloc
  configure_in build-demo -Dtests=disabled -Dexamples=enabled
  case " $* " in
  *" --help "* | *" -h "*)
    compile_in build-demo examples/packet-filter/packet-filter
    exec build-demo/examples/packet-filter/packet-filter --help
    ;;
  *" --tools "*) ;;
  *) set -- --trace "$trace" "$@" ;;
  esac
  compile_in build-demo examples/packet-filter/packet-filter src/report/mir-report
  rm -f "$trace"
  (cd "$caller" && "${here:-./}build-demo/examples/packet-filter/packet-filter" "$@" -- \
    "${here}examples/packet-filter/data/loopback.pcap" "$here"examples/packet-filter/filters/*.bpf)
  [ ! -f "$trace" ] || show_memory_picture "$trace" "$page"
  echo 'more: ./dev demo --help, and examples/packet-filter/README.md'
}

# Make page $2 of trace $1, and tell how to open it.
show_memory_picture () {
  build-demo/src/report/mir-report --html="$2" "$1" >/dev/null
  echo "memory picture: xdg-open $2"
  echo "            or: $(python3 -c 'import pathlib, sys; print(pathlib.Path(sys.argv[1]).resolve().as_uri())' "$2")"
}

# The compiler says which memory mimalloc takes; without mimalloc there is nothing to fetch.
amalgamate () {
  case " $* " in
  *' -h '* | *' --help '* | *' --no-mimalloc '*) ;;
  *) subprojects/get-mimalloc >/dev/null ;;
  esac
  amalgamate_py=$PWD/.ci/amalgamate.py
  (cd "$caller" && python3 "$amalgamate_py" "$@")
}
