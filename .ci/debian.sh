# The configuration debian: what README.md's commands do for a user of another Debian.  A clean checkout of HEAD in a
# minimal userland of a suite, made anew for each run in build-debian-SUITE/; there, as root and with nothing by hand,
# ./dev demo and ./dev test.  Sourced by .ci/test.sh.

needs_debian () {
  echo debootstrap=debootstrap unshare=util-linux git=git
}

# The name of suite $1 in Debian's archive.
suite_of () {
  case $1 in
  12 | bookworm) echo bookworm ;;
  13 | trixie) echo trixie ;;
  14 | forky) echo forky ;;
  sid | unstable) echo sid ;;
  *) return 1 ;;
  esac
}

# Put SUITE... [CONFIG...] into $configs: words debian:SUITE:CONFIG:..., with no CONFIG for all.
parse_debian () {
  suites=
  while [ $# -gt 0 ] && suite=$(suite_of "$1"); do
    suites="$suites $suite"
    shift
  done
  [ -n "$suites" ] || refuse "debian takes a suite, 12, 13, 14 or sid, and then configurations"
  inner=
  for word in "$@"; do
    is_config "$word" || unknown="$unknown $word"
    inner="$inner:$word"
  done
  for suite in $suites; do
    case $suite,$inner in
    bookworm, | trixie,) configs="$configs debian:$suite" ;; # all, as ./dev test has it there
    *,) configs="$configs debian:$suite:gcc:clang" ;;
    *) configs="$configs debian:$suite$inner" ;;
    esac
  done
}

# The word $1 is one of parse_debian's.
test_debian () {
  IFS=:
  set -- ${1#debian:}
  unset IFS
  suite=$1
  shift
  room=6000
  [ $# -gt 0 ] || room=12000
  make_debian
  [ -z "$missing" ] || return 0
  echo "== Debian $suite: ./dev demo"
  if in_debian ./dev demo; then
    echo '# 1 passed, 0 failed, 0 skipped' >>"$results"
  else
    note_failure "$config: ./dev demo"
  fi
  dev_test_in_debian "$@"
}

# Configurations $2... alone, in a minimal Debian of suite $1.
test_in_debian () {
  suite=$1
  shift
  room=3000
  make_debian
  [ -z "$missing" ] || return 0
  dev_test_in_debian "$@"
}

# Make the minimal Debian of $suite, which takes $room MB.  If it cannot be, $missing says why, which is noted as
# skipped.
make_debian () {
  debian_dir=$PWD/build-debian-$suite
  echo "== Debian $suite"
  mkdir -p "$debian_dir/archives/partial"
  missing=$(tests/support/get-debian "$suite" "$debian_dir" "$room" --cache-dir="$debian_dir/archives" | tail -n 1) ||
    true
  if [ -n "$missing" ]; then
    run_script sh tests/support/skip.sh "Debian $suite" "$missing"
  else
    set_up_debian
  fi
}

# The tests there; their results are those of this run.
dev_test_in_debian () {
  echo "== Debian $suite: ./dev test $*"
  status=0
  in_debian ./dev test "$@" || status=$?
  take_results "$status"
  echo "$config: $(in_debian sh -c "$print_versions")" >>"$notes"
}

# The archives that a fresh Debian has, a cache of packages that outlives it, and the checkout.
set_up_debian () {
  security=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' |
    grep security | head -n 1) || true
  mirror=$(awk '$1 == "deb" { print $2; exit }' "$debian_dir/debian/etc/apt/sources.list")
  case $suite in
  bookworm | trixie)
    echo "deb $mirror $suite-updates main" >>"$debian_dir/debian/etc/apt/sources.list"
    [ -z "$security" ] ||
      echo "deb $security $suite-security main" >>"$debian_dir/debian/etc/apt/sources.list"
    ;;
  esac
  cat >"$debian_dir/debian/etc/apt/apt.conf.d/90cache" <<TEXT
Dir::Cache::archives "$debian_dir/archives/";
Acquire::Languages "none";
Acquire::Check-Valid-Until "false"; // a mirror may lag behind
TEXT
  git clone -q . "$debian_dir/debian/mir-alloc"
  [ -z "$(git status --porcelain)" ] || echo "dev: changes that are not committed are not tested there"
  # What this checkout has fetched already is not fetched again.
  for folder in mimalloc mingw-w64-headers packagecache; do
    [ ! -e "subprojects/$folder" ] || {
      echo "dev: subprojects/$folder is a copy of this checkout's"
      cp -RL "subprojects/$folder" "$debian_dir/debian/mir-alloc/subprojects/"
    }
  done
}

# Run COMMAND... in the checkout there, with warnings as errors.  All of its processes end with it, or with this one.
in_debian () {
  packages_dir=${MIR_PACKAGES:-$PWD/build-packages} # what npm has fetched is shared, too
  mkdir -p "$packages_dir"
  (cd / && exec unshare --pid --fork --kill-child "$OLDPWD/tests/support/in-debian" "$debian_dir" \
    "$debian_dir/archives" "$packages_dir" -- \
    env -u CC -u CXX -u CPPFLAGS -u CFLAGS -u CXXFLAGS -u LDFLAGS -u PKG_CONFIG_PATH HOME=/root LC_ALL=C.UTF-8 \
    IN_MINIMAL_DEBIAN=1 CI=true MIR_PACKAGES="$packages_dir" sh -c 'cd /mir-alloc && exec "$@"' sh "$@") &
  child=$!
  trap 'kill -KILL "$child"; exit 1' HUP INT TERM
  inner_status=0
  wait "$child" || inner_status=$?
  trap - HUP INT TERM
  return "$inner_status"
}

# Add the results of the run there, which ended with status $1, to those of this run.
take_results () {
  inner_results=$debian_dir/debian/mir-alloc/build-results
  if [ -f "$inner_results/tap" ]; then
    cat "$inner_results/tap" >>"$results"
    sed "s/^/$config, /" "$inner_results/failures" >>"$failures"
    [ -s "$inner_results/failures" ] || [ "$1" = 0 ] || note_failure "$config: exit status $1"
  else
    note_failure "$config: no tests ran, exit status $1"
  fi
}

# Prints the versions of what compiled and ran the tests.
print_versions='
  for command in gcc clang meson ninja python3 wine; do
    ! command -v "$command" >/dev/null || printf "%s %s, " "$command" \
      "$("$command" --version | sed -n "1s/^/ /;1s/.*[ -]\([0-9][0-9]*\.[0-9.]*[0-9]\).*/\1/p")"
  done
  . /etc/os-release && echo "$PRETTY_NAME"'
