/* The system calls of the library, compared with the table in docs/hardened-linux.md: under a
   seccomp filter which kills a process for any other call, each back end does all that it can do.
   Linux on x86-64.  Argument: the page.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "code/space-fixture.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mir-code-object.h"
#include "mir-heap.h"

#ifndef SYS_mseal
#define SYS_mseal 462 /* Linux 6.10 */
#endif

#define CALL(NAME) {#NAME, SYS_##NAME}
static const struct {
  const char *name;
  long nr;
} known[] = {
    CALL (brk),
    CALL (clock_gettime),
    CALL (clone),
    CALL (close),
    CALL (fallocate),
    CALL (fcntl),
    CALL (fstat),
    CALL (ftruncate),
    CALL (futex),
    CALL (getcpu),
    CALL (getpid),
    CALL (getrandom),
    CALL (getrlimit),
    CALL (lseek),
    CALL (madvise),
    CALL (membarrier),
    CALL (memfd_create),
    CALL (mincore),
    CALL (mmap),
    CALL (mprotect),
    CALL (mremap),
    CALL (mseal),
    CALL (msync),
    CALL (munmap),
    CALL (newfstatat),
    CALL (open),
    CALL (openat),
    CALL (prctl),
    CALL (pread64),
    CALL (prlimit64),
    CALL (pwrite64),
    CALL (pwritev),
    CALL (read),
    CALL (sched_yield),
    CALL (sysinfo),
    CALL (access),
    CALL (gettid),
    CALL (exit_group),
    CALL (set_robust_list),
    CALL (rseq),
    CALL (rt_sigprocmask),
    CALL (rt_sigaction),
    CALL (wait4),
    CALL (write),
    CALL (clone3),
    CALL (exit),
    CALL (set_tid_address),
    CALL (tgkill),
};
enum { KNOWN = sizeof (known) / sizeof (known[0]) };

/* What this test and the C library need for fork and the end of a process.  */
static const char program_calls[] =
    "clone, clone3, exit, exit_group, gettid, rseq, rt_sigaction, rt_sigprocmask, "
    "set_robust_list, wait4, write";

static const char *page_path;
static unsigned bit;
static MIR_code_protection_t level;
static int is_default_heap;

/*---------------- The table -----------------------------*/

/* Append the calls named in TEXT, words between commas and backquotes, to ALLOWED.  */
static void add_calls (const char *text, long *allowed, size_t *num) {
  while (*text != '\0') {
    size_t len = strspn (text, "abcdefghijklmnopqrstuvwxyz0123456789_");
    for (int i = 0; i < KNOWN && len != 0; i++)
      if (strlen (known[i].name) == len && strncmp (known[i].name, text, len) == 0)
        allowed[(*num)++] = known[i].nr;
    text += len == 0 ? 1 : len;
  }
}

/* Append the calls in the row NAME of the table.  Returns whether there is one.  */
static int add_row (const char *name, long *allowed, size_t *num) {
  char line[1000];
  int has_row = 0;
  size_t len = strlen (name);
  FILE *page = fopen (page_path, "re");
  REQUIRE (page != NULL);
  while (fgets (line, sizeof (line), page) != NULL)
    if (strncmp (line, "| ", 2) == 0 && strncmp (line + 2, name, len) == 0
        && strncmp (line + 2 + len, " | ", 3) == 0) {
      add_calls (line + 2 + len + 3, allowed, num);
      has_row = 1;
    }
  fclose (page);
  return has_row;
}

static int is_allowed (long nr, const long *allowed, size_t num) {
  for (size_t i = 0; i < num; i++)
    if (allowed[i] == nr) return 1;
  return 0;
}

