#!/bin/sh
# Run the benchmarks NAME... (all by default) of the compiled build directory BUILD.  The figures also go to a CSV
# file there, with the command, the machine, mimalloc and the commit: those of `code` to bench-code.csv, for bench/report.py
# and bench/chart.py, the others to bench.csv.
#
# NAME may be one subject of `code`, such as code-lifetimes; and llvm, which is not among the defaults.
#
# usage: run.sh BUILD [NAME...]
set -eu
build=$1
shift
[ $# -gt 0 ] || set -- alloc heap containers code inject report

setting () {
  sed -n 's/.*\[\(.*\)\].*/\1/p' "/sys/kernel/mm/transparent_hugepage/$1" 2>/dev/null || echo none
}

start_csv () {
  {
    echo "# command: ./dev bench $2"
    echo "# machine: $(uname -srm), $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(nproc) cores"
    echo "# huge pages: $(setting enabled), shared $(setting shmem_enabled)"
    echo "# mimalloc: $mimalloc"
    echo "# commit: $(git describe --always --dirty 2>/dev/null || echo unknown)"
    echo "program,subject,side,unit,median,quartile1,quartile3,ratio,ratio_quartile1,ratio_quartile3,rounds"
  } >"$1"
}

run () {
  [ -x "$build/bench/bench-$1" ] || {
    echo "bench: there is no benchmark $1" >&2
    exit 1
  }
  "$build/bench/bench-$1" "$2"
}

# The heaps against glibc's malloc and against preloaded ones: bench/heap/README.md.
run_heap () {
  trace=$build/bench/c2m.trace
  BENCH_MALLOC='glibc malloc' "$build/bench/bench-heap" "$1" "$trace"
  BENCH_MALLOC='glibc malloc' "$build/bench/bench-heap-fresh" "$1" "$trace"
  "$build/bench/bench-heap-start" "$1" "$build/bench"
  "$build/bench/bench-heap-zones" "$1"
  for name in jemalloc.so.2 tcmalloc.so.4; do
    library=$(ldconfig -p | sed -n "s/.*lib$name.* => //p" | head -n 1)
    if [ -n "$library" ]; then
      echo "== ${name%%.*} preloaded"
      BENCH_MALLOC="${name%%.*}" BENCH_SHORT=1 LD_PRELOAD=$library "$build/bench/bench-heap" "$1" "$trace"
    else
      echo "bench: lib$name is missing and not compared" >&2
    fi
  done
}

# Pages of ten million events, with stacks and without.  The traces have 340 MB, so they do not stay.
run_report () {
  for stacks in yes no; do
    "$build/bench/bench-make-trace" "$build/bench/$stacks.trace" 10000000 $stacks
  done
  "$build/bench/bench-report" "$1" "$build/src/report/mir-report" \
    'with stacks' "$build/bench/yes.trace" 'without stacks' "$build/bench/no.trace"
  rm "$build/bench/yes.trace" "$build/bench/no.trace"
}

# Also of a build whose units the linker compiles together, if there is one: .ci/bench.sh.
run_instructions () {
  sh bench/code/instructions.sh "$build/bench/bench-code-instructions" "$1"
  if [ -x "$build-lto/bench/bench-code-instructions" ]; then
    [ "$("$build-lto/bench/bench-mimalloc")" = "$mimalloc" ] || {
      echo "bench: $build-lto has another mimalloc than $build" >&2
      exit 1
    }
    sh bench/code/instructions.sh "$build-lto/bench/bench-code-instructions" "$1" ", LTO"
  fi
}

mimalloc=$("$build/bench/bench-mimalloc")
csv=$build/bench.csv code_csv=$build/bench-code.csv
start_csv "$csv" "$*"
for name in "$@"; do
  if [ "$name" = heap ]; then
    run_heap "$csv"
  elif [ "$name" = code ]; then
    start_csv "$code_csv" code
    for subject in publish churn lifetimes patch calls threads kernel fork; do
      run "code-$subject" "$code_csv"
    done
    run_instructions "$code_csv"
    echo "figures: $code_csv"
    python3 bench/report.py "$code_csv"
    python3 bench/chart.py "$code_csv" "$build/bench-code.svg" "$build/bench-code-memory.svg"
    echo "charts: $build/bench-code.svg, $build/bench-code-memory.svg"
  elif [ "$name" = report ]; then
    run_report "$csv"
  elif [ "$name" = llvm ]; then
    run llvm-link "$csv"
    run llvm-kernel "$csv"
    python3 bench/llvm/report.py "$csv"
  elif [ "$name" = code-instructions ]; then
    run_instructions "$csv"
  else
    run "$name" "$csv"
  fi
done
echo "figures: $csv"
