/* Exports of loaded images by name, also through forwarders.  Nothing is called: the loader's own
   function would take its lock, and run code.  */

#include "ucrt/exports.h"

#include <string.h> /* strlen */

#include "ucrt/crt-image.h"
#include "ucrt/nt.h"

enum { FORWARDS_MAX = 4 }; /* a longer chain is taken for a loop */

static void *export_of (const uint8_t *base, size_t size, const char *name, int depth);

/* The module in a forwarder's text, "MODULE.name"; *NAME: the part behind the last dot.  NULL if no
   such module is loaded.  */
static const struct ucrt_nt_module *forwarded_to (const char *text, const char **name) {
  char own[UCRT_NAME_SIZE];
  size_t len = 0;
  for (size_t i = 0; text[i] != 0; i++)
    if (text[i] == '.') len = i;
  *name = text + len + 1;
  if (len == 0) return NULL;
  const struct ucrt_nt_module *module = NULL;
  while ((module = ucrt_next_module (module)) != NULL) {
    ucrt_plain_name (own, sizeof (own), &module->name);
    size_t i = 0;
    while (i < len && own[i] == (text[i] >= 'A' && text[i] <= 'Z' ? text[i] - 'A' + 'a' : text[i]))
      i++;
    if (i == len && (own[i] == 0 || (own[i] == '.' && strlen (own + i) == 4))) return module;
  }
  return NULL;
}

/* The export to which the forwarder at OFFSET leads; NULL as in ucrt_export_of.  */
static void *follow_forwarder (const struct ucrt_image *image, uint32_t offset, int depth) {
  uint32_t end = offset;
  while (end < image->size && image->base[end] != 0) end++;
  if (end == image->size || depth == FORWARDS_MAX || ucrt_nt.peb == NULL) return NULL;
  const char *name;
  const struct ucrt_nt_module *module = forwarded_to ((const char *) image->base + offset, &name);
  return module == NULL || *name == '#' ? NULL
                                        : export_of (module->base, module->size, name, depth + 1);
}

static void *export_of (const uint8_t *base, size_t size, const char *name, int depth) {
  struct ucrt_image image;
  if (ucrt_open_image (&image, base, size) != 0) return NULL;
  uint32_t offset = ucrt_find_export (&image, name);
  if (offset == 0) return NULL;
  if (ucrt_is_forwarder (&image, offset)) return follow_forwarder (&image, offset, depth);
  return (void *) (uintptr_t) (base + offset);
}

void *ucrt_export_of (const uint8_t *base, size_t size, const char *name) {
  return export_of (base, size, name, 0);
}
