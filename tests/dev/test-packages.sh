#!/bin/sh
# Which packages ./dev asks for on systems that have other versions than this one; apt and the compilers are stand-ins.
# Argument: the root of the sources.
set -u
. "$(dirname "$0")/../support/tap.sh"
root=$1
mkdir "$work/bin"
bin=$work/bin
real_path=$PATH

explain () {
  cat "$work/out"
}

# A stand-in for command $1 that runs the script $2.
stand_in () {
  printf '#!/bin/sh\n%s\n' "$2" >"$bin/$1"
  chmod +x "$bin/$1"
}

# apt that knows the packages in $1: NAME or NAME=VERSION.
debian_with () {
  stand_in apt-cache "packages='$1'"'
    case $1 in
    show) shift; [ "$1" != --no-all-versions ] || shift
      for package in $packages; do
        [ "${package%%=*}" != "$1" ] || printf "Package: %s\nVersion: %s\n" "$1" "${package#*=}"
      done ;;
    pkgnames) for package in $packages; do echo "${package%%=*}"; done | grep "^$2" ;;
    esac'
}

# Run the shell COMMAND with ./dev'"'"'s functions and the stand-ins; expect the line $1.
gives () {
  expected=$1
  shift
  (
    cd "$root" || exit 1
    PATH=$bin:$real_path
    eval "$(sed '/^\. \.ci\/build\.sh/,$d; s/^CDPATH=.*//' dev)"
    . .ci/build.sh
    . .ci/linux.sh
    . .ci/bench.sh
    . .ci/format.sh
    . .ci/guests.sh
    is_there () { case $1 in file:/usr/lib/llvm-*) [ -n "${llvm_here-}" ] && [ "$1" != "${1#file:/usr/lib/llvm-$llvm_here}" ] ;; *) return 1 ;; esac }
    "$@"
  ) >"$work/out" 2>&1
  [ "$(cat "$work/out")" = "$expected" ]
}

headers=include/llvm/ExecutionEngine/Orc/LLJIT.h

stand_in clang 'echo 19.1.7'
gives 'clang=clang call:clang_links=libclang-rt-19-dev' needs_clang
result $? "the runtime of the clang that is here"
stand_in clang 'exit 1' # there is none
gives 'clang=clang call:clang_links=libclang-rt-dev' needs_clang
result $? 'the runtime of the clang that Debian has'
stand_in clang 'case $* in *-fsanitize=fuzzer,address,undefined*) exit 1 ;; esac'
gives no eval 'clang_links && echo yes || echo no'
result $? 'a clang that has no runtime is found by linking'
stand_in clang 'exit 0'
gives yes eval 'clang_links && echo yes || echo no'
result $? 'and one that has'

debian_with 'libboost-dev=1.74.0.3 libboost1.74-dev libboost1.81-dev libboost1.81-tools-dev'
gives libboost1.81-dev boost_package
result $? 'a newer Boost beside one that is too old'
debian_with 'libboost-dev=1.90.0.2 libboost1.90-dev libboost1.92-dev'
gives libboost-dev boost_package
result $? "Debian's Boost where it is new enough"
debian_with ''
gives libboost-dev boost_package
result $? 'a name of Boost without a version where apt knows none'

debian_with 'llvm-14-dev llvm-22-dev'
gives "file:/usr/lib/llvm-22/$headers=llvm-22-dev" probe_any_llvm
result $? 'an LLVM that the suite has'
llvm_here=16
gives "file:/usr/lib/llvm-16/$headers=llvm-16-dev" probe_any_llvm
result $? 'rather the LLVM that is here'
llvm_here=
debian_with 'llvm-23-dev'
gives '' probe_any_llvm
result $? 'no LLVM where there is none that is tested'

gives 'dev: missing (names of Debian'"'"'s packages): llvm clang a|b' \
  eval 'installs () { return 1; }; need x=llvm y=llvm z=clang v=a\|b u=llvm w=a\|b'
result $? 'each missing package is named once'

debian_with 'libbz2-dev libzstd-dev'
gives 'file:/usr/include/bzlib.h=libbz2-dev pc:libzstd=libzstd-dev' \
  eval 'installs () { return 0; }; echo $(needs_guests | grep -e =lib)'
result $? 'of the libraries with drivers those that Debian has'
gives 'pc:sdl3=libsdl3-dev' eval 'installs () { return 1; }; needs_guests | grep sdl3'
result $? 'and all of them where nothing can be installed'

stand_in clang-format-19 'exit 1'
stand_in clang-format 'echo Debian clang-format version 21.1.8'
debian_with 'clang-format-19'
gives 'call:find_formatter=clang-format-19 git=git' eval 'echo $(needs_format)'
result $? 'another clang-format does not serve'
debian_with 'clang-format-21'
gives 'git=git' eval 'installs () { return 0; }; needs_format'
result $? 'no clang-format where Debian has others only'
stand_in clang-format 'echo Debian clang-format version 19.1.7'
gives 'git=git' needs_format
result $? 'the right one under a name without a version'

finish
