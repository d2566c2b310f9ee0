/* Every system call of a space's life is refused in turn: for each back end at each of its levels, a
   fixed scenario runs once for each of its calls, which is refused once, or half done, or refused
   with all calls after it.  An operation that fails has a clean status and has changed nothing: not
   a byte of published code, no protection, no number; when the refusal ends it succeeds.  At the end
   no mapping, descriptor, lock or block of memory is left.  A back end and level that the program
   does not reach is a failure, unless the probe says why the system lacks it.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "mir-code-object.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "code/backend-list.h"
#include "code/probe.h"
#include "code/query.h" /* mir_space_check */
#include "mir-code-alloc-default.c"
#include "support/machine-code.h"
#include "support/probe-alloc.h"
#include "support/refused-calls.h"
#include "support/tap.h"

/*---------------- Back ends and levels -----------------------------*/

enum { RANGE = 8 * 1024 * 1024 }; /* bytes reserved, for the pairs in a range */

/* A back end at a level.  Sealed code from before a fork cannot be poisoned.  */
struct pair {
  const char *name, *backend;
  unsigned bit;
  MIR_code_protection_t level;
  const char *call; /* one that only this back end makes; NULL: none */
  size_t reserve;
  MIR_code_poison_t poison;
  int is_alike; /* the code is that of another pair: calls are refused once, and not for good */
};

static const struct pair pairs[] = {
    {"anon, open alias", "anon", MIR_CODE_ANON, MIR_CODE_OPEN_ALIAS, "mremap", 0,
     MIR_CODE_POISON_ALL, 0},
    {"anon, closed alias", "anon", MIR_CODE_ANON, MIR_CODE_CLOSED_ALIAS, "mremap", 0,
     MIR_CODE_POISON_ALL, 0},
    {"anon, sealed", "anon", MIR_CODE_ANON, MIR_CODE_SEALED, "mseal", 0, MIR_CODE_KEEP, 0},
    {"memfd, open alias", "memfd", MIR_CODE_MEMFD, MIR_CODE_OPEN_ALIAS, "memfd_create", 0,
     MIR_CODE_POISON_ENTRY, 0},
    {"memfd, closed alias", "memfd", MIR_CODE_MEMFD, MIR_CODE_CLOSED_ALIAS, "memfd_create", 0,
     MIR_CODE_POISON_ENTRY, 0},
    {"memfd, sealed", "memfd", MIR_CODE_MEMFD, MIR_CODE_SEALED, "memfd_create", 0, MIR_CODE_KEEP,
     0},
    {"filled, open alias", "anon", MIR_CODE_ANON | MIR_CODE_MEMFD, MIR_CODE_OPEN_ALIAS, "pwritev",
     0, MIR_CODE_POISON_ALL, 0},
    {"tmpfile, open alias", "tmpfile", MIR_CODE_TMPFILE, MIR_CODE_OPEN_ALIAS, "fallocate", 0,
     MIR_CODE_KEEP, 0},
    {"tmpfile, closed alias", "tmpfile", MIR_CODE_TMPFILE, MIR_CODE_CLOSED_ALIAS, "fallocate", 0,
     MIR_CODE_POISON_ALL, 0},
    {"tmpfile, sealed", "tmpfile", MIR_CODE_TMPFILE, MIR_CODE_SEALED, "fallocate", 0, MIR_CODE_KEEP,
     0},
    {"procmem, open alias", "procmem", MIR_CODE_PROCMEM, MIR_CODE_OPEN_ALIAS, "pwrite", 0,
     MIR_CODE_POISON_ENTRY, 1},
    {"procmem, closed alias", "procmem", MIR_CODE_PROCMEM, MIR_CODE_CLOSED_ALIAS, "pwrite", 0,
     MIR_CODE_KEEP, 1},
    {"procmem, no alias", "procmem", MIR_CODE_PROCMEM, MIR_CODE_NO_ALIAS, "pwrite", 0,
     MIR_CODE_POISON_ALL, 0},
    {"remap, open alias", "remap", MIR_CODE_REMAP, MIR_CODE_OPEN_ALIAS, "mremap", 0,
     MIR_CODE_POISON_ENTRY, 1},
    {"remap, closed alias", "remap", MIR_CODE_REMAP, MIR_CODE_CLOSED_ALIAS, "mremap", 0,
     MIR_CODE_KEEP, 1},
    {"remap, no alias", "remap", MIR_CODE_REMAP, MIR_CODE_NO_ALIAS, "mremap", 0,
     MIR_CODE_POISON_ALL, 0},
    {"rwx, open alias", "rwx", MIR_CODE_RWX, MIR_CODE_OPEN_ALIAS, NULL, 0, MIR_CODE_POISON_ALL, 0},
    {"flip, open alias", "flip", MIR_CODE_FLIP, MIR_CODE_OPEN_ALIAS, "mprotect", 0,
     MIR_CODE_POISON_ALL, 0},
    {"anon, open alias, in a range", "anon", MIR_CODE_ANON, MIR_CODE_OPEN_ALIAS, "mremap", RANGE,
     MIR_CODE_KEEP, 0},
    {"anon, closed alias, in a range", "anon", MIR_CODE_ANON, MIR_CODE_CLOSED_ALIAS, "mremap",
     RANGE, MIR_CODE_POISON_ENTRY, 0},
    {"memfd, sealed, in a range", "memfd", MIR_CODE_MEMFD, MIR_CODE_SEALED, "memfd_create", RANGE,
     MIR_CODE_KEEP, 0},
    {"filled, open alias, in a range", "anon", MIR_CODE_ANON | MIR_CODE_MEMFD, MIR_CODE_OPEN_ALIAS,
     "pwritev", RANGE, MIR_CODE_KEEP, 0},
    {"procmem, no alias, in a range", "procmem", MIR_CODE_PROCMEM, MIR_CODE_NO_ALIAS, "pwrite",
     RANGE, MIR_CODE_KEEP, 0},
    {"remap, no alias, in a range", "remap", MIR_CODE_REMAP, MIR_CODE_NO_ALIAS, "mremap", RANGE,
     MIR_CODE_KEEP, 0},
    {"rwx, open alias, in a range", "rwx", MIR_CODE_RWX, MIR_CODE_OPEN_ALIAS, NULL, RANGE,
     MIR_CODE_KEEP, 0},
    {"huge anon, open alias", "anon", MIR_CODE_ANON, MIR_CODE_OPEN_ALIAS, "mremap", 0,
     MIR_CODE_KEEP, 0},
    {"huge anon, closed alias, in a range", "anon", MIR_CODE_ANON, MIR_CODE_CLOSED_ALIAS, "mremap",
     RANGE, MIR_CODE_KEEP, 1},
    {"huge rwx, open alias", "rwx", MIR_CODE_RWX, MIR_CODE_OPEN_ALIAS, NULL, 0, MIR_CODE_KEEP, 1},
};
enum { PAIRS = sizeof (pairs) / sizeof (pairs[0]) };

