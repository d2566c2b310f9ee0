/* Keeps names in one array of bytes, with a table of their numbers.  */
#include "report/names.h"

#include <string.h>

#include "mir-bytes-hash.h"

static inline htab_hash_t hash_name (uint32_t number, void *arg) {
  const struct names *names = (const struct names *) arg;
  struct name name = VARR_GET (name_t, names->names, number);
  return mir_bytes_hash (VARR_ADDR (char, names->text) + name.start, name.len);
}

static inline int same_name (uint32_t a, uint32_t b, void *arg) {
  const struct names *names = (const struct names *) arg;
  struct name x = VARR_GET (name_t, names->names, a), y = VARR_GET (name_t, names->names, b);
  const char *text = VARR_ADDR (char, names->text);
  return x.len == y.len && memcmp (text + x.start, text + y.start, x.len) == 0;
}

DEF_HTAB_BOUND (uint32_t, hash_name, same_name)

void names_init (struct names *names, MIR_alloc_t alloc) {
  VARR_CREATE (char, names->text, alloc, 1024);
  VARR_CREATE (name_t, names->names, alloc, 64);
  HTAB_CREATE_BOUND (uint32_t, names->table, alloc, 64, NULL, names);
  names_add (names, "", 0);
}

void names_finish (struct names *names) {
  if (names->table != NULL) HTAB_DESTROY (uint32_t, names->table);
  if (names->names != NULL) VARR_DESTROY (name_t, names->names);
  if (names->text != NULL) VARR_DESTROY (char, names->text);
}

/* The bytes of the UTF-8 character at TEXT (RFC 3629, 4).  0: there is none, or it is a control
   character, of C0 or C1.  */
static size_t char_len (const unsigned char *text, size_t len) {
  size_t more = text[0] < 0x80 ? 0 : text[0] < 0xe0 ? 1 : text[0] < 0xf0 ? 2 : 3;
  if (text[0] < 0x20 || text[0] == 0x7f) return 0;
  if (text[0] >= 0x80 && (text[0] < 0xc2 || text[0] > 0xf4)) return 0;
  if (more >= len) return 0;
  for (size_t i = 1; i <= more; i++)
    if ((text[i] & 0xc0) != 0x80) return 0;
  if ((text[0] == 0xc2 && text[1] < 0xa0) || (text[0] == 0xe0 && text[1] < 0xa0)
      || (text[0] == 0xed && text[1] > 0x9f) || (text[0] == 0xf0 && text[1] < 0x90)
      || (text[0] == 0xf4 && text[1] > 0x8f))
    return 0;
  return more + 1;
}

/* Append the LEN bytes at TEXT, cleaned, to the text of all names.  */
static void push_clean (struct names *names, const char *text, size_t len) {
  for (size_t at = 0; at < len;) {
    size_t n = char_len ((const unsigned char *) text + at, len - at);
    if (n == 0) {
      VARR_PUSH (char, names->text, '?');
      at++;
    }
    for (; n > 0; n--) VARR_PUSH (char, names->text, text[at++]);
  }
}

/* The table compares names in NAMES, so the name is added first and removed if it is there
   already.  */
uint32_t names_add (struct names *names, const char *text, size_t len) {
  struct name name = {VARR_LENGTH (char, names->text), 0};
  uint32_t number = (uint32_t) VARR_LENGTH (name_t, names->names), found;
  push_clean (names, text, len);
  name.len = VARR_LENGTH (char, names->text) - name.start;
  VARR_PUSH (char, names->text, '\0');
  VARR_PUSH (name_t, names->names, name);
  if (!HTAB_DO (uint32_t, names->table, number, HTAB_INSERT, found)) return number;
  VARR_TRUNC (name_t, names->names, number);
  VARR_TRUNC (char, names->text, name.start);
  return found;
}

const char *names_text (const struct names *names, uint32_t name) {
  return VARR_ADDR (char, names->text) + VARR_GET (name_t, names->names, name).start;
}
