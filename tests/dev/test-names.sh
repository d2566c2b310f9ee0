#!/bin/sh
# ./dev refuses names that do not exist in one line, with status 2, before it fetches, builds or installs anything.
# Argument: the root of the sources.
set -u
. "$(dirname "$0")/../support/tap.sh"
root=$1
project=$work/project
mkdir -p "$project/bench" "$work/bin"
cp -R "$root/dev" "$root/.ci" "$project"
cp -R "$root/bench/ucrt" "$project/bench"
mkdir -p "$project/tests"
cp -R "$root/tests/real" "$root/tests/folders" "$project/tests"
cd "$project" || exit 1
export PYTHONDONTWRITEBYTECODE=1

# Whatever starts work says so.
for command in apt-get apt-cache debootstrap meson ninja git npm gcc g++ clang pkg-config; do
  printf '#!/bin/sh\necho %s >>"%s/started"\nexit 1\n' $command "$work" >"$work/bin/$command"
  chmod +x "$work/bin/$command"
done
PATH=$work/bin:$PATH
find . | sort >"$work/before"

explain () {
  cat "$work/out" "$work/err" "$work/started" 2>/dev/null
  find . | sort | diff "$work/before" -
}

# Expect ./dev with the arguments after $1 to say the line $1 and nothing else, and to do nothing.
refuses () {
  line=$1
  shift
  rm -f "$work/started"
  ./dev "$@" >"$work/out" 2>"$work/err" </dev/null
  [ $? = 2 ] && [ ! -s "$work/out" ] && [ "$(cat "$work/err")" = "$line" ] && [ ! -e "$work/started" ] &&
    find . | sort | cmp -s "$work/before" -
  result $? "./dev $(printf %s "$*" | tr '\001-\037\134' '[?*]')"
}

refuses 'dev: no such command: nonesuch (./dev help lists them)' nonesuch
refuses 'dev: build takes no arguments' build gcc
refuses 'dev: dll takes no arguments' dll x64
refuses 'dev: docs takes no arguments' docs pages
refuses 'dev: format takes --check or nothing' format --chek
refuses 'dev: no such configuration: nonesuch (./dev help lists them)' test nonesuch
refuses 'dev: no such configuration: gc mingw (./dev help lists them)' test gc asan mingw
refuses 'dev: no such configuration: m68k (./dev help lists them)' test --arch aarch64 m68k
refuses 'dev: no such configuration: nonesuch (./dev help lists them)' test debian 13 gcc nonesuch
refuses 'dev: debian takes a suite, 12, 13, 14 or sid, and then configurations' test debian
refuses 'dev: debian takes a suite, 12, 13, 14 or sid, and then configurations' test gcc debian buster
refuses 'dev: no such benchmark: nonesuch (./dev help lists them)' bench alloc nonesuch
refuses 'dev: no such benchmark: code-job (./dev help lists them)' bench code-job
refuses "dev: --mir takes the folder of MIR's mir-htab.h" bench containers --mir /nonexistent
refuses 'dev: bench llvm takes no arguments' bench llvm code
refuses 'dev: bench llvm goes without other names' bench code llvm
refuses 'dev: guests takes releases of Debian, 12, 13, 14 or sid, or nothing' guests zstd
refuses 'dev: mutants takes names that tests/folders has: src/nonesuch' mutants src/code src/nonesuch
refuses 'dev: mutants takes names that tests/folders has: --agian' mutants --agian
refuses 'dev: mutants takes names that tests/folders has: -j0' mutants -j0
for words in '' 1 'one 1' '1 many' '1 2 3' '1 -2'; do
  refuses 'dev: mutants draw takes a seed and a count, two numbers' mutants draw $words
done
refuses 'dev: coverage takes names that tests/folders has: code' coverage code
refuses 'dev: coverage lines takes files and folders of the sources' coverage lines
refuses 'bench: no such subject: nonesuch' bench ucrt --only mix,nonesuch
refuses 'bench: no such subject: an empty name' bench ucrt --only ''
refuses 'bench: no such side: nonesuch' bench ucrt --sides nonesuch
refuses 'bench: no such side: an empty name' bench ucrt --sides ''
refuses 'bench: no folder with it was given: --redirect DIR' bench ucrt --sides none,redirect
refuses 'bench: /nonexistent has no mimalloc.dll and no mimalloc-redirect.dll' bench ucrt --redirect /nonexistent
for number in 0 1001 -1 1.5 many ''; do
  refuses "bench: --rounds takes a number from 1 to 1000: $number" bench ucrt "--rounds=$number"
