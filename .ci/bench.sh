# ./dev bench: compiles and runs the benchmarks.  Sourced by ./dev.

bench () {
  case ${1-} in
  --docs)
    shift
    takes_nothing 'bench --docs' "$@"
    put_figures_into_docs
    ;;
  ucrt)
    shift
    bench_ucrt "$@"
    ;;
  llvm)
    shift
    takes_nothing 'bench llvm' "$@"
    bench_llvm
    ;;
  *) bench_library "$@" ;;
  esac
}

put_figures_into_docs () {
  csv=build-bench/bench-code.csv
  [ -f "$csv" ] || die "no figures: ./dev bench code"
  python3 bench/report.py "$csv" docs/benchmarks.md
  python3 bench/chart.py "$csv" docs/bench-code.svg docs/bench-code-memory.svg
}

# Arguments go to the script: --redirect DIR, the folder with mimalloc.dll and mimalloc-redirect.dll; --rounds N;
# --seconds S; --only SUBJECTS; --sides SIDES.
bench_ucrt () {
  . .ci/wine.sh
  run_py=$PWD/bench/ucrt/run.py build=$PWD/build-ucrt-x86_64
  (cd "$caller" && python3 "$run_py" --check "$@") || exit 2
  need_to_build $(needs_wine) clang=clang lld=lld llvm-dlltool=llvm python3=python3 \
    x86_64-w64-mingw32-gcc-win32=gcc-mingw-w64-x86-64-win32 \
    x86_64-w64-mingw32-g++-win32=g++-mingw-w64-x86-64-win32
  configure_in build-ucrt-x86_64 --cross-file cross/ucrt-x86_64.ini -Ducrt_override=only
  compile_in build-ucrt-x86_64 src/ucrt/mir-ucrt.dll tests/ucrt/least/mir-ucrt.dll
  results=$PWD/build-bench-ucrt
  (cd "$caller" && python3 "$run_py" "$@" -- "$build/src/ucrt/mir-ucrt.dll" "$build/tests/ucrt/least/mir-ucrt.dll" \
    "$results")
}

# boost::unordered_flat_map came with Boost 1.81.
has_flat_map () {
  echo '#include <boost/unordered/unordered_flat_map.hpp>' | g++ -x c++ -E - >/dev/null 2>&1
}

# The package that has it: this Debian's Boost, or else a newer one that stands beside it.
boost_package () {
  boost=$(apt-cache show --no-all-versions libboost-dev 2>/dev/null | sed -n 's/^Version: //p')
  if [ -n "$boost" ] && dpkg --compare-versions "$boost" lt 1.81; then
    apt-cache pkgnames libboost1. | grep -x 'libboost1\.[0-9]*-dev' | sort -V | tail -n 1 | grep . ||
      echo libboost-dev
  else
    echo libboost-dev
  fi
}

# Large, so it is not among the defaults.
bench_llvm () {
  need_to_bench "$(probe_any_llvm)"
  configure_in build-bench -Dbuildtype=release -Dbench=enabled -Dtests=disabled
  compile_in build-bench bench/bench-llvm-link bench/bench-llvm-kernel bench/bench-mimalloc
  sh bench/run.sh build-bench llvm
}

# --mir DIR, anywhere among the names: the folder with MIR's own headers.
bench_library () {
  mir= names=
  while [ $# -gt 0 ]; do
    if [ "$1" = --mir ]; then
      mir=$(CDPATH= cd "$caller" && cd -- "${2-}" 2>/dev/null && pwd) || mir=
      [ -n "${2-}" ] && [ -f "$mir/mir-htab.h" ] || refuse "--mir takes the folder of MIR's mir-htab.h"
      shift
    else
      case $1 in
      alloc | heap | containers | code | inject | report) ;;
      code-publish | code-churn | code-lifetimes | code-patch | code-calls | code-threads) ;;
      code-kernel | code-fork | code-instructions | code-frames) ;;
      llvm | ucrt | --docs) refuse "bench $1 goes without other names" ;;
      *) refuse "no such benchmark: $1 (./dev help lists them)" ;;
      esac
      names="$names $1"
    fi
    shift
  done
  set -- $names
  need_to_bench
  configure_in build-bench -Dbuildtype=release -Dbench=enabled -Dtests=disabled
  compare_with_mir build-bench "$mir"
  compile_in build-bench
  case " ${*:-code} " in
  *" code "* | *" code-instructions "*)
    configure_in build-bench-lto -Dbuildtype=release -Dbench=enabled -Dtests=disabled -Db_lto=true
    compile_in build-bench-lto bench/bench-code-instructions bench/bench-mimalloc
    ;;
  esac
  sh bench/run.sh build-bench "$@"
}

# Configure directory $1 for MIR's headers in folder $2, or for none; meson remembers those of the last run.
compare_with_mir () {
  option_is "$1" stock_mir "$2" ||
    meson setup --reconfigure "$1" "-Dstock_mir=$2" >/dev/null || die "could not configure $1"
}

need_to_bench () {
  know_packages
  need_to_build file:/usr/include/uthash.h=uthash-dev file:/usr/include/asmjit/core.h=libasmjit-dev \
    pc:absl_raw_hash_set=libabsl-dev "call:has_flat_map=$(boost_package)" pc:glib-2.0=libglib2.0-dev \
    valgrind=valgrind python3=python3 lib:libjemalloc.so.2=libjemalloc2 lib:libtcmalloc.so.4=libgoogle-perftools4 "$@"
}
