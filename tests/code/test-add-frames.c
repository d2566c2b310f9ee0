/* Frames that an embedder gives: exceptions pass through generated code without frame pointers, as long
   as it lives, and what is malformed is refused.  Everything is done in both ways of unwinder.h: any
   libgcc takes sections.  */
#include "mir-code-object.h"

#include "code/unwinder.h"
#include "space-fixture.h"
#include "unwound.h"

#if defined(__linux__)
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "support/child.h"

enum { MAX_BLOCKS = 2000, WORST_SECTION = 4096 };

struct block {
  uint8_t *addr;
  unsigned number; /* of its function */
  uint8_t *frames; /* malloc'ed; NULL: not described */
};

static struct block blocks[MAX_BLOCKS];
static enum mir_unwinder_way way; /* of this round */

static size_t scaled_blocks (size_t n) {
  return tap_scaled (n) < MAX_BLOCKS ? tap_scaled (n) : MAX_BLOCKS;
}

static void begin (void) {
  if (UNWOUND_LEN == 0) tap_skip ("no code without frame pointers for this CPU");
  mir_unwinder_use (way);
  start ();
}

/*---------------- Blocks -----------------------------*/

/* A block of at least LEN bytes whose function is number I.  */
static struct block new_block (unsigned i, size_t len) {
  static uint8_t bytes[200000];
  struct block block = {.number = i};
  memset (bytes, 0, sizeof (bytes));
  unwound_code (bytes, i);
  REQUIRE (len + 1 > UNWOUND_LEN && len <= sizeof (bytes)); /* UNWOUND_LEN may be 0 */
  REQUIRE (MIR_code_publish (writer, bytes, len, NULL, &block.addr) == MIR_CODE_OK);
  return block;
}

static MIR_code_status_t describe_as (struct block *block, enum unwound_encoding encoding) {
  struct unwound_section section;
  uint8_t *frames = (uint8_t *) calloc (1, WORST_SECTION);
  unwound_begin (&section, frames, encoding);
  unwound_describe (&section, block->addr, UNWOUND_LEN, block->number);
  unwound_end (&section);
  memcpy (frames, section.bytes, section.len);
  MIR_code_status_t status = MIR_code_add_frames (space, block->addr, frames, section.len);
  if (status == MIR_CODE_OK)
    block->frames = frames;
  else
    free (frames);
  return status;
}

static MIR_code_status_t describe (struct block *block) {
  static const enum unwound_encoding encodings[] = {UNWOUND_ABSPTR, UNWOUND_PCREL8,
                                                    UNWOUND_ALL_AUGMENTS};
  return describe_as (block, encodings[block->number % 3]);
}

static struct block new_described (unsigned i, size_t len) {
  struct block block = new_block (i, len);
  CHECK_INT (describe (&block), MIR_CODE_OK);
  return block;
}

/* As soon as a block is free its frames may be overwritten.  */
static void drop_frames (struct block *block) {
  if (block->frames != NULL) memset (block->frames, 0xee, WORST_SECTION);
  free (block->frames);
  block->frames = NULL;
}

static void free_block (struct block *block) {
  CHECK_INT (MIR_code_free_now (space, block->addr), MIR_CODE_OK);
  drop_frames (block);
}

static void finish_blocks (struct block *list, size_t num) {
  finish ();
  for (size_t i = 0; i < num; i++) drop_frames (&list[i]);
}

/*---------------- Exceptions -----------------------------*/

static void exceptions_pass_through_described_code (void) {
  begin ();
  for (unsigned i = 0; i < 4; i++) {
    blocks[i] = new_block (i, 100);
    CHECK (!unwound_is_known (blocks[i].addr));
    CHECK_INT (describe_as (&blocks[i], (enum unwound_encoding) (i == 1   ? UNWOUND_PCREL8
                                                                 : i == 3 ? UNWOUND_ALL_AUGMENTS
                                                                          : UNWOUND_ABSPTR)),
               MIR_CODE_OK);
    CHECK (unwound_is_known (blocks[i].addr));
    CHECK_INT (unwound_throw (blocks[i].addr, 40 + (int) i), 40 + i);
  }
  finish_blocks (blocks, 4);
  for (unsigned i = 0; i < 4; i++) CHECK (!unwound_is_known (blocks[i].addr));
}

static void exceptions_pass_through_many_blocks (void) {
  const uint8_t *addrs[MAX_BLOCKS];
  size_t num = scaled_blocks (MAX_BLOCKS);
  begin ();
  for (unsigned i = 0; i < num; i++) {
    blocks[i] = new_described (i, 50 + i % 300);
    addrs[i] = blocks[i].addr;
  }
  CHECK_INT (unwound_throw_deep (addrs, num, 4711), 4711);
  CHECK (mir_space_check (space));
  finish_blocks (blocks, num);
}

/* The addresses are used again by functions of other frame sizes.  */
static void freed_code_is_forgotten_and_its_place_described_anew (void) {
  size_t num = scaled_blocks (500);
  begin ();
  for (unsigned i = 0; i < num; i++) blocks[i] = new_described (i, 64);
  for (unsigned round = 1; round < 4; round++) {
    for (unsigned i = round; i < num; i += 2) {
      const uint8_t *addr = blocks[i].addr;
      free_block (&blocks[i]);
      CHECK (!unwound_is_known (addr));
      CHECK (!unwound_is_known (addr + UNWOUND_LEN - 1));
    }
    CHECK_INT (unwound_throw (blocks[0].addr, 1), 1);
    for (unsigned i = round; i < num; i += 2) blocks[i] = new_described (i + round, 30 + i % 90);
    for (unsigned i = 0; i < num; i++) CHECK_INT (unwound_throw (blocks[i].addr, (int) i), i);
    CHECK (mir_space_check (space));
  }
  finish_blocks (blocks, num);
}

