#!/bin/sh
# `objcopy IN OUT`, without an option, is no copy of a Windows program.  That of GNU leaves out what is behind the
# sections, such as the archive of a self-extracting program, and the signature, to which the headers of the copy still
# lead; makes the section of the resources writable; and puts the time of the copy into the time stamp, by which symbol
# servers know a program.  LLVM's keeps the headers, but leaves out the same bytes.  All end with 0 and say nothing, and
# so do the strips: a signed program that is stripped has a certificate directory that leads behind its end.
. "$(dirname "$0")/unpack.sh"
unpack binutils-mingw-w64-x86-64=2.40-2+10.4 lld-14=1:14.0.6-12 llvm-14=1:14.0.6-12 libllvm14=1:14.0.6-12 \
  libz3-4=4.8.12-3.1 libedit2=3.1-20221030-2 libbsd0=0.11.7-2 libmd0=1.0.4-2 \
  libxml2=2.9.14+dfsg-1.3~deb12u6 libicu72=72.1-3+deb12u1
cd "$work"
llvm=$root/usr/lib/llvm-14/bin
export LD_LIBRARY_PATH="$root/usr/lib/llvm-14/lib:$LD_LIBRARY_PATH"
cat >program.s <<'S'
.globl start
start: ret
.section .rsrc, "dr"
.zero 100
S
x86_64-w64-mingw32-as -o program.o program.s
"$llvm/ld.lld" -m i386pep -e start --no-insert-timestamp -s -o program.exe program.o

cat >pe.c <<'C'
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned char bytes[1 << 20];
static size_t size;

static uint32_t get (size_t at) {
  return bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 | (uint32_t) bytes[at + 3] << 24;
}

static void put (size_t at, uint32_t value) {
  for (int i = 0; i < 4; i++) bytes[at + i] = (unsigned char) (value >> 8 * i);
}

/* The end of the last section.  */
static size_t sections_end (size_t nt) {
  size_t end = 0, table = nt + 24 + (bytes[nt + 20] | bytes[nt + 21] << 8);
  for (int i = 0; i < bytes[nt + 6]; i++)
    if (get (table + 40 * i + 20) + get (table + 40 * i + 16) > end)
      end = get (table + 40 * i + 20) + get (table + 40 * i + 16);
  return end;
}

/* Append 1000 bytes of data and a certificate of 104, and set the time stamp.  */
static void make (size_t nt, FILE *file) {
  memset (bytes + size, 'a', 1000);
  put (nt + 24 + 112 + 32, (uint32_t) (size + 1000));
  put (nt + 24 + 112 + 36, 104);
  put (size + 1000, 104);
  put (size + 1004, 0x00020200);
  put (nt + 8, 0x5eadbeef);
  size += 1104;
  rewind (file);
  fwrite (bytes, 1, size, file);
}

static void show (size_t nt) {
  size_t table = nt + 24 + (bytes[nt + 20] | bytes[nt + 21] << 8), end = sections_end (nt);
  uint32_t certificate = get (nt + 24 + 112 + 32) + get (nt + 24 + 112 + 36);
  printf ("%d bytes behind the sections, ", (int) (size - end));
  printf ("certificate %s, ", certificate == 0 ? "none" : certificate <= size ? "in the file" : "behind the file's end");
  for (int i = 0; i < bytes[nt + 6]; i++)
    if (memcmp (bytes + table + 40 * i, ".rsrc", 6) == 0)
      printf ("resources %s, ", get (table + 40 * i + 36) >> 31 ? "writable" : "read-only");
  printf ("time stamp %s\n", get (nt + 8) == 0x5eadbeef ? "kept" : "new");
}

int main (int argc, char **argv) {
  FILE *file = fopen (argv[1], "r+b");
  if (file == NULL || (size = fread (bytes, 1, sizeof (bytes) - 2000, file)) < 512) return 1;
  if (argc > 2)
    make (get (60), file);
  else
    show (get (60));
  return fclose (file) != 0;
}
C
cc -w -o pe pe.c
./pe program.exe make

show () { # title, command
  title=$1
  shift
  rm -f copy.exe
  "$@" >said 2>&1 && status=$? || status=$?
  echo "$title: status $status$(cat said), $(./pe copy.exe)"
}
cat >expected <<'EOF'
cp: status 0, 1104 bytes behind the sections, certificate in the file, resources read-only, time stamp kept
objcopy: status 0, 0 bytes behind the sections, certificate behind the file's end, resources writable, time stamp new
strip: status 0, 0 bytes behind the sections, certificate behind the file's end, resources writable, time stamp new
llvm-objcopy: status 0, 0 bytes behind the sections, certificate behind the file's end, resources read-only, time stamp kept
llvm-strip: status 0, 0 bytes behind the sections, certificate behind the file's end, resources read-only, time stamp kept
EOF
{
  show cp cp program.exe copy.exe
  show objcopy x86_64-w64-mingw32-objcopy program.exe copy.exe
  show strip x86_64-w64-mingw32-strip -o copy.exe program.exe
  show llvm-objcopy "$llvm/llvm-objcopy" program.exe copy.exe
  show llvm-strip "$llvm/llvm-strip" -o copy.exe program.exe
} | compare
