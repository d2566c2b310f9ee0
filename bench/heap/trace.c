/* Reads recorded traces.  */
#include "trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace-format.h"

struct reader {
  FILE *file;
  struct trace *trace;
  size_t calls_size;
  uint32_t *sizes, *free_slots; /* by slot; a stack */
  char *live;
  size_t slots_size, free_num;
  uint64_t live_bytes;
  int64_t last_slot;
};

/* Read a number.  1; 0 at the end of the file; -1 if the file ends within a number.  */
static int get (FILE *file, uint64_t *number) {
  int byte, shift = 0;
  *number = 0;
  do {
    byte = getc (file);
    if (byte == EOF || shift > 63) return shift == 0 ? 0 : -1;
    *number |= (uint64_t) (byte & 127) << shift;
    shift += 7;
  } while (byte & 128);
  return 1;
}

static int grow (void **array, size_t num, size_t size) {
  void *res = realloc (*array, num * size);
  if (res != NULL) *array = res;
  return res == NULL ? -1 : 0;
}

static int add_slot (struct reader *reader) {
  if (reader->trace->slots_num == reader->slots_size) {
    reader->slots_size = reader->slots_size * 2 + 1000;
    if (grow ((void **) &reader->sizes, reader->slots_size, sizeof (reader->sizes[0])) != 0
        || grow ((void **) &reader->free_slots, reader->slots_size, sizeof (reader->sizes[0])) != 0
        || grow ((void **) &reader->live, reader->slots_size, 1) != 0)
      return -1;
  }
  reader->trace->slots_num++;
  return 0;
}

/* Read a call that makes a block.  */
static int read_new (struct reader *reader, struct trace_call *call, uint64_t size) {
  if (size > UINT32_MAX) return -1;
  if (reader->free_num == 0 && add_slot (reader) != 0) return -1;
  call->slot = reader->free_num != 0 ? reader->free_slots[--reader->free_num]
                                     : (uint32_t) reader->trace->slots_num - 1;
  call->size = (uint32_t) size;
  return 0;
}

/* Read a call on a live block.  */
static int read_old (struct reader *reader, struct trace_call *call, uint64_t folded) {
  int64_t slot = reader->last_slot + trace_unfold (folded);
  uint64_t size = 0;
  if (slot < 0 || slot >= (int64_t) reader->trace->slots_num || !reader->live[slot]) return -1;
  if (call->op == TRACE_REALLOC && (get (reader->file, &size) <= 0 || size > UINT32_MAX)) return -1;
  call->slot = (uint32_t) slot;
  call->old_size = reader->sizes[slot];
  call->size = (uint32_t) size;
  return 0;
}

static int read_call (struct reader *reader, struct trace_call *call, uint64_t number) {
  memset (call, 0, sizeof (*call));
  call->op = number & 3;
  int is_new = call->op == TRACE_MALLOC || call->op == TRACE_CALLOC;
  if ((is_new ? read_new : read_old) (reader, call, number >> 2) != 0) return -1;
  reader->last_slot = call->slot;
  reader->live_bytes += (uint64_t) call->size - call->old_size;
  reader->live[call->slot] = call->op != TRACE_FREE;
  reader->sizes[call->slot] = call->size;
  if (call->op == TRACE_FREE) reader->free_slots[reader->free_num++] = call->slot;
  if (reader->trace->peak_bytes < reader->live_bytes)
    reader->trace->peak_bytes = reader->live_bytes;
  reader->trace->counts[call->op]++;
  return 0;
}

static int read_calls (struct reader *reader, size_t most) {
  struct trace *trace = reader->trace;
  uint64_t number;
  int res = 0;
  while (trace->calls_num < most && (res = get (reader->file, &number)) == 1) {
    if (trace->calls_num == reader->calls_size) {
      reader->calls_size = reader->calls_size * 2 + 100000;
      if (grow ((void **) &trace->calls, reader->calls_size, sizeof (trace->calls[0])) != 0)
        return -1;
    }
    if (read_call (reader, &trace->calls[trace->calls_num], number) != 0) return -1;
    trace->calls_num++;
  }
  return res < 0 ? -1 : 0;
}

int trace_read (const char *name, size_t most, struct trace *trace) {
  char magic[sizeof (TRACE_MAGIC)] = "";
  struct reader reader = {.trace = trace};
  memset (trace, 0, sizeof (*trace));
  reader.file = strcmp (name, "-") == 0 ? stdin : fopen (name, "rb");
  if (reader.file == NULL) return -1;
  int res = fread (magic, 1, sizeof (magic) - 1, reader.file) == sizeof (magic) - 1
                    && strcmp (magic, TRACE_MAGIC) == 0
                ? read_calls (&reader, most)
                : -1;
  if (reader.file != stdin) fclose (reader.file);
  free (reader.sizes);
  free (reader.free_slots);
  free (reader.live);
  if (res != 0) trace_free (trace);
  return res;
}

void trace_free (struct trace *trace) {
  free (trace->calls);
  trace->calls = NULL;
}
