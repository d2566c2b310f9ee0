/* Makes small PE images of every kind, for tests and as seeds for the fuzzer.

   Sections: .text (a function that returns 0), .rdata (imports and the like), .data.  The x86 and
   x64 images are programs that run.  One thread at a time.  */

#ifndef MIR_TESTS_INJECT_IMAGE_H
#define MIR_TESTS_INJECT_IMAGE_H

#include <stddef.h>
#include <stdint.h>

enum {
  IMAGE_PLUS = 1,          /* PE32+ */
  IMAGE_NO_ROOM = 1 << 1,  /* the section table fills the headers */
  IMAGE_NO_SPACE = 1 << 2, /* and the headers their page: no section can be added */
  IMAGE_GAP = 1 << 3,   /* SizeOfHeaders ends with the section table, the file has room behind it */
  IMAGE_USED = 1 << 4,  /* something unknown lies behind the section table */
  IMAGE_BOUND = 1 << 5, /* bound imports behind the section table, as linkers put them */
  IMAGE_DELAY = 1 << 6, /* a delay-loaded module */
  IMAGE_SYMBOLS = 1 << 7,    /* COFF symbols and strings */
  IMAGE_OVERLAY = 1 << 8,    /* appended data */
  IMAGE_SIGNED = 1 << 9,     /* a certificate, the last thing in the file */
  IMAGE_NO_IAT = 1 << 10,    /* no directory for import addresses */
  IMAGE_NO_LOOKUP = 1 << 11, /* no lookup tables, as from Borland's and Watcom's linkers */
  IMAGE_DEBUG = 1 << 12,     /* a debug entry whose data is in the overlay */
  IMAGE_HYBRID = 1 << 13,    /* a load config with CHPE metadata */
  IMAGE_NO_IMPORTS = 1 << 14,
  IMAGE_BAD_CHECKSUM = 1 << 15, /* one that is not 0 and wrong */
  IMAGE_SYSTEM32 = 1 << 16,     /* DependentLoadFlags: DLLs from the system's folder only */
  IMAGE_ODD = 1 << 17,          /* the overlay and the certificate have odd lengths */
  IMAGE_NATIVE = 1 << 18,       /* a driver */
  IMAGE_UPX = 1 << 19,    /* as UPX packs: SizeOfHeaders is a page, the first bytes of sections come
                           before its end, and a note lies behind the section table */
  IMAGE_STALE = 1 << 20,  /* as Delphi links: a header behind the section table, at the end of the
                            image */
  IMAGE_BUNDLE = 1 << 21, /* a .NET single-file bundle behind the image: one file and the header */
  IMAGE_ASSEMBLY = 1 << 22, /* a .NET header */
  IMAGE_EXPORTS = 1 << 23   /* exports mi_version, linked as mir-ucrt.dll */
};

struct image_spec {
  uint16_t machine; /* 0x14c, 0x8664, 0xaa64 */
  unsigned flags;
  unsigned modules; /* imported; 0: three */
  unsigned large;   /* bytes of .text in the file; 0: the minimum */
};

/* Make an image.  malloc'ed, owned by the caller; NULL if there is no memory.  */
uint8_t *image_make (const struct image_spec *spec, size_t *size);
/* The name of the imported module INDEX.  */
const char *image_module (unsigned index);

/* Get the kind INDEX; 0 if there is none.  */
int image_kind (unsigned index, struct image_spec *spec, const char **name);

#endif