static void random_blocks_come_and_go (void) {
  size_t live = 0, steps = tap_scaled (20000);
  begin ();
  for (size_t step = 0; step < steps; step++) {
    uint64_t random = tap_random ();
    if (live < MAX_BLOCKS && (live == 0 || random % 100 < 51)) {
      size_t len = random / 100 % 50 == 0 ? 20000 + random / 5000 % 150000
                                          : UNWOUND_LEN + random / 5000 % 500;
      blocks[live] = new_block ((unsigned) (random >> 40), len);
      if (random >> 20 & 7) CHECK_INT (describe (&blocks[live]), MIR_CODE_OK);
      live++;
    } else {
      size_t i = (size_t) (random >> 8) % live;
      free_block (&blocks[i]);
      blocks[i] = blocks[--live];
    }
    if (live != 0) {
      struct block *block = &blocks[(size_t) (random >> 16) % live];
      if (block->frames != NULL) CHECK_INT (unwound_throw (block->addr, 5), 5);
      CHECK_INT (unwound_is_known (block->addr), block->frames != NULL);
    }
    if (step % 512 == 0) CHECK (mir_space_check (space));
  }
  finish_blocks (blocks, live);
}

/* Every byte of a function is found, wherever other ones began before: libgcc 14 loses some.  */
static void places_are_used_by_functions_of_any_size (void) {
  size_t live = scaled_blocks (1000), steps = tap_scaled (3000);
  static size_t lens[MAX_BLOCKS];
  begin ();
  for (size_t step = 0; step < live + steps; step++) {
    size_t i = step < live ? step : (size_t) (tap_random () % live);
    struct unwound_section section;
    if (step >= live) free_block (&blocks[i]);
    lens[i] = 32 * (size_t) (1 + tap_random () % 8);
    blocks[i] = new_block ((unsigned) step, lens[i]);
    blocks[i].frames = (uint8_t *) calloc (1, WORST_SECTION);
    unwound_begin (&section, blocks[i].frames, step % 2 ? UNWOUND_PCREL8 : UNWOUND_ALL_AUGMENTS);
    unwound_describe (&section, blocks[i].addr, lens[i] - 3, blocks[i].number);
    unwound_end (&section);
    memcpy (blocks[i].frames, section.bytes, section.len);
    REQUIRE (MIR_code_add_frames (space, blocks[i].addr, blocks[i].frames, section.len)
             == MIR_CODE_OK);
    for (size_t at = 0; at < lens[i]; at += 31)
      CHECK_INT (unwound_is_known (blocks[i].addr + at), at < lens[i] - 3);
    if (step % 16 == 0) CHECK_INT (unwound_throw (blocks[i].addr, 5), 5);
  }
  for (size_t i = 0; i < live; i++)
    for (size_t at = 0; at < lens[i]; at += 31)
      CHECK_INT (unwound_is_known (blocks[i].addr + at), at < lens[i] - 3);
  finish_blocks (blocks, live);
}

/*---------------- Sections -----------------------------*/

/* Functions at both ends and the regions' edges of a block of several regions, in any order.  */
static void a_large_block_has_many_descriptions (void) {
  static uint8_t bytes[300000];
  const size_t offsets[] = {131072 - 4, 0, 299000, 65536, 131104, 200, 65536 - UNWOUND_LEN, 262144};
  enum { FUNCTIONS = sizeof (offsets) / sizeof (offsets[0]) };
  struct unwound_section section;
  uint8_t *addr;
  begin ();
  struct block neighbours[2] = {new_described (1, 100), {NULL, 0, NULL}};
  for (unsigned i = 0; i < FUNCTIONS; i++) unwound_code (bytes + offsets[i], i);
  REQUIRE (MIR_code_publish (writer, bytes, sizeof (bytes), NULL, &addr) == MIR_CODE_OK);
  neighbours[1] = new_described (2, 100);
  unwound_begin (&section, section.bytes, UNWOUND_PCREL8);
  for (unsigned i = 0; i < FUNCTIONS; i++) {
    if (i == 4) unwound_another_cie (&section, UNWOUND_ABSPTR);
    unwound_describe (&section, addr + offsets[i], UNWOUND_LEN, i);
  }
  unwound_end (&section);
  CHECK_INT (MIR_code_add_frames (space, addr + 1000, section.bytes, section.len), MIR_CODE_OK);
  CHECK (mir_space_check (space));
  for (unsigned i = 0; i < FUNCTIONS; i++) {
    CHECK_INT (unwound_throw (addr + offsets[i], 7), 7);
    CHECK (unwound_is_known (addr + offsets[i] + UNWOUND_LEN - 1));
    if (offsets[i] + UNWOUND_LEN != 65536) /* where the next one begins */
      CHECK (!unwound_is_known (addr + offsets[i] + UNWOUND_LEN));
  }
  CHECK_INT (unwound_throw (neighbours[0].addr, 8), 8);
  CHECK_INT (unwound_throw (neighbours[1].addr, 9), 9);
  CHECK_INT (MIR_code_free_now (space, addr), MIR_CODE_OK);
  for (unsigned i = 0; i < FUNCTIONS; i++) CHECK (!unwound_is_known (addr + offsets[i]));
  CHECK_INT (unwound_throw (neighbours[1].addr, 9), 9);
  finish_blocks (neighbours, 2);
}

