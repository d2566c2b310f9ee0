/* memcpy, memmove and memset of the DLL, against the simplest loops: all lengths up to 300 at all
   places to 16 bytes, all overlaps, and lengths around those where the way changes.  */

#define memcpy own_memcpy
#define memmove own_memmove
#define memset own_memset
#include "../../src/ucrt/builtins-copies-x86.c"
#undef memcpy
#undef memmove
#undef memset

#include <stdlib.h>

#include "support/tap.h"

enum { LENGTHS = 300, PLACES = 17, MARGIN = 80, ROOM = 3 * 8192, LONG_RUNS = 40000 };

static uint8_t wanted[ROOM], seen[ROOM];

/* The same bytes in both, none of them near another of its value.  */
static void begin (size_t size) {
  static uint8_t start;
  start += 41;
  for (size_t i = 0; i < size; i++) wanted[i] = seen[i] = (uint8_t) (start + i * 7 + i / 256);
}

/* The first of SIZE bytes that differs; SIZE if none does.  */
static size_t first_difference (size_t size) {
  for (size_t i = 0; i < size; i++)
    if (wanted[i] != seen[i]) return i;
  return size;
}

/* Move N bytes inside the first SIZE of the room from the index FROM to the index TO.  */
static void check_move (size_t to, size_t from, size_t n, size_t size, int by_memcpy) {
  begin (size);
  if (to <= from)
    for (size_t i = 0; i < n; i++) ((volatile uint8_t *) wanted)[to + i] = wanted[from + i];
  else
    for (size_t i = n; i > 0; i--) ((volatile uint8_t *) wanted)[to + i - 1] = wanted[from + i - 1];
  void *result =
      by_memcpy ? own_memcpy (seen + to, seen + from, n) : own_memmove (seen + to, seen + from, n);
  if (result == seen + to && first_difference (size) == size) return;
  tap_note ("%u bytes from %u to %u", (unsigned) n, (unsigned) from, (unsigned) to);
  CHECK (!"moved right");
}

static void copies_of_every_length_and_place (void) {
  for (size_t n = 0; n <= LENGTHS; n++)
    for (size_t i = 0; i < PLACES; i++)
      for (size_t j = 0; j < PLACES; j += 1 + n % 3)
        check_move (MARGIN + i, 2 * MARGIN + LENGTHS + j, n, 4 * MARGIN + 2 * LENGTHS, 1);
}

static void moves_of_every_length_and_overlap (void) {
  for (size_t n = 0; n <= LENGTHS; n++)
    for (size_t distance = 0; distance <= 2 * MARGIN; distance += 1 + n % 2) {
      size_t place = MARGIN + n % PLACES;
      check_move (place, place + distance, n, 4 * MARGIN + LENGTHS, 0);
      check_move (place + distance, place, n, 4 * MARGIN + LENGTHS, 0);
    }
}

static void check_fill (size_t to, int with, size_t n, size_t size) {
  begin (size);
  for (size_t i = 0; i < n; i++) ((volatile uint8_t *) wanted)[to + i] = (uint8_t) with;
  if (own_memset (seen + to, with, n) == seen + to && first_difference (size) == size) return;
  tap_note ("%u bytes at %u", (unsigned) n, (unsigned) to);
  CHECK (!"filled right");
}

static void fills_of_every_length_and_place (void) {
  for (size_t n = 0; n <= LENGTHS; n++)
    for (size_t i = 0; i < PLACES; i++)
      check_fill (MARGIN + i, (int) (n + 256 * i), n, 3 * MARGIN + LENGTHS);
}

/* Lengths at which the string instructions begin, and longer ones.  */
static void copy_long_ones (void) {
  for (size_t run = 0; run < tap_scaled (LONG_RUNS) / 100; run++) {
    size_t n = run % 2 ? BY_STRING - 40 + tap_random () % 80 : 1 + tap_random () % 8000;
    size_t from = MARGIN + tap_random () % 8000, to = MARGIN + tap_random () % 8000;
    if (run % 3 == 0) to = from + tap_random () % 64;
    check_move (to, from, n, ROOM, 0);
    check_fill (to, (int) (tap_random () % 256), n, ROOM);
    check_move (run % 16, 12000 + run / 16 % 16, n, ROOM, 1);
  }
}

/* Every CPU has these instructions, fast or not.  */
static void long_ones_by_string_instructions (void) {
  strings = FAST;
  copy_long_ones ();
}

static void long_ones_without_them (void) {
  strings = SLOW;
  copy_long_ones ();
}

static void the_cpu_is_asked_once (void) {
  strings = UNKNOWN;
  int answer = has_fast_strings ();
  tap_note ("fast strings: %d", answer);
  CHECK_INT (strings, answer ? FAST : SLOW);
  CHECK_INT (has_fast_strings (), answer);
}

int main (void) {
  TEST_RUN (copies_of_every_length_and_place);
  TEST_RUN (moves_of_every_length_and_overlap);
  TEST_RUN (fills_of_every_length_and_place);
  TEST_RUN (long_ones_by_string_instructions);
  TEST_RUN (long_ones_without_them);
  TEST_RUN (the_cpu_is_asked_once);
  return tap_done ();
}
