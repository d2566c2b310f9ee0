#!/bin/sh
# objdump shows an empty import table for a Windows program that imports a DLL, and ends with 0, where the name of the
# DLL lies in another section than the table.  The format has an RVA there, which may lead anywhere; programs get such
# tables from tools that add an import in a section of their own and leave the old names where they are.  objdump takes
# a name beyond the section for the end of the table, so that all DLLs behind it are gone, too.  llvm-objdump and
# llvm-readobj of the same files name all of them.
. "$(dirname "$0")/unpack.sh"
unpack binutils-mingw-w64-x86-64=2.40-2+10.4 llvm-14=1:14.0.6-12 libllvm14=1:14.0.6-12 libz3-4=4.8.12-3.1 \
  libedit2=3.1-20221030-2 libbsd0=0.11.7-2 libmd0=1.0.4-2 libxml2=2.9.14+dfsg-1.3~deb12u6 libicu72=72.1-3+deb12u1
cd "$work"
llvm=$root/usr/lib/llvm-14/bin
export LD_LIBRARY_PATH="$root/usr/lib/llvm-14/lib:$LD_LIBRARY_PATH"

# Make program $1: an import table in the section .table; the names of first.dll in $2, of second.dll in $3.
make_program () {
  cat >program.s <<END
.globl start
start: ret
.section .names, "dw"
.zero 16
hint: .short 0
.asciz "function"
.balign 8
.irp which, first, second
lookup_\which: .rva hint
.long 0
.quad 0
address_\which: .rva hint
.long 0
.quad 0
.endr
.section .table, "dw"
.irp which, first, second
.rva lookup_\which
.long 0, 0
.rva name_\which
.rva address_\which
.endr
.zero 20
.section $2, "dw"
name_first: .asciz "first.dll"
.section $3, "dw"
name_second: .asciz "second.dll"
END
  x86_64-w64-mingw32-as -o program.o program.s
  x86_64-w64-mingw32-ld -e start -o "$1" program.o
  table=$(x86_64-w64-mingw32-objdump -h "$1" | awk '$2 == ".table" { print $4 }')
  base=140000000
  ./set-imports "$1" $((0x$table - 0x$base))
}

cat >set-imports.c <<'C'
#include <stdio.h>
#include <stdlib.h>

/* Put the RVA of the import table into the headers of a PE32+ file.  */
int main (int argc, char **argv) {
  FILE *file = fopen (argv[1], "r+b");
  unsigned char bytes[4];
  if (argc != 3 || file == NULL || fseek (file, 60, SEEK_SET) != 0) return 1;
  if (fread (bytes, 1, 4, file) != 4) return 1;
  long nt = bytes[0] | bytes[1] << 8, rva = atol (argv[2]);
  unsigned char entry[8] = {(unsigned char) rva, (unsigned char) (rva >> 8), 0, 0, 60};
  if (fseek (file, nt + 24 + 112 + 8, SEEK_SET) != 0) return 1;
  return fwrite (entry, 1, 8, file) == 8 && fclose (file) == 0 ? 0 : 1;
}
C
cc -w -o set-imports set-imports.c

show () { # title, program
  x86_64-w64-mingw32-objdump -p "$2" >objdump.out && status=$?
  echo "$1"
  echo "  objdump, status $status:" $(sed -n 's/^.*DLL Name: //p' objdump.out)
  echo "  llvm-objdump:" $("$llvm/llvm-objdump" -p "$2" | sed -n 's/^.*DLL Name: //p')
  echo "  llvm-readobj:" $("$llvm/llvm-readobj" --coff-imports "$2" | sed -n 's/^ *Name: //p')
}
make_program beside.exe .table .table
make_program second.exe .table .names
make_program apart.exe .names .table
cat >expected <<'EOF'
both names in the section of the table
  objdump, status 0: first.dll second.dll
  llvm-objdump: first.dll second.dll
  llvm-readobj: first.dll second.dll
the name of the second DLL in another section
  objdump, status 0: first.dll
  llvm-objdump: first.dll second.dll
  llvm-readobj: first.dll second.dll
the name of the first DLL in another section
  objdump, status 0:
  llvm-objdump: first.dll second.dll
  llvm-readobj: first.dll second.dll
EOF
{
  show 'both names in the section of the table' beside.exe
  show 'the name of the second DLL in another section' second.exe
  show 'the name of the first DLL in another section' apart.exe
} | compare
