# Chromium, for the tests of pages: source this file after tap.sh.

# Open the page $1 and write what it is after its scripts ran to $work/dom.  Root has no sandbox.
open_page () {
  HOME=$work timeout 60 "$browser" --headless --no-sandbox --disable-gpu --disable-dev-shm-usage \
    --user-data-dir="$work/profile" --virtual-time-budget=5000 --dump-dom "file://$1" \
    >"$work/dom" 2>"$work/err"
}

# Set $browser to a Chromium; skip all tests where there is none, or where it does not run.
find_browser () {
  browser=
  for name in chromium chromium-browser google-chrome; do
    [ -n "$browser" ] || browser=$(command -v $name || true)
  done
  [ -n "$browser" ] || skip_all 'there is no Chromium'
  echo '<p>hello' >"$work/hello.html"
  open_page "$work/hello.html" && grep -q '<p>hello' "$work/dom" ||
    skip_all "Chromium does not run here: $(tail -n 1 "$work/err" | tr '#' ' ')"
}

# Run the Python script $3 by the interpreter $2 with the arguments that follow, and report the tests that it prints as
# run_tests in browser.py does, and $1, the script as a whole.
run_in_browser () {
  all=$1
  shift
  PYTHONDONTWRITEBYTECODE=1 timeout 200 "$@" >"$work/tests" 2>"$work/why"
  result $? "$all"
  mv "$work/why" "$work/why.all"
  while read -r line; do
    name=${line#not } name=${name#ok }
    grep -F "$name: " "$work/why.all" >"$work/why"
    [ "$line" = "ok $name" ]
    result $? "$name"
  done <"$work/tests"
}
