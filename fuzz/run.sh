#!/bin/sh
# A short run of a libFuzzer target, from the committed corpus and, for images, fresh seeds.  Prints TAP.
#
# usage: run.sh TARGET RUNS CORPUS [MAKE-IMAGES]     CORPUS: a folder or a tar.xz
set -u
target=$(realpath "$1") runs=$2 corpus=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/seeds" "$work/corpus"
case $corpus in
*.tar.xz) tar -xJf "$corpus" -C "$work/corpus" ;;
*) cp -r "$corpus/." "$work/corpus" ;;
esac || exit 1
[ $# -lt 4 ] || "$4" seeds "$work/seeds" || exit 1
seed=${TAP_SEED:-$(date +%s)}
echo "# TAP_SEED=$seed"
cd "$work" || exit 1
"$target" -runs="$runs" -seed="$seed" -max_len=4096 -timeout=20 -print_final_stats=1 corpus seeds >log 2>&1
status=$?
if [ $status = 0 ]; then
  sed -n 's/^stat::number_of_executed_units: */# inputs: /p' log
  echo 'ok 1 - no input breaks it'
else
  grep -E 'broken|ERROR|SUMMARY' log | sed 's/^/# /'
  for crash in crash-* timeout-* oom-* leak-*; do
    [ -f "$crash" ] && echo "# $crash, base64:" && base64 "$crash" | sed 's/^/# /'
  done
  echo 'not ok 1 - no input breaks it'
fi
echo '1..1'
if [ $status = 0 ]; then echo '# 1 passed, 0 failed, 0 skipped'; else echo '# 0 passed, 1 failed, 0 skipped'; fi
exit $status
