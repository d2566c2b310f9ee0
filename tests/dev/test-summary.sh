#!/bin/sh
# What ./dev test prints at the end, from files as configurations leave them.  Argument: the root of the sources.
set -u
. "$(dirname "$0")/../support/tap.sh"
. "$1/.ci/summary.sh"
results_dir=$work results=$work/tap failures=$work/failures notes=$work/notes costs=$work/costs
mimalloc='mimalloc: version 3.4.1 from somewhere'

explain () {
  cat "$work/out"
}

begin () {
  for file in "$results" "$failures" "$notes" "$costs"; do
    : >"$file"
  done
  start_clock
}

put () {
  printf '%s\n' "$@" >>"$results"
}

end () {
  status=0
  summarize >"$work/out" 2>&1 || status=$?
}

begin
put 'ok 1 - a' 'ok 2 - b # SKIP there is no b' '1..2' '# 1 passed, 0 failed, 1 skipped'
note_cost gcc
put '1..0 # SKIP there is no c' '# 0 passed, 0 failed, 1 skipped'
put 'ok 1 - d # SKIP there is no b' '# 7 passed, 0 failed, 1 skipped'
note_cost asan
echo 'gcc 14.2.0, Debian' >>"$notes"
end
[ "$status" = 0 ] && [ "$(tail -n 1 "$work/out")" = '8 passed, 0 failed, 3 skipped' ]
result $? 'counts of all configurations'
[ "$(sed -n '/^== skipped/,/^==/ s/^ *\([0-9]\)/\1/p' "$work/out")" = "2 there is no b
1 there is no c" ]
result $? 'skipped tests by their reasons'
[ "$(sed -n 's/^\(| [a-z]* |\) [0-9.]* | [0-9.]* /\1 /p' "$work/out")" = '| gcc | | 1 | 0 | 1 |
| asan | | 7 | 0 | 2 |
| all | | 8 | 0 | 3 |' ]
result $? 'costs of each configuration, with its own counts'
grep -qx 'gcc 14.2.0, Debian' "$work/out" && grep -qx "$mimalloc" "$work/out" && ! grep -q '== failures' "$work/out"
result $? 'notes and mimalloc'

# Time that a child's CPU takes, and time that passes without.
begin
python3 -c 'import time
while time.process_time () < 1: pass'
sleep 2
note_cost busy
sleep 2
note_cost idle
awk -F '|' '
  $1 == "busy" { good += $2 >= 2 && $3 >= 1 && $3 < 10 }
  $1 == "idle" { good += $2 >= 1 && $3 < 1 }
  END { exit good != 2 }' "$costs"
result $? 'time that passes'

begin
put '# 5 passed, 0 failed, 0 skipped'
echo 'gcc (build), test: killed by SIGSEGV, before the first result' >>"$failures"
note_cost gcc
end
[ "$status" = 1 ] && [ "$(tail -n 1 "$work/out")" = '5 passed, 1 failed, 0 skipped' ] && grep -q 'killed by SIGSEGV' "$work/out"
result $? 'a program that crashed counts as a failure'

begin
put '# 5 passed, 2 failed, 0 skipped'
note_cost gcc
end
[ "$status" = 1 ] && [ "$(tail -n 1 "$work/out")" = '5 passed, 2 failed, 0 skipped' ]
result $? 'failures in the counts alone'

begin
put 'ok 1 - all # SKIP there is no Wine' '# 0 passed, 0 failed, 1 skipped'
note_cost wine8
end
[ "$status" = 1 ] && [ "$(tail -n 1 "$work/out")" = '0 passed, 0 failed, 1 skipped' ]
result $? 'nothing passed: no success'

finish
