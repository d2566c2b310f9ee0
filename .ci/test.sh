# ./dev test: checks the configurations' names and packages, runs their tests and counts the results.  Sourced by
# ./dev.  Configuration NAME is the function test_NAME; needs_NAME prints the packages it needs beyond a build's.
. .ci/dll.sh
. .ci/format.sh
. .ci/wine.sh
. .ci/linux.sh
. .ci/windows.sh
. .ci/ucrt.sh

run_tests () {
  [ $# -gt 0 ] || set -- format gcc clang asan tsan valgrind aarch64 windows ucrt images install
  [ "$*" != --arch ] || set -- aarch64 riscv64 ppc64le s390x
  packages=$(needs_build)
  for config in "$@"; do
    case $config in
    gcc | clang | asan | tsan | valgrind | stress | llvm | windows | ucrt | images | install | format)
      packages="$packages $("needs_$config")"
      ;;
    aarch64 | riscv64 | ppc64le | s390x) packages="$packages $(needs_arch "$config")" ;;
    --arch) ;; # says that the names after it are CPUs
    *) die "no such configuration: $config" ;;
    esac
  done
  need $packages
  subprojects/get-mimalloc
  failed=0
  results=$(mktemp)
  for config in "$@"; do
    case $config in
    aarch64 | riscv64 | ppc64le | s390x) test_arch "$config" ;;
    --arch) ;;
    *) "test_$config" ;;
    esac
  done
  # A program that crashes prints no count: it is one failure all the same.
  awk -v failed="$failed" '
    /^# [0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/ { p += $2; f += $4; s += $6 }
    END {
      if (failed && f == 0) f = 1
      printf "%d passed, %d failed, %d skipped\n", p, f, s
      exit p == 0 || f != 0
    }' "$results" || failed=1
  rm -f "$results"
  return "$failed"
}

# Compile directory $1 with the meson options that follow $2, and run its tests in the setup $2 of tests/meson.build;
# $launcher, if set, starts meson.  Newer mesons leave programs that only tests use out of `all`.
build_and_test () {
  dir=$1 setup=$2
  shift 2
  configure_in "$dir" "$@"
  compile_in "$dir" all meson-test-prereq
  echo "== $dir"
  suite=
  [ "$setup" != valgrind ] || suite=--suite=memory
  log=$dir/meson-logs/testlog-$setup.txt
  ${launcher-} meson test -C "$dir" --no-rebuild --print-errorlogs --setup="$setup" $suite || {
    failed=1
    explain "$log"
  }
  tr -d '\r' <"$log" >>"$results" # Windows programs end lines with a carriage return, too
}

# The last lines of each failed test in meson's log $1: meson itself does not print them for TAP tests.
explain () {
  awk '
    function flush() {
      if (bad) for (i = n > 60 ? n - 60 : 1; i <= n; i++) print line[i]
      n = bad = 0
    }
    /^=+ [0-9]+\/[0-9]+ =+$/ { flush() }
    { line[++n] = $0 }
    /^not ok / || (/^result: / && !/exit status 0/) { bad = 1 }
    END { flush() }' "$1"
}

# Run COMMAND..., a test outside of meson, and print and count its TAP.
run_script () {
  tap=$(mktemp)
  "$@" >"$tap" 2>&1 || failed=1
  cat "$tap"
  cat "$tap" >>"$results"
  rm -f "$tap"
}
