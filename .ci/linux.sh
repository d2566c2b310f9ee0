# The configurations that test on Linux, on this CPU or under qemu-user.  Sourced by .ci/test.sh.

# How many percent of their random steps and refusals tests take after gcc's run has taken all.
fewer=${TAP_SCALE:-30}

# gdb, the libraries whose adapters are tested with them, those of examples/host, and what makes the HTML of the manual.
needs_small () {
  needs_docs
  echo gdb=gdb pc:lua5.4=liblua5.4-dev pc:sqlite3=libsqlite3-dev pc:zlib=zlib1g-dev pc:libpcre2-8=libpcre2-dev \
    file:/usr/include/xbyak/xbyak.h=libxbyak-dev file:/usr/include/asmjit/core.h=libasmjit-dev \
    file:/usr/include/libtcc.h=libtcc-dev pc:libffi=libffi-dev pc:libzstd=libzstd-dev pc:libcrypto=libssl-dev \
    pc:duktape=duktape-dev
  ! apt_has libquickjs || echo file:/usr/include/quickjs/quickjs.h=libquickjs
}

test_small () {
  TAP_SCALE=$fewer left_out='--no-suite=once --no-suite=limits' build_and_test build plain
}

# The same with what is large: LLVM, and Chromium, without which the tests of pages are skipped; and with the suite
# `once`: scripts, pages and layers, which no compiler changes.
needs_gcc () {
  needs_small
  probe_any_llvm
  ! installs || ! apt_has chromium || echo chromium=chromium
}

test_gcc () {
  build_and_test build plain
}

# The runtime libraries of the clang that is here, or of the one that will be.
needs_clang () {
  version=$(clang -dumpversion 2>/dev/null) || version=
  echo clang=clang "call:clang_links=libclang-rt${version:+-${version%%.*}}-dev"
}

# Whether clang's runtime libraries are there, as fuzz/meson.build asks.
clang_links () {
  program=$(mktemp)
  links=0
  echo 'int LLVMFuzzerTestOneInput (const unsigned char *p, unsigned long n) { return p == 0 && n; }' |
    clang -fsanitize=fuzzer,address,undefined -x c - -o "$program" 2>/dev/null || links=1
  rm -f "$program"
  return "$links"
}

test_clang () {
  TAP_SCALE=$fewer CC=clang CXX=clang++ left_out=--no-suite=once build_and_test build-clang plain
}

needs_asan () { :; }

# What a checker watches is compiled for it with lines but no variables, and without the passes that take longest: in
# half the time, and the tests themselves are no slower.  What no compiler changes is left out, and LLVM, whose own
# configuration has it under AddressSanitizer, too.
checked='-Doptimization=1 -Dc_args=-g1 -Dcpp_args=-g1'
asan_options="$checked -Db_sanitize=address,undefined -Db_lundef=false -Dmimalloc:track=asan"
tsan_options="$checked -Db_sanitize=thread -Db_lundef=false"

test_asan () {
  chosen='--no-suite=once --no-suite=llvm'
  chosen_tests build-asan asan $asan_options
}

needs_tsan () {
  echo setarch=util-linux
}

test_tsan () {
  chosen='--no-suite=once --no-suite=llvm'
  chosen_tests build-tsan tsan $tsan_options
}

needs_stress () {
  needs_tsan
}

# A million random operations against the model of a code space, and the threads of test-stress for long: plain, and
# under the sanitizers.  TAP_SCALE, 1000 if it is not set, makes both longer or shorter.
test_stress () {
  stress_in build plain
  stress_in build-asan asanlong $asan_options
  stress_in build-tsan tsanlong $tsan_options
}

stress_in () {
  dir=$1 setup=$2
  shift 2
  configure_in "$dir" "$@"
  compile_in "$dir" tests/code/test-model tests/code/test-stress
  echo "== $dir, long"
  TAP_SCALE=${TAP_SCALE:-1000} run_meson "$dir" "$setup" --timeout-multiplier=0 model stress
}

# The versions of LLVM that the adapter is tested with, the one that is tested most first.
llvm_versions='19 22 16 14'

# The probe for LLVM of version $1 and its package: the headers, since the tools come with another one.
probe_llvm () {
  echo "file:/usr/lib/llvm-$1/include/llvm/ExecutionEngine/Orc/LLJIT.h=llvm-$1-dev"
}

# The same for one that is here, or else for one that this Debian has, if any.
probe_any_llvm () {
  for version in $llvm_versions; do
    probe=$(probe_llvm "$version")
    ! is_there "${probe%=*}" || {
      echo "$probe"
      return
    }
  done
  for version in $llvm_versions; do
    ! apt_has "llvm-$version-dev" || {
      probe_llvm "$version"
      return
    }
  done
}

# All that this Debian has.
needs_llvm () {
  for version in $llvm_versions; do
    ! apt_has "llvm-$version-dev" || probe_llvm "$version"
  done
}