static void code_is_described_once (void) {
  begin ();
  struct block block = new_described (3, 100);
  CHECK_INT (describe (&(struct block) {.addr = block.addr}), MIR_CODE_BAD_OPTION);
  CHECK_INT (unwound_throw (block.addr, 42), 42);
  finish_blocks (&block, 1);
}

static void only_published_code_is_described (void) {
  MIR_code_place_t place = {.size = sizeof (place)};
  begin ();
  uint8_t *addr = publish (5);
  struct block none = {.addr = addr + 64}, far = {.addr = (uint8_t *) &place};
  CHECK_INT (describe (&none), MIR_CODE_NOT_OURS);
  CHECK_INT (describe (&far), MIR_CODE_NOT_OURS);
  REQUIRE (MIR_code_reserve (writer, 100, 0, &place) == MIR_CODE_OK);
  struct block reserved = {.addr = place.addr};
  CHECK_INT (describe (&reserved), MIR_CODE_NOT_OURS);
  CHECK_INT (MIR_code_abort (writer), MIR_CODE_OK);
  REQUIRE (MIR_code_free (space, addr) == MIR_CODE_OK);
  struct block freed = {.addr = addr};
  CHECK_INT (describe (&freed), MIR_CODE_NOT_OURS);
  finish ();
}

/* What linkers leave out has the address 0.  */
static void a_section_may_describe_nothing (void) {
  struct unwound_section section;
  begin ();
  struct block block = new_block (3, 100);
  unwound_begin (&section, section.bytes, UNWOUND_ABSPTR);
  unwound_describe (&section, NULL, 100, 3);
  unwound_describe (&section, block.addr, 0, 3);
  unwound_another_cie (&section, UNWOUND_PCREL8);
  size_t fde = section.len;
  unwound_describe (&section, NULL, 100, 3);
  memset (section.bytes + fde + 8, 0, sizeof (uint64_t)); /* no address, however it is relative */
  unwound_end (&section);
  CHECK_INT (MIR_code_add_frames (space, block.addr, section.bytes, section.len), MIR_CODE_OK);
  CHECK_INT (MIR_code_add_frames (space, block.addr, section.bytes + section.len - 4, 4),
             MIR_CODE_OK);
  CHECK (!unwound_is_known (block.addr));
  CHECK_INT (describe (&block), MIR_CODE_OK);
  CHECK_INT (unwound_throw (block.addr, 42), 42);
  finish_blocks (&block, 1);
}

/* As code generators that emit one block for everything do.  Poison overwrites the frames.  */
static void frames_may_be_in_the_block (void) {
  struct unwound_section section;
  for (int poison = MIR_CODE_KEEP; poison <= MIR_CODE_POISON_ALL; poison++) {
    MIR_code_place_t place = {.size = sizeof (place)};
    if (UNWOUND_LEN == 0) tap_skip ("no code without frame pointers for this CPU");
    mir_unwinder_use (way);
    set_defaults ();
    options.poison = (MIR_code_poison_t) poison;
    start_with_options ();
    for (int frees_late = 0; frees_late < 2; frees_late++) {
      REQUIRE (MIR_code_reserve (writer, 400, 0, &place) == MIR_CODE_OK);
      unwound_code (place.buffer, 5);
      unwound_begin (&section, place.addr + 64, UNWOUND_PCREL4);
      unwound_describe (&section, place.addr, UNWOUND_LEN, 5);
      unwound_end (&section);
      memcpy (place.buffer + 64, section.bytes, section.len);
      REQUIRE (MIR_code_commit (writer, 400, NULL) == MIR_CODE_OK);
      CHECK_INT (MIR_code_add_frames (space, place.addr, place.addr + 64, 400 - 64), MIR_CODE_OK);
      CHECK_INT (unwound_throw (place.addr, 6), 6);
      if (frees_late) {
        CHECK_INT (MIR_code_free (space, place.addr), MIR_CODE_OK);
        CHECK_INT (unwound_throw (place.addr, 6), 6);
        CHECK_INT (MIR_code_reclaim (space, MIR_code_grace_begin (space)), MIR_CODE_OK);
      } else {
        CHECK_INT (MIR_code_free_now (space, place.addr), MIR_CODE_OK);
      }
      CHECK (!unwound_is_known (place.addr));
    }
    finish ();
  }
}

