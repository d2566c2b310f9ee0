# The configuration musl: the library with the C library musl, its tests in C, and the shared library as a plug-in.
# Sourced by .ci/test.sh.

needs_musl () {
  echo musl-gcc=musl-tools python3=python3
}

# The folders with the library's tests; those of the tools say nothing about a C library.
musl_folders='tests tests/adapters tests/code tests/containers tests/context tests/context/beside tests/headers
  tests/heap tests/install tests/os tests/tools tests/trace'

# Tests that put themselves in place of glibc's functions, by the names that its headers give them, and that compare the
# system calls of a program with those in docs/hardened-linux.md.
glibc_tests='refused-calls system-calls'

# The library is compiled without the kernel's headers, which no compiler for musl comes with; what the tests do to
# restrict themselves needs them.
test_musl () {
  dir=build-musl
  configure_in "$dir" --native-file cross/musl.ini -Dexamples=disabled
  chosen=$(mktemp)
  python3 .ci/c-tests.py "$dir" $musl_folders -- $glibc_tests >"$chosen"
  compile_in "$dir" $(sed -n 's/^target \(src\/libmir-alloc.*\)/\1/p' "$chosen")
  link_kernel_headers "$dir/kernel"
  export C_INCLUDE_PATH="$PWD/$dir/kernel"
  compile_in "$dir" $(sed -n 's/^target //p' "$chosen")
  unset C_INCLUDE_PATH
  echo "== $dir"
  cat <<'TEXT'
left out: the demo, because Debian has no libpcap for musl
left out: refused-calls and system-calls, which know the calls of glibc
left out, because they are C++ and Debian has no C++ library for musl:
TEXT
  sed -n 's/^without \(.*\): C++$/  \1/p' "$chosen"
  old_ifs=$IFS
  IFS='
' # names have spaces and commas
  set -- $(sed -n 's/^test //p' "$chosen")
  IFS=$old_ifs
  rm -f "$chosen"
  run_meson "$dir" plain --print-errorlogs "$@"
}

# Make folder $1 one with the kernel's headers alone, which are the same for every C library.
link_kernel_headers () {
  mkdir -p "$1"
  ln -sfn /usr/include/linux /usr/include/asm-generic "$1/"
  ln -sfn "/usr/include/$(gcc -print-multiarch)/asm" "$1/"
}
