/* Times VARR against an array grown by hand, as klib's kvec.h does it (doubling, realloc in a
   macro), and std::vector, both with VARR's allocator; and GLib's GArray, which takes memory from
   malloc.  A compiler can keep the fields of a local array in registers; a VARR is always behind a
   pointer, so an array by hand behind a pointer is measured too.  */
#include "arrays.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "mir-varr.h"
#include "tables.h"

DEF_VARR (int)
DEF_VARR (char)

size_t array_mean;
const char array_text[] /* 300 bytes */
    = "the words of which a program consists are short, most of them, and what a compiler appends "
      "to its output is not much longer: a name, a number, a few bytes of an instruction; only now "
      "and then there is a whole line of text, a table, or the contents of a file, which do not "
      "care "
      "about one call more or less";

/*---------------- By hand -----------------------------*/
struct hand {
  size_t num, size;
  void *els;
};

static __attribute__ ((noinline)) void grow (struct hand *array, size_t num, size_t el_size) {
  size_t size = array->size == 0 ? 2 : array->size;
  while (size < num) size *= 2;
  array->els = MIR_realloc (tables_alloc, array->els, array->size * el_size, size * el_size);
  array->size = size;
  if (array->els == NULL) bench_fail ("no memory");
}

static void push_ints_by_hand (void) {
  struct hand array = {0, 0, NULL};
  for (int i = 0; i < ARRAY_OPS; i++) {
    if (array.num == array.size) grow (&array, array.num + 1, sizeof (int));
    ((int *) array.els)[array.num++] = i;
  }
  bench_touch (array.els);
  MIR_free (tables_alloc, array.els);
}

static void push_ints_behind_pointer (void) {
  struct hand *array = (struct hand *) MIR_calloc (tables_alloc, 1, sizeof (*array));
  for (int i = 0; i < ARRAY_OPS; i++) {
    if (array->num == array->size) grow (array, array->num + 1, sizeof (int));
    ((int *) array->els)[array->num++] = i;
  }
  bench_touch (array->els);
  MIR_free (tables_alloc, array->els);
  MIR_free (tables_alloc, array);
}

static void push_texts_by_hand (void) {
  struct hand array = {0, 0, NULL};
  for (int pass = 0; pass < ARRAY_PASSES; pass++) {
    array.num = 0;
    for (size_t i = 0; i < ARRAY_PASS_OPS; i++) {
      size_t len = array_piece (i);
      if (array.size - array.num < len) grow (&array, array.num + len, 1);
      memcpy ((char *) array.els + array.num, array_text, len);
      array.num += len;
    }
  }
  bench_touch (array.els);
  MIR_free (tables_alloc, array.els);
}

/*---------------- GLib -----------------------------*/
static void push_ints_glib (void) {
  GArray *array = g_array_new (FALSE, FALSE, sizeof (int));
  for (int i = 0; i < ARRAY_OPS; i++) g_array_append_val (array, i);
  bench_touch (array->data);
  g_array_free (array, TRUE);
}

static void push_texts_glib (void) {
  GArray *array = g_array_new (FALSE, FALSE, 1);
  for (int pass = 0; pass < ARRAY_PASSES; pass++) {
    g_array_set_size (array, 0);
    for (size_t i = 0; i < ARRAY_PASS_OPS; i++)
      g_array_append_vals (array, array_text, (guint) array_piece (i));
  }
  bench_touch (array->data);
  g_array_free (array, TRUE);
}

/*---------------- VARR -----------------------------*/
static void push_ints_varr (void) {
  VARR (int) *els;
  VARR_CREATE (int, els, tables_alloc, 0);
  for (int i = 0; i < ARRAY_OPS; i++) VARR_PUSH (int, els, i);
  bench_touch (VARR_ADDR (int, els));
  VARR_DESTROY (int, els);
}

static void push_texts_byte_by_byte (void) {
  VARR (char) *chars;
  VARR_CREATE (char, chars, tables_alloc, 0);
  for (int pass = 0; pass < ARRAY_PASSES; pass++) {
    VARR_TRUNC (char, chars, 0);
    for (size_t i = 0; i < ARRAY_PASS_OPS; i++)
      for (size_t j = 0, len = array_piece (i); j < len; j++)
        VARR_PUSH (char, chars, array_text[j]);
  }
  bench_touch (VARR_ADDR (char, chars));
  VARR_DESTROY (char, chars);
}

static void push_texts_varr (void) {
  VARR (char) *chars;
  VARR_CREATE (char, chars, tables_alloc, 0);
  for (int pass = 0; pass < ARRAY_PASSES; pass++) {
    VARR_TRUNC (char, chars, 0);
    for (size_t i = 0; i < ARRAY_PASS_OPS; i++)
      VARR_PUSH_ARR (char, chars, array_text, array_piece (i));
  }
  bench_touch (VARR_ADDR (char, chars));
  VARR_DESTROY (char, chars);
}

void compare_arrays (void) {
  static const struct bench_side ints[] = {
      {.name = "by hand, as kvec", .run = push_ints_by_hand},
      {.name = "by hand, behind a pointer", .run = push_ints_behind_pointer},
      {.name = "std::vector", .run = push_ints_std},
      {.name = "GArray", .run = push_ints_glib},
      {.name = "VARR", .run = push_ints_varr},
      {.name = NULL}};
  static const struct bench_side texts[] = {
      {.name = "VARR_PUSH of each byte", .run = push_texts_byte_by_byte},
      {.name = "by hand, as kvec, memcpy", .run = push_texts_by_hand},
      {.name = "std::vector", .run = push_texts_std},
      {.name = "GArray", .run = push_texts_glib},
      {.name = "VARR_PUSH_ARR", .run = push_texts_varr},
      {.name = NULL}};
  static const size_t means[] = {8, 16, 64, 255};
  bench_compare ("containers: push an int", ARRAY_OPS, ints);
  for (size_t i = 0; i < sizeof (means) / sizeof (means[0]); i++) {
    char subject[100];
    array_mean = means[i];
    snprintf (subject, sizeof (subject), "containers: push %zu bytes", array_mean);
    bench_compare (subject, ARRAY_OPS, texts);
  }
}
