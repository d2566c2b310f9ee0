# ./dev bench: compiles and runs the benchmarks.  Sourced by ./dev.

bench () {
  case ${1-} in
  --docs) put_figures_into_docs ;;
  ucrt) bench_ucrt ;;
  llvm) bench_llvm ;;
  *) bench_library "$@" ;;
  esac
}

put_figures_into_docs () {
  csv=build-bench/bench-code.csv
  [ -f "$csv" ] || die "no figures: ./dev bench code"
  python3 bench/report.py "$csv" docs/benchmarks.md
  python3 bench/chart.py "$csv" docs/bench-code.svg docs/bench-code-memory.svg
}

bench_ucrt () {
  . .ci/wine.sh
  need_to_build $(needs_wine) clang=clang lld=lld llvm-dlltool=llvm python3=python3 \
    x86_64-w64-mingw32-gcc-win32=gcc-mingw-w64-x86-64-win32 \
    x86_64-w64-mingw32-g++-win32=g++-mingw-w64-x86-64-win32
  build_in build-ucrt-x86_64 --cross-file cross/ucrt-x86_64.ini -Ducrt_override=only
  python3 bench/ucrt/run.py build-ucrt-x86_64/src/ucrt/mir-ucrt.dll build-bench-ucrt
}

# boost::unordered_flat_map came with Boost 1.81.
has_flat_map () {
  echo '#include <boost/unordered/unordered_flat_map.hpp>' | g++ -x c++ -E - >/dev/null 2>&1
}

# Large, so it is not among the defaults.
bench_llvm () {
  need_to_bench "$(probe_llvm 19)"
  configure_in build-bench -Dbuildtype=release -Dbench=enabled -Dtests=disabled
  compile_in build-bench bench/bench-llvm-link bench/bench-llvm-kernel bench/bench-mimalloc
  sh bench/run.sh build-bench llvm
}

bench_library () {
  need_to_bench
  build_in build-bench -Dbuildtype=release -Dbench=enabled -Dtests=disabled
  case " ${*:-code} " in
  *" code "* | *" code-instructions "*)
    configure_in build-bench-lto -Dbuildtype=release -Dbench=enabled -Dtests=disabled -Db_lto=true
    compile_in build-bench-lto bench/bench-code-instructions bench/bench-mimalloc
    ;;
  esac
  sh bench/run.sh build-bench "$@"
}

need_to_bench () {
  need_to_build # its gcc names the folder of the libraries
  libs=/usr/lib/$(gcc -print-multiarch)
  need file:/usr/include/uthash.h=uthash-dev file:/usr/include/asmjit/core.h=libasmjit-dev \
    pc:absl_raw_hash_set=libabsl-dev 'call:has_flat_map=libboost-dev(>=1.81)|libboost1.81-dev' \
    pc:glib-2.0=libglib2.0-dev \
    valgrind=valgrind python3=python3 "file:$libs/libjemalloc.so.2=libjemalloc2" "file:$libs/libtcmalloc.so.4=libgoogle-perftools4" "$@"
}
