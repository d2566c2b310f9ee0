# ./dev test: checks the configurations' names and packages, and runs their tests.  Sourced by ./dev.  Configuration
# NAME is the function test_NAME; needs_NAME prints the packages it needs beyond a build's.
#
# build-results/ keeps what is known of the last run: in `tap` the TAP of all tests, in `failures` one line for each
# failure, in `notes` lines for the end, in `costs` what .ci/summary.sh makes its table of.  A function that sees a
# failure adds its line; $config is the configuration that runs.
. .ci/dll.sh
. .ci/docs.sh
. .ci/format.sh
. .ci/wine.sh
. .ci/linux.sh
. .ci/package.sh
. .ci/mimalloc.sh
. .ci/musl.sh
. .ci/windows.sh
. .ci/ucrt.sh
. .ci/debian.sh
. .ci/guests.sh
. .ci/kernel.sh
. .ci/summary.sh

run_tests () {
  [ $# -gt 0 ] || set -- $(default_configs)
  [ "$*" != --arch ] || set -- $arch_configs
  configs= unknown=
  parse_configs "$@"
  [ -z "$unknown" ] || refuse "no such configuration:$unknown (./dev help lists them)"
  start_results
  start_clock
  know_packages
  packages=$(needs_build)
  for config in $configs; do
    packages="$packages $(needs_of "$config")"
  done
  need $packages
  mimalloc=$(subprojects/get-mimalloc)
  echo "$mimalloc"
  trap stopped EXIT
  note_cost 'packages and mimalloc'
  for config in $configs; do
    test_config "$config"
    note_cost "$config"
  done
  trap - EXIT
  summarize
}

# All that fits into one run; where a minimal Debian can be made, and this is none, the newest stable release, too.
default_configs () {
  echo format gcc clang asan tsan aarch64 windows ucrt images install
  ! installs || [ -n "${IN_MINIMAL_DEBIAN-}" ] || grep -qx 'VERSION_CODENAME=trixie' /etc/os-release ||
    echo debian 13 small
}

# Put the configurations that the words name into $configs, and names that are none into $unknown.  All words after
# `debian` are its own, and names of rows after `kernel`.
parse_configs () {
  while [ $# -gt 0 ]; do
    case $1 in
    --arch) ;; # says that the names after it are CPUs
    debian)
      shift
      parse_debian "$@"
      return
      ;;
    kernel)
      shift
      parse_kernel "$@"
      return
      ;;
    *)
      if is_config "$1"; then
        configs="$configs $1"
      else
        unknown="$unknown $1"
      fi
      ;;
    esac
    shift
  done
}

is_config () {
  case $1 in
  small | gcc | clang | asan | tsan | valgrind | stress | llvm | mimalloc | musl | package | guests | kernel) ;;
  amalgamation | windows | ucrt | wine8 | wine10 | images | install | format) ;;
  *) is_arch "$1" ;;
  esac
}

needs_of () {
  case $1 in
  debian:*) needs_debian ;;
  kernel:*) needs_kernel ;;
  *) if is_arch "$1"; then needs_arch "$1"; else "needs_$1"; fi ;;
  esac
}

test_config () {
  case $1 in
  debian:*) test_debian "$1" ;;
  kernel | kernel:*) test_kernel "$1" ;;
  *) if is_arch "$1"; then test_arch "$1"; else "test_$1"; fi ;;
  esac
}

start_results () {
  results_dir=$PWD/build-results
  results=$results_dir/tap failures=$results_dir/failures notes=$results_dir/notes costs=$results_dir/costs
  rm -rf "$results_dir"
  mkdir "$results_dir"
  for file in "$results" "$failures" "$notes" "$costs"; do
    : >"$file"
  done
  export NPM_VERDICT="$results_dir/npm" # tests/real/npm.py
}

# The end of a run that could not go on, for example because something does not compile: die's reason, and what the
# compiler said.
stopped () {
  note_failure "$config: the run stopped here: ${why:-see above}"
  [ -z "${compiler_said-}" ] || echo "$compiler_said" >>"$notes"
  note_cost "$config"
  summarize || exit 1
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
  run_meson "$dir" "$setup" --print-errorlogs ${left_out-}
}

# The same with the tests that the options of `meson test` in $chosen choose, and of the programs only what they need.
chosen_tests () {
  dir=$1 setup=$2
  shift 2
  configure_in "$dir" "$@"
  compile_in "$dir" $(python3 .ci/targets.py "$dir" $chosen)
  echo "== $dir"
  run_meson "$dir" "$setup" --print-errorlogs $chosen
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