/* As linkers place them: the section is read-only data of the object, or in the middle of the code.  */
static void objects_carry_their_frames (void) {
  enum { OBJECTS = 300 };
  static MIR_code_object_t objects[OBJECTS];
  static const uint8_t *addrs[OBJECTS];
  if (UNWOUND_LEN == 0) tap_skip ("no code without frame pointers for this CPU");
  mir_unwinder_use (way);
  set_defaults ();
  options.reserve = 16 << 20;
  options.poison = MIR_CODE_POISON_ALL;
  start_with_options ();
  for (unsigned i = 0; i < OBJECTS; i++) {
    struct unwound_section section;
    MIR_code_segment_t segments[3] = {
        {.size = sizeof (segments[0]), .access = MIR_CODE_READ_EXEC, .len = 100},
        {.size = sizeof (segments[0]), .access = MIR_CODE_READ_ONLY, .len = 500, .alignment = 8},
        {.size = sizeof (segments[0]),
         .access = MIR_CODE_READ_EXEC,
         .flags = MIR_CODE_TRANSIENT,
         .len = 10}};
    REQUIRE (MIR_code_object_reserve (space, segments, 3, &objects[i]) == MIR_CODE_OK);
    addrs[i] = segments[0].addr;
    unwound_code (segments[0].buffer, i);
    unwound_begin (&section, segments[1].addr, UNWOUND_PCREL4);
    unwound_describe (&section, segments[0].addr, UNWOUND_LEN, i);
    unwound_end (&section);
    memcpy (segments[1].buffer, section.bytes, section.len);
    CHECK_INT (MIR_code_add_frames (space, addrs[i], segments[1].addr, 500), MIR_CODE_NOT_OURS);
    REQUIRE (MIR_code_object_commit (space, objects[i], NULL) == MIR_CODE_OK);
    CHECK_INT (MIR_code_add_frames (space, addrs[i] + 99, segments[1].addr, 500), MIR_CODE_OK);
    if (i % 2) MIR_code_object_settle (space, objects[i]);
  }
  for (unsigned i = 0; i < OBJECTS; i++) CHECK_INT (unwound_throw (addrs[i], 2), 2);
  for (unsigned i = 0; i < OBJECTS; i += 3)
    CHECK_INT (MIR_code_object_free_now (space, objects[i]), MIR_CODE_OK);
  for (unsigned i = 1; i < OBJECTS; i += 3)
    CHECK_INT (MIR_code_object_free (space, objects[i]), MIR_CODE_OK);
  for (unsigned i = 0; i < OBJECTS; i++) CHECK_INT (unwound_is_known (addrs[i]), i % 3 != 0);
  for (unsigned i = 1; i < OBJECTS; i++)
    if (i % 3 != 0) CHECK_INT (unwound_throw (addrs[i], 2), 2);
  CHECK_INT (MIR_code_reclaim (space, MIR_code_grace_begin (space)), MIR_CODE_OK);
  for (unsigned i = 0; i < OBJECTS; i++) CHECK_INT (unwound_is_known (addrs[i]), i % 3 == 2);
  for (unsigned i = 2; i < OBJECTS; i += 3) CHECK_INT (unwound_throw (addrs[i], 2), 2);
  finish ();
  for (unsigned i = 0; i < OBJECTS; i++) CHECK (!unwound_is_known (addrs[i]));
}

/* The end of a space unmaps them with the code, which they describe until then.  */
static void frames_may_be_in_data_of_the_space (void) {
  struct unwound_section section;
  void *frames;
  if (UNWOUND_LEN == 0) tap_skip ("no code without frame pointers for this CPU");
  mir_unwinder_use (way);
  set_defaults ();
  options.reserve = 1024 * 1024;
  start_with_options ();
  struct block block = new_block (3, 100);
  REQUIRE (MIR_code_data_new (space, sizeof (section.bytes), 0, &frames) == MIR_CODE_OK);
  unwound_begin (&section, frames, UNWOUND_PCREL8);
  unwound_describe (&section, block.addr, UNWOUND_LEN, 3);
  unwound_end (&section);
  memcpy (frames, section.bytes, section.len);
  CHECK_INT (MIR_code_add_frames (space, block.addr, frames, section.len), MIR_CODE_OK);
  CHECK_INT (unwound_throw (block.addr, 42), 42);
  finish ();
  CHECK (!unwound_is_known (block.addr));
}

/*---------------- Bad sections -----------------------------*/

static MIR_code_status_t try_bytes (const struct block *block, const void *bytes, size_t len) {
  /* In memory of its own, where AddressSanitizer and valgrind see each byte behind the end.  */
  uint8_t *copy = (uint8_t *) malloc (len != 0 ? len : 1);
  memcpy (copy, bytes, len);
  MIR_code_status_t status = MIR_code_add_frames (space, block->addr, copy, len);
  if (status == MIR_CODE_OK) { /* the copy ends now */
    CHECK_INT (MIR_code_free_now (space, block->addr), MIR_CODE_OK);
    struct block again = new_block (block->number, 100);
    CHECK_PTR (again.addr, block->addr);
  }
  free (copy);
  return status;
}

static void truncated_sections_are_refused (void) {
  struct unwound_section section;
  begin ();
  struct block block = new_block (3, 100);
  static const enum unwound_encoding encodings[] = {UNWOUND_ABSPTR, UNWOUND_ALL_AUGMENTS};
  for (int i = 0; i < 2; i++) {
    unwound_begin (&section, section.bytes, encodings[i]);
    unwound_describe (&section, block.addr, UNWOUND_LEN, 3);
    unwound_end (&section);
    for (size_t len = 0; len < section.len; len++)
      CHECK_INT (try_bytes (&block, section.bytes, len), MIR_CODE_BAD_OPTION);
    CHECK_INT (try_bytes (&block, section.bytes, section.len), MIR_CODE_OK);
  }
  finish ();
}

