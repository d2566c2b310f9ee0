#!/bin/sh
# The page in a real browser: charts and tables have the numbers that the programs have counted themselves, and every
# control does what it should (page.py).  Prints TAP; skipped where there is no Chromium.
#
# usage: test-page.sh MIR-REPORT TRACE-PROGRAM STACK-PROGRAM
set -u
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/browser.sh"
report=$1 program=$2 stack_program=$3
here=$(dirname "$0")

explain () {
  grep -o 'data-[a-z]*="[^"]*"' "$work/dom"
  tail -n 5 "$work/err"
}

number () { # what the program has counted as $1
  sed -n "s/^$1 //p" "$work/numbers"
}

find_browser
"$program" "$work/run.trace" >"$work/numbers" && "$report" "$work/run.trace" >"$work/out" || exit 1
open_page "$work/run.trace.html" && grep -q '<body data-drawn="yes">' "$work/dom"
result $? 'runs its script to the end'
for name in peak_bytes live_bytes made_bytes made_blocks failed code_peak_bytes; do
  grep -q "data-number=\"$name\" data-value=\"$(number $name)\"" "$work/dom"
  result $? "shows $name $(number $name)"
done

# The numbers that the script has drawn.
grep -q "<figure class=\"chart\" id=\"chart-live\" data-peak=\"$(number peak_bytes)\" data-layers=\"$(number peak_bytes)\">" "$work/dom"
result $? 'draws a curve with the peak, and the scopes below it'
grep -q "aria-label=\"Live bytes over time: at most $(number peak_bytes), .* $(number live_bytes) at the end" "$work/dom"
result $? 'has them in its label'
grep -q "id=\"chart-sizes\" data-blocks=\"$(number made_blocks)\"" "$work/dom"
result $? 'draws all blocks by size'
grep -q "id=\"chart-mapped\" data-peak=\"$(number code_peak_bytes)\"" "$work/dom"
result $? 'draws code over time'
grep -q "id=\"chart-code\" data-pieces=\"$(number code_published)\" data-bytes=\"$(number code_peak_bytes)\"" "$work/dom"
result $? 'draws all code blocks'
[ "$(grep -o 'aria-label="function_[0-9]*, ' "$work/dom" | wc -l)" = 20 ] &&
  [ "$(grep -Eo "aria-label=\"(<|&lt;)/title(>|&gt;)'[0-9]*', " "$work/dom" | wc -l)" = 20 ]
result $? 'names the code blocks'

# The tables add up.
sum_of () { # the sum of a column of numbers in the body of a table
  tr -d '\n' <"$work/dom" | sed "s/.*<table id=\"$1\">//; s/<tfoot>.*//; s/<\/table>.*//; s/<tr>/\n/g" |
    awk -F '<td class="n[^>]*>' -v column="$2" '{ sum += $(column + 1) } END { print sum + 0 }'
}
[ "$(sum_of peak 1)" = "$(number peak_bytes)" ]
result $? 'has the peak in its table of the peak'
[ "$(sum_of made 1)" = "$(number made_bytes)" ] && [ "$(sum_of made 2)" = "$(number made_blocks)" ] &&
  [ "$(sum_of made 3)" = "$(number live_bytes)" ] && [ "$(sum_of made 4)" = "$(number live_blocks)" ]
result $? 'has all blocks in its table of scopes'
[ "$(sum_of sizes 1)" = "$(number made_blocks)" ] && [ "$(sum_of sizes 2)" = "$(number made_bytes)" ]
result $? 'has all blocks in its table of sizes'
[ "$(sum_of lifetimes 1)" = $(($(number frees) + $(number live_blocks))) ]
result $? 'has all blocks in its table of lifetimes'
[ "$(sum_of code 1)" = "$(number code_peak_bytes)" ]
result $? 'has all code in its table'
# The charts over time as tables: they have the peak, and the scopes add up to all live bytes.
rows_of () { # the numbers in each row of the body of a table
  tr -d '\n' <"$work/dom" | sed "s/.*<table id=\"$1\">//; s/<\/table>.*//; s/.*<tbody>//; s/<tr>/\n/g" |
    sed -n 's/<[^>]*>/ /g; s/^ *[0-9.]* [a-z]* *//p'
}
rows_of times >"$work/rows"
awk -v peak="$(number peak_bytes)" '
  { all = 0; for (i = 2; i <= NF; i++) all += $i; if (all != $1) wrong++; if ($1 > most) most = $1 }
  END { exit !(NR > 1 && NR <= 32 && NF > 2 && most == peak && !wrong) }' "$work/rows"
result $? 'has the live bytes over time as a table'
rows_of code-times >"$work/rows"
awk -v peak="$(number code_peak_bytes)" '
  { if ($1 > $2) wrong++; if ($1 > most) most = $1 }
  END { exit !(NR > 1 && NR <= 32 && most == peak && !wrong) }' "$work/rows"
result $? 'has the code over time as a table'
! grep -q '<script>alert' "$work/dom" &&
  grep -q '<h1>&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt; &amp; "friends"</h1>' "$work/dom"
result $? 'shows names as text'

# An empty trace of process 42 without a title, a minute after midnight.
printf 'MIRtrace\001\010\074\052\000\024\001\000' >"$work/empty.trace"
"$report" --diff="$work/empty.trace" --html="$work/empty.html" "$work/run.trace" >"$work/out" &&
  open_page "$work/empty.html" &&
  grep -q '>The old trace: <b>empty.trace</b>, process 42, 1970-01-01 00:01 UTC: 0 events' "$work/dom"
result $? 'names an older trace without a title by its file'

# Every control, by mouse and keyboard.
explain () {
  cat "$work/why"
}

pages='uses the controls of the page of stacks'
if command -v python3 >/dev/null; then
  mkdir "$work/page"
  "$stack_program" "$work/old.trace" >"$work/old-counts" && "$stack_program" "$work/new.trace" more >"$work/counts" &&
    "$report" --html="$work/new.html" "$work/new.trace" >"$work/out" &&
    "$report" --diff="$work/old.trace" --html="$work/both.html" "$work/new.trace" >"$work/out" || exit 1
  run_in_browser "$pages" python3 "$here/page.py" "$browser" "$work/page" "$work/new.html" "$work/counts" \
    "$work/both.html"
else
  skip "$pages" 'there is no Python 3'
fi

finish
