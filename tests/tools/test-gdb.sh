#!/bin/sh
# GDB shows the names of generated code, and forgets them again.  Arguments: gdb, gdb-program.
set -u
. "$(dirname "$0")/../support/tap.sh"
gdb=$1 program=$2
out=$work/out

explain () {
  cat "$out"
}

command -v "$gdb" >/dev/null || skip_all 'gdb is not installed'
# LeakSanitizer does not work in a traced program.
export ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0"

session () { # arguments of the program
  timeout 60 "$gdb" -nx -batch -iex 'set debuginfod enabled off' -ex 'set confirm off' \
    -ex 'break callback' -ex run -ex 'echo :first\n' -ex bt \
    -ex continue -ex 'echo :second\n' -ex bt \
    -ex 'echo :symbols\n' -ex 'info symbol generated_add' -ex 'info symbol generated_old' \
    -ex continue -ex 'echo :finished\n' -ex 'info symbol generated_add' \
    -ex 'continue' --args "$program" "$@" >"$out" 2>&1
}

session
refusal=$(grep -m 1 -E 'ptrace: |Could not trace|Cannot PTRACE' "$out")
[ -z "$refusal" ] || skip_all "gdb may not trace: $refusal"
! grep -q 'exited with code 0115' "$out" || skip_all 'no code with frames for this CPU' # 77

part () { # the output between :NAME and the next such line
  sed -n "/^:$1\$/,/^:/p" "$out" | sed 1d
}

part first | grep -q '^#0 .*callback' && part first | grep -q '^#1 .*generated_call ()' &&
  part first | grep -q '^#2 .*main'
result $? backtrace_names_the_generated_frame_and_its_caller
part second | grep -q '^#1 .*generated_new ()' && part second | grep -q '^#2 .*main'
result $? a_new_piece_in_an_old_place_has_its_own_name
part symbols | grep -q 'generated_add in section .text' &&
  part symbols | grep -q 'No symbol "generated_old"'
result $? names_of_freed_pieces_are_gone
part finished | grep -q 'No symbol "generated_add"' && grep -q 'exited normally' "$out"
result $? all_names_are_gone_with_their_mapping

session frames
part first | grep -q '^#1 .*generated_call ()' && part first | grep -q '^#2 .*main'
result $? backtrace_follows_the_description_of_frames

finish