static void descriptions_of_other_code_are_refused (void) {
  struct unwound_section section;
  begin ();
  struct block block = new_block (3, 128);
  uint8_t *bound = block.addr + 128;
  const struct {
    uint8_t *addr;
    size_t len;
    MIR_code_status_t status;
  } tries[] = {{block.addr, 128, MIR_CODE_OK},
               {block.addr + 127, 1, MIR_CODE_OK},
               {block.addr, 129, MIR_CODE_BAD_OPTION},
               {block.addr - 1, 2, MIR_CODE_BAD_OPTION},
               {bound, 1, MIR_CODE_BAD_OPTION},
               {block.addr - 1, 0, MIR_CODE_BAD_OPTION}, /* libgcc counts it all the same */
               {bound + 1, 0, MIR_CODE_BAD_OPTION},
               {block.addr, SIZE_MAX, MIR_CODE_BAD_OPTION},
               {block.addr + 1, (size_t) -(uintptr_t) block.addr, MIR_CODE_BAD_OPTION},
               {(uint8_t *) &section, 4, MIR_CODE_BAD_OPTION}};
  for (size_t i = 0; i < sizeof (tries) / sizeof (tries[0]); i++) {
    unwound_begin (&section, section.bytes, UNWOUND_ABSPTR);
    unwound_describe (&section, tries[i].addr, tries[i].len, 3);
    unwound_end (&section);
    CHECK_INT (try_bytes (&block, section.bytes, section.len), tries[i].status);
  }
  unwound_begin (&section, section.bytes, UNWOUND_ABSPTR); /* two that overlap */
  unwound_describe (&section, block.addr + 20, 20, 3);
  unwound_describe (&section, block.addr, 21, 3);
  unwound_end (&section);
  CHECK_INT (try_bytes (&block, section.bytes, section.len), MIR_CODE_BAD_OPTION);
  finish ();
}

/* The bytes of a record of GOOD that are wrong one by one.  */
static void wrong_records_are_refused (void) {
  struct unwound_section good, bad;
  begin ();
  struct block block = new_block (3, 100);
  unwound_begin (&good, good.bytes, UNWOUND_ABSPTR);
  size_t fde = good.len;
  unwound_describe (&good, block.addr, UNWOUND_LEN, 3);
  unwound_end (&good);
  const struct {
    size_t at;
    uint8_t value;
  } wrong[] = {
      {3, 0x80},         /* the length of the CIE */
      {8, 2},            /* its version */
      {9, 'x'},          /* its augmentation */
      {10, 'X'},         /* an unknown letter */
      {11, 'R'},         /* an augmentation that does not end within its length */
      {15, 0x7f},        /* the length of what the augmentation stands for */
      {16, 0x80},        /* an indirect address */
      {16, 0x20},        /* relative to the text section */
      {16, 0x50},        /* aligned */
      {16, 0x01},        /* LEB128 */
      {16, 0xff},        /* none */
      {fde + 3, 0x80},   /* the length of the FDE */
      {fde + 4, 1},      /* a CIE that is none */
      {fde + 5, 0xff},   /* one before the section */
      {fde + 24, 0x7f},  /* the length of its augmentation */
      {good.len - 4, 1}, /* the end */
  };
  CHECK_INT (try_bytes (&block, good.bytes, good.len), MIR_CODE_OK);
  for (size_t i = 0; i < sizeof (wrong) / sizeof (wrong[0]); i++) {
    bad = good;
    bad.bytes[wrong[i].at] = wrong[i].value;
    MIR_code_status_t status = try_bytes (&block, bad.bytes, bad.len);
    if (status != MIR_CODE_BAD_OPTION) tap_note ("byte %zu", wrong[i].at);
    CHECK_INT (status, MIR_CODE_BAD_OPTION);
  }
  uint64_t *words = (uint64_t *) malloc (good.len + 8);
  memcpy ((uint8_t *) words + 2, good.bytes, good.len); /* not aligned */
  CHECK_INT (MIR_code_add_frames (space, block.addr, (uint8_t *) words + 2, good.len),
             MIR_CODE_BAD_OPTION);
  free (words);
  finish ();
}

/* Begin SECTION with a CIE whose augmentation is LETTERS, for absolute addresses; each letter that has
   data has zeros.  */
static void begin_with_letters (struct unwound_section *section, const char *letters) {
  enum { AUGMENTATION = 9 }; /* its place in a CIE */
  struct unwound_section plain;
  size_t data_len = 0, letters_len = strlen (letters) + 1;
  for (const char *letter = letters; *letter != 0; letter++)
    data_len += *letter == 'P' ? 1 + sizeof (uintptr_t) : *letter == 'R' || *letter == 'L';
  unwound_begin (&plain, section->bytes, UNWOUND_ABSPTR);
  *section = (struct unwound_section) {.place = section->bytes, .encoding = UNWOUND_ABSPTR};
  unwound_put_ (section, plain.bytes, AUGMENTATION);
  unwound_put_ (section, letters, letters_len);
  unwound_put_ (section, plain.bytes + AUGMENTATION + sizeof ("zR"), 3); /* factors, register */
  unwound_put_byte_ (section, (unsigned) data_len);
  while (data_len-- > 0) unwound_put_byte_ (section, 0);
  unwound_put_ (section, plain.bytes + AUGMENTATION + sizeof ("zR") + 5, 5); /* instructions */
  unwound_close_record_ (section, 0);
}

/* libgcc looks for addresses in its own way, which stops at some letters: what it then takes for an
   address would hide the frames of other blocks.  */