/* From now on any call but the NUM in ALLOWED ends the process.  */
static int allow_only (const long *allowed, size_t num) {
  static struct sock_filter filter[2 * KNOWN * 4 + 4];
  unsigned short n = 0;
  filter[n++] =
      (struct sock_filter) BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, nr));
  for (size_t i = 0; i < num; i++) {
    filter[n++] =
        (struct sock_filter) BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, (unsigned) allowed[i], 0, 1);
    filter[n++] = (struct sock_filter) BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  }
  filter[n++] = (struct sock_filter) BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
  struct sock_fprog program = {n, filter};
  if (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
  return prctl (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/*---------------- What is done -----------------------------*/

/* In a forked child: change what was published before.  */
static int change_in_child (uint8_t *func) {
  int status;
  uint8_t code[CODE_LEN];
  pid_t child = fork ();
  if (child == 0) {
    code_returning (code, 5);
    MIR_code_status_t patched = MIR_code_patch_stopped (space, func, code, CODE_LEN);
    _exit (patched == MIR_CODE_OK && code_call (func) != 5 ? 1 : 0);
  }
  while (waitpid (child, &status, 0) < 0)
    if (errno != EINTR) return -1;
  return WIFEXITED (status) && WEXITSTATUS (status) == 0 ? 0 : -1;
}

enum { OBJECTS = 400, CONSTANTS = 3000, VARIABLES = 4000 };
static MIR_code_object_t objects[OBJECTS];
static void *near_data[OBJECTS];

/* Code with constants, variables and an initialiser, settled; and data near it.  0 on success.  */
static int make_objects (void) {
  MIR_code_segment_t segments[] = {
      {.size = sizeof (*segments), .access = MIR_CODE_READ_EXEC, .len = CODE_LEN},
      {.size = sizeof (*segments), .access = MIR_CODE_READ_ONLY, .len = CONSTANTS},
      {.size = sizeof (*segments), .access = MIR_CODE_READ_WRITE, .len = VARIABLES},
      {.size = sizeof (*segments),
       .access = MIR_CODE_READ_EXEC,
       .flags = MIR_CODE_TRANSIENT,
       .len = CODE_LEN},
  };
  for (int i = 0; i < OBJECTS; i++) {
    if (MIR_code_object_reserve (space, segments, 4, &objects[i]) != MIR_CODE_OK) return 10;
    code_returning (segments[0].buffer, 7);
    code_returning (segments[3].buffer, 8);
    memset (segments[1].buffer, 1, CONSTANTS);
    memset (segments[2].buffer, 2, VARIABLES);
    if (MIR_code_object_commit (space, objects[i], NULL) != MIR_CODE_OK) return 11;
    if (code_call (segments[3].addr) != 8 || code_call (segments[0].addr) != 7) return 12;
    if (segments[1].addr[CONSTANTS - 1] != 1 || segments[2].addr[VARIABLES - 1] != 2) return 13;
    MIR_code_object_settle (space, objects[i]);
    if (MIR_code_data_new (space, VARIABLES, 0, &near_data[i]) != MIR_CODE_OK) return 14;
  }
  return 0;
}

/* Code that is written where it runs, freed at once.  0 on success.  */
static int write_in_place (void) {
  MIR_code_object_t object;
  MIR_code_segment_t segment = {.size = sizeof (segment),
                                .access = MIR_CODE_READ_EXEC,
                                .flags = MIR_CODE_IN_PLACE,
                                .len = CODE_LEN};
  if (MIR_code_object_reserve (space, &segment, 1, &object) != MIR_CODE_OK) return 18;
  code_returning (segment.buffer, 9);
  if (MIR_code_object_commit (space, object, NULL) != MIR_CODE_OK) return 19;
  if (code_call (segment.addr) != 9) return 20;
  MIR_code_status_t freed = MIR_code_object_free_now (space, object);
  return freed == MIR_CODE_OK || level == MIR_CODE_SEALED ? 0 : 21;
}

/* Free most of that: the first at once, the others after the next grace period.  */
static int free_objects (void) {
  MIR_code_status_t freed = MIR_code_object_free_now (space, objects[0]);
  if (freed != MIR_CODE_OK && level != MIR_CODE_SEALED) return 15; /* no poison after a fork */
  for (int i = 1; i < OBJECTS; i++)
    if (i % 50 != 0 && MIR_code_object_free (space, objects[i]) != MIR_CODE_OK) return 16;
  for (int i = 0; i < OBJECTS; i++)
    if (MIR_code_data_free (space, near_data[i]) != MIR_CODE_OK) return 17;
  return 0;
}

/* A peak of 60 MB, a large block that grows, and all of it given back.  0 on success.  */
static int use_default_heap (void) {
  enum { NUM = 20000, LEN = 3000, LARGE = 1000000 };
  static void *blocks[NUM];
  MIR_alloc_t alloc = MIR_default_alloc ();
  char *large = (char *) MIR_malloc (alloc, LARGE);
  if (large == NULL) return 30;
  memset (large, 3, LARGE);
  large = (char *) MIR_realloc (alloc, large, LARGE, 20 * LARGE);
  if (large == NULL || large[LARGE - 1] != 3) return 31;
  for (int i = 0; i < NUM; i++) {
    if ((blocks[i] = MIR_malloc (alloc, LEN)) == NULL) return 32;
    memset (blocks[i], 1, LEN);
  }
  for (int i = 0; i < NUM; i++) MIR_free (alloc, blocks[i]);
  MIR_free (alloc, large);
  return MIR_heap_trim (0) == 0 ? 33 : 0;
}

/* 2 MiB of code, changed, freed and given back; with a range near data of this program, objects,
   too.  */
static int use_space (size_t reserve) {
  enum { NUM = 600, LEN = 4000 };
  static uint8_t *funcs[NUM], code[LEN];
  MIR_code_report_t report = {.size = sizeof (report)};
  uint8_t word[CODE_LEN];
  set_defaults ();
  if (is_default_heap) options.alloc = NULL;
  options.backends = bit;
  options.protection = level;
  options.reserve = reserve;
  options.near_addr = reserve != 0 ? &options : NULL;
  options.poison = MIR_CODE_POISON_ENTRY;
  if (MIR_code_probe (&options, &report) != MIR_CODE_OK) return 0;
  if (MIR_code_space_create (&options, &space) != MIR_CODE_OK) return 2;
  if (MIR_code_writer_create (space, &writer) != MIR_CODE_OK) return 3;
  memset (code, 0xc3, LEN);
  code_returning (code, 1);
  for (int i = 0; i < NUM; i++)
    if (MIR_code_publish (writer, code, LEN, NULL, &funcs[i]) != MIR_CODE_OK) return 4;
  code_returning (word, 2);
  if (MIR_code_patch_stopped (space, funcs[0], word, CODE_LEN) != MIR_CODE_OK) return 5;
  (void) MIR_code_patch (space, funcs[1], word, 4);
  if (code_call (funcs[0]) != 2) return 6;
  int res = reserve != 0 ? make_objects () : 0;
  if (res == 0 && reserve != 0 && (report.abilities & MIR_CODE_CAN_WRITE_IN_PLACE) != 0)
    res = write_in_place ();
  if (res != 0) return res;
  if (change_in_child (funcs[3]) != 0) return 7;
  if (reserve != 0) res = free_objects ();
  if (res != 0) return res;
  for (int i = 0; i < NUM; i++)
    if (i % 50 != 0 && MIR_code_free (space, funcs[i]) != MIR_CODE_OK) return 8;
  MIR_code_status_t reclaimed = MIR_code_reclaim (space, MIR_code_grace_begin (space));
  if (reclaimed != MIR_CODE_OK && level != MIR_CODE_SEALED) return 9; /* sealed: not after a fork */
  (void) MIR_code_trim (space);
  MIR_code_writer_finish (writer);
  MIR_code_space_finish (space);
  return 0;
}

static void check_row (const char *name, unsigned back_end, MIR_code_protection_t protection) {
  static long allowed[KNOWN * 4];
  size_t num = 0;
  int status = 0;
  if (!add_row (name, allowed, &num)) tap_skip ("no row %s", name);
  REQUIRE (add_row ("all", allowed, &num));
  if (is_default_heap) REQUIRE (add_row ("the default heap", allowed, &num));
  if (protection == MIR_CODE_SEALED) REQUIRE (add_row ("sealed", allowed, &num));
  /* fstat of glibc 2.36 is newfstatat, that of 2.41 fstat: a row serves both C libraries.  */
  CHECK_INT (is_allowed (SYS_fstat, allowed, num), is_allowed (SYS_newfstatat, allowed, num));
  add_calls (program_calls, allowed, &num);
  add_calls ("brk", allowed, &num); /* of malloc */
  bit = back_end;
  level = protection;
  fflush (stdout);
  pid_t child = fork ();
  if (child == 0) {
    if (getenv ("NO_FILTER") == NULL && allow_only (allowed, num) != 0) _exit (77);
    int res = use_space (0);
    if (res == 0) res = use_space ((size_t) 64 << 20);
    if (res == 0 && is_default_heap) res = use_default_heap ();
    _exit (res);
  }
  REQUIRE (child > 0 && waitpid (child, &status, 0) == child);
  if (WIFEXITED (status) && WEXITSTATUS (status) == 77) tap_skip ("no seccomp filters here");
  if (WIFSIGNALED (status)) tap_note ("signal %d", WTERMSIG (status));
  CHECK (WIFEXITED (status));
  if (WIFEXITED (status)) CHECK_INT (WEXITSTATUS (status), 0);
}

static void anon_makes_no_other_calls (void) {
  check_row ("anon", MIR_CODE_ANON, MIR_CODE_OPEN_ALIAS);
  check_row ("anon", MIR_CODE_ANON, MIR_CODE_CLOSED_ALIAS);
}

static void memfd_makes_no_other_calls (void) {
  check_row ("memfd", MIR_CODE_MEMFD, MIR_CODE_OPEN_ALIAS);
  check_row ("memfd", MIR_CODE_MEMFD, MIR_CODE_CLOSED_ALIAS);
}

static void sealed_code_makes_no_other_calls (void) {
  check_row ("anon", MIR_CODE_ANON, MIR_CODE_SEALED);
  check_row ("memfd", MIR_CODE_MEMFD, MIR_CODE_SEALED);
}

static void tmpfile_makes_no_other_calls (void) {
  check_row ("tmpfile", MIR_CODE_TMPFILE, MIR_CODE_OPEN_ALIAS);
}

static void procmem_makes_no_other_calls (void) {
  check_row ("procmem", MIR_CODE_PROCMEM, MIR_CODE_OPEN_ALIAS);
}

static void remap_makes_no_other_calls (void) {
  check_row ("remap", MIR_CODE_REMAP, MIR_CODE_OPEN_ALIAS);
}

static void rwx_makes_no_other_calls (void) {
  check_row ("rwx", MIR_CODE_RWX, MIR_CODE_OPEN_ALIAS);
}

static void defaults_make_no_other_calls (void) {
  is_default_heap = 1;
  check_row ("memfd", MIR_CODE_ANON | MIR_CODE_MEMFD, MIR_CODE_OPEN_ALIAS);
  is_default_heap = 0;
}

int main (int argc, char **argv) {
  if (argc != 2) return 2;
  page_path = argv[1];
  TEST_RUN (anon_makes_no_other_calls);
  TEST_RUN (memfd_makes_no_other_calls);
  TEST_RUN (sealed_code_makes_no_other_calls);
  TEST_RUN (tmpfile_makes_no_other_calls);
  TEST_RUN (procmem_makes_no_other_calls);
  TEST_RUN (remap_makes_no_other_calls);
  TEST_RUN (rwx_makes_no_other_calls);
  TEST_RUN (defaults_make_no_other_calls);
  return tap_done ();
}
