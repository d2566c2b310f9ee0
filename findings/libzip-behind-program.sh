#!/bin/sh
# libzip 1.7.3 says "Not a zip archive" of a program with an archive behind it as `cat program archive` makes it, which
# is how most self-extracting archives and launchers of jars are made: the offsets count from the archive's beginning.
# unzip, bsdtar, miniunzip and Archive::Zip allow for the bytes in front.  If the offsets count from the file's
# beginning, libzip reads the archive as well, until something is inserted in front of it, such as a section of the
# program; the others still do.
. "$(dirname "$0")/unpack.sh"
unpack ziptool=1.7.3-1+b1 libzip4=1.7.3-1+b1 unzip=6.0-28+deb12u1 libarchive-tools=3.6.2-1+deb12u5 \
  libarchive13=3.6.2-1+deb12u5 minizip=1.1-8+deb12u1 libminizip1=1.1-8+deb12u1 libarchive-zip-perl=1.68-1
cd "$work"
cat >make.c <<'C'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char text[] = "a text\n";

static unsigned crc (const char *p, size_t n) {
  unsigned value = ~0u;
  for (; n-- > 0; p++) {
    value ^= (unsigned char) *p;
    for (int bit = 0; bit < 8; bit++) value = value >> 1 ^ (value & 1 ? 0xedb88320 : 0);
  }
  return ~value;
}

static void put (unsigned value, int n) {
  for (; n-- > 0; value >>= 8) putchar (value & 255);
}

/* What the header of a file and its entry in the directory share.  */
static void put_fields (void) {
  put (20, 2); /* version */
  put (0, 4);  /* flags, stored */
  put (0x58210000, 4); /* time, date */
  put (crc (text, sizeof (text) - 1), 4);
  put (sizeof (text) - 1, 4);
  put (sizeof (text) - 1, 4);
  put (4, 2);
  put (0, 2);
}

/* Print PROGRAM bytes and an archive with one file; offsets are larger by ADDED than in the archive alone.  */
int main (int argc, char **argv) {
  unsigned added = (unsigned) atoi (argv[2]);
  for (int i = atoi (argv[1]); i > 0; i--) putchar ('p');
  fputs ("PK\3\4", stdout);
  put_fields ();
  printf ("text%s", text);
  unsigned directory = 30 + 4 + sizeof (text) - 1;
  fputs ("PK\1\2", stdout);
  put (20, 2);
  put_fields ();
  put (0, 10);
  put (added, 4);
  fputs ("text", stdout);
  fputs ("PK\5\6", stdout);
  put (0, 4);
  put (1, 2);
  put (1, 2);
  put (46 + 4, 4);
  put (added + directory, 4);
  put (0, 2);
  return 0;
}
C
cc -w -o make make.c

reads () { # name, command: whether it prints the text
  name=$1
  shift
  if [ "$("$@" 2>/dev/null)" = 'a text' ]; then echo "$name"; else echo "not $name"; fi
}
mini () {
  rm -rf out
  mkdir out
  (cd out && miniunzip -e "../$1" text >/dev/null 2>&1 && cat text)
}
show () { # title, file
  echo "$1:" $(reads libzip ziptool "$2" cat 0) $(reads unzip unzip -p "$2" text) $(reads bsdtar bsdtar -xOf "$2" text) \
    $(reads miniunzip mini "$2") $(reads Archive::Zip perl -I"$root/usr/share/perl5" -MArchive::Zip \
      -e '$z = Archive::Zip->new; $z->read ($ARGV[0]) == 0 or die; ($text) = $z->contents ("text"); print $text' "$2")
  case $1 in *beginning) ziptool "$2" cat 0 2>&1 | sed 's/^/  /' ;; esac
}
./make 0 0 >alone.zip
./make 1000 0 >cat.zip
./make 1000 1000 >adjusted.zip
./make 1512 1000 >moved.zip
cat >expected <<'EOF'
an archive alone: libzip unzip bsdtar miniunzip Archive::Zip
behind a program, offsets from the archive's beginning: not libzip unzip bsdtar miniunzip Archive::Zip
  can't open zip archive 'cat.zip': Not a zip archive
behind a program, offsets from the file's: libzip unzip bsdtar miniunzip Archive::Zip
the same, 512 bytes further back: not libzip unzip bsdtar miniunzip Archive::Zip
EOF
{
  show 'an archive alone' alone.zip
  show "behind a program, offsets from the archive's beginning" cat.zip
  show "behind a program, offsets from the file's" adjusted.zip
  show 'the same, 512 bytes further back' moved.zip
} | compare