static const struct pair *pair; /* the one under test */

/*---------------- Failures in a child -----------------------------*/

static struct refusal refusal; /* the one of this run */
static const char *operation;  /* the running one */
static unsigned failures;

/* Each pair is tested in a process of its own: what is sealed stays mapped, and a crash is one
   failure.  Its failures are counted here.  */
static void expect_at (int ok, int line, const char *what, long long actual, long long expected) {
  if (ok || ++failures > 5) return;
  tap_note (
      "line %d: %s is %lld, expected %lld: %s; call %ld (%s) refused%s%s, errno %d, in \"%s\"",
      line, what, actual, expected, pair->name, refusal.at, calls_first_refused (),
      refusal.forever ? " for good" : "", refusal.half ? ", half done" : "", refusal.error,
      operation);
}
#define EXPECT_INT(ACTUAL, EXPECTED)                                              \
  do {                                                                            \
    long long actual_ = (long long) (ACTUAL), expected_ = (long long) (EXPECTED); \
    expect_at (actual_ == expected_, __LINE__, #ACTUAL, actual_, expected_);      \
  } while (0)
#define EXPECT(COND) expect_at ((COND) != 0, __LINE__, #COND, 0, 1)

/* The last words of a process that crashes.  */
static void tell_crash (int number) {
  failures = 0;
  expect_at (0, __LINE__, "the signal", number, 0);
  fflush (stdout);
  _exit (3);
}

static void catch_crashes (void) {
  static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGABRT};
  for (size_t i = 0; i < sizeof (signals) / sizeof (signals[0]); i++)
    signal (signals[i], tell_crash);
}

/*---------------- The model -----------------------------*/

enum {
  SMALL = 96,
  HUGE = 2 * 1024 * 1024 - 64,
  LARGE = 1024 * 1024 - 64,
  MIDDLE = 70 * 1024,
  MAX_BLOCKS = 24
};

struct block {
  uint8_t *addr; /* NULL: none */
  size_t len;
  unsigned value;
  int freed;
};

