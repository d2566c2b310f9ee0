#!/bin/sh
# .ci/mutants.py: what it says of mutants that are caught, hang, survive, are equivalent or do not compile, what it runs
# again, and which lists it refuses; .ci/mutant_draw.py draws by its seed; .ci/coverage.py shows what was not reached.
# Argument: the root of the sources.
set -eu
. "$(dirname "$0")/../support/tap.sh"
root=$1
project=$work/project
tab=$(printf '\t')
export PYTHONDONTWRITEBYTECODE=1

# A library of one file, and its test.
mkdir -p "$project/.ci" "$project/src/code" "$project/tests/code" "$project/tests/mutants"
cp "$root"/.ci/*.py "$project/.ci"
cd "$project"
echo 'src/code: code' >tests/folders
echo "option('examples', type: 'feature')" >meson_options.txt
cat >meson.build <<'TEXT'
project('least', 'c')
sum = static_library('sum', 'src/code/sum.c')
subdir('tests/code')
TEXT
echo "test('sum', executable('test-sum', 'test-sum.c', link_with: sum), protocol: 'tap')" >tests/code/meson.build
cat >src/code/sum.c <<'TEXT'
int sum (const int *numbers, int count) {
  int res = 0;
  for (int i = 0; i < count; i++) res += numbers[i];
  return res;
}

int is_small (int number) {
  if (number < 10) return 1;
  return 0;
}
TEXT

# Write the program that calls sum, and is_small with the number $1.
write_test () {
  cat >tests/code/test-sum.c <<TEXT
#include <stdio.h>

int sum (const int *numbers, int count);
int is_small (int number);

int main (void) {
  int numbers[] = {1, 2, 3};
  printf ("%s 1 - sum\n", sum (numbers, 3) == 6 ? "ok" : "not ok");
  printf ("%s 2 - is_small\n1..2\n", is_small ($1) ? "ok" : "not ok");
  return 0;
}
TEXT
}

# Write a list of the lines, whose fields have | between them.
write_list () {
  printf '%s\n' "$@" | tr '|' "$tab" >tests/mutants/list
}

mutants () {
  status=0
  python3 .ci/mutants.py -j1 --limit=2 "$work/build" >"$work/out" 2>"$work/err" || status=$?
  cat "$work/out" "$work/err"
}

caught='src/code/sum.c sum|res += numbers|res -= numbers'
hung='src/code/sum.c sum|i++|i += 0'
survived='src/code/sum.c is_small|number < 10|number <= 10'
equivalent='src/code/sum.c sum|i < count|i != count|no count is below 0'

each_mutant_has_its_verdict () {
  write_test 9
  write_list "$caught" "$hung" "$survived" "$equivalent"
  cp src/code/sum.c "$work/sum.c"
  mutants
  [ "$status" = 1 ]
  has_line '\] caught by sum: src/code/sum.c, sum: res += numbers  =>  res -= numbers' "$work/out"
  has_line '\] hung by sum: ' "$work/out"
  has_line '^src/code  *1  *1  *1  *1$' "$work/out"
  has_line '^survived, tests/mutants/list:3: src/code/sum.c, is_small: number < 10  =>  number <= 10' "$work/out"
  cmp src/code/sum.c "$work/sum.c"
}

what_is_known_is_not_run_again () {
  mutants
  [ "$status" = 1 ]
  has_no_line '^\[' "$work/out"
  has_line '^src/code  *1  *1  *1  *1$' "$work/out"
}

a_survivor_is_run_again_with_other_tests () {
  write_test 10
  sed -i 's/is_small (10)/!is_small (10)/' tests/code/test-sum.c
  mutants
  [ "$status" = 0 ]
  has_line '^\[1/1\] caught by sum: src/code/sum.c, is_small' "$work/out"
  has_line '^src/code  *2  *1  *0  *1$' "$work/out"
}

one_that_does_not_compile_is_an_error () {
  write_list 'src/code/sum.c sum|return res|return result'
  mutants
  [ "$status" = 1 ]
  has_line '^mutants: tests/mutants/list:1: does not compile: .*error: .*result' "$work/err"
}

a_library_that_fails_its_tests_is_an_error () {
  write_test 11
  write_list 'src/code/sum.c sum|return res|return 0'
  mutants
  [ "$status" = 1 ]
  has_line '^mutants: the test sum fails on the library as it is' "$work/err"
  write_test 9
}

# Expect the list of the lines after $1 to be refused with the line $1, before anything is built.
refuses () {
  line=$1
  shift
  write_list "$@"
  status=0
  python3 .ci/mutants.py "$work/none" >"$work/out" 2>"$work/err" || status=$?
  cat "$work/err"
  [ "$status" = 1 ] && [ "$(cat "$work/err")" = "mutants: $line" ] && [ ! -e "$work/none" ] && [ ! -s "$work/out" ]
}

lists_that_do_not_apply_are_refused () {
  has='src/code/sum.c has this text'
  refuses "tests/mutants/list:1: sum of $has 0 times: res *=" 'src/code/sum.c sum|res *=|res +='
  refuses "tests/mutants/list:2: is_small of $has 2 times: return" "$caught" 'src/code/sum.c is_small|return|continue'
  refuses 'tests/mutants/list:1: src/code/sum.c has 0 functions product' 'src/code/sum.c product|res|0'
  refuses 'tests/mutants/list:1: src/code/sum.c has 1 functions sum' 'src/code/sum.c sum#2|res = 0|res = 1'
  refuses 'tests/mutants/list:1: no such file: src/code/none.c' 'src/code/none.c sum|res|0'
  refuses 'tests/mutants/list:1: in none of the folders src/code: src/none.c' 'src/none.c sum|res|0'
}

lists_that_cannot_be_read_are_refused () {
  form='not FILE FUNCTION, TEXT, WRONG and perhaps REASON, with tabs between'
  refuses "tests/mutants/list:1: $form" 'src/code/sum.c|res|0'
  refuses "tests/mutants/list:1: $form" 'src/code/sum.c sum|res'
  refuses "tests/mutants/list:1: $form" 'src/code/sum.c sum||0'
  refuses "tests/mutants/list:1: $form" 'src/code/sum.c sum|res|0|'
  refuses 'tests/mutants/list:1: not the name of a function, and not -: sum()' 'src/code/sum.c sum()|res|0'
  refuses 'tests/mutants/list:1: changes nothing' 'src/code/sum.c sum|res|res'
  refuses 'tests/mutants/list:3: the same as tests/mutants/list:1' "$caught" '# text' "$caught|a reason"
}

# Draw $1 mutants by the seed 7, from lines 3 to 8 of the file.
draw () {
  write_list '# none'
  mkdir -p "$work/coverage"
  printf 'SF:src/code/sum.c\nDA:1,1\nDA:3,1\nDA:4,1\nDA:8,1\nDA:9,0\nBRDA:3,0,0,3\nBRDA:3,0,1,1\nBRDA:8,0,0,1\nBRDA:8,0,1,0\n' \
    >"$work/coverage/covered"
  python3 .ci/mutant_draw.py "$work/build" "$work/coverage/covered" 7 "$1"
}

a_seed_draws_the_same_mutants () {
  draw 2
  cp tests/mutants/list "$work/list"
  has_line '^# Drawn by the seed 7\.$' "$work/list"
  [ "$(grep -c "^src/code/sum.c .*$tab.*$tab" "$work/list")" = 2 ]
  draw 2
  cmp tests/mutants/list "$work/list"
  mutants
  has_line '^\[2/2\] ' "$work/out"
  has_no_line 'does not compile' "$work/err"
}

what_was_not_reached_is_shown () {
  draw 0
  python3 .ci/coverage.py lines "$work/coverage" src/code >"$work/out"
  printf '%s\n' 'src/code/sum.c:8: 1 of 2 sides: if (number < 10) return 1;' 'src/code/sum.c:9: not reached: return 0;' |
    diff - "$work/out"
  status=0
  python3 .ci/coverage.py lines "$work/coverage" src/none.c 2>"$work/err" || status=$?
  [ "$status" = 1 ] && [ "$(cat "$work/err")" = 'coverage: the last run knows no such file: src/none.c' ]
}

run each_mutant_has_its_verdict
run what_is_known_is_not_run_again
run a_survivor_is_run_again_with_other_tests
run one_that_does_not_compile_is_an_error
run a_library_that_fails_its_tests_is_an_error
run lists_that_do_not_apply_are_refused
run lists_that_cannot_be_read_are_refused
run a_seed_draws_the_same_mutants
run what_was_not_reached_is_shown
finish
