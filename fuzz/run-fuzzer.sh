#!/bin/sh
# A short run of a libFuzzer target on a copy of its corpus.  Prints TAP.
#
# usage: run-fuzzer.sh TARGET CORPUS [RUNS]
set -u
target=$(realpath "$1") corpus=$2 runs=${3:-20000}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r "$corpus" "$work/corpus"
echo 1..1
if (cd "$work" && "$target" -runs="$runs" -max_len=4096 -timeout=20 corpus) >"$work/log" 2>&1; then
  echo "ok 1 - $(basename "$target"), $runs inputs"
  echo '# 1 passed, 0 failed, 0 skipped'
else
  echo "not ok 1 - $(basename "$target")"
  sed 's/^/# /' "$work/log" | tail -n 60
  for input in "$work"/crash-* "$work"/leak-* "$work"/timeout-* "$work"/oom-*; do
    [ ! -f "$input" ] || od -An -tx1 "$input" | sed 's/^/# input /' # to be put into the corpus
  done
  echo '# 0 passed, 1 failed, 0 skipped'
  exit 1
fi