/* Objects, in the pairs with a range: a function, constants, and data, all with VALUE.  */
enum { OBJECTS = 3, CONSTANTS = 5000, DATA = 300 };

static struct made {
  MIR_code_object_t handle; /* NULL: none */
  uint8_t *code, *constants, *data;
  unsigned value;
  int freed;
} objects[OBJECTS];
static uint8_t *piece; /* of data; NULL: none */

static struct probe_alloc data;
static MIR_code_space_t space;
static MIR_code_writer_t writer;
static struct block blocks[MAX_BLOCKS];
static uint8_t bytes[HUGE], other_bytes[HUGE];

/* What a block of LEN bytes with VALUE holds.  */
static void fill (uint8_t *to, size_t len, unsigned value) {
  memset (to, (int) (value & 0x7f) + 1, len);
  code_returning (to, value);
}

/* The first and the last bytes of a block, or ALL.  */
static int is_as_published (const struct block *block, int all) {
  size_t len = all || block->len < 4 * SMALL ? block->len : SMALL;
  fill (other_bytes, len, block->value);
  return memcmp (block->addr, other_bytes, len) == 0
         && block->addr[block->len - 1] == other_bytes[len - 1]
         && code_call (block->addr) == block->value;
}

static int is_all (const uint8_t *start, size_t len, unsigned value) {
  for (size_t i = 0; i < len; i++)
    if (start[i] != (value & 0xff)) return 0;
  return 1;
}

/* Check the objects and add them to *LIVE and *FREED.  */
static void check_objects (size_t *live, size_t *freed) {
  for (int i = 0; i < OBJECTS; i++) {
    const struct made *made = &objects[i];
    if (made->handle == NULL) continue;
    EXPECT_INT (code_call (made->code), made->value);
    EXPECT (is_all (made->constants, CONSTANTS, made->value));
    EXPECT (is_all (made->data, DATA, made->value));
    *live += !made->freed;
    *freed += made->freed != 0;
  }
  if (piece != NULL) EXPECT (is_all (piece, DATA, 77));
}

/* Check everything that can be seen of the space.  IS_QUIET: no call is refused now, and nothing
   was when the last operation ran.  */
static void check (int is_quiet) {
  size_t live = 0, freed = 0;
  for (int i = 0; i < MAX_BLOCKS; i++) {
    if (blocks[i].addr == NULL) continue;
    live += !blocks[i].freed;
    freed += blocks[i].freed != 0;
    EXPECT (is_as_published (&blocks[i], !is_quiet));
  }
  check_objects (&live, &freed);
  if (space == NULL) return;
  MIR_code_stats_t stats = {.size = sizeof (stats)};
  MIR_code_get_stats (space, &stats);
  EXPECT (mir_space_check (space));
  EXPECT_INT (stats.pieces, live);
  EXPECT_INT (stats.freed, freed);
  EXPECT_INT (calls_live_descriptors (), 0);
  if (!is_quiet) return;
  if (pair->bit != MIR_CODE_RWX) EXPECT_INT (calls_open_mappings (), 0);
  if (pair->level == MIR_CODE_CLOSED_ALIAS) EXPECT_INT (calls_writable_aliases (), 0);
}

/*---------------- Operations -----------------------------*/

static MIR_code_status_t publish (int i, size_t len, unsigned value, uint64_t tag) {
  MIR_code_info_t info = {.size = sizeof (info), .tag = tag};
  uint8_t *addr;
  fill (bytes, len, value);
  MIR_code_status_t status = MIR_code_publish (writer, bytes, len, &info, &addr);
  if (status == MIR_CODE_OK) blocks[i] = (struct block) {addr, len, value, 0};
  return status;
}

/* Pairs with huge pages; and those with a slab as large as `filled` is for.  */
static int is_huge (void) {
  return strncmp (pair->name, "huge", 4) == 0;
}
static int is_filled (void) {
  return strncmp (pair->name, "filled", 6) == 0;
}

static MIR_code_status_t op_create (void) {
  static struct MIR_code_alloc vtable;
  MIR_code_options_t options = {.size = sizeof (options)};
  vtable = default_code_alloc;
  options.alloc = &data.alloc;
  if (pair->bit == MIR_CODE_FLIP)
    options.code_alloc = &vtable;
  else
    options.backends = pair->bit;
  options.protection = pair->level;
  options.reserve = pair->reserve;
  options.purge_ms = 1000 * 1000; /* no call depends on the time */
  options.poison = pair->poison;
  options.huge_pages = is_huge ();
  MIR_code_status_t status = MIR_code_space_create (&options, &space);
  if (status != MIR_CODE_OK) space = NULL;
  return status;
}

