# TAP for tests that are shell scripts: source this file, run tests, end with `finish`.
#
#   run NAME             run the function NAME under set -e; its name says what is tested.  Status 0 passes, 77
#                        skips, with its last line as the reason, any other status fails
#   result STATUS NAME   report the test NAME that has just ended with STATUS, without set -e
#   skip NAME REASON     report a test that cannot run here
#   skip_all REASON      report that no test can run here, and end the script
#
# $work is a folder for the test's files; it is removed at the end.
count=0 failed=0 skipped=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Print what is known of a failure.  A test that logs elsewhere redefines this function.
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
  # The call must not be a condition: that would switch -e off inside.
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

# A script whose output is lost has failed.
finish () {
  echo "1..$count" &&
    echo "# $((count - failed - skipped)) passed, $failed failed, $skipped skipped" &&
    [ "$failed" = 0 ]
}

# Succeed if the file $2 has a line that matches $1.
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
