/* A program traced with its stacks, which prints what it did: for each of its functions that
   allocates, a line "function NAME" with the blocks and bytes it made, those of them that are left at
   the end, and those that were temporary; and a line "phase NAME BLOCKS BYTES" for what was made
   before each of its pauses.  It is compiled without optimization, so that the stack has its
   functions by name.

   usage: stack-program FILE [more]
     more   makes more in some functions and less in others, for a comparison  */
#define _POSIX_C_SOURCE 200809L /* nanosleep */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "mir-trace.h"

enum { LINES_MAX = 1000, DEPTH = 40, TABLES = 7 };

enum function { KEEP_LINE, LOSE_LINE, MAKE_TEXT, GROW_TABLE, MAKE_CACHE, FUNCTIONS };

static const char *const function_names[FUNCTIONS] = {
    [KEEP_LINE] = "keep_line",   [LOSE_LINE] = "lose_line",   [MAKE_TEXT] = "make_text",
    [GROW_TABLE] = "grow_table", [MAKE_CACHE] = "make_cache",
};

struct count {
  size_t made_blocks, made_bytes, left_blocks, left_bytes, temporary_blocks, temporary_bytes;
};

static MIR_trace_t trace;
static MIR_alloc_t alloc;
static struct count counts[FUNCTIONS], all;
static void *lines[LINES_MAX];
static size_t line_sizes[LINES_MAX], lines_num;
static size_t peak_bytes;

static void *check (void *block) {
  if (block == NULL) exit (1);
  return block;
}

static void count_made (enum function function, size_t size) {
  struct count *const both[] = {&counts[function], &all};
  for (int i = 0; i < 2; i++) {
    both[i]->made_blocks++;
    both[i]->made_bytes += size;
    both[i]->left_blocks++;
    both[i]->left_bytes += size;
  }
  if (peak_bytes < all.left_bytes) peak_bytes = all.left_bytes;
}

static void count_gone (enum function function, size_t size) {
  struct count *const both[] = {&counts[function], &all};
  for (int i = 0; i < 2; i++) {
    both[i]->left_blocks--;
    both[i]->left_bytes -= size;
  }
}

/*---------------- The functions that allocate -----------------------------*/

static void keep_line (size_t size) {
  lines[lines_num] = check (alloc->malloc (size, alloc->user_data));
  line_sizes[lines_num++] = size;
  count_made (KEEP_LINE, size);
}

static void lose_line (size_t size) {
  check (alloc->calloc (1, size, alloc->user_data));
  count_made (LOSE_LINE, size);
}

static void make_text (size_t size) {
  alloc->free (check (alloc->malloc (size, alloc->user_data)), alloc->user_data);
  count_made (MAKE_TEXT, size);
  count_gone (MAKE_TEXT, size);
  counts[MAKE_TEXT].temporary_blocks++;
  counts[MAKE_TEXT].temporary_bytes += size;
}

/* Nothing is temporary: another line is made before each realloc and before the free.  */
static void grow_table (size_t size) {
  void *table = check (alloc->malloc (size, alloc->user_data));
  count_made (GROW_TABLE, size);
  for (int i = 0; i < TABLES; i++, size *= 2) {
    keep_line (24);
    table = check (alloc->realloc (table, size, 2 * size, alloc->user_data));
    count_gone (GROW_TABLE, size);
    count_made (GROW_TABLE, 2 * size);
  }
  keep_line (24);
  alloc->free (table, alloc->user_data);
  count_gone (GROW_TABLE, size);
}

static void make_cache (size_t size) {
  check (alloc->malloc (size, alloc->user_data));
  count_made (MAKE_CACHE, size);
}

/*---------------- The functions that call them -----------------------------*/

static void parse_line (size_t i) {
  make_text (40 + i % 7);
  keep_line (100 + i);
  if (i % 10 == 0) lose_line (64);
}

static void load_file (size_t num) {
  for (size_t i = 0; i < num; i++) parse_line (i);
}

static void descend (size_t depth) {
  if (depth > 0)
    descend (depth - 1);
  else
    for (size_t i = 0; i < 50; i++) make_text (1000);
  if (depth == DEPTH / 2) lose_line (3000);
}

static void index_lines (size_t tables) {
  for (size_t i = 0; i < tables; i++) grow_table (512);
}

static void free_lines (void) {
  while (lines_num > 0) {
    lines_num--;
    count_gone (KEEP_LINE, line_sizes[lines_num]);
    alloc->free (lines[lines_num], alloc->user_data);
  }
}

/*---------------- The run -----------------------------*/

/* End the phase NAME, with a pause in which nothing happens.  */
static void end_phase (const char *name, int milliseconds) {
  static struct count before;
  const struct timespec pause = {.tv_nsec = milliseconds * 1000 * 1000};
  printf ("phase %s %zu %zu\n", name, all.made_blocks - before.made_blocks,
          all.made_bytes - before.made_bytes);
  before = all;
  nanosleep (&pause, NULL);
}

static void run (int more) {
  int pause = more ? 20 : 31;
  MIR_trace_push (trace, "load <img src=x onerror=alert(1)>");
  load_file (more ? 400 : 300);
  MIR_trace_pop (trace);
  end_phase ("load", pause);
  MIR_trace_push (trace, "work");
  descend (DEPTH);
  index_lines (more ? 2 : 5);
  MIR_trace_pop (trace);
  end_phase ("work", pause);
  if (more) make_cache (70000);
  lose_line (8); /* so that the line freed first is not temporary */
  free_lines ();
  end_phase ("end", pause);
}

static void print_counts (void) {
  for (int i = 0; i < FUNCTIONS; i++) {
    const struct count *c = &counts[i];
    printf ("function %s %zu %zu %zu %zu %zu %zu\n", function_names[i], c->made_blocks,
            c->made_bytes, c->left_blocks, c->left_bytes, c->temporary_blocks, c->temporary_bytes);
  }
  printf ("made_blocks %zu\nmade_bytes %zu\nlive_blocks %zu\nlive_bytes %zu\npeak_bytes %zu\n",
          all.made_blocks, all.made_bytes, all.left_blocks, all.left_bytes, peak_bytes);
}

int main (int argc, char **argv) {
  MIR_trace_options_t options = {.size = sizeof (options), .stack_depth = MIR_TRACE_MAX_STACK};
  if (argc < 2) return 2;
  options.file = argv[1];
  options.title = argc > 2 ? "new & <better>" : "old & <good>";
  if (MIR_trace_create (&options, &trace) != MIR_TRACE_OK) return 1;
  alloc = MIR_trace_alloc (trace);
  run (argc > 2);
  if (MIR_trace_finish (trace) != MIR_TRACE_OK) return 1;
  print_counts ();
  return 0;
}