static MIR_code_status_t op_writer (void) {
  return MIR_code_writer_create (space, &writer);
}

static MIR_code_status_t op_publish (void) {
  return publish (0, SMALL, 1000, 0);
}
static MIR_code_status_t op_publish_with_tag (void) {
  return publish (1, SMALL, 1001, 17);
}

static MIR_code_status_t op_reserve_and_commit (void) {
  MIR_code_place_t place = {.size = sizeof (place)};
  MIR_code_status_t status = MIR_code_reserve (writer, SMALL, 256, &place);
  if (status != MIR_CODE_OK) return status;
  fill (place.buffer, SMALL, 1002);
  status = MIR_code_commit (writer, SMALL, NULL);
  if (status == MIR_CODE_OK)
    blocks[2] = (struct block) {place.addr, SMALL, 1002, 0};
  else
    EXPECT_INT (MIR_code_abort (writer), MIR_CODE_OK);
  return status;
}

/* What the batch gets before a refusal is part of it.  */
static MIR_code_status_t op_batch (void) {
  MIR_code_status_t status = MIR_code_batch_begin (writer), end;
  struct block batch[3] = {{0}};
  for (unsigned i = 0; i < 3 && status == MIR_CODE_OK; i++) {
    fill (bytes, SMALL, 1003 + i);
    batch[i] = (struct block) {NULL, SMALL, 1003 + i, 0};
    status = MIR_code_publish (writer, bytes, SMALL, NULL, &batch[i].addr);
    if (status != MIR_CODE_OK) batch[i].addr = NULL;
  }
  if ((end = MIR_code_batch_end (writer)) != MIR_CODE_OK) return end;
  for (int i = 0; i < 3; i++)
    if (batch[i].addr != NULL) blocks[3 + i] = batch[i];
  return status;
}

/* More than a slab of the usual size.  */
static MIR_code_status_t op_publish_large (void) {
  return publish (6, is_huge () ? HUGE : is_filled () ? LARGE : MIDDLE, 1006, 0);
}

static MIR_code_status_t patch_stopped (int i, unsigned value) {
  fill (bytes, blocks[i].len, value);
  MIR_code_status_t status = MIR_code_patch_stopped (space, blocks[i].addr, bytes, blocks[i].len);
  if (status == MIR_CODE_OK) blocks[i].value = value;
  return status;
}

/* The same bytes again, since the model knows no other ones: whether they were stored does not
   matter here, only that they are right.  */
static MIR_code_status_t op_patch (void) {
  enum { AT = 64 };
  return MIR_code_patch (space, blocks[0].addr + AT, blocks[0].addr + AT, 8);
}

static MIR_code_status_t op_patch_stopped (void) {
  return patch_stopped (1, 2001);
}
static MIR_code_status_t op_patch_large (void) {
  return patch_stopped (6, 2006);
}

static MIR_code_status_t op_free (void) {
  if (blocks[3].freed) return MIR_CODE_OK; /* done before the refusal */
  MIR_code_status_t status = MIR_code_free (space, blocks[3].addr);
  if (status == MIR_CODE_OK) blocks[3].freed = 1;
  return status;
}

static MIR_code_status_t op_reclaim (void) {
  MIR_code_status_t status = MIR_code_reclaim (space, MIR_code_grace_begin (space));
  if (status == MIR_CODE_OK) blocks[3].addr = NULL;
  return status;
}

static MIR_code_status_t free_now (int i) {
  MIR_code_status_t status = MIR_code_free_now (space, blocks[i].addr);
  if (status == MIR_CODE_OK) blocks[i].addr = NULL;
  return status;
}

static MIR_code_status_t op_free_now (void) {
  return free_now (4);
}
static MIR_code_status_t op_free_large (void) {
  return free_now (6);
}

static MIR_code_status_t op_trim (void) {
  (void) MIR_code_trim (space);
  return MIR_CODE_OK;
}

static MIR_code_status_t op_write_everywhere (void);

static MIR_code_status_t op_publish_again (void) {
  MIR_code_status_t status = pair->reserve != 0 ? op_write_everywhere () : MIR_CODE_OK;
  return status == MIR_CODE_OK ? publish (7, 100 * SMALL, 1007, 3) : status;
}

static MIR_code_status_t op_publish_after_fork (void) {
  return publish (8, 10 * SMALL, 1008, 0);
}

