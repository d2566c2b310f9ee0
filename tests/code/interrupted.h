/* Operations on a code space that are interrupted in the user's functions: in hooks, in a MIR_alloc
   and in a MIR_code_alloc.  For the tests of what other threads, or a forked child, then find.  */
#ifndef MIR_TESTS_CODE_INTERRUPTED_H
#define MIR_TESTS_CODE_INTERRUPTED_H

#include "mir-code-object.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "code/query.h" /* mir_space_check */
#include "support/machine-code.h"
#include "support/probe-alloc.h"
#include "support/tap.h"
#include "unwound.h"

/* Where an operation is.  */
enum user_function { IN_HOOK, IN_MALLOC, IN_FREE, IN_MAP, IN_PROTECT };

static void reached (enum user_function where); /* each test has its own */

static struct probe_alloc data;
static struct MIR_alloc user_alloc;
static MIR_code_space_t space;
static MIR_code_writer_t writer; /* of the interrupted thread */
enum { MORE_WRITERS = 9 };
static MIR_code_writer_t more_writers[MORE_WRITERS]; /* created and finished by it */
static MIR_code_space_t other_space;                 /* created and finished by it */
static uint8_t *funcs[4];                            /* published before */
static MIR_code_options_t space_options;             /* of the space */

enum { OBJECTS = 8 };
static MIR_code_object_t objects[OBJECTS]; /* where there is a range; NULL: none, or aborted */
static void *piece;                        /* of data; NULL: none */

enum { LIMIT = 2 * 1024 * 1024 };

/*---------------- Published code -----------------------------*/

/* The addresses that hooks know: published, and not yet freed.  */
enum { MAX_KNOWN = 1024 };
static const uint8_t *known[MAX_KNOWN];
static size_t known_num;

static void remember (const uint8_t *addr) {
  REQUIRE (known_num < MAX_KNOWN);
  known[known_num++] = addr;
}

static int freed_twice; /* the hook `freed` was told of what it knew to be freed */

static void forget (const uint8_t *addr) {
  for (size_t i = 0; i < known_num; i++)
    if (known[i] == addr) {
      known[i] = known[--known_num];
      return;
    }
  freed_twice = 1;
}

/*---------------- The user's functions -----------------------------*/

static void on_mapped (void *user_data, uint8_t *start, size_t len) {
  (void) user_data, (void) start, (void) len;
  reached (IN_HOOK);
}

static void on_published (void *user_data, const MIR_code_event_t *events, size_t num) {
  (void) user_data;
  for (size_t i = 0; i < num; i++) remember (events[i].start);
  reached (IN_HOOK);
}

static void on_freed (void *user_data, const MIR_code_event_t *event) {
  (void) user_data;
  forget (event->start);
  reached (IN_HOOK);
}

static const MIR_code_hooks_t user_hooks = {.size = sizeof (user_hooks),
                                            .mapped = on_mapped,
                                            .unmapped = on_mapped,
                                            .published = on_published,
                                            .freed = on_freed};

static void *user_malloc (size_t size, void *user_data) {
  (void) user_data;
  reached (IN_MALLOC);
  return MIR_malloc (&data.alloc, size);
}

static void *user_calloc (size_t num, size_t size, void *user_data) {
  (void) user_data;
  reached (IN_MALLOC);
  return MIR_calloc (&data.alloc, num, size);
}

static void *user_realloc (void *ptr, size_t old_size, size_t new_size, void *user_data) {
  (void) user_data;
  reached (IN_MALLOC);
  return MIR_realloc (&data.alloc, ptr, old_size, new_size);
}

static void user_free (void *ptr, void *user_data) {
  (void) user_data;
  MIR_free (&data.alloc, ptr);
  reached (IN_FREE);
}

