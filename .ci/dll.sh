# build-dll/: mir-ucrt.dll for every CPU, and mir-inject for Windows and for this machine.  Sourced by ./dev.

# clang and lld compile the DLL and mir-inject; Debian's mingw has what programs link with.
needs_dll () {
  echo clang=clang lld=lld llvm-strip=llvm llvm-readobj=llvm llvm-dlltool=llvm \
    x86_64-w64-mingw32-gcc-win32=gcc-mingw-w64-x86-64-win32 \
    x86_64-w64-mingw32-g++-win32=g++-mingw-w64-x86-64-win32 \
    i686-w64-mingw32-gcc-win32=gcc-mingw-w64-i686-win32 \
    i686-w64-mingw32-g++-win32=g++-mingw-w64-i686-win32
}

# What arm64ec needs beside that; Debian 12 and 13 have it in their archive of security updates.  Left out where it is
# missing: no other CPU needs it.
needs_arm64ec () {
  echo clang-22=clang-22 ld.lld-22=lld-22 llvm-dlltool-22=llvm-22 llvm-readobj-22=llvm-22
}

# The same if this machine's apt knows it.
wants_arm64ec () {
  ! apt_has clang-22 || needs_arm64ec
}

# Print what arm64ec lacks on this machine, if anything; fetches its headers.
lacks_arm64ec () {
  lacking=
  for pair in $(needs_arm64ec); do
    is_there "${pair%%=*}" || case " $lacking " in
    *" ${pair#*=} "*) ;;
    *) lacking="$lacking ${pair#*=}" ;;
    esac
  done
  [ -n "$lacking" ] || subprojects/get-mingw-headers >build-arm64ec.log 2>&1 ||
    lacking=" mingw-w64's headers, release 14 or newer ($(tail -n 1 build-arm64ec.log))"
  rm -f build-arm64ec.log
  echo "${lacking# }"
}

# Files already in build-dll/ stay: a user may have put a program beside the DLL.  In CI nothing is left out that can
# be had.
dll () {
  need_to_build $(needs_dll) ${CI:+$(wants_arm64ec)}
  configure_in build
  compile_in build src/inject/mir-inject
  mkdir -p build-dll
  strip -o build-dll/mir-inject build/src/inject/mir-inject
  gather_dll x86_64 . x86_64-w64-mingw32
  gather_dll x86 x86 i686-w64-mingw32
  gather_dll aarch64 arm64
  lacking=$(lacks_arm64ec)
  [ -n "$lacking" ] || gather_dll arm64ec arm64ec
  install -m 644 mir-ucrt.h adapters/mir-new-delete.hpp subprojects/mimalloc/include/mimalloc.h build-dll/
  cat <<'TEXT'
build-dll/
  mir-inject        puts the DLL into programs' files, on this machine
  mir-inject.exe    the same on Windows, where it also starts programs and attaches to them
  mir-ucrt.dll      for x64; x86/ and arm64/ have those for x86 (with its mir-inject.exe) and arm64
  libmir-ucrt.dll.a, mir-ucrt.lib (for mingw, for Microsoft's linker), mir-ucrt.h, mimalloc.h,
                    mir-new-delete.hpp: for programs which are linked with it
TEXT
  if [ -n "$lacking" ]; then
    echo "arm64ec is left out, missing: $lacking"
  else
    echo '  arm64ec/          mir-ucrt.dll and mir-ucrt.lib for x64 processes on arm64: built, not run'
  fi
  echo
  echo 'Next: build-dll/mir-inject PROGRAM.exe, and the DLL of its CPU beside it: docs/windows-override.md'
}

# Put the stripped DLL for CPU $1 into folder $2 of build-dll/.  Where Debian has a mingw $3 for the CPU, add
# mir-inject and an import library in GNU's format: lld's own is in Microsoft's, and lld sorts libraries in that
# format behind all of GNU's in the import table.
gather_dll () {
  dir=build-ucrt-$1 to=build-dll/$2 mingw=${3-}
  configure_in "$dir" --cross-file "cross/ucrt-$1.ini" -Ducrt_override=only
  compile_in "$dir" src/ucrt/mir-ucrt.dll ${mingw:+src/inject/mir-inject.exe}
  mkdir -p "$to"
  "$(sed -n "s/^strip = '\(.*\)'/\1/p" "cross/ucrt-$1.ini")" -o "$to/mir-ucrt.dll" "$dir/src/ucrt/mir-ucrt.dll"
  install -m 644 "$dir/src/ucrt/mir-ucrt.dll.a" "$to/mir-ucrt.lib"
  [ -n "$mingw" ] || return 0
  llvm-strip -o "$to/mir-inject.exe" "$dir/src/inject/mir-inject.exe"
  {
    echo 'LIBRARY mir-ucrt.dll'
    echo EXPORTS
    llvm-readobj --coff-exports "$to/mir-ucrt.dll" | sed -n 's/^  Name: \(.\)/\1/p'
  } >"$dir/mir-ucrt.def"
  "$mingw-dlltool" -t mir_ucrt -d "$dir/mir-ucrt.def" -l "$to/libmir-ucrt.dll.a"
}
