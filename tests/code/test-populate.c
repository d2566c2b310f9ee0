/* Memory that the system does not have: no store ever meets a page for which it may have none, so a
   lack of memory is a refusal and never a signal.  And memory that is given back: once, and really.

   seccomp stands for systems which commit no more memory than they have, for older kernels, for
   sandboxes and for emulators.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "code/space-fixture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/os.h"
#include "support/child.h"
#include "support/restrictions.h"

enum { LEN = 4000, MAX = 4000, FILLER = 0x5a }; /* bytes of a function; the most functions */
static const char no_seccomp[] = "no seccomp here, or an emulator";

static uint8_t *funcs[MAX];
static size_t num;

/* Publish a function which returns VALUE and is LEN bytes long, all of them used.  */
static MIR_code_status_t publish_one (unsigned value, uint8_t **addr) {
  static uint8_t bytes[LEN];
  memset (bytes, FILLER, sizeof (bytes));
  code_returning (bytes, value);
  return MIR_code_publish (writer, bytes, sizeof (bytes), NULL, addr);
}

/* Publish functions until WANTED are there or one is refused.  */
static MIR_code_status_t publish_up_to (size_t wanted) {
  MIR_code_status_t status = MIR_CODE_OK;
  while (num < wanted && (status = publish_one ((unsigned) num, &funcs[num])) == MIR_CODE_OK) num++;
  return status;
}

/* The number of functions which do not return what they should.  */
static size_t wrong_ones (void) {
  size_t wrong = 0;
  for (size_t i = 0; i < num; i++)
    if (funcs[i] != NULL) wrong += code_call (funcs[i]) != (unsigned) i;
  return wrong;
}

/* The number of functions of which a byte behind the code is not that which was published.  */
static size_t wrong_bytes (void) {
  static unsigned char fillers[LEN];
  size_t wrong = 0;
  memset (fillers, FILLER, LEN);
  for (size_t i = 0; i < num; i++)
    wrong += funcs[i] != NULL && memcmp (funcs[i] + CODE_LEN, fillers, LEN - CODE_LEN) != 0;
  return wrong;
}

/* Free all functions but every KEPT'th.  */
static void free_most (size_t kept) {
  for (size_t i = 0; i < num; i++)
    if (i % kept != 0) {
      CHECK_INT (MIR_code_free_now (space, funcs[i]), MIR_CODE_OK);
      funcs[i] = NULL;
    }
}

static int is_resident (const uint8_t *addr) {
  unsigned char state = 0;
  uintptr_t page = (uintptr_t) addr & ~(uintptr_t) (mir_os_page_size () - 1);
  return mincore ((void *) page, 1, &state) == 0 && (state & 1) != 0;
}

/* In a child: what the library learns about the system would be wrong after a restriction.  */
static int probe (void) {
  MIR_code_report_t report = {.size = sizeof (report)};
  return MIR_code_probe (&options, &report) == MIR_CODE_OK ? PASSED : NOT_HERE;
}

/* Run FUNC in a child for each of these spaces: memory files alone, with an open and with a closed
   alias, and what is taken by default.  */
static void run_for_spaces (int (*func) (void)) {
  static const MIR_code_options_t spaces[] = {
      {.backends = MIR_CODE_MEMFD},
      {.backends = MIR_CODE_MEMFD, .protection = MIR_CODE_CLOSED_ALIAS},
      {.backends = 0}};
  for (size_t i = 0; i < sizeof (spaces) / sizeof (spaces[0]); i++) {
    set_defaults ();
    num = 0;
    options.backends = spaces[i].backends;
    options.protection = spaces[i].protection;
    if (run_child (probe, NULL, 0).status != PASSED)
      tap_skip ("memory files do not work here"); /* emulators */
    struct child_end end = run_child (func, NULL, 0);
    if (end.status == NOT_HERE) tap_skip ("%s", no_seccomp);
    CHECK_INT (end.signal, 0);
    CHECK_INT (end.status, PASSED);
  }
}

/*---------------- Refused -----------------------------*/

/* How MADV_POPULATE_WRITE is answered, besides: as the system does, as on older kernels, in a
   sandbox, by an emulator.  */
static const int answers[] = {-1, EINVAL, EPERM, 0};
enum { ANSWERS = sizeof (answers) / sizeof (answers[0]) };
static int answer;

static int set_answer (void) {
  return answer < 0 ? 0 : answer_advice (ADVICE_POPULATE_WRITE, (unsigned) answer);
}