static void *user_map (size_t len, void *user_data) {
  (void) user_data;
  reached (IN_MAP);
  return mmap (NULL, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static int user_unmap (void *start, size_t len, void *user_data) {
  (void) user_data;
  reached (IN_MAP);
  return munmap (start, len);
}

static int user_protect (void *start, size_t len, MIR_mem_protect_t prot, void *user_data) {
  uintptr_t page = (uintptr_t) sysconf (_SC_PAGESIZE), first = (uintptr_t) start & ~(page - 1);
  (void) user_data;
  reached (IN_PROTECT);
  return mprotect ((void *) first, (uintptr_t) start + len - first,
                   PROT_READ | PROT_EXEC | (prot == PROT_WRITE_EXEC ? PROT_WRITE : 0));
}

static struct MIR_code_alloc user_code_alloc = {user_map, user_unmap, user_protect, NULL};

/*---------------- Spaces -----------------------------*/

struct configuration {
  const char *name;
  int forks; /* 0: differs in the back end alone; 2: forks within operations, too */
  MIR_code_options_t options;
};

static const struct configuration configurations[] = {
    {"default", 2, {.max_bytes = LIMIT}},
    {"closed", 0, {.protection = MIR_CODE_CLOSED_ALIAS, .max_bytes = LIMIT}},
    {"sealed", 1, {.protection = MIR_CODE_SEALED}},
    {"poisoned", 1, {.poison = MIR_CODE_POISON_ALL, .max_bytes = LIMIT}},
    {"memfd", 0, {.backends = MIR_CODE_MEMFD, .max_bytes = LIMIT}},
    {"memfd_closed",
     0,
     {.backends = MIR_CODE_MEMFD, .protection = MIR_CODE_CLOSED_ALIAS, .max_bytes = LIMIT}},
    {"tmpfile", 0, {.backends = MIR_CODE_TMPFILE, .max_bytes = LIMIT}},
    {"tmpfile_closed",
     0,
     {.backends = MIR_CODE_TMPFILE, .protection = MIR_CODE_CLOSED_ALIAS, .max_bytes = LIMIT}},
    {"procmem",
     1,
     {.backends = MIR_CODE_PROCMEM, .protection = MIR_CODE_NO_ALIAS, .max_bytes = LIMIT}},
    {"remap", 0, {.backends = MIR_CODE_REMAP, .protection = MIR_CODE_NO_ALIAS, .max_bytes = LIMIT}},
    {"rwx", 0, {.backends = MIR_CODE_RWX, .max_bytes = LIMIT}},
    {"range", 2, {.reserve = LIMIT}},
    {"procmem_range", 0, {.backends = MIR_CODE_PROCMEM, .reserve = LIMIT}},
    {"code_alloc", 2, {.code_alloc = &user_code_alloc, .max_bytes = LIMIT}},
};

enum { CONFIGURATIONS = sizeof (configurations) / sizeof (configurations[0]) };

static uint8_t *publish_in (MIR_code_writer_t w, unsigned value, size_t len,
                            const MIR_code_info_t *info) {
  static uint8_t bytes[LIMIT];
  uint8_t *res = NULL;
  code_returning (bytes, value);
  return MIR_code_publish (w, bytes, len, info, &res) == MIR_CODE_OK ? res : NULL;
}

/* Make object I with code, constants, data and what is needed only until it is settled.  */
static void make_object (int i) {
  MIR_code_segment_t segments[5] = {
      {.size = sizeof (segments[0]), .access = MIR_CODE_READ_EXEC, .len = 100},
      {.size = sizeof (segments[0]), .access = MIR_CODE_READ_ONLY, .len = 5000},
      {.size = sizeof (segments[0]), .access = MIR_CODE_READ_WRITE, .len = 70, .alignment = 4096},
      {.size = sizeof (segments[0]),
       .access = MIR_CODE_READ_EXEC,
       .flags = MIR_CODE_TRANSIENT,
       .len = 9},
      {.size = sizeof (segments[0]),
       .access = MIR_CODE_READ_WRITE,
       .flags = MIR_CODE_TRANSIENT,
       .len = 9}};
  MIR_code_info_t info = {.size = sizeof (info), .name = "object", .tag = 7};
  MIR_code_object_t made;
  if (MIR_code_object_reserve (space, segments, 5, &made) != MIR_CODE_OK) return;
  objects[i] = made;
  code_returning (segments[0].buffer, (unsigned) i);
  if (MIR_code_object_commit (space, made, &info) == MIR_CODE_OK) {
    MIR_code_object_settle (space, made);
    return;
  }
  objects[i] = NULL;
  MIR_code_object_abort (space, made);
}

/* A space with a writer and four functions; skips the test where no back end works.  */
static void start_configuration (const struct configuration *configuration) {
  probe_alloc_init (&data);
  user_alloc = (struct MIR_alloc) {user_malloc, user_calloc, user_realloc, user_free, NULL};
  known_num = 0;
  memset (more_writers, 0, sizeof (more_writers));
  memset (objects, 0, sizeof (objects));
  other_space = NULL;
  piece = NULL;
  freed_twice = 0;
  space_options = configuration->options;
  space_options.size = sizeof (space_options);
  space_options.alloc = &user_alloc;
  space_options.hooks = &user_hooks;
  if (MIR_code_space_create (&space_options, &space) != MIR_CODE_OK)
    tap_skip ("%s: not on this system", configuration->name);
  MIR_code_cell_t *cell; /* takes the first unit of a range; there are enough beside it */
  REQUIRE (MIR_code_cell_new (space, NULL, &cell) == MIR_CODE_OK);
  REQUIRE (MIR_code_writer_create (space, &writer) == MIR_CODE_OK);
  for (unsigned i = 0; i < 4; i++)
    REQUIRE ((funcs[i] = publish_in (writer, i, CODE_LEN, NULL)) != NULL);
  for (int i = 0; i < 3 && space_options.reserve != 0; i++) make_object (i);
}

/*---------------- Operations -----------------------------*/

/* The results do not matter: an operation may be refused, for example by what a level cannot do.  */

static void publish_small (void) {
  MIR_code_info_t info = {.size = sizeof (info), .name = "small", .tag = 1};
  (void) publish_in (writer, 10, CODE_LEN, &info);
}

static void publish_large (void) {
  (void) publish_in (writer, 10, 300000, NULL);
}

/* Slabs of all sizes.  */
static void publish_many (void) {
  for (unsigned i = 0; i < 10; i++) (void) publish_in (writer, i, 50000 + i * 30000, NULL);
}

static void make_batch (void) {
  MIR_code_place_t place = {.size = sizeof (place)};
  MIR_code_info_t info = {.size = sizeof (info), .name = "batch", .tag = 2};
  (void) MIR_code_batch_begin (writer);
  (void) publish_in (writer, 20, CODE_LEN, &info);
  (void) publish_in (writer, 21, 100000, &info);
  if (MIR_code_reserve (writer, CODE_LEN, 64, &place) == MIR_CODE_OK) {
    code_returning (place.buffer, 22);
    remember (place.addr);
    (void) MIR_code_commit (writer, CODE_LEN, &info);
  }
  (void) MIR_code_batch_end (writer);
}

static void reserve_twice (void) {
  MIR_code_place_t place = {.size = sizeof (place)};
  MIR_code_info_t info = {.size = sizeof (info), .name = "reserved", .tag = 3};
  for (int i = 0; i < 2; i++) {
    if (MIR_code_reserve (writer, 70000, 4096, &place) != MIR_CODE_OK) continue;
    code_returning (place.buffer, 30);
    remember (place.addr); /* published before a hook knows */
    if (i == 0) (void) MIR_code_commit (writer, 40000, &info);
    (void) MIR_code_abort (writer);
  }
}

static void free_and_reclaim (void) {
  for (int i = 0; i < 3; i++) (void) MIR_code_free (space, funcs[i]);
  (void) MIR_code_reclaim (space, MIR_code_grace_begin (space));
}

static void free_at_once (void) {
  for (int i = 0; i < 3; i++) (void) MIR_code_free_now (space, funcs[i]);
}

/* Give frames for three functions, and free two of them.  */
static void describe (void) {
  static struct unwound_section sections[3];
  for (unsigned i = 0; i < 3; i++) {
    unwound_begin (&sections[i], sections[i].bytes, UNWOUND_ABSPTR);
    unwound_describe (&sections[i], funcs[i], CODE_LEN, i);
    unwound_end (&sections[i]);
    (void) MIR_code_add_frames (space, funcs[i], sections[i].bytes, sections[i].len);
  }
  (void) MIR_code_free_now (space, funcs[0]);
  (void) MIR_code_free (space, funcs[1]);
  (void) MIR_code_reclaim (space, MIR_code_grace_begin (space));
}

/* Several slabs come, become empty, and are unmapped.  */
static void come_and_go (void) {
  uint8_t *large[3];
  for (unsigned i = 0; i < 3; i++) large[i] = publish_in (writer, i, 200000, NULL);
  for (unsigned i = 0; i < 3; i++)
    if (large[i] != NULL) (void) MIR_code_free_now (space, large[i]);
  (void) MIR_code_trim (space);
}

/* Finish W, which nobody may use from here on.  */
static void finish_writer (MIR_code_writer_t *w) {
  MIR_code_writer_t finished = *w;
  *w = NULL;
  MIR_code_writer_finish (finished);
}

/* More slabs than the directory has room for at first.  */
static void write_beside (void) {
  for (unsigned i = 0; i < MORE_WRITERS; i++) {
    if (MIR_code_writer_create (space, &more_writers[i]) != MIR_CODE_OK) return;
    (void) publish_in (more_writers[i], 40 + i, CODE_LEN, NULL);
  }
  for (unsigned i = 0; i < MORE_WRITERS; i += 2) finish_writer (&more_writers[i]);
}

static void take_cells (void) {
  MIR_code_cell_t *cell = NULL;
  for (int i = 0; i < 600; i++)
    if (MIR_code_cell_new (space, NULL, &cell) != MIR_CODE_OK) return;
  MIR_code_cell_set (cell, funcs);
  (void) MIR_code_cell_get (cell);
  MIR_code_cell_free (space, cell);
}

static void change (void) {
  uint8_t bytes[CODE_LEN];
  code_returning (bytes, 50);
  (void) MIR_code_patch_stopped (space, funcs[3], bytes, CODE_LEN);
  (void) MIR_code_patch (space, funcs[3], funcs[3], 1);
}

static void ask (void) {
  MIR_code_piece_t found = {.size = sizeof (found)};
  MIR_code_stats_t stats = {.size = sizeof (stats)};
  MIR_code_report_t report = {.size = sizeof (report)};
  (void) MIR_code_query (space, funcs[3], &found);
  MIR_code_get_stats (space, &stats);
  (void) MIR_code_probe (&space_options, &report);
}

/* A space of its own, from beginning to end.  */
static void use_another_space (void) {
  MIR_code_writer_t w;
  uint8_t bytes[CODE_LEN] = {0}, *addr;
  MIR_code_space_t finished;
  if (MIR_code_space_create (&space_options, &other_space) != MIR_CODE_OK) return;
  if (MIR_code_writer_create (other_space, &w) == MIR_CODE_OK)
    if (MIR_code_publish (w, bytes, sizeof (bytes), NULL, &addr) == MIR_CODE_OK) forget (addr);
  finished = other_space;
  other_space = NULL;
  MIR_code_space_finish (finished);
}

static void make_object_in_place (void) {
  MIR_code_segment_t segment = {.size = sizeof (segment),
                                .access = MIR_CODE_READ_EXEC,
                                .flags = MIR_CODE_IN_PLACE,
                                .len = 70000};
  MIR_code_object_t made;
  if (MIR_code_object_reserve (space, &segment, 1, &made) != MIR_CODE_OK) return;
  objects[3] = made;
  code_returning (segment.addr, 3);
  if (MIR_code_object_commit (space, made, NULL) == MIR_CODE_OK) return;
  objects[3] = NULL;
  MIR_code_object_abort (space, made);
}

static void make_objects (void) {
  for (int i = 3; i < OBJECTS; i++) make_object (i);
}

static void free_objects (void) {
  (void) MIR_code_object_free (space, objects[0]);
  (void) MIR_code_object_free (space, objects[1]);
  (void) MIR_code_reclaim (space, MIR_code_grace_begin (space));
  (void) MIR_code_object_free_now (space, objects[2]);
}

static void use_data (void) {
  void *made;
  for (int i = 0; i < 5; i++) {
    if (MIR_code_data_new (space, 30000, 64, &made) != MIR_CODE_OK) return;
    piece = made;
    void *freed = piece;
    piece = NULL;
    (void) MIR_code_data_free (space, freed);
  }
}

struct operation {
  const char *name;
  void (*run) (void);
};

#define OPERATION(NAME) {#NAME, NAME}
static const struct operation operations[] = {
    OPERATION (publish_small),
    OPERATION (publish_large),
    OPERATION (publish_many),
    OPERATION (make_batch),
    OPERATION (reserve_twice),
    OPERATION (free_and_reclaim),
    OPERATION (free_at_once),
    OPERATION (come_and_go),
    OPERATION (write_beside),
    OPERATION (take_cells),
    OPERATION (change),
    OPERATION (ask),
    OPERATION (use_another_space),
    OPERATION (make_objects),
    OPERATION (free_objects),
    OPERATION (use_data),
    OPERATION (make_object_in_place),
    OPERATION (describe),
};
#undef OPERATION

enum { OPERATIONS = sizeof (operations) / sizeof (operations[0]) };

/*---------------- What is left -----------------------------*/

/* Free everything, as a thread does that knows what the hooks know, and fill the space anew.
   Returns 0, or the number of the first step that has not found everything.  */
static int empty_and_refill (void) {
  MIR_code_stats_t stats = {.size = sizeof (stats)};
  MIR_code_space_finish (other_space);
  other_space = NULL;
  if (!mir_space_check (space)) return 1;
  for (int i = 0; i < MORE_WRITERS; i++) finish_writer (&more_writers[i]);
  finish_writer (&writer);
  MIR_code_get_stats (space, &stats);
  if (stats.writers != 0) return 2;
  for (size_t i = known_num; i-- > 0;) (void) MIR_code_free (space, known[i]);
  for (int i = 0; i < OBJECTS; i++)
    if (MIR_code_object_free (space, objects[i]) == MIR_CODE_BAD_ORDER)
      MIR_code_object_abort (space, objects[i]); /* not committed; or freed before */
  (void) MIR_code_data_free (space, piece);
  if (MIR_code_reclaim (space, MIR_code_grace_begin (space)) != MIR_CODE_OK) return 3;
  if (!mir_space_check (space)) return 4;
  if (freed_twice) return 12;
  MIR_code_get_stats (space, &stats);
  if (stats.pieces != 0 || stats.piece_bytes != 0) return 5;
  if (stats.freed != 0 || stats.freed_bytes != 0) return 6;
  if (stats.objects != 0 || stats.constant_bytes != 0 || stats.data_bytes != 0) return 13;
  (void) MIR_code_trim (space);
  MIR_code_get_stats (space, &stats);
  if (stats.mapped_bytes != 0) return 7;
  if (stats.mappings != 0) return 8;
  if (stats.constant_mapped != 0 || stats.data_mapped != 0) return 14;
  if (!mir_space_check (space)) return 9;
  if (MIR_code_writer_create (space, &writer) != MIR_CODE_OK) return 10;
  MIR_code_place_t place = {.size = sizeof (place)};
  size_t left = space_options.reserve != 0 ? LIMIT - 65536 /* for cells */ : LIMIT;
  if (space_options.protection != MIR_CODE_SEALED
      && MIR_code_reserve (writer, left - 1024, 0, &place) != MIR_CODE_OK)
    return 11;
  MIR_code_space_finish (space);
  writer = NULL;
  return 0;
}

#endif /* MIR_TESTS_CODE_INTERRUPTED_H */
