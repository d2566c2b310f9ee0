/* Times code that comes and goes with its .eh_frame section, among much code that stays: registered with
   this library, or with libgcc as JITs do, one by one.  `no frames` is what the code alone costs.  Then
   times exceptions through such code.  */
#include "mir-code-object.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../tests/code/unwound.h"
#include "bench.h"

enum { OPS = 2000, ROUNDS = 11, MAX_LIVE = 20000, CODE_LEN = 150, SECTION_LEN = 64 };

/* libgcc's; no header declares them.  */
extern void __register_frame (void *section);
extern void __deregister_frame (void *section);

struct piece {
  uint8_t *addr;
  unsigned number;
  uint64_t section[SECTION_LEN / sizeof (uint64_t)];
};

enum way { NO_FRAMES, ONE_BY_ONE, OURS };

struct side {
  enum way way;
  size_t live;
  uint64_t random;
  MIR_code_space_t space;
  MIR_code_writer_t writer;
  struct piece *pieces;
};

static uint64_t next_random (struct side *side) {
  side->random = side->random * UINT64_C (6364136223846793005) + 1442695040888963407u;
  return side->random >> 33;
}

static void add (struct side *side, struct piece *piece) {
  uint8_t code[CODE_LEN] = {0};
  struct unwound_section section;
  piece->number = (unsigned) next_random (side);
  unwound_code (code, piece->number);
  if (MIR_code_publish (side->writer, code, CODE_LEN, NULL, &piece->addr) != MIR_CODE_OK)
    bench_fail ("publish");
  unwound_begin (&section, piece->section, UNWOUND_ABSPTR);
  unwound_describe (&section, piece->addr, UNWOUND_LEN, piece->number);
  unwound_end (&section);
  if (section.len > SECTION_LEN) bench_fail ("room for a section");
  memcpy (piece->section, section.bytes, section.len);
  if (side->way == ONE_BY_ONE) __register_frame (piece->section);
  if (side->way == OURS
      && MIR_code_add_frames (side->space, piece->addr, piece->section, section.len) != MIR_CODE_OK)
    bench_fail ("add frames");
}

static void drop (struct side *side, struct piece *piece) {
  if (side->way == ONE_BY_ONE) __deregister_frame (piece->section);
  if (MIR_code_free_now (side->space, piece->addr) != MIR_CODE_OK) bench_fail ("free");
}

static void start (struct side *side) {
  MIR_code_options_t options = {.size = sizeof (options), .reserve = 64 << 20};
  if (MIR_code_space_create (&options, &side->space) != MIR_CODE_OK) bench_fail ("a space");
  if (MIR_code_writer_create (side->space, &side->writer) != MIR_CODE_OK) bench_fail ("a writer");
  side->pieces = (struct piece *) calloc (side->live, sizeof (struct piece));
  if (side->pieces == NULL) bench_fail ("memory");
  side->random = 1;
  for (size_t i = 0; i < side->live; i++) add (side, &side->pieces[i]);
  if (side->way != NO_FRAMES && unwound_throw (side->pieces[0].addr, 3) != 3) bench_fail ("throw");
}

static void stop (struct side *side) {
  for (size_t i = side->live; i > 0; i--) drop (side, &side->pieces[i - 1]);
  MIR_code_space_finish (side->space);
  free (side->pieces);
}

/* Each side has what it registers to itself: the sides start and stop one after another.  */
static void prepare (void) {
  start ((struct side *) bench_running->arg);
}

static void finish (void) {
  stop ((struct side *) bench_running->arg);
}

static void replace (void) {
  struct side *side = (struct side *) bench_running->arg;
  for (size_t i = 0; i < bench_running_ops; i++) {
    struct piece *piece = &side->pieces[next_random (side) % side->live];
    drop (side, piece);
    add (side, piece);
  }
}

static void throw_through (void) {
  struct side *side = (struct side *) bench_running->arg;
  for (size_t i = 0; i < bench_running_ops; i++)
    if (unwound_throw (side->pieces[next_random (side) % side->live].addr, 3) != 3)
      bench_fail ("throw");
}

static void compare (const char *what, void (*run) (void), enum way first, size_t ops,
                     size_t live) {
  static const char *const names[] = {"no frames", "libgcc, one by one", "MIR_code_add_frames"};
  struct side sides[3] = {{.way = NO_FRAMES}, {.way = ONE_BY_ONE}, {.way = OURS}};
  struct bench_side bench_sides[4] = {{0}};
  char name[80];
  size_t num = 0;
  (void) snprintf (name, sizeof (name), "%s, %zu live", what, live);
  for (size_t i = first; i < 3; i++) {
    sides[i].live = live;
    bench_sides[num++] = (struct bench_side) {
        .name = names[i], .run = run, .prepare = prepare, .finish = finish, .arg = &sides[i]};
  }
  struct bench_subject subject = {.name = name, .ops = ops, .rounds = ROUNDS};
  bench_compare_as (&subject, bench_sides);
}

int main (int argc, char **argv) {
  static const size_t lives[] = {100, 1000, MAX_LIVE};
  bench_start (argc, argv);
  for (size_t i = 0; i < 3; i++)
    compare ("free, publish, describe", replace, ONE_BY_ONE, OPS, lives[i]);
  for (size_t i = 0; i < 3; i++)
    compare ("with and without frames", replace, NO_FRAMES, OPS, lives[i]);
  for (size_t i = 0; i < 3; i++) compare ("throw", throw_through, ONE_BY_ONE, OPS, lives[i]);
  return 0;
}
