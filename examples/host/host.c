/* The program: reads the arguments, lets the guests work, has some of them exhaust the memory of all, and says who has
   used how much.  */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "guest.h"

enum { ROUNDS = 2, MIB = 1 << 20 };

static const struct guest *const guests[] = {&lua_guest, &quickjs_guest, &sqlite_guest, &zstd_guest,
                                             &openssl_guest};
enum { GUESTS = sizeof (guests) / sizeof (*guests) };

struct options {
  size_t limit;      /* bytes */
  const char *trace; /* NULL: none */
  int checks;
  int exhausts[GUESTS];
};

/* What a guest is to this run.  */
struct state {
  struct memory memory;
  uint64_t calls, peak, refused; /* in the memory that it had before */
  int is_here;                   /* its memory is open */
  int has_begun;                 /* start was called */
  int is_working;                /* start was right */
};

static struct shared shared;
static struct state states[GUESTS];
static int failures;    /* results that are neither right nor an error for want of memory */
static uint64_t left;   /* bytes that guests had live when they were stopped */
static size_t findings; /* of the checks */

enum guest_result guest_says (struct memory *memory, enum guest_result result, const char *why) {
  snprintf (memory->why, sizeof (memory->why), "%s", why != NULL ? why : "no reason");
  return result;
}

/* For a function whose first argument is a printf format for the others.  */
#if defined(__MINGW_PRINTF_FORMAT)
#define LIKE_PRINTF __attribute__ ((format (__MINGW_PRINTF_FORMAT, 1, 2)))
#elif defined(__GNUC__)
#define LIKE_PRINTF __attribute__ ((format (printf, 1, 2)))
#else
#define LIKE_PRINTF
#endif

/*---------------- What is said -----------------------------*/

/* A line on standard error.  Control characters, also those of two bytes (U+0080 to U+009F), become
   question marks: an argument must not command a terminal.  */
#ifdef __GNUC__
__attribute__ ((format (printf, 1, 2)))
#endif
static void
complain (const char *format, ...) {
  char line[5000]; /* a path may have 4096 bytes */
  va_list args;
  va_start (args, format);
  vsnprintf (line, sizeof (line), format, args);
  va_end (args);
  for (unsigned char *p = (unsigned char *) line; *p != '\0'; p++) {
    int is_pair = p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0;
    if (is_pair) p[1] = '?';
    if (is_pair || *p < ' ' || *p == 0x7f) *p = '?';
  }
  fprintf (stderr, "host: %s\n", line);
}

enum { STANDARD_OUTPUT = 1, STANDARD_ERROR = 2 }; /* everywhere; their names are POSIX's */

/* Before any file is opened: a trace would take the place of a closed one, and get what is printed.
   0, or -1 after a line that says what is wrong.  */
static int expect_open_output (void) {
  struct stat st;
  if (fstat (STANDARD_OUTPUT, &st) == 0 && fstat (STANDARD_ERROR, &st) == 0) return 0;
  complain ("standard output or standard error: %s", strerror (errno));
  return -1;
}

/* STATUS; or 1, after a line that says so, if not all that was printed has been written.  */
static int with_output (int status) {
  errno = 0; /* an earlier failure has only left its mark on the stream */
  if (fflush (stdout) == 0 && !ferror (stdout)) return status;
  complain ("standard output: %s", errno != 0 ? strerror (errno) : "not all could be written");
  return 1;
}

/*---------------- Steps of a guest -----------------------------*/

typedef enum guest_result (*step_t) (struct memory *memory);

/* Let the guest numbered I do STEP, called WHAT, in its scope; if it is one that may not be refused, only with its
   margin.  */
static enum guest_result let (int i, const char *what, step_t step) {
  struct memory *memory = &states[i].memory;
  if (shared_free (&shared) < guests[i]->margin)
    return guest_says (memory, GUEST_STOPPED, "it is not called without its margin");
  memory_enter (memory, guests[i]->name, what);
  enum guest_result res = step (memory);
  memory_leave (memory);
  if (res == GUEST_WRONG) {
    failures++;
    complain ("%s: %s: %s", guests[i]->name, what, memory->why);
  }
  return res;
}

static const char *word_of (enum guest_result result) {
  static const char *const words[] = {[GUEST_DONE] = "done",
                                      [GUEST_REFUSED] = "refused",
                                      [GUEST_STOPPED] = "stopped",
                                      [GUEST_WRONG] = "wrong"};
  return words[result];
}

