# Build directories: configuring and compiling them; ./dev build and ./dev demo.  Sourced by ./dev.

needs_build () {
  echo gcc=gcc ld=binutils file:/usr/include/stdlib.h=libc6-dev g++=g++ meson=meson ninja=ninja-build \
    pkg-config=pkg-config xz=xz-utils pc:libpcap=libpcap-dev
}

need_to_build () {
  need $(needs_build) "$@"
  subprojects/get-mimalloc
}

# Configure directory $1 with the meson options that follow, unless it is configured.
configure_in () {
  dir=$1
  shift
  [ -z "${CI-}" ] || set -- "$@" -Dwerror=true
  if [ -f "$dir/build.ninja" ]; then
    [ -z "${CI-}" ] || meson configure "$dir" -Dwerror=true
  else
    rm -rf "$dir" # meson takes the remains of an interrupted setup for a configured directory
    meson setup "$dir" "$@" >"$dir.log" 2>&1 || {
      cat "$dir.log" >&2
      die "could not configure $dir"
    }
    mv "$dir.log" "$dir/setup.log"
  fi
}

# Compile directory $1: everything, or only the targets that follow.
compile_in () {
  dir=$1
  ninja -C "$@" >"$dir/ninja.log" 2>&1 || {
    cat "$dir/ninja.log" >&2
    die "could not compile $dir"
  }
}

build_in () {
  configure_in "$@"
  compile_in "$1"
}

build () {
  need_to_build
  build_in build
}

# The demo records a trace, except with --tools: the two do not go together.
demo () {
  build
  trace=build/demo.trace page=build/memory-picture.html
  rm -f "$trace"
  case " $* " in
  *" --tools "*) ;;
  *) set -- --trace "$trace" "$@" ;;
  esac
  build/examples/packet-filter/packet-filter "$@" examples/packet-filter/data/loopback.pcap \
    examples/packet-filter/filters/*.bpf
  [ -f "$trace" ] || return 0
  build/src/report/mir-report --html "$page" "$trace"
  echo "memory picture: $page"
}
