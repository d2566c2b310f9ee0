#!/bin/sh
# ./dev demo: what it compiles, its options, and that it prints what its page shows; and what a terminal and a log see
# of ./dev build.  Compiling itself is left to the build that runs this test.
#
# usage: test-demo.sh ROOT PACKET-FILTER MIR-REPORT [sample]
#   sample: the numbers of the page hold for this build
set -u
. "$(dirname "$0")/../../tests/support/tap.sh"
root=$1 program=$(realpath "$2") report=$(realpath "$3") sample=${4-}
page=$root/examples/packet-filter/README.md

explain () {
  cat "$work/compiled" "$work/out" "$work/err" 2>/dev/null
}

# A checkout in which the programs are there.
mkdir -p "$work/build-demo/examples/packet-filter" "$work/build-demo/src/report"
ln -s "$program" "$work/build-demo/examples/packet-filter/packet-filter"
ln -s "$report" "$work/build-demo/src/report/mir-report"
ln -s "$root/.ci" "$work/"
mkdir -p "$work/examples/packet-filter"
cp -r "$root/examples/packet-filter/data" "$root/examples/packet-filter/filters" "$work/examples/packet-filter/"

# The demo with these options, without installing, fetching and compiling; what it would compile is in
# $work/compiled.  Its status.
demo_with () {
  (
    set -eu
    cd "$work"
    caller=$PWD # as ./dev sets it
    . .ci/build.sh
    need () { :; }
    get_mimalloc () { :; }
    configure_in () { echo "configure $*" >compiled; }
    compile_in () { echo "compile $*" >>compiled; }
    die () { echo "dev: $*" >&2; exit 1; }
    demo "$@"
  ) >"$work/out" 2>"$work/err"
}

is_compiled () {
  printf '%s\n' 'configure build-demo -Dtests=disabled -Dexamples=enabled' "compile build-demo $1" | cmp -s - "$work/compiled"
}

# Of the output $1 what does not depend on speed, on options, on folders and on the widths of columns.
facts () {
  tr -d '\r' <"$1" | sed \
    -e '/^filter /,/^$/s/  *[0-9][0-9]*\.[0-9]x*/ #/g' \
    -e 's/^hot swap: [0-9]* filters\(.*\) ran [0-9]* packets/hot swap: # filters\1 ran # packets/' \
    -e 's,file://.*/build-demo/,file:///.../build-demo/,' \
    -e 's/  */ /g'
}

# The page's sample.
sample () {
  sed -n '/^```$/,/^```$/p' "$page" | sed '/^```$/d'
}

demo_with --help && is_compiled examples/packet-filter/packet-filter && grep -q '^Usage: ' "$work/out" &&
  [ ! -s "$work/err" ]
result $? '--help compiles the program alone and prints its help'
for options in --fast '--packets 0' '--rounds x' --trace '--tools --trace x'; do
  demo_with $options
  [ $? = 2 ] && [ ! -s "$work/out" ] && [ "$(wc -l <"$work/err")" = 1 ]
  result $? "a bad option is one line and status 2: $options"
done
demo_with --rounds 1 --swaps 20 --packets 100 &&
  is_compiled 'examples/packet-filter/packet-filter src/report/mir-report' &&
  [ -s "$work/build-demo/memory-picture.html" ]
result $? 'compiles the program and mir-report, and leaves a memory picture'
rm -f "$work/build-demo/memory-picture.html"
! grep -q 'not available' "$work/err" && demo_with --tools --rounds 1 --swaps 20 --packets 100
case $(cat "$work/err") in
*'not available on this system'*) skip 'with --tools there is no picture' 'there are no tools here' ;;
*)
  [ $? = 0 ] && [ ! -e "$work/build-demo/memory-picture.html" ] && ! grep -q 'memory picture' "$work/out"
  result $? 'with --tools there is no picture'
  ;;
esac

# Only the speeds, and the packets during the swaps, may differ; a busy machine needs minutes for as many swaps.
demo_with --rounds 1 --swaps 20
sample >"$work/sample"
facts "$work/sample" >"$work/promised"
facts "$work/out" >"$work/found"
backend=$(grep '^code memory: ' "$work/out")
if [ -z "$sample" ]; then
  skip 'prints what its page shows' 'another kind of build than the sample of the page is of'
elif ! grep -qxF -- "$backend" "$work/sample"; then
  skip 'prints what its page shows' "this system's code memory differs: $backend"
else
  diff "$work/promised" "$work/found" >"$work/err" && [ "$(wc -l <"$work/found")" -gt 30 ]
  result $? 'prints what its page shows'
fi

# A build of which one command fails with a message, and another one succeeds with one.
broken=$work/broken
mkdir "$broken"
cat >"$broken/build.ninja" <<'END'
rule run
  command = echo message of $out && $status
  description = making $out
build good: run
  status = true
build bad: run good
  status = false
END

# Compile it as ./dev does, with standard error as it is.
compile_broken () {
  (
    cd "$work"
    caller=$PWD # as ./dev sets it
    . "$root/.ci/build.sh"
    die () { echo "dev: $*" >&2; exit 1; }
    compile_in broken
  )
}

compile_broken >"$work/out" 2>"$work/err"
[ $? = 1 ] && [ ! -s "$work/out" ] && grep -q '^FAILED: .*bad' "$work/err" && grep -q '^message of bad' "$work/err" &&
  ! grep -q '^message of good' "$work/err" &&
  [ "$(tail -n 1 "$work/err")" = 'dev: could not compile broken/, see broken/ninja.log' ]
result $? 'a log gets the output of the command that failed, and of no other'
sed -i 's/status = false/status = true/' "$broken/build.ninja"
compile_broken >"$work/out" 2>"$work/err" && [ ! -s "$work/out" ] && [ ! -s "$work/err" ]
result $? 'a log gets nothing of what succeeds'
if command -v python3 >/dev/null; then
  touch "$broken/build.ninja"
  sed -i 's/message of/news of/' "$broken/build.ninja"
  cat >"$work/compile" <<END
cd "$work"; . "$root/.ci/build.sh"; die () { exit 1; }; compile_in broken
END
  python3 -c 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(["sh", sys.argv[1]])))' \
    "$work/compile" </dev/null >"$work/out" 2>"$work/err"
  [ $? = 0 ] && grep -q '\[2/2\] making bad' "$work/out"
  result $? 'a terminal sees the progress'
else
  skip 'a terminal sees the progress' 'there is no python3'
fi

finish
