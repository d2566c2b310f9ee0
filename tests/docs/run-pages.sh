#!/bin/sh
# Checks the pages (pages.py) with what their commands find where a reader runs them: the sources, the build as build/,
# the tools in PATH, and files that readers have of their own.  Arguments: python, the sources, the build.
set -eu
here=$(CDPATH= cd -- "$(dirname "$0")" && pwd)
python=$1 root=$2 build=$3
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

# Links to what is in folder $1, in the new folder $2, so that a command may write there and `..` leads back.
mirror () {
  mkdir "$2"
  for entry in "$1"/* "$1"/.ci; do
    [ ! -e "$entry" ] || ln -s "$entry" "$2/"
  done
}

mirror "$root" "$tree/root"
cd "$tree/root"
rm -rf build examples
mirror "$root/examples" examples
for folder in examples/*/; do
  rm "${folder%/}"
  mirror "$root/${folder%/}" "${folder%/}"
done
mirror "$build" build
mkdir bin
for program in src/report/mir-report src/inject/mir-inject examples/llvm-filter/llvm-filter; do
  [ ! -e "build/$program" ] || ln -s "$build/$program" bin/
done

build/tests/trace/trace-program run.trace >/dev/null
cp run.trace old.trace
rm -f build/demo.trace
cp run.trace build/demo.trace
! command -v zstd >/dev/null || zstd -q -k run.trace
ln -s build/examples/tasks/task-patch program

"$python" "$here/pages.py" "$root" "$here/commands" "$PWD"
