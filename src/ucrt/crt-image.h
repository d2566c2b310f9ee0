/* A view of a loaded image: its exports and imports, the extents of its functions, what its linker
   says of it.

   The image is trusted as little as a file: every offset is checked against its size.  Nothing is
   called and nothing is written.  Any thread, while the image stays loaded.

   offset   bytes from the image's base (an RVA)  */

#ifndef MIR_UCRT_CRT_IMAGE_H
#define MIR_UCRT_CRT_IMAGE_H

#include <stddef.h> /* size_t */
#include <stdint.h>

struct ucrt_image {
  const uint8_t *base;
  uint32_t size;                       /* bytes mapped */
  uint16_t machine;                    /* IMAGE_FILE_MACHINE_ */
  int wide;                            /* PE32+ */
  uint32_t exports, exports_size;      /* offsets, 0 if there are none */
  uint32_t functions, functions_num;   /* of exports, as offsets */
  uint32_t names, ordinals, names_num; /* offsets as above; sorted by name */
  uint32_t unwind, unwind_size;        /* .pdata */
  uint32_t config, config_size;        /* load config */
};

struct ucrt_extent {
  uint32_t begin, end; /* offsets */
};

/* Open the image at BASE, of which SIZE bytes are mapped.  Returns 0, or -1 if there is no
   image.  */
int ucrt_open_image (struct ucrt_image *image, const uint8_t *base, size_t size);

/* The offset of the export NAME; 0 if there is none.  For a forwarder, the offset of its text,
   which lies among the exports.  */
uint32_t ucrt_find_export (const struct ucrt_image *image, const char *name);
int ucrt_is_forwarder (const struct ucrt_image *image, uint32_t offset);

/* Whether OFFSET is exported, by name or by number.  */
int ucrt_is_exported (const struct ucrt_image *image, uint32_t offset);

/* The function that begins at OFFSET, as far as the image tells; else up to the next export or a
   run of int3 that ends at a multiple of 16, at most 4 KiB.  Never empty.  */
struct ucrt_extent ucrt_function_at (const struct ucrt_image *image, uint32_t offset);

/* The number of bytes from OFFSET on that surely belong to the function that begins there.  */
uint32_t ucrt_room_at (const struct ucrt_image *image, uint32_t offset);

/* The next part, placed elsewhere by the linker, of a function that begins at one of BEGINS.  *AT
   is 0 for the first part and moves on.  1 with the extent in PART, or 0 after the last part.  */
int ucrt_next_far_part (const struct ucrt_image *image, const uint32_t *begins, unsigned begins_num,
                        uint32_t *at, struct ucrt_extent *part);

/* Whether the unwind tables have a function that begins at OFFSET.  */
int ucrt_begins_function (const struct ucrt_image *image, uint32_t offset);

/* The offset of the unwind entry for the function, or its part, that contains OFFSET; 0 for a
   leaf.  */
uint32_t ucrt_unwind_entry (const struct ucrt_image *image, uint32_t offset);

/* x86-64: the frame register of the function at ENTRY, as its unwind codes number it; 0 if it has
   none, -1 if the codes are not all inside of the image.  */
int ucrt_unwind_frame (const struct ucrt_image *image, uint32_t entry);

/* Whether the image is for two CPUs at once (ARM64EC, ARM64X, CHPE).  */
int ucrt_is_hybrid (const struct ucrt_image *image);

/* The table of addresses imported from the DLL of that NUMBER, counted from 0; 0 after the last
   DLL.  */
uint32_t ucrt_import_addresses (const struct ucrt_image *image, unsigned number);

/* The section NAME, at most 8 characters; an empty extent if there is none.  */
struct ucrt_extent ucrt_section (const struct ucrt_image *image, const char *name);

#endif