static void letters_are_as_compilers_write_them (void) {
  static const struct {
    const char *letters;
    MIR_code_status_t status;
  } tries[] = {{"zR", MIR_CODE_OK},
               {"zRS", MIR_CODE_OK},
               {"zPLR", MIR_CODE_OK},
               {"zPLRSB", MIR_CODE_OK},
               {"zLRBG", MIR_CODE_OK},
               {"zSR", MIR_CODE_BAD_OPTION},
               {"zBR", MIR_CODE_BAD_OPTION},
               {"zGR", MIR_CODE_BAD_OPTION},
               {"zBP", MIR_CODE_BAD_OPTION},
               {"zRR", MIR_CODE_BAD_OPTION},
               {"zRSS", MIR_CODE_BAD_OPTION},
               {"zPP", MIR_CODE_BAD_OPTION},
               {"zPPPPPPPP", MIR_CODE_BAD_OPTION},
               {"zLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLL", MIR_CODE_BAD_OPTION}};
  begin ();
  struct block neighbour = new_described (2, 100), block = new_block (3, 100);
  for (size_t i = 0; i < sizeof (tries) / sizeof (tries[0]); i++) {
    struct unwound_section section;
    begin_with_letters (&section, tries[i].letters);
    unwound_describe (&section, block.addr, UNWOUND_LEN, 3);
    unwound_end (&section);
    MIR_code_status_t status = try_bytes (&block, section.bytes, section.len);
    if (status != tries[i].status) tap_note ("%s", tries[i].letters);
    CHECK_INT (status, tries[i].status);
    CHECK_INT (unwound_throw (neighbour.addr, 5), 5);
  }
  finish_blocks (&neighbour, 1);
}

static void random_sections_never_crash (void) {
  struct unwound_section good, bad;
  size_t accepted = 0, steps = tap_scaled (30000);
  begin ();
  struct block block = new_block (3, 100);
  unwound_begin (&good, good.bytes, UNWOUND_ABSPTR);
  unwound_describe (&good, block.addr, UNWOUND_LEN, 3);
  unwound_describe (&good, block.addr + 32, UNWOUND_LEN, 3);
  if (!unwound_follows_personalities ()) { /* a random pointer is no defect of the bytes */
    unwound_another_cie (&good, UNWOUND_ALL_AUGMENTS);
    unwound_describe (&good, block.addr + 64, UNWOUND_LEN, 3);
  }
  unwound_end (&good);
  for (size_t step = 0; step < steps; step++) {
    bad = good;
    for (uint64_t n = 1 + tap_random () % 3; n > 0; n--) {
      uint64_t random = tap_random ();
      uint8_t *byte = &bad.bytes[random % bad.len];
      *byte =
          random >> 16 & 1 ? (uint8_t) (random >> 24) : (uint8_t) (*byte ^ 1 << (random >> 24 & 7));
    }
    MIR_code_status_t status = try_bytes (&block, bad.bytes, bad.len);
    if (status == MIR_CODE_OK)
      accepted++;
    else
      CHECK_INT (status, MIR_CODE_BAD_OPTION);
  }
  tap_note ("%zu of %zu accepted", accepted, steps);
  CHECK (accepted < steps);
  finish ();
}

/*---------------- Memory -----------------------------*/

/* Each allocation is refused in turn: nothing changes, and afterwards it works.  */
static void refused_memory_leaves_everything_as_it_was (void) {
  begin ();
  size_t live = 0, refused = 0;
  for (; live < 200; live++) {
    blocks[live] = new_block ((unsigned) live, live % 50 == 49 ? 100000 : 100);
    for (long n = 0;; n++) {
      size_t bytes = stats ().bookkeeping_bytes;
      probe_alloc_fail_after (&data, n, 0);
      MIR_code_status_t status = describe (&blocks[live]);
      size_t failed = data.failed;
      probe_alloc_fail_after (&data, -1, 0);
      data.failed = 0;
      if (status == MIR_CODE_OK) {
        CHECK_INT (failed, 0);
        break;
      }
      refused++;
      CHECK_INT (status, MIR_CODE_NO_MEMORY);
      CHECK (n != 0 || stats ().bookkeeping_bytes == bytes);
      CHECK (!unwound_is_known (blocks[live].addr));
      if (live > 0) CHECK_INT (unwound_throw (blocks[live - 1].addr, 3), 3);
      CHECK (mir_space_check (space));
    }
    CHECK_INT (unwound_throw (blocks[live].addr, 3), 3);
  }
  CHECK (refused > 200);
  finish_blocks (blocks, live);
}

static void freeing_needs_no_memory_and_gives_all_back (void) {
  begin ();
  for (unsigned i = 0; i < 300; i++) blocks[i] = new_block (i, 100);
  size_t before = stats ().bookkeeping_bytes, live_bytes = data.live_bytes;
  for (unsigned i = 0; i < 300; i++) CHECK_INT (describe (&blocks[i]), MIR_CODE_OK);
  CHECK_INT (stats ().bookkeeping_bytes - before, data.live_bytes - live_bytes);
  probe_alloc_fail_after (&data, 0, 1);
  for (unsigned i = 0; i < 300; i++) free_block (&blocks[i]);
  CHECK_INT (stats ().bookkeeping_bytes - before, data.live_bytes - live_bytes);
  probe_alloc_fail_after (&data, -1, 0);
  (void) MIR_code_trim (space);
  CHECK_INT (stats ().mapped_bytes, 0);
  blocks[0] = new_described (4, 100);
  CHECK_INT (unwound_throw (blocks[0].addr, 3), 3);
  finish_blocks (blocks, 1);
}