done
for number in 0 1e4 -1 nan inf long ''; do
  refuses "bench: --seconds takes a number between 0 and 10000: $number" bench ucrt "--seconds=$number"
done
for option in --rounds --seconds --only --sides --redirect; do
  refuses "bench: argument $option: expected one argument" bench ucrt $option
done
refuses 'bench: unrecognized arguments: --nonesuch' bench ucrt --nonesuch
refuses 'bench: unknown argument: mix' bench ucrt mix
refuses 'bench: unknown argument: mix' bench ucrt --rounds 3 -- mix

# A name can be anything; what a terminal would obey is not printed.
refuses 'dev: no such command: a?[31m?b\n (./dev help lists them)' "$(printf 'a\033[31m\nb\\n')"
refuses 'dev: no such configuration: ?[2J (./dev help lists them)' test "$(printf '\033[2J')"

./dev help >"$work/out" 2>"$work/err" && grep -q '^./dev build' "$work/out" && [ ! -s "$work/err" ]
result $? './dev help'

# What would run is what was asked for, and only names in the wrong place are refused.
names_of () {
  configs= unknown=
  parse_configs "$@"
  echo $configs
}

(
  . .ci/debian.sh
  . .ci/test.sh
  [ "$(names_of $arch_configs)" = 'aarch64 riscv64 ppc64le s390x i386 armhf armel mips64el loong64' ]
) >"$work/out" 2>"$work/err"
result $? 'every CPU is a configuration'

# Of loong64 this Debian's apt knows the compiler or not; nothing is installed.
(
  . .ci/debian.sh
  . .ci/linux.sh
  uname () { echo x86_64; }
  is_there () { return 1; }
  installs () { :; }
  test_in_debian () { echo test_in_debian "$@"; }
  build_and_test () { echo build_and_test "$@"; }
  for cpu in $arch_configs; do
    [ -f "$root/cross/$cpu.ini" ] || exit 1
    apt_has () { :; }
    for probe in $(needs_arch "$cpu"); do
      grep -q "'${probe%%=*}'" "$root/cross/$cpu.ini" || exit 1
    done
    [ "$(needs_arch "$cpu" | wc -w)" = 3 ] || exit 1
    apt_has () { return 1; }
    case $cpu,$(needs_arch "$cpu") in
    loong64,*debootstrap*) ;;
    loong64,* | *debootstrap*) exit 1 ;;
    esac
    case $cpu,$(test_arch "$cpu") in
    loong64,'test_in_debian trixie loong64') ;;
    *,"build_and_test build-$cpu emulated --cross-file cross/$cpu.ini"*) [ "$cpu" != loong64 ] || exit 1 ;;
    *) exit 1 ;;
    esac
    [ -z "$(uname () { echo "$(machine_of "$cpu")"; }; needs_arch "$cpu")" ] || exit 1
  done
) >"$work/out" 2>"$work/err"
result $? 'a CPU needs the compiler and the emulator that its cross file names, or a Debian with them; its own machine nothing'

(
  . .ci/debian.sh
  . .ci/test.sh
  [ "$(names_of gcc --arch s390x debian sid)" = 'gcc s390x debian:sid:gcc:clang' ] &&
    [ "$(names_of debian 12 bookworm trixie)" = 'debian:bookworm debian:bookworm debian:trixie' ] &&
    [ "$(names_of debian 13 forky gcc format)" = 'debian:trixie:gcc:format debian:forky:gcc:format' ]
) >"$work/out" 2>"$work/err"
result $? 'the words behind debian are its suites and their configurations'

# Only where packages are installed can there be a Debian within, and there is none within that.
(
  . .ci/debian.sh
  . .ci/test.sh
  installs () { [ "$can_install" = yes ]; }
  grep () { [ "$*" != '-qx VERSION_CODENAME=trixie /etc/os-release' ]; }
  can_install=yes IN_MINIMAL_DEBIAN=
  with=$(names_of $(default_configs))
  IN_MINIMAL_DEBIAN=1
  within=$(names_of $(default_configs))
  can_install=no IN_MINIMAL_DEBIAN=
  [ "$with" = "$within debian:trixie:small" ] && [ "$(names_of $(default_configs))" = "$within" ]
) >"$work/out" 2>"$work/err"
result $? 'Debian 13 is in the default run where it can be'

finish
