/* A traced program that prints what it did, as lines "name number" with the names of mir-report
   --json.  Its scopes have names that could break an HTML page.

   usage: trace-program FILE [die | die-early]  */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mir-trace.h"

enum { BLOCKS = 500, PIECES = 40 };

static MIR_trace_t trace;
static MIR_alloc_t alloc;
static size_t mallocs, callocs, reallocs, frees, live_blocks, live_bytes, peak_bytes, made_blocks,
    made_bytes;
static size_t code_published, code_published_bytes, code_freed;
static void *blocks[BLOCKS];
static size_t sizes[BLOCKS];

static void made (size_t i, void *block, size_t size) {
  if (block == NULL) exit (1);
  blocks[i] = block;
  sizes[i] = size;
  live_blocks++;
  live_bytes += size;
  made_blocks++;
  made_bytes += size;
  if (peak_bytes < live_bytes) peak_bytes = live_bytes;
}

static void gone (size_t i) {
  live_blocks--;
  live_bytes -= sizes[i];
}

static void parse (void) {
  MIR_trace_push (trace, "parse <b>&amp; \"file\"</script><!--");
  for (size_t i = 0; i < BLOCKS; i++, mallocs++)
    made (i, MIR_malloc (alloc, 16 + i * 3), 16 + i * 3);
  MIR_trace_push (trace, "grow; \xff\xc3\xa4 \x01\\n");
  for (size_t i = 0; i < BLOCKS; i += 2, reallocs++) {
    void *block = MIR_realloc (alloc, blocks[i], sizes[i], 2 * sizes[i]);
    gone (i);
    made (i, block, 2 * sizes[i]);
  }
  MIR_trace_pop (trace);
  MIR_trace_pop (trace);
}

static void *free_some (void *arg) {
  MIR_trace_push (trace, "worker");
  for (size_t i = 0; i < BLOCKS - 20; i++, frees++) {
    gone (i);
    MIR_free (alloc, blocks[i]);
  }
  for (size_t i = 0; i < 10; i++, callocs++) made (i, MIR_calloc (alloc, 3, 1000), 3000);
  MIR_trace_pop (trace);
  return arg;
}

static void generate (MIR_code_writer_t writer, MIR_code_space_t space) {
  static const uint8_t bytes[400];
  uint8_t *addr[PIECES];
  char name[40];
  for (size_t i = 0; i < PIECES; i++) {
    MIR_code_info_t info = {sizeof (info), name, 0};
    snprintf (name, sizeof (name), i % 2 == 0 ? "function_%zu" : "</title>'%zu'", i);
    if (MIR_code_publish (writer, bytes, 10 + i * 9, &info, &addr[i]) != MIR_CODE_OK) exit (1);
    code_published++;
    code_published_bytes += 10 + i * 9;
  }
  for (size_t i = 0; i < PIECES; i += 3, code_freed++)
    if (MIR_code_free_now (space, addr[i]) != MIR_CODE_OK) exit (1);
}

static void work_with_code (void) {
  MIR_code_options_t options = {0};
  MIR_code_space_t space;
  MIR_code_writer_t writer;
  options.size = sizeof (options);
  options.hooks = MIR_trace_hooks (trace);
  if (MIR_code_space_create (&options, &space) != MIR_CODE_OK
      || MIR_code_writer_create (space, &writer) != MIR_CODE_OK)
    exit (1);
  generate (writer, space);
  MIR_code_writer_finish (writer);
  MIR_code_space_finish (space);
}

static void print_numbers (void) {
  printf ("mallocs %zu\ncallocs %zu\nreallocs %zu\nfrees %zu\nfailed 0\n", mallocs, callocs,
          reallocs, frees);
  printf ("live_blocks %zu\nlive_bytes %zu\npeak_bytes %zu\nmade_blocks %zu\nmade_bytes %zu\n",
          live_blocks, live_bytes, peak_bytes, made_blocks, made_bytes);
  printf ("code_published %zu\ncode_published_bytes %zu\ncode_freed %zu\ncode_peak_bytes %zu\n",
          code_published, code_published_bytes, code_freed, code_published_bytes);
  printf ("code_live 0\ncode_mapped_bytes 0\nthreads 2\nstrange 0\n");
}

int main (int argc, char **argv) {
  MIR_trace_options_t options = {0};
  pthread_t thread;
  if (argc < 2) return 2;
  options.size = sizeof (options);
  options.file = argv[1];
  options.title = "</title><script>alert(1)</script> & \"friends\"";
  if (MIR_trace_create (&options, &trace) != MIR_TRACE_OK) return 1;
  alloc = MIR_trace_alloc (trace);
  if (argc > 2 && strcmp (argv[2], "die-early") == 0) {
    MIR_free (alloc, MIR_malloc (alloc, 10));
    _Exit (0);
  }
  parse ();
  work_with_code ();
  if (pthread_create (&thread, NULL, free_some, NULL) != 0) return 1;
  pthread_join (thread, NULL);
  if (argc > 2) {
    MIR_trace_flush (trace);
    _Exit (0);
  }
  if (MIR_trace_finish (trace) != MIR_TRACE_OK) return 1;
  print_numbers ();
  return 0;
}