/* A memory file is refused, with the reason; the default is another back end.  */
static int probe_without_memory (void) {
  MIR_code_options_t named = {.size = sizeof (named), .backends = MIR_CODE_MEMFD};
  MIR_code_report_t report = {.size = sizeof (report)};
  if (set_answer () != 0 || no_pages_for_memory_files () != 0) return NOT_HERE;
  if (MIR_code_probe (&named, &report) == MIR_CODE_OK) return 2;
  if (MIR_code_space_create (&named, &space) == MIR_CODE_OK) return 3;
  for (size_t i = 0; i < report.verdicts_num; i++)
    if (strcmp (report.verdicts[i].backend, "memfd") == 0)
      return report.verdicts[i].reason != NULL && report.verdicts[i].error != 0 ? PASSED : 4;
  return 5;
}

static void the_probe_refuses_memory_files (void) {
  set_defaults ();
  options.backends = MIR_CODE_MEMFD;
  if (run_child (probe, NULL, 0).status != PASSED) tap_skip ("memory files do not work here");
  for (int i = 0; i < ANSWERS; i++) {
    answer = answers[i];
    check_passes_in_child (probe_without_memory, no_seccomp);
  }
}

/* After a publication was refused, the other ways of publishing are, too, and nothing is lost.  */
static int is_intact_after_refusal (void) {
  static uint8_t bytes[LEN];
  MIR_code_place_t place;
  uint8_t *addr;
  if (wrong_ones () != 0 || stats ().pieces != num) return 10;
  if (MIR_code_batch_begin (writer) != MIR_CODE_OK) return 11;
  if (MIR_code_publish (writer, bytes, LEN, NULL, &addr) != MIR_CODE_MAP_REFUSED) return 12;
  if (MIR_code_batch_end (writer) != MIR_CODE_OK) return 13;
  MIR_code_status_t status = MIR_code_reserve (writer, LEN, 0, &place);
  if (status == MIR_CODE_OK) { /* no bytes are stored before the commit */
    if (MIR_code_commit (writer, LEN, NULL) != MIR_CODE_MAP_REFUSED) return 14;
    if (MIR_code_abort (writer) != MIR_CODE_OK) return 15;
  }
  if (wrong_ones () != 0 || stats ().pieces != num || !mir_space_check (space)) return 16;
  if (MIR_code_free_now (space, funcs[--num]) != MIR_CODE_OK) return 17;
  return wrong_ones () == 0 && stats ().pieces == num ? PASSED : 18;
}

static int publish_without_memory (void) {
  if (set_answer () != 0) return NOT_HERE;
  start_with_options ();
  if (publish_up_to (40) != MIR_CODE_OK) return 2;
  if (no_pages_for_memory_files () != 0) return NOT_HERE;
  MIR_code_status_t status = publish_up_to (1000);
  if (strcmp (stats ().backend, "memfd") != 0) /* the default one, unless a checker refuses it */
    return status == MIR_CODE_OK && wrong_ones () == 0 ? PASSED : 3;
  return status == MIR_CODE_MAP_REFUSED ? is_intact_after_refusal () : 4;
}

static void publishing_is_refused (void) {
  for (int i = 0; i < ANSWERS; i++) {
    answer = answers[i];
    run_for_spaces (publish_without_memory);
  }
}

/* Where there is memory, none of the answers does any harm.  */
static int publish_with_memory (void) {
  if (set_answer () != 0) return NOT_HERE;
  start_with_options ();
  if (publish_up_to (1000) != MIR_CODE_OK) return 2;
  free_most (10);
  (void) MIR_code_trim (space);
  for (size_t i = 0; i < num; i++)
    if (funcs[i] == NULL && publish_one ((unsigned) i, &funcs[i]) != MIR_CODE_OK) return 3;
  return wrong_ones () == 0 && mir_space_check (space) ? PASSED : 4;
}

static void missing_advice_refuses_nothing (void) {
  for (int i = 0; i < ANSWERS; i++) {
    answer = answers[i];
    run_for_spaces (publish_with_memory);
  }
}

/*---------------- Discarded -----------------------------*/

/* Publish as many functions as were freed, until one is refused.  Returns whether one was.  */
static int publish_again (size_t *again) {
  for (size_t i = 0; i < num; i++) {
    if (funcs[i] != NULL) continue;
    MIR_code_status_t status = publish_one ((unsigned) i, &funcs[i]);
    if (status == MIR_CODE_MAP_REFUSED) return 1;
    if (status != MIR_CODE_OK) return -1;
    ++*again;
  }
  return 0;
}

/* Whether the process has a memory file mapped.  By default large slabs are memory files, but not
   where shared memory gets huge pages.  */
