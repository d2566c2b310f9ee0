#!/bin/sh
# Which mimalloc get-mimalloc takes, and what it says of its version and origin; without the network.
#
# usage: test-get-mimalloc.sh SUBPROJECTS, the project's folder of that name
set -eu
. "$(dirname "$0")/../support/tap.sh"
subprojects=$(cd "$1" && pwd)

# Make $work/NAME/subprojects, without mimalloc, in a project whose oldest mimalloc is $FLOOR, and enter it.
FLOOR=30301
enter () {
  mkdir -p "$work/$1/subprojects"
  cd "$work/$1/subprojects"
  echo "mimalloc_floor = $FLOOR" >../meson.build
  cp -R "$subprojects/get-mimalloc" "$subprojects/mimalloc.wrap" "$subprojects/packagefiles" .
}

# Make folder $1 with what get-mimalloc takes for mimalloc of version $2.
make_tree () {
  mkdir -p "$1/include" "$1/src"
  echo "#define MI_MALLOC_VERSION $2   // a comment" >"$1/include/mimalloc.h"
  echo '/* mimalloc */' >"$1/src/static.c"
}

# The same as an archive in the cache.
make_archive () {
  mkdir -p packagecache
  make_tree "mimalloc-$1" "$1"
  tar -czf "packagecache/mimalloc-$1.tar.gz" "mimalloc-$1"
  rm -r "mimalloc-$1"
}

# Run get-mimalloc with the arguments after $1 and expect the line $1, and nothing else.
says () {
  expected=$1
  shift
  said=$(./get-mimalloc "$@" 2>&1)
  [ "$said" = "$expected" ] || {
    printf 'said      %s\ninstead of %s\n' "$said" "$expected"
    return 1
  }
}

says_version_and_archive_every_time () {
  enter archive
  make_archive 30302
  says 'mimalloc: version 3.3.2 from subprojects/packagecache/mimalloc-30302.tar.gz' cache
  says 'mimalloc: version 3.3.2 from subprojects/packagecache/mimalloc-30302.tar.gz'
  [ "$(cat mimalloc/origin.txt)" = "30302
subprojects/packagecache/mimalloc-30302.tar.gz" ]
}

takes_what_is_there () {
  enter there
  make_archive 30302
  make_tree mimalloc 30401
  says 'mimalloc: version 3.4.1 from an unknown place: put into subprojects/mimalloc by hand'
}

does_not_claim_the_origin_of_another_version () {
  enter replaced
  make_archive 30302
  ./get-mimalloc cache
  make_tree mimalloc 30403
  says 'mimalloc: version 3.4.3 from an unknown place: put into subprojects/mimalloc by hand'
}

leaves_the_time_of_an_unchanged_origin () {
  enter unchanged
  make_archive 30302
  ./get-mimalloc cache
  touch -t 200001010000 mimalloc/origin.txt
  ./get-mimalloc
  [ "$(find mimalloc/origin.txt -newer packagecache)" = "" ]
}

names_the_commit_of_a_checkout () {
  command -v git >/dev/null || {
    echo 'there is no git'
    return 77
  }
  enter checkout
  make_tree mimalloc 30302
  git -C mimalloc init -q
  git -C mimalloc add -A
  git -C mimalloc -c user.name=a -c user.email=a@b.c commit -q -m a
  commit=$(git -C mimalloc rev-parse HEAD)
  says "mimalloc: version 3.3.2 from a checkout of $commit"
  echo '/* more */' >>mimalloc/src/static.c
  says "mimalloc: version 3.3.2 from a checkout of $commit, changed"
}

# Also where a newer version stands behind the old one.
refuses_old_versions_and_says_so () {
  enter old
  make_archive 209
  make_archive 30300
  status=0
  ./get-mimalloc cache >said 2>&1 || status=$?
  [ "$status" = 1 ]
  has_line 'not from subprojects/packagecache/mimalloc-30300.tar.gz: version 3.3.0 is too old' said
  has_line 'not from subprojects/packagecache/mimalloc-209.tar.gz: version 2.0.9 is too old' said
  has_line 'found in none of these places: cache' said
  [ ! -e mimalloc ]
  make_archive 30401
  ./get-mimalloc cache 2>/dev/null | grep -qx 'mimalloc: version 3.4.1 from .*-30401.tar.gz'
}

takes_the_oldest_that_will_do () {
  enter oldest
  make_archive $FLOOR
  says "mimalloc: version 3.3.1 from subprojects/packagecache/mimalloc-$FLOOR.tar.gz" cache
}

leaves_an_old_one_that_is_there () {
  enter kept
  make_tree mimalloc 30300
  status=0
  ./get-mimalloc >said 2>&1 || status=$?
  [ "$status" = 1 ]
  has_line 'subprojects/mimalloc exists but is not mimalloc 3.3.1 or newer; remove it' said
}

# The only place that decides is meson.build; people read README.md and docs/.
finds_the_same_version_in_the_documents () {
  cd "$subprojects/.."
  floor=$(sed -n 's/^mimalloc_floor = //p' meson.build)
  floor=$((floor / 10000)).$((floor / 100 % 100)).$((floor % 100))
  grep -qF "needs mimalloc $floor or newer" README.md
  grep -qF "At least version $floor (\`mimalloc_floor\`" docs/architecture.md
  grep -qF "Heaps need mimalloc $floor:" docs/allocators.md
}

takes_the_last_resort_that_is_there () {
  enter last
  make_tree mimalloc 209
  says 'mimalloc: version 2.0.9 from an unknown place: put into subprojects/mimalloc by hand'
}

refuses_an_unknown_place () {
  enter place
  status=0
  ./get-mimalloc nowhere >said 2>&1 || status=$?
  [ "$status" = 2 ]
  has_line 'no such place: nowhere' said
}

run says_version_and_archive_every_time
run takes_what_is_there
run does_not_claim_the_origin_of_another_version
run leaves_the_time_of_an_unchanged_origin
run names_the_commit_of_a_checkout
run refuses_old_versions_and_says_so
run takes_the_oldest_that_will_do
run leaves_an_old_one_that_is_there
run finds_the_same_version_in_the_documents
run takes_the_last_resort_that_is_there
run refuses_an_unknown_place
finish
