/* The limits of a process: address space, locked memory, the number of mappings.  Whatever meets one
   of them, its status says which, with each back end at each level; and when the limit is out of the
   way, all works again.

   The bookkeeping is in static memory, so that code meets the limit, not the general allocator.  */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "code/backend-fixture.h"

#include <stdio.h>
#include <stdlib.h> /* strtoul */

#include "support/restrictions.h"

/*---------------- Static memory -----------------------------*/

static uint8_t static_memory[16 * 1024 * 1024];
static size_t static_used;

static void *static_malloc (size_t size, void *user_data) {
  (void) user_data;
  size = (size + 15) & ~(size_t) 15;
  if (size > sizeof (static_memory) - static_used) return NULL;
  static_used += size;
  return static_memory + static_used - size;
}

static void static_free (void *ptr, void *user_data) {
  (void) ptr, (void) user_data; /* the child ends soon */
}

static struct MIR_alloc static_alloc = {.malloc = static_malloc, .free = static_free};

/*---------------- The limits -----------------------------*/

#ifdef __SANITIZE_THREAD__
enum { HAS_TSAN = 1 };
#else
enum { HAS_TSAN = 0 };
#endif

/* ThreadSanitizer and valgrind end the program when they get no addresses, pages or mappings for
   their own memory.  */
static int can_limit (void) {
  return !HAS_TSAN && !RUNNING_ON_VALGRIND;
}

#if defined(__SANITIZE_ADDRESS__) && __GNUC__ >= 13
enum { SPARES_MAPPINGS = 1 }; /* AddressSanitizer of gcc 14 dies without mappings of its own */
#else
enum { SPARES_MAPPINGS = 0 };
#endif

/* One limit.  `reach` leaves room for LEFT bytes or mappings, and returns -1 where that is not
   possible; `lift` takes the limit away again.  */
struct limit {
  const char *name;
  MIR_code_status_t status;
  size_t left;
  int (*reach) (size_t left);
  int (*lift) (void);
};

static size_t taken_addresses (void) {
  unsigned long pages_num = 0;
  FILE *file = fopen ("/proc/self/statm", "r");
  if (file == NULL || fscanf (file, "%lu", &pages_num) != 1) pages_num = 0;
  if (file != NULL) fclose (file);
  return pages_num * mir_os_page_size ();
}

static int set_soft (int resource, rlim_t value) {
  struct rlimit limit;
  if (getrlimit (resource, &limit) != 0) return -1;
  limit.rlim_cur = value < limit.rlim_max ? value : limit.rlim_max;
  return setrlimit (resource, &limit);
}

