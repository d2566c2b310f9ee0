# The configuration mimalloc: the library with each mimalloc that get-mimalloc finds on this machine, since what
# users get depends on what their machine reaches, and a source package of Debian's moves on.  Sourced by
# .ci/test.sh.

needs_mimalloc () {
  echo python3=python3
}

# The suite `memory` with each; what get-mimalloc cannot fetch is skipped with its reason.
test_mimalloc () {
  chosen=--suite=memory
  for place in cache upstream sid-mimalloc sid-emscripten release; do
    source=build-mimalloc/$place/source
    echo "== build-mimalloc/$place"
    copy_project_to "$source"
    said=$(mktemp)
    if "$source/subprojects/get-mimalloc" "$place" >"$said" 2>&1; then
      cat "$said"
      chosen_tests "build-mimalloc/$place/build" plain "$source" -Dexamples=disabled
    else
      echo "ok 1 - mimalloc from $place # SKIP $(sed -n 's/^mimalloc: \(not from \)/\1/p' "$said" | tail -n 1)"
      echo '# 0 passed, 0 failed, 1 skipped' | tee -a "$results"
    fi
    rm -f "$said"
  done
}

# Copy the project, without mimalloc, to folder $1.  Files keep their times, so that a build directory of an earlier
# copy compiles only what has changed.
copy_project_to () {
  rm -rf "$1"
  mkdir -p "$1"
  tar -cf - --exclude=./.git --exclude='./build*' --exclude=./subprojects/mimalloc . | tar -xf - -C "$1"
}
