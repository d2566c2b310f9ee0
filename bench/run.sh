#!/bin/sh
# Run the benchmarks NAME... (all by default) of a compiled build directory; arguments: directory,
# names.  The figures also go to bench.csv there, with the command, the machine and the commit.
set -eu
build=$1
shift
[ $# -gt 0 ] || set -- alloc publish churn containers
csv=$build/bench.csv
{
  echo "# command: ./dev bench $*"
  echo "# machine: $(uname -srm), $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
  echo "# commit: $(git describe --always --dirty 2>/dev/null || echo unknown)"
  echo "program,subject,side,median_ns,quartile1_ns,quartile3_ns,ratio,ratio_quartile1,ratio_quartile3"
} >"$csv"
for name in "$@"; do
  [ -x "$build/bench/bench-$name" ] || {
    echo "bench: no benchmark is called $name" >&2
    exit 1
  }
  "$build/bench/bench-$name" "$csv"
done
echo "figures: $csv"
