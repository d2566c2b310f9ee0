# What ./dev test prints at the end: failures, why tests were skipped, what each configuration cost, counts.  Sourced by
# .ci/test.sh, which says what the files are.

# Put the seconds since some point in time into $wall, and the CPU seconds of this shell's children, those that have
# ended, into $cpu.  Not by a $(...): a subshell would count its own.
read_clock () {
  times >"$results_dir/times"
  wall=$(date +%s)
  cpu=$(awk '
    NR == 2 {
      for (i = 1; i <= 2; i++) {
        split ($i, part, "m")
        cpu += 60 * part[1] + part[2]
      }
      printf "%.2f\n", cpu
    }' "$results_dir/times")
}

start_clock () {
  read_clock
  begun="$wall $cpu"
  lines=0
}

# Note that $1 has ended, which began when the last one had.
note_cost () {
  read_clock
  counted=$(tail -n +"$((lines + 1))" "$results" | count)
  echo "$begun $wall $cpu" | awk -v name="$1" -v counted="$counted" \
    '{ printf "%s|%d|%.2f|%s\n", name, $3 - $1, $4 - $2, counted }' >>"$costs"
  begun="$wall $cpu"
  lines=$(wc -l <"$results")
}

# Print the sums of the counts in TAP: passed, failed, skipped.
count () {
  awk '
    /^# [0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/ { p += $2; f += $4; s += $6 }
    END { printf "%d|%d|%d\n", p, f, s }'
}

# Print what failed, a line each, the reasons of skipped tests with their number, the costs, which mimalloc there was,
# and the counts: CI logs may be cut to their last lines.  A program that crashes prints no count, so the lines are
# what counts as failures.  Status 1 if there is one, or if nothing passed.
summarize () {
  if grep -q ' # SKIP ' "$results"; then
    echo '== skipped'
    sed -n 's/.* # SKIP //p' "$results" | sort | uniq -c | sort -rn
  fi
  print_costs
  [ ! -s "$failures" ] || {
    echo '== failures'
    cat "$failures"
  }
  cat "$notes"
  echo "$mimalloc"
  count <"$results" | awk -F '|' -v failed="$(wc -l <"$failures")" '{
    if ($2 > failed) failed = $2
    printf "%d passed, %d failed, %d skipped\n", $1, failed, $3
    exit $1 == 0 || failed != 0
  }'
}

# The table in CONTRIBUTING.md is one of these.
print_costs () {
  echo "== costs, on $(nproc) cores"
  awk -F '|' '
    function row (name, wall, cpu, counts) { printf "| %s | %.1f | %.1f | %s |\n", name, wall / 60, cpu / 60, counts }
    BEGIN {
      print "| configuration | minutes | CPU minutes | passed | failed | skipped |"
      print "|---|---:|---:|---:|---:|---:|"
    }
    {
      row ($1, $2, $3, $4 " | " $5 " | " $6)
      wall += $2; cpu += $3; p += $4; f += $5; s += $6
    }
    END { row ("all", wall, cpu, p + 0 " | " f + 0 " | " s + 0) }' "$costs"
}