static int have_memory_file (void) {
  FILE *maps = fopen ("/proc/self/maps", "r");
  char line[512];
  int found = 0;
  if (maps == NULL) return 1;
  while (!found && fgets (line, sizeof (line), maps) != NULL)
    found = strstr (line, " /memfd:mir-code") != NULL;
  fclose (maps);
  return found;
}

/* Holes count as memory that is not there, also those of files which were full.  */
static int publish_into_holes (void) {
  size_t kept = 0, again = 0;
  start_with_options ();
  if (publish_up_to (2000) != MIR_CODE_OK) return 2;
  free_most (40);
  for (size_t i = 0; i < num; i++) kept += funcs[i] != NULL;
  if (MIR_code_trim (space) == 0) return NOT_HERE;
  if (answer_advice (ADVICE_POPULATE_WRITE, EFAULT) != 0) return NOT_HERE;
  if (publish_again (&again) != have_memory_file ()) return 3;
  if (wrong_ones () != 0 || stats ().pieces != kept + again) return 4;
  return mir_space_check (space) ? PASSED : 5;
}

static void publishing_where_memory_was_discarded_is_refused (void) {
  run_for_spaces (publish_into_holes);
}

/* What was given back is not counted again, and memory that is used again is.  */
static int trim_twice (void) {
  size_t again = 0;
  start_with_options ();
  if (publish_up_to (2000) != MIR_CODE_OK) return 2;
  free_most (40);
  size_t first = MIR_code_trim (space);
  if (first < 2000 * (size_t) LEN / 2) return first == 0 ? NOT_HERE : 3;
  if (MIR_code_trim (space) != 0) return 4;
  if (publish_again (&again) != 0 || wrong_ones () != 0) return 5;
  if (MIR_code_trim (space) > first / 10) return 6; /* what was populated ahead */
  free_most (40);
  if (MIR_code_trim (space) < first / 2) return 7;
  return MIR_code_trim (space) == 0 && wrong_ones () == 0 ? PASSED : 8;
}

static void trim_counts_memory_once (void) {
  run_for_spaces (trim_twice);
}

/* An emulator says that it has taken the memory, and has not.  */
static int trim_for_nothing (void) {
  start_with_options ();
  if (publish_up_to (500) != MIR_CODE_OK) return 2;
  free_most (2);
  uint64_t mapped = stats ().mapped_bytes;
  if (answer_advice (ADVICE_REMOVE, 0) != 0) return NOT_HERE;
  size_t bytes = MIR_code_trim (space); /* no mapping is empty */
  return bytes == 0 && stats ().mapped_bytes == mapped && wrong_ones () == 0 ? PASSED : 3;
}

static void trim_counts_what_was_given_back (void) {
  run_for_spaces (trim_for_nothing);
}

/*---------------- Huge pages -----------------------------*/

/* Check a line of /proc/self/maps: the file that is mapped takes no more memory than is mapped.  1:
   it is a file of ours; 0: it is not; -1: the process may not look at it.  */
static int check_mapping (const char *line) {
  unsigned long from, bound;
  char path[80];
  struct stat file;
  if (strstr (line, " /memfd:mir-code") == NULL && strstr (line, " /dev/zero") == NULL) return 0;
  REQUIRE (sscanf (line, "%lx-%lx", &from, &bound) == 2);
  snprintf (path, sizeof (path), "/proc/self/map_files/%lx-%lx", from, bound);
  if (stat (path, &file) != 0) return -1;
  CHECK ((unsigned long) file.st_blocks * 512 <= bound - from);
  return 1;
}

/* Whatever shmem_enabled says: with "always", a huge page would be larger than a slab.  */
static void memory_files_take_what_is_mapped (void) {
  static const unsigned backends[] = {0, MIR_CODE_MEMFD};
  for (size_t b = 0; b < 2; b++) {
    char line[512];
    int seen = 0, found = 0;
    set_defaults ();
    options.backends = backends[b];
    num = 0;
    start_with_options ();
    CHECK_INT (publish_up_to (1000), MIR_CODE_OK);
    FILE *maps = fopen ("/proc/self/maps", "r");
    REQUIRE (maps != NULL);
    while (seen >= 0 && fgets (line, sizeof (line), maps) != NULL)
      if ((seen = check_mapping (line)) > 0) found++;
    fclose (maps);
    finish ();
    if (seen < 0) tap_skip ("/proc/self/map_files: %s", strerror (errno));
    tap_note ("%d mappings", found);
  }
}

/*---------------- Forks -----------------------------*/

static MIR_code_status_t change (size_t i, unsigned value) {
  uint8_t bytes[CODE_LEN];
  code_returning (bytes, value);
  return MIR_code_patch_stopped (space, funcs[i], bytes, CODE_LEN);
}

