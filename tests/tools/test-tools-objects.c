/* What the gdb tool tells GDB, read as GDB reads it; refused memory; several threads.  */
#include "tools/tools-fixture.h"

#include <link.h> /* ElfW */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/probe-alloc.h"

/* As GDB declares it ("JIT Compilation Interface" in its manual).  */
struct jit_code_entry {
  struct jit_code_entry *next_entry, *prev_entry;
  const char *symfile_addr;
  uint64_t symfile_size;
};

extern struct {
  uint32_t version, action_flag;
  struct jit_code_entry *relevant_entry, *first_entry;
} __jit_debug_descriptor;

static const struct jit_code_entry *first_entry (void) {
  return __jit_debug_descriptor.first_entry;
}

/* The section of TYPE in the object of ENTRY; NULL if there is none.  */
static const ElfW (Shdr) * find_section (const struct jit_code_entry *entry, unsigned type) {
  const ElfW (Ehdr) *header = (const ElfW (Ehdr) *) (const void *) entry->symfile_addr;
  const ElfW (Shdr) *sections =
      (const ElfW (Shdr) *) (const void *) (entry->symfile_addr + header->e_shoff);
  REQUIRE (memcmp (header->e_ident, ELFMAG, SELFMAG) == 0);
  for (size_t i = 0; i < header->e_shnum; i++)
    if (sections[i].sh_type == type) {
      if (type != SHT_NOBITS)
        CHECK (sections[i].sh_offset + sections[i].sh_size <= entry->symfile_size);
      return &sections[i];
    }
  return NULL;
}

/* The number of symbols in the first object.  NAMES lists them in order of their addresses: "a b
   c".  */
static size_t read_symbols (char *names, size_t names_size) {
  const struct jit_code_entry *entry = first_entry ();
  const ElfW (Shdr) * symtab, *strtab;
  const ElfW (Sym) * symbols;
  size_t num, len = 0;
  names[0] = '\0';
  if (entry == NULL) return 0;
  symtab = find_section (entry, SHT_SYMTAB);
  strtab = find_section (entry, SHT_STRTAB);
  REQUIRE (symtab != NULL && strtab != NULL);
  symbols = (const ElfW (Sym) *) (const void *) (entry->symfile_addr + symtab->sh_offset);
  num = symtab->sh_size / sizeof (*symbols);
  for (size_t i = 1; i < num; i++) {
    CHECK (symbols[i].st_value - (uintptr_t) mapping < MAPPING_LEN);
    CHECK (i == 1 || symbols[i].st_value > symbols[i - 1].st_value);
    REQUIRE (symbols[i].st_name < strtab->sh_size);
    if (len < names_size)
      len += (size_t) snprintf (names + len, names_size - len, i == 1 ? "%s" : " %s",
                                entry->symfile_addr + strtab->sh_offset + symbols[i].st_name);
  }
  return num - 1;
}

static void object_has_the_names_of_what_is_published (void) {
  char names[200];
  const ElfW (Shdr) * text;
  REQUIRE (begin (MIR_CODE_GDB, NULL, NULL) == MIR_CODE_TOOL_OK);
  CHECK_PTR (first_entry (), NULL);
  publish (5, "five");
  CHECK_INT (read_symbols (names, sizeof (names)), 1);
  text = find_section (first_entry (), SHT_NOBITS);
  REQUIRE (text != NULL);
  CHECK_PTR ((void *) text->sh_addr, mapping);
  CHECK_INT (text->sh_size, MAPPING_LEN);
  publish (3, "three");
  publish (4, NULL);
  publish (2, "two");
  free_piece (3);
  free_piece (4);
  publish (4, "four");
  MIR_code_tools_flush (tools);
  CHECK_INT (read_symbols (names, sizeof (names)), 3);
  CHECK_STR (names, "two four five");
  CHECK_PTR (first_entry ()->next_entry, NULL); /* one object for each mapping */
  free_piece (2);
  free_piece (4);
  free_piece (5);
  MIR_code_tools_flush (tools);
  CHECK_PTR (first_entry (), NULL);
  end ();
}

/* GDB reads the object at each registration.  */
static void registrations_are_few (void) {
  const struct jit_code_entry *entry;
  const char *last = NULL;
  char names[100];
  size_t registrations = 0;
  REQUIRE (begin (MIR_CODE_GDB, NULL, NULL) == MIR_CODE_TOOL_OK);
  for (size_t i = 0; i < 1000; i++) {
    size_t known = read_symbols (names, sizeof (names));
    publish (i, "f");
    entry = first_entry ();
    REQUIRE (entry != NULL);
    if (known != read_symbols (names, sizeof (names)) || last == NULL) registrations++;
    last = entry->symfile_addr;
  }
  CHECK_INT (registrations, 9); /* with 1, 3, 7, 15 ... 511 names; the others wait for a flush */
  end ();
}

static void pieces_elsewhere_are_lost (void) {
  MIR_code_event_t event = {(const uint8_t *) &tools, 1, "data", 0};
  REQUIRE (begin (MIR_CODE_GDB, NULL, NULL) == MIR_CODE_TOOL_OK);
  hooks->published (hooks->user_data, &event, 1);
  event.start = mapping + MAPPING_LEN;
  hooks->published (hooks->user_data, &event, 1);
  hooks->freed (hooks->user_data, &event);
  CHECK_INT (state_of (MIR_CODE_GDB).lost, 2);
  CHECK_INT (state_of (MIR_CODE_GDB).status, MIR_CODE_TOOL_OK);
  end ();
}

