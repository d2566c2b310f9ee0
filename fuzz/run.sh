#!/bin/sh
# A short run of a libFuzzer target, with the committed corpus and, for images, new seeds.  Prints TAP.
#
# usage: run.sh TARGET RUNS CORPUS [MAKE-IMAGES]     CORPUS: a folder or a tar.xz
set -u
. "$(dirname "$0")/../tests/support/tap.sh"
target=$(realpath "$1") runs=$2 corpus=$3
mkdir "$work/seeds" "$work/corpus"
case $corpus in
*.tar.xz) tar -xJf "$corpus" -C "$work/corpus" ;;
*) cp -r "$corpus/." "$work/corpus" ;;
esac || exit 1
[ $# -lt 4 ] || "$4" seeds "$work/seeds" || exit 1
explain () {
  grep -E 'broken|ERROR|SUMMARY' log
  for crash in crash-* timeout-* oom-* leak-*; do
    [ -f "$crash" ] && echo "$crash, base64:" && base64 "$crash"
  done
}

seed=${TAP_SEED:-$(date +%s)}
echo "# TAP_SEED=$seed"
cd "$work" || exit 1
"$target" -runs="$runs" -seed="$seed" -max_len=8192 -timeout=20 -print_final_stats=1 corpus seeds >log 2>&1
status=$?
sed -n 's/^stat::number_of_executed_units: */# inputs: /p' log
result $status 'no input breaks the target'
finish