test_llvm () {
  llvm_in build plain
  llvm_in build-asan asan $asan_options
}

llvm_in () {
  dir=$1 setup=$2
  shift 2
  configure_in "$dir" "$@"
  targets=$(ninja -C "$dir" -t targets all | sed -n 's,^\(tests/adapters/llvm/\(test-[a-z0-9-]*\|[a-z0-9-]*\.o\)\):.*,\1,p')
  compile_in "$dir" $targets
  echo "== $dir, LLVM"
  run_meson "$dir" "$setup" --print-errorlogs --suite llvm
}

needs_valgrind () {
  echo valgrind=valgrind
}

test_valgrind () {
  chosen=--suite=memory
  chosen_tests build-valgrind valgrind $checked -Dmimalloc:track=valgrind
}

# The CPUs whose tests run under qemu-user: cross/ has a file for each.
arch_configs='aarch64 riscv64 ppc64le s390x i386 armhf armel mips64el loong64'

is_arch () {
  case " $arch_configs " in
  *" $1 "*) ;;
  *) return 1 ;;
  esac
}

# Debian's cross compiler for CPU $1, and qemu-user; nothing for this machine's own CPU.
needs_arch () {
  ! is_own_cpu "$1" || return 0
  if compiler_is_here "$1"; then
    echo "$(target_of "$1")-gcc=gcc-$(target_of "$1")" "$(target_of "$1")-g++=g++-$(target_of "$1")" \
      "qemu-$(qemu_of "$1")=qemu-user"
  else
    needs_debian
  fi
}

# Whether CPU $1 is this machine's own.
is_own_cpu () {
  [ "$(machine_of "$1")" = "$(uname -m)" ]
}

# What the kernel calls CPU $1.
machine_of () {
  case $1 in
  i386) echo i686 ;;
  armhf) echo armv7l ;;
  armel) echo armv5tel ;;
  mips64el) echo mips64 ;;
  loong64) echo loongarch64 ;;
  *) echo "$1" ;;
  esac
}

# Whether this Debian has a compiler for CPU $1: before 13 there is none for loong64.
compiler_is_here () {
  [ "$1" != loong64 ] || is_there "$(target_of "$1")-gcc" || ! installs || apt_has "gcc-$(target_of "$1")"
}

target_of () {
  case $1 in
  ppc64le) echo powerpc64le-linux-gnu ;;
  i386) echo i686-linux-gnu ;;
  armhf) echo arm-linux-gnueabihf ;;
  armel) echo arm-linux-gnueabi ;;
  mips64el) echo mips64el-linux-gnuabi64 ;;
  loong64) echo loongarch64-linux-gnu ;;
  *) echo "$1-linux-gnu" ;;
  esac
}

qemu_of () {
  case $1 in
  armhf | armel) echo arm ;;
  loong64) echo loongarch64 ;;
  *) echo "$1" ;;
  esac
}

# Without the demo: there is no libpcap for CPU $1.  Where this Debian has no compiler for it, in a minimal Debian 13.
test_arch () {
  if is_own_cpu "$1"; then
    echo "dev: $1 is this machine's own CPU, which the other configurations test"
  elif compiler_is_here "$1"; then
    build_and_test "build-$1" emulated --cross-file "cross/$1.ini" -Dexamples=disabled
  else
    test_in_debian trixie "$1"
  fi
}

needs_images () {
  echo npm=npm llvm-readobj=llvm x86_64-w64-mingw32-objdump=binutils-mingw-w64-x86-64
}

# mir-inject on some 190 programs and DLLs by others, from 250 MB of npm's packages.
test_images () {
  build
  echo "== images"
  run_script sh tests/inject/test-real.sh "$PWD/build/src/inject/mir-inject" "$PWD/tests/real/get"
}

needs_install () { echo cmake=cmake; }

# The library as other projects use it: installed, uninstalled, as a subproject, and with CMake; the README's routes with
# its examples.
test_install () {
  build
  echo "== install"
  run_script sh tests/install/test-install.sh build
  run_script sh tests/install/test-cmake.sh build
  run_script sh tests/install/test-routes.sh
}

needs_amalgamation () {
  needs_windows
}

# The library as a few C files, for each compiler that is here, and the library's tests with it, also under Wine.
test_amalgamation () {
  build
  echo "== amalgamation"
  run_script sh tests/install/test-amalgamation.sh build "${CC:-cc}"
  with_prefix run_script sh tests/install/test-amalgamation.sh build-windows x86_64-w64-mingw32-gcc-win32 wine
}

test_format () {
  echo "== format"
  if ! find_formatter; then
    run_script sh tests/support/skip.sh format 'there is no clang-format 19'
  elif format --check; then
    echo '# 1 passed, 0 failed, 0 skipped' >>"$results"
  else
    note_failure "format: ./dev format --check"
  fi
}