/* When poisoning is refused the block is as it was.  */
static void refused_poison_keeps_the_frames (void) {
  if (UNWOUND_LEN == 0) tap_skip ("no code without frame pointers for this CPU");
  mir_unwinder_use (way);
  set_defaults ();
  probe_code_alloc_init (&pages);
  over_pages = 1;
  options.code_alloc = &pages.alloc;
  options.poison = MIR_CODE_POISON_ALL;
  start_with_options ();
  struct block block = new_described (4, 100);
  for (int late = 0; late < 2; late++) {
    pages.fail_protect_in = 0;
    if (late) {
      CHECK_INT (MIR_code_free (space, block.addr), MIR_CODE_OK);
      CHECK_INT (MIR_code_reclaim (space, MIR_code_grace_begin (space)), MIR_CODE_WRITE_REFUSED);
    } else {
      CHECK_INT (MIR_code_free_now (space, block.addr), MIR_CODE_WRITE_REFUSED);
    }
    pages.fail_protect_in = -1;
    CHECK_INT (unwound_throw (block.addr, 3), 3);
    CHECK (mir_space_check (space));
  }
  CHECK_INT (MIR_code_reclaim (space, MIR_code_grace_begin (space)), MIR_CODE_OK);
  CHECK (!unwound_is_known (block.addr));
  finish_blocks (&block, 1);
}

/*---------------- Grace periods, hooks, forks -----------------------------*/

static void freed_code_keeps_its_frames_until_it_is_reclaimed (void) {
  begin ();
  for (unsigned i = 0; i < 100; i++) blocks[i] = new_described (i, 100);
  for (unsigned i = 0; i < 100; i += 2)
    CHECK_INT (MIR_code_free (space, blocks[i].addr), MIR_CODE_OK);
  MIR_code_grace_t grace = MIR_code_grace_begin (space);
  CHECK_INT (MIR_code_free (space, blocks[1].addr), MIR_CODE_OK);
  for (unsigned i = 0; i < 100; i++) CHECK_INT (unwound_throw (blocks[i].addr, 3), 3);
  CHECK_INT (MIR_code_reclaim (space, grace), MIR_CODE_OK);
  for (unsigned i = 0; i < 100; i++) CHECK_INT (unwound_is_known (blocks[i].addr), i % 2);
  CHECK_INT (unwound_throw (blocks[1].addr, 3), 3);
  finish_blocks (blocks, 100);
}

static int known_in_hook;

static void note_freed (void *user_data, const MIR_code_event_t *event) {
  (void) user_data;
  known_in_hook += unwound_is_known (event->start);
}

static void hooks_are_told_when_the_frames_are_gone (void) {
  static const MIR_code_hooks_t hooks = {.size = sizeof (hooks), .freed = note_freed};
  if (UNWOUND_LEN == 0) tap_skip ("no code without frame pointers for this CPU");
  mir_unwinder_use (way);
  set_defaults ();
  options.hooks = &hooks;
  start_with_options ();
  known_in_hook = 0;
  for (unsigned i = 0; i < 10; i++) blocks[i] = new_described (i, 100);
  for (unsigned i = 0; i < 10; i++) free_block (&blocks[i]);
  CHECK_INT (known_in_hook, 0);
  finish ();
}

static int free_in_child (void) {
  for (unsigned i = 0; i < 100; i++) {
    if (unwound_throw (blocks[i].addr, 3) != 3) return 1;
    if (i % 3 == 0) continue;
    if (MIR_code_free_now (space, blocks[i].addr) != MIR_CODE_OK) return 2;
    if (unwound_is_known (blocks[i].addr)) return 3;
    drop_frames (&blocks[i]);
  }
  blocks[1] = new_block (2, 100);
  if (describe (&blocks[1]) != MIR_CODE_OK) return 4;
  if (unwound_throw (blocks[1].addr, 3) != 3) return 5;
  if (!mir_space_check (space)) return 6;
  MIR_code_writer_finish (writer);
  MIR_code_space_finish (space);
  for (unsigned i = 0; i < 100; i++) {
    if (unwound_is_known (blocks[i].addr)) return 7;
    drop_frames (&blocks[i]);
  }
  return probe_alloc_finish (&data) == 0 ? 0 : 8;
}

static void a_forked_child_frees_its_own (void) {
  begin ();
  for (unsigned i = 0; i < 100; i++) blocks[i] = new_described (i, 100);
  struct child_end end = run_child (free_in_child, NULL, 0);
  CHECK_INT (end.status, 0);
  for (unsigned i = 0; i < 100; i++) CHECK_INT (unwound_throw (blocks[i].addr, 3), 3);
  finish_blocks (blocks, 100);
}

/*---------------- Threads -----------------------------*/

enum { LASTING = 200, CHANGING = 100, THROWERS = 2, CHANGERS = 2 };
static struct block lasting[LASTING];
static atomic_int is_over, failures;

/* Throws through code that lives, in regions where other code comes and goes.  */
static void *keep_throwing (void *arg) {
  unsigned i = (unsigned) (uintptr_t) arg;
  while (!atomic_load (&is_over)) {
    const uint8_t *addrs[3];
    for (unsigned j = 0; j < 3; j++, i += 7) addrs[j] = lasting[i % LASTING].addr;
    if (unwound_throw_deep (addrs, 3, 9) != 9) atomic_fetch_add (&failures, 1);
  }
  return NULL;
}

