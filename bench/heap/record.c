/* Records a trace (trace-format.h) of a program that takes a MIR_alloc: link the program with this
   file and pass &recording_alloc.  The environment variable RECORD_TRACE names the file.

   bench/heap/c2m.trace.xz was made from MIR's compiler in this way: see bench/heap/README.md.
   Blocks are libc's.  A block that the program frees directly with libc's free, as c2mir does with
   six of them, counts as freed when its address comes again.  Any thread; takes a lock.  Failures
   end the program.  */
#include "record.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "trace-format.h"

enum { BUCKETS = 1 << 20 };

struct block {
  void *ptr;
  uint32_t slot;
  struct block *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static FILE *file;
static struct block *buckets[BUCKETS];
static uint32_t *free_slots;
static size_t free_num, free_size;
static uint32_t slots_num, last_slot;

static void fail (const char *what) {
  perror (what);
  exit (1);
}

static void put (uint64_t number) {
  for (; number > 127; number >>= 7) putc ((int) (number & 127) | 128, file);
  putc ((int) number, file);
}

static void open_file (void) {
  const char *name = getenv ("RECORD_TRACE");
  file = fopen (name == NULL ? "trace" : name, "wb");
  if (file == NULL) fail ("RECORD_TRACE");
  fputs (TRACE_MAGIC, file);
}

static struct block **find (void *ptr) {
  struct block **link = &buckets[((uintptr_t) ptr >> 4) * 0x9e3779b97f4a7c15u >> 44];
  while (*link != NULL && (*link)->ptr != ptr) link = &(*link)->next;
  return link;
}

static void call_with_slot (int op, uint32_t slot) {
  put (trace_fold ((int64_t) slot - last_slot) << 2 | (unsigned) op);
  last_slot = slot;
}

static void forget (void *ptr) {
  struct block **link = find (ptr), *block = *link;
  if (block == NULL) return;
  call_with_slot (TRACE_FREE, block->slot);
  *link = block->next;
  if (free_num == free_size) {
    free_size = free_size * 2 + 1000;
    free_slots = realloc (free_slots, free_size * sizeof (*free_slots));
    if (free_slots == NULL) fail ("record");
  }
  free_slots[free_num++] = block->slot;
  free (block);
}

static void remember (void *ptr, uint32_t slot) {
  struct block *block = malloc (sizeof (*block)), **link;
  if (block == NULL || ptr == NULL) fail ("record");
  forget (ptr);
  link = find (ptr);
  block->ptr = ptr;
  block->slot = slot;
  block->next = *link;
  *link = block;
}

static void *note_new (int op, size_t size, void *ptr) {
  if (ptr == NULL) fail ("record");
  pthread_mutex_lock (&lock);
  if (file == NULL) open_file ();
  forget (ptr); /* freed without this allocator */
  put ((uint64_t) size << 2 | (unsigned) op);
  last_slot = free_num != 0 ? free_slots[--free_num] : slots_num++;
  remember (ptr, last_slot);
  pthread_mutex_unlock (&lock);
  return ptr;
}

static void *record_malloc (size_t size, void *user_data) {
  (void) user_data;
  return note_new (TRACE_MALLOC, size, malloc (size == 0 ? 1 : size));
}

static void *record_calloc (size_t num, size_t size, void *user_data) {
  (void) user_data;
  return note_new (TRACE_CALLOC, num * size, calloc (1, num * size + (num * size == 0)));
}

static void *record_realloc (void *ptr, size_t old_size, size_t new_size, void *user_data) {
  (void) old_size;
  if (ptr == NULL) return record_malloc (new_size, user_data);
  pthread_mutex_lock (&lock);
  struct block **link = find (ptr), *block = *link;
  if (block == NULL) fail ("record: realloc of an unknown block");
  call_with_slot (TRACE_REALLOC, block->slot);
  put (new_size);
  *link = block->next;
  uint32_t slot = block->slot;
  free (block);
  void *res = realloc (ptr, new_size == 0 ? 1 : new_size);
  remember (res, slot);
  pthread_mutex_unlock (&lock);
  return res;
}

static void record_free (void *ptr, void *user_data) {
  (void) user_data;
  if (ptr == NULL) return;
  pthread_mutex_lock (&lock);
  forget (ptr);
  free (ptr);
  pthread_mutex_unlock (&lock);
}

struct MIR_alloc recording_alloc = {.malloc = record_malloc,
                                    .calloc = record_calloc,
                                    .realloc = record_realloc,
                                    .free = record_free};
