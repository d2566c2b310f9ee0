#!/bin/sh
# A long run of a libFuzzer target in batches, which may be stopped and gone on with: FOLDER keeps the corpus, the
# logs of the last batches and the file `count`, one line for each batch that found nothing, with its inputs.  Ends when
# they are INPUTS in all, when FOLDER/stop is made, or with status 1 when a batch finds something.
#
# usage: batches.sh TARGET FOLDER INPUTS [SEEDS...]     BATCH: inputs of a batch, MAX_LEN: bytes of an input
set -eu
target=$(realpath "$1") folder=$2 inputs=$3 batch=${BATCH:-500000}
shift 3
mkdir -p "$folder/corpus"
touch "$folder/count"
# libFuzzer reads the folders of seeds anew each time, and writes only to the first one.
seeds=
for seed; do
  seeds="$seeds $(realpath "$seed")"
done
cd "$folder"
done_so_far () {
  awk '{ n += $2 } END { printf "%d", n }' count
}
while [ "$(done_so_far)" -lt "$inputs" ] && [ ! -e stop ]; do
  nice -n 19 "$target" -runs="$batch" -max_len="${MAX_LEN:-8192}" -timeout=60 -rss_limit_mb=2000 -print_final_stats=1 \
    corpus $seeds >log 2>&1 || {
    tail -n 30 log
    exit 1
  }
  echo "$(date +%FT%T) $(sed -n 's/^stat::number_of_executed_units: *//p' log)" >>count
  mv log log.old
done
echo "$(done_so_far) inputs, nothing found"
