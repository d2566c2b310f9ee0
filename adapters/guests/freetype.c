/* Drives FreeType: opens an outline font of the system and renders letters.  */
#include "adapters/mir-freetype.h"

#include <stdio.h>

#include "guests/guest.h"
#include "guests/record.h"

/* Of Debian's fonts-dejavu-core.  */
static const char font[] = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf";

static void *record_freetype_alloc (FT_Memory memory, long size) {
  (void) memory;
  return record_malloc ((size_t) size);
}

static void record_freetype_free (FT_Memory memory, void *block) {
  (void) memory;
  record_free (block);
}

static void *record_freetype_realloc (FT_Memory memory, long old_size, long size, void *block) {
  (void) memory;
  return record_resize (block, (size_t) old_size, (size_t) size);
}

static FT_Error render (FT_Library library, int *filled) {
  FT_Face face;
  FT_Error res = FT_New_Face (library, font, 0, &face);
  if (res != 0) return res;
  res = FT_Set_Pixel_Sizes (face, 0, 32);
  for (FT_ULong letter = '!'; letter < '~' && res == 0; letter++) {
    res = FT_Load_Char (face, letter, FT_LOAD_RENDER);
    *filled += res == 0 && face->glyph->bitmap.rows > 0;
  }
  FT_Done_Face (face);
  return res;
}

static enum guest_result work (MIR_alloc_t alloc) {
  struct FT_MemoryRec_ memory = {NULL, record_freetype_alloc, record_freetype_free,
                                 record_freetype_realloc};
  if (alloc != NULL) memory = MIR_freetype_memory (alloc);
  FT_Library library;
  int filled = 0;
  FT_Error res = FT_New_Library (&memory, &library);
  if (res == 0) {
    FT_Add_Default_Modules (library);
    res = render (library, &filled);
    FT_Done_Library (library);
  }
  if (res != 0) return FT_ERROR_BASE (res) == FT_Err_Out_Of_Memory ? GUEST_NO_MEMORY : GUEST_WRONG;
  return filled == '~' - '!' ? GUEST_RIGHT : GUEST_WRONG;
}

const char *guest_version (void) {
  static char text[32];
  snprintf (text, sizeof (text), "%d.%d.%d", FREETYPE_MAJOR, FREETYPE_MINOR, FREETYPE_PATCH);
  return text;
}

const struct guest guests[] = {
    {.name = "FreeType", .run = work, .refusals = GUEST_NOT_ALWAYS},
    {.name = NULL},
};
