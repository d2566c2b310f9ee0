#!/bin/sh
# In which order a Windows program loads the DLLs it imports is for the linker to say, not for the command line.
# GNU's ld sorts by the names of the members of the import libraries, whatever their form.  lld keeps the
# order of import libraries of Microsoft's form, sorts those of GNU's form by the path of the archive as it was
# given, and puts them in front of the others.  So who must be loaded first (an allocator that takes over, a
# sanitizer) is moved by renaming a file or by another folder.
. "$(dirname "$0")/unpack.sh"
unpack binutils-mingw-w64-x86-64=2.40-2+10.4 lld-14=1:14.0.6-12 llvm-14=1:14.0.6-12 libllvm14=1:14.0.6-12 \
  libz3-4=4.8.12-3.1 libedit2=3.1-20221030-2 libbsd0=0.11.7-2 libmd0=1.0.4-2 \
  libxml2=2.9.14+dfsg-1.3~deb12u6 libicu72=72.1-3+deb12u1
cd "$work"
llvm=$root/usr/lib/llvm-14/bin
export LD_LIBRARY_PATH="$root/usr/lib/llvm-14/lib:$LD_LIBRARY_PATH"
mkdir a b
for dll in alpha zeta; do
  printf 'LIBRARY %s.dll\nEXPORTS\n%s_f\n' "$dll" "$dll" >"$dll.def"
  x86_64-w64-mingw32-dlltool -d "$dll.def" -l "gnu-$dll.a"
  "$llvm/llvm-dlltool" -m i386:x86-64 -d "$dll.def" -l "ms-$dll.a"
done
cp gnu-alpha.a b/
cp gnu-zeta.a a/
printf '.globl start\nstart: call alpha_f\ncall zeta_f\nret\n' | x86_64-w64-mingw32-as -o program.o

# Link the program to import libraries $2... by $1; print the DLLs in the order of its import table.
link () {
  case $1 in
  ld) x86_64-w64-mingw32-ld -e start -o program.exe program.o "$2" "$3" ;;
  lld) "$llvm/ld.lld" -m i386pep -e start -o program.exe program.o "$2" "$3" ;;
  esac
  echo "$1 $2 $3:" $("$llvm/llvm-readobj" --coff-imports program.exe | sed -n 's/^  Name: //p')
}
cat >expected <<'EOF'
ld gnu-zeta.a gnu-alpha.a: alpha.dll zeta.dll
ld ms-zeta.a ms-alpha.a: alpha.dll zeta.dll
lld gnu-zeta.a gnu-alpha.a: alpha.dll zeta.dll
lld a/gnu-zeta.a b/gnu-alpha.a: zeta.dll alpha.dll
lld ms-zeta.a ms-alpha.a: zeta.dll alpha.dll
lld ms-alpha.a gnu-zeta.a: zeta.dll alpha.dll
EOF
{
  link ld gnu-zeta.a gnu-alpha.a
  link ld ms-zeta.a ms-alpha.a
  link lld gnu-zeta.a gnu-alpha.a
  link lld a/gnu-zeta.a b/gnu-alpha.a
  link lld ms-zeta.a ms-alpha.a
  link lld ms-alpha.a gnu-zeta.a
} | compare