/* In a child of the process with the space: changes need memory of its own.  */
static int change_without_memory (void) {
  int refused = 0;
  if (no_pages_for_memory_files () != 0) return NOT_HERE;
  for (size_t i = 0; i < num; i++) {
    MIR_code_status_t status = change (i, (unsigned) i);
    if (status != MIR_CODE_OK && status != MIR_CODE_WRITE_REFUSED) return 2;
    refused += status != MIR_CODE_OK;
  }
  if (refused == 0 && have_memory_file ()) return 3;
  return wrong_ones () == 0 && mir_space_check (space) ? PASSED : 4;
}

static int change_in_child (void) {
  start_with_options ();
  if (publish_up_to (2000) != MIR_CODE_OK) return 20;
  struct child_end end = run_child (change_without_memory, NULL, 0);
  if (end.signal != 0) return 21;
  return wrong_ones () == 0 ? end.status : 22;
}

static void a_private_copy_is_refused (void) {
  run_for_spaces (change_in_child);
}

static size_t resident_pages (uint8_t **places, size_t n) {
  size_t sum = 0;
  for (size_t i = 0; i < n; i++) sum += (size_t) is_resident (places[i]);
  return sum;
}

static uint8_t *holes[MAX];
static size_t holes_num;

/* The child's copy has its holes in the same places.  */
static int change_around_holes (void) {
  for (size_t i = 0; i < num; i++) {
    if (funcs[i] == NULL) continue;
    if (code_call (funcs[i]) != i || change (i, (unsigned) i + 1) != MIR_CODE_OK) return 30;
    if (code_call (funcs[i]) != (unsigned) i + 1) return 31;
  }
  if (resident_pages (holes, holes_num) != 0) return 32;
  size_t again = 0;
  for (size_t i = 0; i < num; i++) /* wrong_ones is for the functions published from now on */
    if (funcs[i] != NULL && change (i, (unsigned) i) != MIR_CODE_OK) return 33;
  return publish_again (&again) == 0 && wrong_ones () == 0 && mir_space_check (space) ? PASSED : 34;
}

/* A copy for a child reads no hole: that would need memory, in both processes.  */
static int copy_holes (void) {
  start_with_options ();
  if (publish_up_to (2000) != MIR_CODE_OK) return 20;
  holes_num = 0;
  for (size_t i = 0; i < num; i++)
    if (i % 40 == 20) holes[holes_num++] = funcs[i];
  free_most (40);
  if (MIR_code_trim (space) == 0) return NOT_HERE;
  if (resident_pages (holes, holes_num) != 0) return 21;
  struct child_end end = run_child (change_around_holes, NULL, 0);
  if (end.status != PASSED) return end.signal != 0 ? 22 : end.status;
  if (resident_pages (holes, holes_num) != 0) return 23;
  return wrong_ones () == 0 ? PASSED : 24;
}

static void a_private_copy_has_the_same_holes (void) {
  run_for_spaces (copy_holes);
}

static int nothing (void) {
  return PASSED;
}

/* Each fork makes the next publication take another copy, which has all of the code before.  */
static int publish_between_forks (void) {
  start_with_options ();
  for (size_t i = 1; i < 150; i++) {
    if (run_child (nothing, NULL, 0).status != PASSED) return 40;
    if (i % 2 == 0 && MIR_code_batch_begin (writer) != MIR_CODE_OK) return 41;
    if (publish_up_to (num + 1 + i % 3) != MIR_CODE_OK) return 42;
    if (i % 2 == 0 && MIR_code_batch_end (writer) != MIR_CODE_OK) return 43;
    if (wrong_ones () != 0 || wrong_bytes () != 0) return 44;
  }
  return mir_space_check (space) ? PASSED : 45;
}

static void private_copies_have_all_code (void) {
  run_for_spaces (publish_between_forks);
}

int main (void) {
  TEST_RUN (the_probe_refuses_memory_files);
  TEST_RUN (publishing_is_refused);
  TEST_RUN (missing_advice_refuses_nothing);
  TEST_RUN (publishing_where_memory_was_discarded_is_refused);
  TEST_RUN (trim_counts_memory_once);
  TEST_RUN (trim_counts_what_was_given_back);
  TEST_RUN (a_private_copy_is_refused);
  TEST_RUN (a_private_copy_has_the_same_holes);
  TEST_RUN (private_copies_have_all_code);
  TEST_RUN (memory_files_take_what_is_mapped); /* in this process, hence the last */
  return tap_done ();
}