static MIR_code_status_t op_cell (void) {
  MIR_code_cell_t *cell;
  MIR_code_status_t status = MIR_code_cell_new (space, &space, &cell);
  if (status == MIR_CODE_OK) {
    EXPECT (MIR_code_cell_get (cell) == &space);
    MIR_code_cell_free (space, cell);
  }
  return status;
}

/*---------------- Operations on objects -----------------------------*/

static MIR_code_status_t make_object (int i, unsigned value) {
  MIR_code_segment_t segments[4] = {
      {.size = sizeof (segments[0]), .access = MIR_CODE_READ_EXEC, .len = SMALL},
      {.size = sizeof (segments[0]), .access = MIR_CODE_READ_ONLY, .len = CONSTANTS},
      {.size = sizeof (segments[0]), .access = MIR_CODE_READ_WRITE, .len = DATA},
      {.size = sizeof (segments[0]), .access = MIR_CODE_READ_EXEC, .len = SMALL}};
  segments[1].alignment = 4096;
  segments[3].flags = MIR_CODE_TRANSIENT;
  size_t num = pair->poison == MIR_CODE_KEEP ? 4 : 3; /* what cannot be poisoned counts as freed */
  MIR_code_object_t made;
  MIR_code_status_t status = MIR_code_object_reserve (space, segments, num, &made);
  if (status != MIR_CODE_OK) return status;
  code_returning (segments[0].buffer, value);
  memset (segments[1].buffer, (int) value, CONSTANTS);
  memset (segments[2].buffer, (int) value, DATA);
  if ((status = MIR_code_object_commit (space, made, NULL)) != MIR_CODE_OK) {
    MIR_code_object_abort (space, made);
    return status;
  }
  MIR_code_object_settle (space, made);
  objects[i] = (struct made) {made, segments[0].addr, segments[1].addr, segments[2].addr, value, 0};
  return MIR_CODE_OK;
}

static MIR_code_status_t op_object (void) {
  return make_object (0, 50);
}
static MIR_code_status_t op_object_to_free (void) {
  return make_object (1, 51);
}
static MIR_code_status_t op_object_after_fork (void) {
  return make_object (2, 52);
}

/* Written where it runs, and freed at once: the rest of its pages stays for other code.  */
static MIR_code_status_t op_object_in_place (void) {
  MIR_code_segment_t segment = {.size = sizeof (segment),
                                .access = MIR_CODE_READ_EXEC,
                                .flags = MIR_CODE_IN_PLACE,
                                .len = MIDDLE};
  static MIR_code_object_t made;
  MIR_code_status_t status = MIR_CODE_OK;
  if (made == NULL) {
    if ((status = MIR_code_object_reserve (space, &segment, 1, &made)) != MIR_CODE_OK)
      return status;
    fill (segment.addr, MIDDLE, 54);
    if ((status = MIR_code_object_commit (space, made, NULL)) != MIR_CODE_OK) {
      fill (other_bytes, MIDDLE, 54);
      EXPECT (memcmp (segment.addr, other_bytes, MIDDLE) == 0);
      MIR_code_object_abort (space, made);
      made = NULL;
      return status;
    }
    EXPECT_INT (code_call (segment.addr), 54);
  }
  status = MIR_code_object_free_now (space, made);
  if (status == MIR_CODE_OK) made = NULL;
  return status;
}

static MIR_code_status_t free_object (int i) {
  MIR_code_status_t status = MIR_code_object_free_now (space, objects[i].handle);
  if (status == MIR_CODE_OK) objects[i].handle = NULL;
  return status;
}

static MIR_code_status_t op_free_object (void) {
  return free_object (0);
}

/* Write in both parts that have an alias, and in the space itself.  */
static MIR_code_status_t op_write_everywhere (void) {
  MIR_code_status_t status = objects[2].handle == NULL ? make_object (2, 53) : MIR_CODE_OK;
  if (status == MIR_CODE_OK) status = free_object (2);
  return status == MIR_CODE_OK ? patch_stopped (1, 2001) : status;
}

static MIR_code_status_t op_retire_object (void) {
  if (objects[1].freed) return MIR_CODE_OK; /* done before the refusal */
  MIR_code_status_t status = MIR_code_object_free (space, objects[1].handle);
  if (status == MIR_CODE_OK) objects[1].freed = 1;
  return status;
}

static MIR_code_status_t op_reclaim_object (void) {
  MIR_code_status_t status = MIR_code_reclaim (space, MIR_code_grace_begin (space));
  if (status == MIR_CODE_OK) objects[1].handle = NULL;
  return status;
}