static void say (int i, const char *what, enum guest_result result) {
  printf ("  %-8s %-9s %s", guests[i]->name, what, word_of (result));
  if (result != GUEST_DONE) printf (": %s", states[i].memory.why);
  putchar ('\n');
}

static void start (int i) {
  struct state *state = &states[i];
  if (guests[i]->version == NULL) {
    printf ("  %-8s left out: the library was not there when this was built\n", guests[i]->name);
    return;
  }
  const char *why = memory_open (&state->memory, &shared);
  if (why != NULL) {
    printf ("  %-8s %-9s refused: %s\n", guests[i]->name, "start", why);
    return;
  }
  state->is_here = 1;
  state->has_begun = shared_free (&shared) >= guests[i]->margin;
  enum guest_result res = let (i, "start", guests[i]->start);
  state->is_working = res == GUEST_DONE;
  say (i, "start", res);
}

/* All that work do so, and say how it went.  */
static void work (const char *what) {
  for (int i = 0; i < GUESTS; i++) {
    if (!states[i].is_working) continue;
    enum guest_result res = let (i, "work", guests[i]->work);
    say (i, what, res);
  }
}

static void add (struct state *state, const MIR_stats_report_t *stats) {
  state->calls += stats->mallocs + stats->callocs + stats->reallocs + stats->frees;
  state->refused += stats->failed;
  if (state->peak < stats->peak_bytes) state->peak = stats->peak_bytes;
}

static void stop (int i) {
  struct state *state = &states[i];
  MIR_stats_report_t stats;
  memory_enter (&state->memory, guests[i]->name, "stop");
  if (state->has_begun) guests[i]->stop (&state->memory);
  findings += memory_close (&state->memory, &stats);
  memory_leave (&state->memory);
  add (state, &stats);
  left += stats.live_bytes;
  state->is_here = state->has_begun = state->is_working = 0;
}

/* The guest numbered I gives back what it has hoarded.  A zone keeps the room of small blocks until it ends, so it
   ends.  */
static void give_back (int i) {
  if (guests[i]->drop == NULL) {
    stop (i);
    start (i);
    return;
  }
  memory_enter (&states[i].memory, guests[i]->name, "drop");
  guests[i]->drop (&states[i].memory);
  memory_leave (&states[i].memory);
  states[i].is_working = 1;
}

/* The guest numbered I takes all there is.  The others work meanwhile, as far as they can, and afterwards all do.  */
static void exhaust (int i) {
  enum guest_result res = let (i, "hoard", guests[i]->hoard);
  printf ("%s takes all: %zu bytes are free\n", guests[i]->name, shared_free (&shared));
  say (i, "hoard", res);
  states[i].is_working = 0;
  work ("meanwhile");
  give_back (i);
  work ("after");
}

/*---------------- The run -----------------------------*/

static void report (void) {
  printf ("\n%-10s %-12s %12s %12s %12s %9s\n", "guest", "version", "calls", "peak bytes",
          "live bytes", "refused");
  for (int i = 0; i < GUESTS; i++) {
    struct state sum = states[i];
    if (!sum.is_here) continue;
    MIR_stats_report_t stats;
    MIR_stats_get (sum.memory.stats, &stats);
    add (&sum, &stats);
    printf ("%-10s %-12s %12" PRIu64 " %12" PRIu64 " %12" PRIu64 " %9" PRIu64 "\n", guests[i]->name,
            guests[i]->version, sum.calls, sum.peak, stats.live_bytes, sum.refused);
    if (guests[i]->margin != 0 && sum.refused != 0) failures++; /* its margin is too small */
  }
  printf ("%zu of %zu bytes are in use\n", shared.bytes - shared_free (&shared), shared.bytes);
}

static int run (const struct options *options) {
  int is_of_trace;
  const char *why =
      shared_open (&shared, options->limit, options->trace, options->checks, &is_of_trace);
  if (why != NULL) {
    if (is_of_trace)
      complain ("%s: %s", options->trace, why);
    else
      complain ("%s", why);
    return 1;
  }
  printf ("a limit of %zu bytes for all\n", options->limit);
  for (int i = 0; i < GUESTS; i++) start (i);
  for (int round = 0; round < ROUNDS; round++) work ("work");
  for (int i = 0; i < GUESTS; i++)
    if (options->exhausts[i] && states[i].is_working) exhaust (i);
  report ();
  for (int i = GUESTS - 1; i >= 0; i--)
    if (states[i].is_here) stop (i);
  printf ("%" PRIu64 " bytes of the guests are live at the end\n", left);
  failures += left != 0 || findings != 0;
  if (options->checks) printf ("%zu findings of the checks\n", findings);
  size_t live;
  why = shared_close (&shared, &live);
  if (live != 0) {
    complain ("%" PRIu64 " bytes are live behind the context", (uint64_t) live);
    return 1;
  }
  if (why != NULL) {
    complain ("%s: %s", options->trace, why);
    return 1;
  }
  if (options->trace != NULL) printf ("mir-report %s shows who owned what\n", options->trace);
  return failures != 0;
}

