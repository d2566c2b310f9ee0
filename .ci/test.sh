# ./dev test: checks the configurations' names and packages, runs their tests, counts the results and lists what
# failed.  Sourced by ./dev.  Configuration NAME is the function test_NAME; needs_NAME prints the packages it needs
# beyond a build's.
#
# In the files whose names are in $results and $failures are the TAP of all tests, and one line for each failure.
# A function that sees a failure adds its line; $config is the configuration that runs.
. .ci/dll.sh
. .ci/format.sh
. .ci/wine.sh
. .ci/linux.sh
. .ci/mimalloc.sh
. .ci/windows.sh
. .ci/ucrt.sh

run_tests () {
  [ $# -gt 0 ] || set -- format gcc clang asan tsan valgrind aarch64 windows ucrt images install
  [ "$*" != --arch ] || set -- aarch64 riscv64 ppc64le s390x
  packages=$(needs_build)
  for config in "$@"; do
    case $config in
    gcc | clang | asan | tsan | valgrind | stress | llvm | mimalloc | windows | ucrt | images | install | format)
      packages="$packages $("needs_$config")"
      ;;
    aarch64 | riscv64 | ppc64le | s390x) packages="$packages $(needs_arch "$config")" ;;
    --arch) ;; # says that the names after it are CPUs
    *) die "no such configuration: $config" ;;
    esac
  done
  need $packages
  mimalloc=$(subprojects/get-mimalloc)
  echo "$mimalloc"
  results=$(mktemp) failures=$(mktemp)
  trap stopped EXIT
  for config in "$@"; do
    case $config in
    aarch64 | riscv64 | ppc64le | s390x) test_arch "$config" ;;
    --arch) ;;
    *) "test_$config" ;;
    esac
  done
  trap - EXIT
  summarize
}

# The end of a run that could not go on, for example because something does not compile.
stopped () {
  note_failure "$config: the run stopped here, see above"
  summarize || exit 1
}

# Print what failed, a line each, which mimalloc there was, and the counts: CI logs may be cut to their last lines.
# A program that crashes prints no count, so the lines are what counts as failures.  Status 1 if there is one, or if
# nothing passed.
summarize () {
  [ ! -s "$failures" ] || {
    echo "== failures"
    cat "$failures"
  }
  echo "$mimalloc"
  is_good=0
  awk -v failed="$(wc -l <"$failures")" '
    /^# [0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/ { p += $2; f += $4; s += $6 }
    END {
      if (f > failed) failed = f
      printf "%d passed, %d failed, %d skipped\n", p, failed, s
      exit p == 0 || failed != 0
    }' "$results" || is_good=1
  rm -f "$results" "$failures"
  return "$is_good"
}

note_failure () {
  echo "$1" >>"$failures"
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
  run_meson "$dir" "$setup" --print-errorlogs $suite
}

# Run meson's tests in directory $1 and setup $2 with the options that follow, count their TAP, and note and explain
# what failed.
run_meson () {
  dir=$1 setup=$2
  shift 2
  log=$dir/meson-logs/testlog-$setup
  rm -f "$log.txt" "$log.json"
  ${launcher-} meson test -C "$dir" --no-rebuild --setup="$setup" "$@" || {
    noted=$(wc -l <"$failures")
    [ ! -f "$log.json" ] || python3 .ci/failures.py "$log.json" "$failures" "$config ($dir)" || true
    [ "$(wc -l <"$failures")" != "$noted" ] || note_failure "$config ($dir): meson test failed, but none of its tests"
  }
  [ ! -f "$log.txt" ] || tr -d '\r' <"$log.txt" >>"$results" # Windows programs end lines with a carriage return, too
}

# Run COMMAND..., a test outside of meson, print and count its TAP, and note what failed.
run_script () {
  tap=$(mktemp) status=0
  "$@" >"$tap" 2>&1 || status=$?
  cat "$tap"
  cat "$tap" >>"$results"
  if grep -q '^not ok ' "$tap"; then
    sed -n "s,^not ok ,$config\, $(script_of "$@"): &,p" "$tap" >>"$failures"
  elif [ "$status" != 0 ]; then
    note_failure "$config, $(script_of "$@"): exit status $status, after: $(tail -n 1 "$tap")"
  fi
  rm -f "$tap"
}

# The script that COMMAND... runs.
script_of () {
  for word in "$@"; do
    case $word in
    *.sh)
      echo "$word"
      return
      ;;
    esac
  done
  echo "$1"
}