static MIR_code_status_t op_data (void) {
  void *made;
  MIR_code_status_t status = MIR_code_data_new (space, DATA, 64, &made);
  if (status != MIR_CODE_OK) return status;
  piece = (uint8_t *) made;
  memset (piece, 77, DATA);
  return MIR_CODE_OK;
}

static void run (const char *name, MIR_code_status_t (*func) (void));

static void run_with_objects (void) {
  run ("make an object", op_object);
  run ("make another object", op_object_to_free);
  run ("make a piece of data", op_data);
  if (pair->level != MIR_CODE_SEALED && pair->poison == MIR_CODE_KEEP)
    run ("make an object in place", op_object_in_place);
  run ("free an object", op_retire_object);
  run ("reclaim an object", op_reclaim_object);
  run ("trim with objects", op_trim);
  run ("write everywhere", op_write_everywhere); /* closes what a refusal has left open */
}

static void run_with_objects_after_fork (void) {
  if (pair->level != MIR_CODE_SEALED || pair->poison == MIR_CODE_KEEP)
    run ("free an object after a fork", op_free_object);
  run ("make an object after a fork", op_object_after_fork);
}

/* What parent and child do after a fork, each with memory of its own.  */
static void run_after_fork (void) {
  run ("publish after a fork", op_publish_after_fork);
  if (pair->level != MIR_CODE_SEALED) {
    if (pair->bit != MIR_CODE_PROCMEM) run ("patch after a fork", op_patch);
    run ("patch_stopped after a fork", op_patch_stopped);
    run ("patch the large block after a fork", op_patch_large);
    run ("free_now after a fork", op_free_now);
  }
  run ("free the large block after a fork", op_free_large);
  if (pair->reserve != 0) run_with_objects_after_fork ();
  run ("trim after a fork", op_trim);
}

static void finish (void);

enum { CHILD_SAW_REFUSAL = 2 };

/* A child does the same as its parent afterwards; its refusals have the same numbers.  Returns
   whether a call was refused in the child.  */
static int run_child (void) {
  int status;
  fflush (stdout);
  pid_t pid = fork ();
  REQUIRE (pid >= 0);
  if (pid == 0) {
    failures = 0;
    run_after_fork ();
    finish ();
    fflush (stdout);
    _exit (failures != 0 ? 1 : calls_refused () != 0 ? CHILD_SAW_REFUSAL : 0);
  }
  REQUIRE (waitpid (pid, &status, 0) == pid);
  if (!WIFEXITED (status) || WEXITSTATUS (status) == 1 || WEXITSTATUS (status) > 2) failures++;
  return WIFEXITED (status) && WEXITSTATUS (status) == CHILD_SAW_REFUSAL;
}

/*---------------- A run of the scenario -----------------------------*/

/* What the processes of a pair have seen, in shared memory.  */
static struct seen {
  long refused_runs, failed_operations;
  int reached;
  const char *refused, *refused_in; /* the first refused call of the last run, its operation */
} *seen;

static int is_refusal (MIR_code_status_t status) {
  return status == MIR_CODE_MAP_REFUSED || status == MIR_CODE_WRITE_REFUSED
         || status == MIR_CODE_NO_MEMORY || status == MIR_CODE_NO_BACKEND
         || status == MIR_CODE_NO_RANGE || status == MIR_CODE_NO_ADDRESS_SPACE
         || status == MIR_CODE_NO_LOCKED_MEMORY || status == MIR_CODE_TOO_MANY_MAPPINGS;
}

static long failed_operations, failed_in_run;
enum { ENOUGH = 4 }; /* failed operations of a run; then the refusals end, if they were for good */

/* While calls are refused for good, other operations fail as cleanly, or need no call.  */
static void try_others (void) {
  MIR_code_piece_t found = {.size = sizeof (found)};
  MIR_code_status_t status;
  if (space == NULL || writer == NULL) return;
  if (blocks[0].addr != NULL) {
    struct block old = blocks[0];
    status = patch_stopped (0, 3000);
    EXPECT (status == MIR_CODE_OK || is_refusal (status));
    check (0);
    EXPECT_INT (MIR_code_query (space, old.addr, &found), MIR_CODE_OK);
    EXPECT_INT (MIR_code_free_now (space, old.addr + 32), MIR_CODE_NOT_OURS);
  }
  status = publish (MAX_BLOCKS - 1, SMALL, 3001, 5);
  EXPECT (status == MIR_CODE_OK || is_refusal (status));
  check (0);
  if (status == MIR_CODE_OK) {
    status = free_now (MAX_BLOCKS - 1);
    EXPECT (status == MIR_CODE_OK || is_refusal (status));
  }
  (void) MIR_code_trim (space);
  check (0);
}