static void *keep_changing (void *arg) {
  struct block mine[CHANGING] = {{0}};
  MIR_code_writer_t own;
  uint8_t bytes[256] = {0};
  uint64_t random = (uintptr_t) arg + 1;
  if (MIR_code_writer_create (space, &own) != MIR_CODE_OK) abort ();
  for (size_t step = tap_scaled (20000); step > 0; step--) {
    random = random * UINT64_C (6364136223846793005) + 1442695040888963407u;
    struct block *block = &mine[(random >> 33) % CHANGING];
    if (block->addr != NULL) {
      if (MIR_code_free_now (space, block->addr) != MIR_CODE_OK) atomic_fetch_add (&failures, 1);
      drop_frames (block);
      block->addr = NULL;
      continue;
    }
    block->number = (unsigned) (random >> 40);
    unwound_code (bytes, block->number);
    if (MIR_code_publish (own, bytes, 40 + (random >> 50) % 200, NULL, &block->addr) != MIR_CODE_OK
        || describe (block) != MIR_CODE_OK || unwound_throw (block->addr, 8) != 8)
      atomic_fetch_add (&failures, 1);
  }
  for (size_t i = 0; i < CHANGING; i++)
    if (mine[i].addr != NULL) {
      (void) MIR_code_free_now (space, mine[i].addr);
      drop_frames (&mine[i]);
    }
  MIR_code_writer_finish (own);
  return NULL;
}

static void threads_throw_while_others_change_what_is_described (void) {
  pthread_t throwers[THROWERS], changers[CHANGERS];
  begin ();
  atomic_store (&is_over, 0);
  atomic_store (&failures, 0);
  for (unsigned i = 0; i < LASTING; i++) { /* with gaps for the code of other threads */
    blocks[i] = new_block (i, 300);
    lasting[i] = new_described (i, 64);
  }
  for (unsigned i = 0; i < LASTING; i++) free_block (&blocks[i]);
  for (uintptr_t i = 0; i < THROWERS; i++)
    REQUIRE (pthread_create (&throwers[i], NULL, keep_throwing, (void *) i) == 0);
  for (uintptr_t i = 0; i < CHANGERS; i++)
    REQUIRE (pthread_create (&changers[i], NULL, keep_changing, (void *) i) == 0);
  for (unsigned i = 0; i < CHANGERS; i++) REQUIRE (pthread_join (changers[i], NULL) == 0);
  atomic_store (&is_over, 1);
  for (unsigned i = 0; i < THROWERS; i++) REQUIRE (pthread_join (throwers[i], NULL) == 0);
  CHECK_INT (atomic_load (&failures), 0);
  CHECK (mir_space_check (space));
  finish_blocks (lasting, LASTING);
}

/*---------------- Ways -----------------------------*/

static void programs_without_an_unwinder_are_told (void) {
  way = MIR_NO_UNWINDER;
  begin ();
  struct block block = new_block (3, 100);
  CHECK_INT (describe (&block), MIR_CODE_NO_BACKEND);
  finish_blocks (&block, 1);
}

static void many_threads_find_out_the_way_at_once (void) {
  mir_unwinder_use (MIR_UNWINDER_UNKNOWN);
  way = mir_unwinder_way ();
  CHECK (way != MIR_UNWINDER_UNKNOWN);
  for (int i = 0; i < 100; i++) {
    mir_unwinder_use (MIR_UNWINDER_UNKNOWN);
    CHECK_INT (mir_unwinder_way (), way);
  }
}

static void run_all (void) {
  TEST_RUN (exceptions_pass_through_described_code);
  TEST_RUN (exceptions_pass_through_many_blocks);
  TEST_RUN (freed_code_is_forgotten_and_its_place_described_anew);
  TEST_RUN (random_blocks_come_and_go);
  TEST_RUN (places_are_used_by_functions_of_any_size);
  TEST_RUN (a_large_block_has_many_descriptions);
  TEST_RUN (code_is_described_once);
  TEST_RUN (only_published_code_is_described);
  TEST_RUN (a_section_may_describe_nothing);
  TEST_RUN (frames_may_be_in_the_block);
  TEST_RUN (objects_carry_their_frames);
  TEST_RUN (frames_may_be_in_data_of_the_space);
  TEST_RUN (truncated_sections_are_refused);
  TEST_RUN (descriptions_of_other_code_are_refused);
  TEST_RUN (wrong_records_are_refused);
  TEST_RUN (letters_are_as_compilers_write_them);
  TEST_RUN (random_sections_never_crash);
  TEST_RUN (refused_memory_leaves_everything_as_it_was);
  TEST_RUN (freeing_needs_no_memory_and_gives_all_back);
  TEST_RUN (refused_poison_keeps_the_frames);
  TEST_RUN (freed_code_keeps_its_frames_until_it_is_reclaimed);
  TEST_RUN (hooks_are_told_when_the_frames_are_gone);
  TEST_RUN (a_forked_child_frees_its_own);
  TEST_RUN (threads_throw_while_others_change_what_is_described);
}

int main (void) {
  TEST_RUN (many_threads_find_out_the_way_at_once);
  static const char *const names[] = {"?", "none", "sections", "tables"};
  enum mir_unwinder_way found = mir_unwinder_way ();
  tap_note ("this program's unwinder takes %s", names[found]);
  if (found == MIR_BY_TABLE) {
    way = MIR_BY_TABLE;
    run_all ();
  }
  if (found != MIR_NO_UNWINDER) {
    way = MIR_BY_SECTION;
    run_all ();
    tap_note ("with parts of functions");
    mir_unwinder_pretend_loss (40);
    run_all ();
    mir_unwinder_pretend_loss (0);
  }
  TEST_RUN (programs_without_an_unwinder_are_told);
  return tap_done ();
}
#endif