/*---------------- Many pieces, against a model -----------------------------*/

static char model[GRANULES][16]; /* the name of each granule; empty: free */

static void check_model (void) {
  static char expected[GRANULES * 17], names[GRANULES * 17];
  size_t num = 0, len = 0;
  expected[0] = '\0';
  for (size_t i = 0; i < GRANULES; i++)
    if (model[i][0] != '\0')
      len += (size_t) sprintf (expected + len, num++ == 0 ? "%s" : " %s", model[i]);
  CHECK_INT (MIR_code_tools_flush (tools), MIR_CODE_TOOL_OK);
  CHECK_INT (read_symbols (names, sizeof (names)), num);
  CHECK (strcmp (names, expected) == 0);
}

static void names_follow_random_pieces (void) {
  size_t steps = tap_scaled (20000);
  memset (model, 0, sizeof (model));
  REQUIRE (begin (MIR_CODE_GDB, NULL, NULL) == MIR_CODE_TOOL_OK);
  for (size_t step = 0; step < steps; step++) {
    size_t i = tap_random () % GRANULES;
    if (model[i][0] == '\0') {
      sprintf (model[i], "f%zu", step);
      publish (i, model[i]);
    } else {
      model[i][0] = '\0';
      free_piece (i);
    }
    if (step % 1000 == 0) check_model ();
  }
  check_model ();
  end ();
}

/*---------------- Refused memory -----------------------------*/

static char dir[] = "/tmp/test-tools-XXXXXX";
static struct probe_alloc probe;

static void remove_files (void) {
  char path[200];
  snprintf (path, sizeof (path), "%s/jit-%ld.dump", dir, (long) getpid ());
  unlink (path);
  snprintf (path, sizeof (path), "/tmp/perf-%ld.map", (long) getpid ());
  unlink (path);
}

/* A tool that has stopped says why, and every event is counted as passed on or as lost.  */
static void check_states (uint64_t pieces) {
  for (unsigned tool = 1; tool <= MIR_CODE_GDB; tool *= 2) {
    MIR_code_tool_state_t state = state_of (tool);
    CHECK (state.status == MIR_CODE_TOOL_OK || state.status == MIR_CODE_TOOL_NO_MEMORY);
    CHECK_INT (state.events + state.lost, pieces);
    CHECK (state.status != MIR_CODE_TOOL_OK || state.lost == 0);
  }
}

static void use_all_tools (void) {
  uint8_t *first;
  if (begin (MIR_CODE_ALL_TOOLS, &probe.alloc, dir) != MIR_CODE_TOOL_OK) {
    CHECK_PTR (tools, NULL);
    return;
  }
  for (size_t i = 0; i < 40; i++) publish (i, "function");
  for (size_t i = 0; i < 40; i += 2) free_piece (i);
  publish (0, NULL);
  MIR_code_tools_flush (tools);
  check_states (41);
  first = mapping;
  make_mapping ();
  hooks->mapped (hooks->user_data, mapping, MAPPING_LEN);
  publish (0, "of another mapping");
  check_states (42);
  hooks->unmapped (hooks->user_data, first, MAPPING_LEN);
  probe_pages_unmap (first, MAPPING_LEN);
  end ();
}

static void sweep (int forever) {
  for (long n = 0;; n++) {
    probe_alloc_init (&probe);
    probe_alloc_fail_after (&probe, n, forever);
    use_all_tools ();
    CHECK_INT (probe_alloc_check (&probe), 0);
    remove_files ();
    CHECK_PTR (first_entry (), NULL);
    size_t failed = probe.failed;
    CHECK_INT (probe_alloc_finish (&probe), 0);
    if (failed == 0) break;
  }
}

static void nothing_is_lost_when_one_allocation_fails (void) {
  sweep (0);
}

static void nothing_is_lost_when_memory_ends (void) {
  sweep (1);
}

/*---------------- Threads -----------------------------*/

enum { THREADS = 4 };

static void *publish_many (void *arg) {
  size_t quarter = GRANULES / THREADS, from = *(size_t *) arg * quarter;
  for (size_t i = from; i < from + quarter; i++) {
    publish (i, "by a thread");
    if (i % 3 == 0) free_piece (i);
    if (i % 64 == 0) MIR_code_tools_flush (tools);
  }
  return NULL;
}

static void threads_publish_at_once (void) {
  pthread_t threads[THREADS];
  size_t numbers[THREADS];
  REQUIRE (begin (MIR_CODE_ALL_TOOLS, NULL, dir) == MIR_CODE_TOOL_OK);
  for (size_t i = 0; i < THREADS; i++) {
    numbers[i] = i;
    REQUIRE (pthread_create (&threads[i], NULL, publish_many, &numbers[i]) == 0);
  }
  for (size_t i = 0; i < THREADS; i++) pthread_join (threads[i], NULL);
  check_states (GRANULES);
  CHECK_INT (state_of (MIR_CODE_PERF_MAP).lost + state_of (MIR_CODE_GDB).lost, 0);
  end ();
  remove_files ();
}

int main (void) {
  if (mkdtemp (dir) == NULL) return 1;
  TEST_RUN (object_has_the_names_of_what_is_published);
  TEST_RUN (registrations_are_few);
  TEST_RUN (pieces_elsewhere_are_lost);
  TEST_RUN (names_follow_random_pieces);
  TEST_RUN (nothing_is_lost_when_one_allocation_fails);
  TEST_RUN (nothing_is_lost_when_memory_ends);
  TEST_RUN (threads_publish_at_once);
  rmdir (dir);
  return tap_done ();
}