/* Run FUNC.  If that fails, a call was refused, and everything is as before; without refusals it
   succeeds.  */
static void run (const char *name, MIR_code_status_t (*func) (void)) {
  long before = calls_refused ();
  operation = name;
  if (failed_in_run < ENOUGH) calls_rearm ();
  MIR_code_status_t status = func ();
  if (before == 0) seen->refused_in = name;
  if (status != MIR_CODE_OK) {
    failed_operations++;
    failed_in_run++;
    EXPECT (is_refusal (status));
    EXPECT (calls_refused () > before);
    check (0);
    if (refusal.forever) try_others ();
  }
  calls_disarm ();
  if (space == NULL) mir_backend_forget (); /* what the probe may have learnt of the refusal */
  if (status != MIR_CODE_OK) {
    EXPECT_INT (func (), MIR_CODE_OK);
    check (1);
    if (blocks[MAX_BLOCKS - 1].addr != NULL) (void) free_now (MAX_BLOCKS - 1);
  } else {
    check (calls_refused () == before);
  }
}

/* End the space; afterwards nothing is left.  */
static void finish (void) {
  operation = "finish";
  if (calls_refused () == 0) seen->refused_in = operation;
  calls_rearm ();
  MIR_code_writer_finish (writer);
  MIR_code_space_finish (space);
  calls_disarm ();
  space = NULL;
  writer = NULL;
  EXPECT_INT (probe_alloc_finish (&data), 0);
  /* procmem keeps a buffer; a range in which anything is sealed stays reserved.  */
  if (pair->level != MIR_CODE_SEALED || pair->reserve == 0)
    EXPECT (calls_live_mappings () <= (pair->bit == MIR_CODE_PROCMEM));
  EXPECT_INT (calls_live_descriptors (), 0);
  EXPECT_INT (calls_live_locks (), 0);
  if (failures != 0 && failures <= 5) calls_print_mappings ();
}

/* Run the whole scenario under REFUSAL.  Returns whether a call was refused.  */
static int run_scenario (void) {
  memset (blocks, 0, sizeof (blocks));
  memset (objects, 0, sizeof (objects));
  piece = NULL;
  probe_alloc_init (&data);
  calls_forget_mappings ();
  failed_in_run = 0;
  mir_backend_forget ();
  calls_arm (&refusal);
  run ("create", op_create);
  if (space == NULL) {
    failures++;
    return 0;
  }
  run ("create a writer", op_writer);
  run ("publish", op_publish);
  run ("publish with a tag", op_publish_with_tag);
  run ("reserve and commit", op_reserve_and_commit);
  run ("batch", op_batch);
  run ("publish a large block", op_publish_large);
  run ("cell", op_cell);
  if (pair->bit != MIR_CODE_PROCMEM) run ("patch", op_patch);
  run ("patch_stopped", op_patch_stopped);
  run ("patch the large block", op_patch_large);
  if (pair->reserve != 0) run_with_objects ();
  run ("free", op_free);
  run ("reclaim", op_reclaim);
  run ("trim", op_trim);
  run ("publish again", op_publish_again);
  int refused = calls_refused () == 0 ? run_child () : 0; /* else the fork adds nothing */
  run_after_fork ();
  finish ();
  seen->refused = calls_first_refused ();
  return refused || calls_refused () != 0;
}

/*---------------- Sweeps -----------------------------*/

static void note_seen (void) {
  seen->failed_operations += failed_operations;
  seen->reached |= pair->call == NULL || calls_reached (pair->call);
  failed_operations = 0;
}

/* Run the scenario in a process of its own, since procmem keeps buffers.  */
static int run_scenario_apart (void) {
  int status;
  fflush (stdout);
  pid_t pid = fork ();
  REQUIRE (pid >= 0);
  if (pid == 0) {
    failures = 0;
    int refused = run_scenario ();
    note_seen ();
    fflush (stdout);
    _exit (failures != 0 ? 1 : refused ? CHILD_SAW_REFUSAL : 0);
  }
  REQUIRE (waitpid (pid, &status, 0) == pid);
  failures += !WIFEXITED (status) || WEXITSTATUS (status) == 1 || WEXITSTATUS (status) > 2;
  return WIFEXITED (status) && WEXITSTATUS (status) == CHILD_SAW_REFUSAL;
}

/* How many calls on the next refusal is.  Where the last runs have refused the same call of one
   operation again and again, as for each page of a large block, some of its further repetitions
   stand for all.  */
