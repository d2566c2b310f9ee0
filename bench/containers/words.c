/* Reads and makes words, see words.h.  */
#include "words.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

enum { LONGEST = 22 };

struct word *source_words;
size_t source_words_num;

static void *array_of (size_t num, size_t el_size) {
  void *res = calloc (num, el_size);
  if (res == NULL) bench_fail ("no memory");
  return res;
}

/*---------------- Sources -----------------------------*/
static void add_word (struct word word) {
  static size_t max;
  if (source_words_num == max) {
    max = 2 * max + 1000;
    source_words = (struct word *) realloc (source_words, max * sizeof (*source_words));
    if (source_words == NULL) bench_fail ("no memory");
  }
  source_words[source_words_num++] = word;
}

/* The text of the file PATH, with a 0 behind it.  */
static char *text_of (const char *path) {
  FILE *file = fopen (path, "rb");
  long length = -1;
  char *text;
  if (file == NULL || fseek (file, 0, SEEK_END) != 0 || (length = ftell (file)) < 0)
    bench_fail (path);
  rewind (file);
  text = (char *) array_of ((size_t) length + 1, 1);
  if (fread (text, 1, (size_t) length, file) != (size_t) length) bench_fail (path);
  fclose (file);
  return text;
}

/* The first byte behind the comment, the literal, the number or the single byte at P.  */
static char *skip (char *p) {
  char first = *p;
  if (first == '/' && p[1] == '*') {
    char *end = strstr (p + 2, "*/");
    return end == NULL ? p + strlen (p) : end + 2;
  }
  if (first == '/' && p[1] == '/') return p + strcspn (p, "\n");
  if (first == '"' || first == '\'') {
    for (p++; *p != '\0' && *p != first && *p != '\n'; p++) p += *p == '\\' && p[1] != '\0';
    return p + (*p != '\0');
  }
  if (isdigit ((unsigned char) first))
    while (isalnum ((unsigned char) *p)) p++;
  else
    p++;
  return p;
}

static void add_words (char *p) {
  while (*p != '\0') {
    char *begin = p;
    if (!isalpha ((unsigned char) *p) && *p != '_') {
      p = skip (p);
      continue;
    }
    while (isalnum ((unsigned char) *p) || *p == '_') p++;
    add_word ((struct word) {begin, (size_t) (p - begin)});
  }
}

void read_source_words (const char *list) {
  char *paths = text_of (list);
  for (char *path = strtok (paths, "\n"); path != NULL; path = strtok (NULL, "\n"))
    add_words (text_of (path));
  free (paths);
  if (source_words_num == 0) bench_fail (list);
}

/*---------------- Made-up words -----------------------------*/
/* An identifier of 4 to 22 bytes, 11 on average, made of syllables and NUMBER, which makes it
   unique.  */
static struct word make_word (char *chars, unsigned number) {
  static const char *const syllables[] = {"get", "set", "reg", "op", "type", "insn", "el", "_"};
  unsigned random = number * 2654435761u;
  char *end = chars;
  for (int i = (int) (random >> 30); i >= 0; i--, random <<= 3) {
    const char *syllable = syllables[random >> 27 & 7];
    size_t len = strlen (syllable);
    memcpy (end, syllable, len);
    end += len;
  }
  end += snprintf (end, 7, "_%x", number & 0xfffff);
  return (struct word) {chars, (size_t) (end - chars)};
}

struct word *make_words (size_t num, unsigned (*number) (size_t i)) {
  struct word *res = (struct word *) array_of (num, sizeof (*res));
  char *chars = (char *) array_of (num, LONGEST + 1);
  for (size_t i = 0; i < num; i++) res[i] = make_word (chars + i * (LONGEST + 1), number (i));
  return res;
}

void free_words (struct word *words) {
  if (words == NULL) return;
  free ((void *) (uintptr_t) words[0].chars);
  free (words);
}