/*---------------- Arguments -----------------------------*/

static void help (void) {
  printf (
      "usage: host [OPTION...]\n\n"
      "  --limit BYTES     for all guests together; K and M behind it are allowed; default 64M\n"
      "  --exhaust GUEST   have this guest take all there is; \"all\": one after the other\n"
      "  --trace FILE      write a trace for mir-report\n"
      "  --check           look for wrong frees, writes beyond a block and leaks of the guests\n"
      "  -h, --help        this text\n\nThe guests:");
  for (int i = 0; i < GUESTS; i++) printf (" %s", guests[i]->name);
  putchar ('\n');
}

/* TEXT as a number of bytes; 0: it is none.  */
static size_t bytes_of (const char *text) {
  if (text[0] < '0' || text[0] > '9') return 0;
  char *end;
  unsigned long long number = strtoull (text, &end, 10);
  unsigned shift = strcmp (end, "K") == 0 ? 10 : strcmp (end, "M") == 0 ? 20 : 0;
  if (shift == 0 && *end != '\0') return 0;
  return number <= ((unsigned long long) PTRDIFF_MAX >> shift) ? (size_t) number << shift : 0;
}

/* The number of the guest called NAME; -1: none.  */
static int guest_of (const char *name) {
  for (int i = 0; i < GUESTS; i++)
    if (strcmp (name, guests[i]->name) == 0) return i;
  return -1;
}

static int take_guests (struct options *options, const char *name) {
  int is_all = strcmp (name, "all") == 0, number = guest_of (name);
  if (number < 0 && !is_all) {
    complain ("--exhaust takes the name of a guest, or all, see --help");
    return -1;
  }
  if (!is_all && guests[number]->version == NULL) {
    complain ("--exhaust %s: left out, the library was not there when this was built, see --help",
              name);
    return -1;
  }
  for (int i = 0; i < GUESTS; i++)
    if (is_all || i == number) options->exhausts[i] = 1;
  return 0;
}

static int take_limit (struct options *options, const char *size) {
  options->limit = bytes_of (size);
  if (options->limit != 0) return 0;
  complain ("--limit needs a number of bytes, see --help");
  return -1;
}

/* A value that begins with a dash was rather forgotten.  */
static int take_trace (struct options *options, const char *file) {
  options->trace = file;
  if (file[0] != '-') return 0;
  complain ("--trace needs a file, see --help");
  return -1;
}

/* 0, or -1 after a line that says what is wrong.  */
static int take (struct options *options, const char *option, const char *value) {
  static const struct {
    const char *name;
    int (*take) (struct options *options, const char *value);
  } all[] = {{"--limit", take_limit}, {"--exhaust", take_guests}, {"--trace", take_trace}};
  for (size_t i = 0; i < sizeof (all) / sizeof (*all); i++) {
    if (strcmp (option, all[i].name) != 0) continue;
    if (value != NULL && value[0] != '\0') return all[i].take (options, value);
    complain ("%s needs a value, see --help", option);
    return -1;
  }
  if (option[0] == '-')
    complain ("there is no option %.40s, see --help", option);
  else
    complain ("there are no arguments but options, see --help");
  return -1;
}

int main (int argc, char **argv) {
  struct options options = {.limit = 64 * (size_t) MIB};
  if (expect_open_output () != 0) return 1;
  for (int i = 1; i < argc; i++) {
    if (strcmp (argv[i], "--help") == 0 || strcmp (argv[i], "-h") == 0) {
      help ();
      return with_output (0);
    }
    if (strcmp (argv[i], "--check") == 0) {
      options.checks = 1;
      continue;
    }
    if (take (&options, argv[i], argv[i + 1]) != 0) return 2;
    i++; /* its value */
  }
  return with_output (run (&options));
}