static long stride (long step) {
  enum { MANY = 8, MOST = 64 };
  static const char *call, *in;
  static int times;
  times = seen->refused == call && seen->refused_in == in ? times + 1 : 0;
  call = seen->refused;
  in = seen->refused_in;
  return step + (times < MANY ? 0 : (long) (tap_random () % MOST));
}

/* Refuse call FIRST.at of the scenario, then one STEP further and so on, until there is no such
   call.  The errors take turns from a random one on, so that more runs try more of them at each
   call.  */
static void sweep (struct refusal first, long step) {
  static const int errors[] = {ENOMEM, EPERM, EACCES, EAGAIN, EMFILE, EINVAL, ENOSYS, ENOSPC};
  enum { ERRORS = sizeof (errors) / sizeof (errors[0]) };
  int refused = 1;
  refusal = first;
  for (size_t i = tap_random () % ERRORS; refused && failures < 100; i++) {
    refusal.error = errors[i % ERRORS];
    refused = pair->bit == MIR_CODE_PROCMEM ? run_scenario_apart () : run_scenario ();
    seen->refused_runs += refused;
    refusal.at += stride (step);
  }
}

enum { FEWEST = 8 }; /* every scenario has more calls, so that one is refused in each sweep */

/* All refusals of the pair, in a process of its own.  */
static int run_pair (void) {
  long step = tap_scaled (100) < 100 ? (long) (100 / tap_scaled (100)) : 1;
  int kinds = pair->is_alike ? 1 : 3, sweeps = kinds * (int) tap_scaled (100) / 100;
  catch_crashes ();
  calls_begin ();
  for (int i = 0; i < (sweeps > kinds ? sweeps : kinds); i++) {
    struct refusal first = {.forever = i % kinds == 1, .half = i % kinds == 2};
    first.at = 1 + (long) (tap_random () % (uint64_t) (step < FEWEST ? step : FEWEST));
    sweep (first, step);
  }
  note_seen ();
  return failures != 0;
}

/* Leave the test if the system lacks the pair.  */
static void skip_unless_it_works (void) {
  MIR_code_report_t report = {.size = sizeof (report)};
  if (pair->bit == MIR_CODE_FLIP) return; /* a vtable needs no probe */
  unsigned bit = (pair->bit & MIR_CODE_MEMFD) != 0 ? MIR_CODE_MEMFD : pair->bit;
  if (mir_backend_probe (bit, pair->level, &report) != NULL) return;
  for (size_t i = 0; i < report.verdicts_num; i++)
    if (strcmp (report.verdicts[i].reason, "not allowed by the options") != 0)
      tap_skip ("%s: %s, error %d", report.verdicts[i].backend, report.verdicts[i].reason,
                report.verdicts[i].error);
}

static void a_refused_call_is_a_clean_failure (void) {
  int status;
  skip_unless_it_works ();
  memset (seen, 0, sizeof (*seen));
  fflush (stdout);
  pid_t pid = fork ();
  REQUIRE (pid >= 0);
  if (pid == 0) {
    int failed = run_pair ();
    fflush (stdout);
    _exit (failed);
  }
  REQUIRE (waitpid (pid, &status, 0) == pid);
  tap_note ("%ld calls refused, %ld operations failed", seen->refused_runs,
            seen->failed_operations);
  CHECK (WIFEXITED (status) && WEXITSTATUS (status) == 0);
  CHECK (seen->reached && seen->refused_runs > 0);
}

static void every_back_end_and_level_is_in_the_table (void) {
  for (int i = 0; mir_backends[i] != NULL; i++)
    for (unsigned level = 0; level <= MIR_CODE_SEALED; level++) {
      int found = (mir_backends[i]->levels & 1u << level) == 0;
      for (int j = 0; j < PAIRS; j++)
        found |= pairs[j].bit == mir_backends[i]->bit && pairs[j].level == level;
      if (!found) tap_note ("missing: %s, level %u", mir_backends[i]->name, level);
      CHECK (found);
    }
}

int main (void) {
  seen = (struct seen *) mmap (NULL, sizeof (*seen), PROT_READ | PROT_WRITE,
                               MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (seen == MAP_FAILED) return 1;
  TEST_RUN (every_back_end_and_level_is_in_the_table);
  for (int i = 0; i < PAIRS; i++) {
    char name[100];
    pair = &pairs[i];
    snprintf (name, sizeof (name), "%s: a refused call is a clean failure", pair->name);
    tap_run (name, a_refused_call_is_a_clean_failure);
  }
  return tap_done ();
}
