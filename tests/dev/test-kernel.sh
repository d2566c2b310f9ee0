#!/bin/sh
# The kernel laboratory without a kernel: what run-row makes of what guests say, and of those that say nothing; which programs
# a row chooses; what is said where there are no packages.  Argument: the root of the sources.
set -u
. "$(dirname "$0")/../support/tap.sh"
root=$1
here=$root/tests/kernel
mkdir "$work/bin" "$work/log"

explain () {
  cat "$work/out" "$work/err" 2>/dev/null
}

# Run a row whose guest is the shell script $1, with the seconds $2 for a guest that says nothing.
row () {
  rm -f "$work/log/"* "$work/rows"
  status=0
  "$here/run-row" --row some --machine 13 --version 6.12-1 --log "$work/log" --rows "$work/rows" --seconds "$2" -- \
    sh -c "$1" guest "$work/log/tap" "$work/log/console" >"$work/out" 2>"$work/err" || status=$?
}

begin='exec >"$1"; echo "# lab: kernel 6.12.1"; echo "# lab: proven"; echo "# lab: backends open alias anon"'
program='echo "# lab: program space"; echo "ok 1 - a"; echo "ok 2 - b # SKIP no b"; echo 1..2; echo "# 1 passed, 0 failed, 1 skipped"'
end='echo "# lab: ended space 0 after 3 s"; echo "# lab: done"'

row "$begin; $program; $end" 60
[ "$status" = 0 ] && has_line '^ok 1 - some on 13, the switch is on$' "$work/out" &&
  has_line '^ok 2 - some on 13, space: a$' "$work/out" && has_line '^ok 3 - some on 13, space: b # SKIP no b$' "$work/out" &&
  has_line '^1\.\.3$' "$work/out" && [ ! -s "$work/err" ]
result $? "a row that passes"
[ "$(cut -f 1-8 "$work/rows")" = "$(printf 'some\t13\t6.12-1\t6.12.1\topen alias anon\t2\t0\t1')" ]
result $? 'its counts and back ends are kept'

row 'exec >"$1"; echo "# lab: kernel 6.12.1"; echo "# lab: no proof"; echo "# lab: done"' 60
[ "$status" = 1 ] && has_line '^not ok 1 - some on 13, the switch is on$' "$work/out"
result $? 'a switch that is not proven'

row "$begin; $program; echo '# lab: ended space 139 after 3 s'; echo '# lab: done'" 60
[ "$status" = 1 ] && has_line '^not ok 4 - some on 13, space: status 139, ' "$work/out"
result $? 'a program that dies at its end'

row "$begin; echo '# lab: program space'; echo 'ok 1 - a'; echo '# lab: ended space 0 after 3 s'; echo '# lab: done'" 60
[ "$status" = 1 ] && has_line '^not ok 3 - some on 13, space: status 0, after: ok 1 - a$' "$work/out"
result $? 'a program that prints no summary'

row "$begin; echo '# lab: program space'; echo 'not ok 1 - a'; echo '# 0 passed, 1 failed, 0 skipped'
  echo '# lab: ended space 1 after 3 s'; echo '# lab: done'" 60
[ "$status" = 1 ] && [ "$(grep -c '^not ok' "$work/out")" = 1 ] && [ "$(cut -f 6-8 "$work/rows")" = "$(printf '1\t1\t0')" ]
result $? 'a program with a test that fails counts once'

row "$begin; $program; echo 'Kernel panic' >\"\$2\"; exit 3" 60
[ "$status" = 1 ] && has_line '^not ok 4 - some on 13, in space, the guest ended with status 3, after: # 1 passed' "$work/out" &&
  has_line '^# console: Kernel panic$' "$work/out"
result $? 'a guest that ends in the middle'

row "$begin; $program; exec sleep 1000" 3
[ "$status" = 1 ] && has_line '^not ok 4 - some on 13, in space, the guest said nothing for 3 seconds, ' "$work/out"
result $? 'a guest that hangs'

row 'exit 1' 60
[ "$status" = 1 ] && has_line '^not ok 1 - some on 13, the guest ended with status 1' "$work/out"
result $? 'a machine that does not start'

# Of three programs those that the words name.
(
  . "$here/guest.sh"
  chosen () {
    names=
    for pair in 'probe code' 'heap-own heap' 'kernel-commit kernel'; do
      ! chooses $pair "$@" || names="$names ${pair% *}"
    done
    echo $names
  }
  mkdir -p "$work/lab"
  printf 'few = probe space\nplain | 13 | true | true | all\n' >"$work/lab/rows"
  rows=$work/lab/rows
  [ "$(chosen all)" = 'probe heap-own' ] && [ "$(chosen heap)" = heap-own ] && [ "$(chosen few)" = probe ] &&
    [ "$(chosen all -probe kernel-commit)" = 'heap-own kernel-commit' ] && [ -z "$(chosen fe plain)" ]
) >"$work/out" 2>"$work/err"
result $? 'programs by names, sets, lists, and without some'

# Which words of ./dev test are rows.
(
  cd "$root" || exit 1
  . .ci/debian.sh
  . .ci/test.sh
  configs= unknown=
  parse_configs gcc kernel plain overcommit nonesuch
  [ "$configs/$unknown" = ' gcc kernel:plain:overcommit/ nonesuch' ] || exit 1
  configs= unknown=
  parse_configs kernel gcc
  [ "$configs/$unknown" = ' kernel gcc/' ] || exit 1
  for row in $(kernel_rows | cut -d '|' -f 1); do
    ! is_config "$row" || exit 1
  done
) >"$work/out" 2>"$work/err"
result $? 'words behind kernel that are rows'

printf '#!/bin/sh\nexit 100\n' >"$work/bin/apt-get"
chmod +x "$work/bin/apt-get"
status=0
PATH=$work/bin:$PATH "$here/get" trixie amd64 "$work/kernel" vmlinuz >"$work/out" 2>"$work/err" || status=$?
[ "$status" = 77 ] && [ "$(cat "$work/out")" = 'no packages of Debian trixie: apt knows no mirror of Debian' ]
result $? 'no mirror, no kernel'

finish
