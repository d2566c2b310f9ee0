# TAP for tests which are shell scripts: source it, test, end with `finish`.
#
#   run NAME             under set -e: the function NAME, whose name says what is tested.  It fails with a status
#                        other than 0, and is skipped with 77; then its last line is the reason
#   result STATUS NAME   without set -e: what has just been done, whose status is STATUS
#   skip NAME REASON     a test which cannot be here
#   skip_all REASON      none of the tests can be here: ends the script
#
# $work is a folder for the test's files; it is removed at the end.
count=0 failed=0 skipped=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# What is known of a failure, for a test with other files to define anew.
explain () {
  tail -n 60 "$work/log"
}

result () {
  count=$((count + 1))
  if [ "$1" = 0 ]; then
    echo "ok $count - $2"
  else
    explain | tr -d '\r' | sed 's/^/# /'
    echo "not ok $count - $2"
    failed=$((failed + 1))
  fi
}

skip () {
  count=$((count + 1)) skipped=$((skipped + 1))
  echo "ok $count - $1 # SKIP $2"
}

skip_all () {
  echo "1..0 # SKIP $1"
  echo '# 0 passed, 0 failed, 1 skipped'
  exit 0 # meson takes any other status for an error
}

run () {
  # Not as a condition: that would switch -e off inside.
  set +e
  (
    set -e
    "$1"
  ) >"$work/log" 2>&1
  status=$?
  set -e
  case $status in
  77) skip "$1" "$(tail -n 1 "$work/log")" ;;
  *) result "$status" "$1" ;;
  esac
}

finish () {
  echo "1..$count"
  echo "# $((count - failed - skipped)) passed, $failed failed, $skipped skipped"
  [ "$failed" = 0 ]
}

# The file $2 has a line which matches $1.
has_line () {
  grep -q -- "$1" "$2" || {
    echo "no line matches: $1"
    cat "$2"
    return 1
  }
}

has_no_line () {
  ! grep -- "$1" "$2"
}