static int reach_addresses (size_t left) {
  size_t taken = taken_addresses ();
  if (!can_limit () || taken == 0 || set_soft (RLIMIT_AS, taken + left) != 0) return -1;
  void *more =
      mmap (NULL, left + mir_os_page_size (), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return more == MAP_FAILED ? 0 : -1; /* qemu-user 10 reports success without setting the limit */
}

static int lift_addresses (void) {
  return set_soft (RLIMIT_AS, RLIM_INFINITY);
}

/* Root may lock without limit, so become nobody first; /proc/self/mem stays that of nobody.  A limit
   of 0 forbids mlockall itself (mlockall(2), EPERM).  */
static int reach_locking (size_t left) {
  enum { NOBODY = 65534 };
  size_t page = mir_os_page_size ();
  if (RUNNING_ON_VALGRIND) return -1;
  if (geteuid () == 0 && (setgid (NOBODY) != 0 || setuid (NOBODY) != 0)) return -1;
  if (prctl (PR_SET_DUMPABLE, 1, 0, 0, 0) != 0) return -1;
  if (set_soft (RLIMIT_MEMLOCK, page) != 0 || mlockall (MCL_FUTURE) != 0) return -1;
  if (set_soft (RLIMIT_MEMLOCK, left) != 0) return -1;
  void *more = mmap (NULL, left + page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return more == MAP_FAILED && errno == EAGAIN ? 0 : -1; /* qemu-user 10 makes it ENOMEM */
}

static int lift_locking (void) {
  return munlockall ();
}

enum {
  MOST_MAPPINGS = 200000, /* where the system allows more, the test would take too much */
  LAST_MAPPINGS = 4096    /* left to the children, which get all others by their fork */
};
static unsigned long allowed_mappings;
static uint8_t *stripes; /* pages of which every second one is a mapping of its own; NULL: none */
static size_t stripes_len, striped; /* bytes; of the first `striped` ones that is true already */
static void *last_mappings[8];

/* The lines of /proc/self/maps; an emulator may show others than the kernel counts.  */
static unsigned long shown_mappings (void) {
  unsigned long lines = 0;
  FILE *file = fopen ("/proc/self/maps", "r");
  for (int c; file != NULL && (c = getc (file)) != EOF;) lines += c == '\n';
  if (file != NULL) fclose (file);
  return lines;
}

/* Stripe pages from `striped` up to BOUND.  Returns -1 if a limit is met.  */
static int stripe (size_t bound) {
  size_t page = mir_os_page_size ();
  for (; striped < bound; striped += 2 * page)
    if (mprotect (stripes + striped, page, PROT_READ) != 0) return -1;
  return 0;
}

static int reach_mappings (size_t left) {
  size_t page = mir_os_page_size (), i;
  if (stripes == NULL || stripe (stripes_len) == 0) return -1; /* no limit was met */
  for (i = 0; i < 8; i++) { /* mmap may make one more; shared ones do not join */
    last_mappings[i] = mmap (NULL, page, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (last_mappings[i] == MAP_FAILED) break;
  }
  if (i == 8) return -1;
  for (size_t given = 0; given < left; given += 2)
    if (mprotect (stripes + (given + 1) * page, page, PROT_NONE) != 0) return -1;
  return 0;
}

static int can_reach_mappings (void) {
  return reach_mappings (0) == 0 && shown_mappings () + 8 >= allowed_mappings ? PASSED : NOT_HERE;
}

static void remove_stripes (void) {
  if (stripes != NULL) munmap (stripes, stripes_len);
  stripes = NULL;
}

/* Make most of the mappings before the forks: they cost more than all else here.  No stripes where
   children cannot reach the limit.  */
static void make_stripes (void) {
  size_t page = mir_os_page_size ();
  FILE *file = fopen ("/proc/sys/vm/max_map_count", "r");
  if (file == NULL || fscanf (file, "%lu", &allowed_mappings) != 1) allowed_mappings = 0;
  if (file != NULL) fclose (file);
  if (!can_limit () || SPARES_MAPPINGS || allowed_mappings <= LAST_MAPPINGS
      || allowed_mappings > MOST_MAPPINGS)
    return;
  stripes_len = (allowed_mappings + 2) * page;
  void *area =
      mmap (NULL, stripes_len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (area == MAP_FAILED) return;
  stripes = (uint8_t *) area;
  striped = page;
  if (stripe (stripes_len - LAST_MAPPINGS * page) != 0
      || run_child (can_reach_mappings, NULL, 0).status != PASSED)
    remove_stripes ();
}

static int lift_mappings (void) {
  for (int i = 0; i < 8 && last_mappings[i] != MAP_FAILED; i++)
    if (munmap (last_mappings[i], mir_os_page_size ()) != 0) return -1;
  return munmap (stripes, stripes_len);
}

static const struct limit limits[] = {
    {"addresses", MIR_CODE_NO_ADDRESS_SPACE, 4 << 20, reach_addresses, lift_addresses},
    {"locking", MIR_CODE_NO_LOCKED_MEMORY, 4 << 20, reach_locking, lift_locking},
    {"mappings", MIR_CODE_TOO_MANY_MAPPINGS, 40, reach_mappings, lift_mappings},
};
enum { LIMITS = sizeof (limits) / sizeof (limits[0]) };

/*---------------- In children -----------------------------*/

static const struct limit *limit;
static MIR_code_options_t options;
static MIR_code_space_t space;
static MIR_code_writer_t writer;

static MIR_code_status_t publish (size_t len, uint8_t **addr) {
  static uint8_t bytes[256 * 1024];
  code_returning (bytes, 7);
  return MIR_code_publish (writer, bytes, len, NULL, addr);
}

static void set_options (void) {
  memset (&options, 0, sizeof (options));
  options.size = sizeof (options);
  options.alloc = &static_alloc;
  options.backends = backend->bit;
  options.protection = level;
}

static int start_space (void) {
  set_options ();
  return MIR_code_space_create (&options, &space) == MIR_CODE_OK
                 && MIR_code_writer_create (space, &writer) == MIR_CODE_OK
             ? 0
             : -1;
}

/* Each result that is not PASSED names the step which went wrong.  */
static int publish_until_refused (void) {
  enum { MOST = 1000, LEN = 60000 };
  uint8_t *addr, *last = NULL;
  int n = 0;
  if (start_space () != 0) return 2;
  if (publish (CODE_LEN, &last) != MIR_CODE_OK) return 3;
  if (limit->reach (limit->left) != 0) return NOT_HERE;
  MIR_code_status_t status = MIR_CODE_OK;
  while (n++ < MOST && (status = publish (LEN, &addr)) == MIR_CODE_OK) last = addr;
  if (status == MIR_CODE_OK && limit->status == MIR_CODE_TOO_MANY_MAPPINGS
      && (backend->bit & (MIR_CODE_PROCMEM | MIR_CODE_RWX)) != 0)
    return PASSED; /* private mappings which are alike join, and so are few */
  if (status != limit->status) return 100 + (int) status;
  if (publish (LEN, &addr) != limit->status) return 4; /* again */
  if (code_call (last) != 7) return 5;
  if (limit->lift () != 0) return 6;
  return publish (LEN, &addr) == MIR_CODE_OK && code_call (addr) == 7 ? PASSED : 7;
}

/* With nothing left: the verdict is remembered, then it is not.  */
static int create_when_nothing_is_left (void) {
  MIR_code_report_t report = {.size = sizeof (report)};
  MIR_code_space_t other;
  uint8_t *addr;
  if (start_space () != 0) return 2;
  if (limit->reach (0) != 0) return NOT_HERE;
  if (MIR_code_space_create (&options, &other) != MIR_CODE_OK) return 3; /* maps nothing yet */
  MIR_code_status_t status = publish (CODE_LEN, &addr);
  if (status != limit->status) return 100 + (int) status;
  mir_backend_forget ();
  if ((status = MIR_code_space_create (&options, &other)) != limit->status)
    return 120 + (int) status;
  if ((status = MIR_code_probe (&options, &report)) != limit->status) return 140 + (int) status;
  if (report.backend != NULL) return 4;
  int found = 0;
  for (size_t i = 0; i < report.verdicts_num; i++)
    if (strcmp (report.verdicts[i].backend, backend->name) == 0)
      found = strcmp (report.verdicts[i].reason, MIR_code_status_text (limit->status)) == 0
              && report.verdicts[i].error != 0;
  if (!found) return 5;
  if (limit->lift () != 0) return 6;
  if (MIR_code_space_create (&options, &other) != MIR_CODE_OK) return 7; /* was not remembered */
  return publish (CODE_LEN, &addr) == MIR_CODE_OK && code_call (addr) == 7 ? PASSED : 8;
}

static int reserve_when_nothing_is_left (void) {
  MIR_code_space_t other;
  if (start_space () != 0) return 2;
  if (limit->reach (0) != 0) return NOT_HERE;
  options.reserve = 16 << 20;
  MIR_code_status_t status = MIR_code_space_create (&options, &other);
  if (status != limit->status) return 100 + (int) status;
  options.near_addr = &limits;
  status = MIR_code_space_create (&options, &other);
  if (status != limit->status) return 120 + (int) status;
  if (limit->lift () != 0) return 3;
  options.near_addr = NULL;
  return MIR_code_space_create (&options, &other) == MIR_CODE_OK ? PASSED : 4;
}

/* Cells take memory in a range that is reserved already.  */
static int create_cells_when_nothing_is_left (void) {
  MIR_code_cell_t *cell;
  set_options ();
  options.reserve = 16 << 20;
  if (MIR_code_space_create (&options, &space) != MIR_CODE_OK) return 2;
  if (limit->reach (0) != 0) return NOT_HERE;
  MIR_code_status_t status = MIR_code_cell_new (space, NULL, &cell);
  if (status != limit->status) return 100 + (int) status;
  if (limit->lift () != 0) return 3;
  return MIR_code_cell_new (space, NULL, &cell) == MIR_CODE_OK ? PASSED : 4;
}

/* RLIMIT_DATA counts private writable memory, such as the copies of remap.  The kernel says ENOMEM,
   too, but the limit is none of the three.  */
static int lack_something_else (void) {
  MIR_code_space_t other;
  uint8_t *addr;
  if (start_space () != 0) return 2;
  if (!can_limit () || set_soft (RLIMIT_DATA, 1) != 0)
    return NOT_HERE; /* 0 is allowed more (mm/mmap.c) */
  void *more = mmap (NULL, 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (more != MAP_FAILED) return NOT_HERE;
  MIR_code_status_t status = publish (CODE_LEN, &addr);
  if (status != MIR_CODE_WRITE_REFUSED) return 100 + (int) status;
  mir_backend_forget ();
  status = MIR_code_space_create (&options, &other);
  if (status != MIR_CODE_NO_BACKEND) return 120 + (int) status;
  if (set_soft (RLIMIT_DATA, RLIM_INFINITY) != 0) return 3;
  return MIR_code_space_create (&options, &other) == MIR_CODE_OK ? PASSED : 4;
}

/*---------------- Tests -----------------------------*/

static int (*in_child) (void);

static void check_limit (void) {
  skip_unless_it_works ();
  check_passes_in_child (in_child, "this system, or emulator, or checker, does not have the limit");
}

static void check_range_limit (void) {
  backend = mir_backends[0];
  level = MIR_CODE_OPEN_ALIAS;
  check_limit ();
}

static void limit_of_mappings_refuses_cells (void) {
  in_child = create_cells_when_nothing_is_left;
  limit = &limits[LIMITS - 1];
  check_range_limit ();
}

static void another_lack_of_memory_is_not_called_a_limit (void) {
  level = MIR_CODE_NO_ALIAS;
  in_child = lack_something_else;
  backend = backend_named ("remap");
  REQUIRE (backend != NULL);
  check_limit ();
}

int main (void) {
  char name[80];
  for (int i = 0; i < LIMITS; i++) {
    limit = &limits[i];
    if (limit->reach == reach_mappings) make_stripes ();
    in_child = publish_until_refused;
    snprintf (name, sizeof (name), "limit_of_%s_refuses_publication", limit->name);
    run_for_all (name, check_limit);
    in_child = create_when_nothing_is_left;
    snprintf (name, sizeof (name), "limit_of_%s_refuses_spaces", limit->name);
    run_for_all (name, check_limit);
    in_child = reserve_when_nothing_is_left;
    snprintf (name, sizeof (name), "limit_of_%s_refuses_ranges", limit->name);
    tap_run (name, check_range_limit);
  }
  TEST_RUN (limit_of_mappings_refuses_cells);
  remove_stripes ();
  TEST_RUN (another_lack_of_memory_is_not_called_a_limit);
  return tap_done ();
}
