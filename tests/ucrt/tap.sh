# TAP for tests which are shell scripts: source it, call `run NAME` for each function, end with `finish`.
# A function's name says what is tested; it fails with a status other than 0, and is skipped with 77.
count=0 failed=0 skipped=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

run () {
  count=$((count + 1))
  status=0
  # Not as a condition: that would switch -e off inside.
  set +e
  (
    set -e
    "$1"
  ) >"$work/log" 2>&1
  status=$?
  set -e
  case $status in
  0) echo "ok $count - $1" ;;
  77)
    echo "ok $count - $1 # SKIP $(tail -n 1 "$work/log")"
    skipped=$((skipped + 1))
    ;;
  *)
    tail -n 60 "$work/log" | tr -d '\r' | sed 's/^/# /'
    echo "not ok $count - $1"
    failed=$((failed + 1))
    ;;
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
