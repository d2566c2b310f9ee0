/* Counts what a library asks of its allocator.  */
#include "guests/record.h"

#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

/* [ head | block ... | guard ]  The guard is as long as the head.  Memory comes from the system, in
   pieces that are cut off one after another and never used again: whoever uses a freed block finds
   it filled, and the C library's malloc is not called.  */
struct head {
  struct head *next, *previous; /* all live blocks; NULL: freed */
  size_t size;
  uint64_t mark;
  size_t pad[4];
};

enum { GUARD = 32, SAMPLE = 1 << 16, FRESH = 0xa5, FREED = 0xdd, FENCE = 0xfd, PIECE = 1 << 26 };
static const uint64_t live_mark = 0x6c6976652d626c6b, freed_mark = 0x66726565642d626c;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct record_rules rules;
static struct record counts;
static struct head blocks = {.next = &blocks, .previous = &blocks};
static pthread_t first_caller;
static int has_caller;
static char *piece, *piece_end;

static void *cut (size_t len) {
  len = (len + 15) & ~(size_t) 15;
  if (piece == NULL || (size_t) (piece_end - piece) < len) {
    size_t piece_len = len > PIECE ? len : PIECE;
    void *memory = mmap (NULL, piece_len, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) return NULL;
    piece = (char *) memory, piece_end = piece + piece_len;
  }
  void *memory = piece;
  piece += len;
  return memory;
}

static struct head *head_of (void *ptr) {
  return (struct head *) ptr - 1;
}

static int guard_is_whole (struct head *head) {
  const unsigned char *guard = (unsigned char *) (head + 1) + head->size;
  for (int i = 0; i < GUARD; i++)
    if (guard[i] != FENCE) return 0;
  return 1;
}

/* A caller is at work, with LOCK held from here.  */
static void enter (void) {
  pthread_mutex_lock (&lock);
  if (!has_caller) first_caller = pthread_self (), has_caller = 1;
  if (!pthread_equal (first_caller, pthread_self ())) counts.elsewhere++;
}

static void leave (void) {
  pthread_mutex_unlock (&lock);
}

static int is_refused (void) {
  int is = ++counts.requests == rules.refused;
  if (is) counts.failed++;
  return is;
}

/* How much of a block of SIZE bytes is filled: of a refusal's many runs only the beginning.  */
static size_t filled (size_t size) {
  return rules.refused != 0 && size > SAMPLE ? SAMPLE : size;
}

/* A block filled with FILL; 0: wholly, and its memory is still the system's zeroes.  */
static void *make (size_t size, int fill) {
  if (size == 0) counts.empty++;
  if (is_refused ()) return NULL;
  if (size > SIZE_MAX / 2) return NULL;
  char *memory = (char *) cut (sizeof (struct head) + size + GUARD + 16);
  if (memory == NULL) return NULL;
  struct head *head = (struct head *) (void *) (memory + (rules.is_off_by_8 ? 8 : 0));
  head->size = size;
  head->mark = live_mark;
  head->next = &blocks, head->previous = blocks.previous;
  head->previous->next = head->next->previous = head;
  if (fill != 0) memset (head + 1, fill, filled (size));
  memset ((char *) (head + 1) + size, FENCE, GUARD);
  counts.live++;
  counts.bytes += size;
  counts.live_bytes += size;
  if (counts.peak_bytes < counts.live_bytes) counts.peak_bytes = counts.live_bytes;
  if (counts.largest < size) counts.largest = size;
  return head + 1;
}

/* Whether PTR is a live block, which is counted if not.  */
static int is_block (void *ptr) {
  int is = head_of (ptr)->mark == live_mark;
  if (!is) counts.foreign++;
  return is;
}

static void end (void *ptr) {
  struct head *head = head_of (ptr);
  if (!guard_is_whole (head)) counts.damaged++;
  head->mark = freed_mark;
  head->next->previous = head->previous;
  head->previous->next = head->next;
  counts.live--;
  counts.live_bytes -= head->size;
  memset (ptr, FREED, filled (head->size));
}

void record_begin (const struct record_rules *new_rules) {
  pthread_mutex_lock (&lock);
  rules = *new_rules;
  memset (&counts, 0, sizeof (counts));
  has_caller = 0;
  pthread_mutex_unlock (&lock);
  around_set (1);
}

struct record record_end (void) {
  around_set (0);
  pthread_mutex_lock (&lock);
  for (struct head *head = blocks.next; head != &blocks; head = head->next)
    if (!guard_is_whole (head)) counts.damaged++;
  struct record res = counts;
  around_get (&res.around, &res.around_bytes);
  pthread_mutex_unlock (&lock);
  return res;
}

/*---------------- The functions -----------------------------*/

void *record_malloc (size_t size) {
  enter ();
  counts.mallocs++;
  void *res = make (size, FRESH);
  leave ();
  return res;
}

void *record_calloc (size_t num, size_t size) {
  enter ();
  counts.callocs++;
  void *res = size != 0 && num > SIZE_MAX / size ? NULL : make (num * size, 0);
  leave ();
  return res;
}

static void free_locked (void *ptr) {
  if (ptr == NULL) {
    counts.null_frees++;
  } else if (is_block (ptr)) {
    counts.frees++;
    end (ptr);
  }
}

void record_free (void *ptr) {
  enter ();
  free_locked (ptr);
  leave ();
}

/* The old size is not passed: no check of it.  */
static void *realloc_locked (void *ptr, size_t size) {
  if (ptr == NULL) {
    counts.null_reallocs++;
    return make (size, FRESH);
  }
  if (!is_block (ptr)) return NULL;
  if (size == 0) {
    counts.empty_reallocs++;
    free_locked (ptr);
    return NULL;
  }
  size_t old_size = head_of (ptr)->size;
  counts.reallocs++;
  if (size < old_size) counts.shrinks++;
  if (size == old_size) counts.same++;
  if (size < old_size && rules.refuses_shrinks) {
    counts.failed++;
    return NULL;
  }
  void *res = make (size, FRESH);
  if (res == NULL) return NULL;
  memcpy (res, ptr, size < old_size ? size : old_size);
  end (ptr);
  return res;
}

void *record_realloc (void *ptr, size_t size) {
  enter ();
  void *res = realloc_locked (ptr, size);
  leave ();
  return res;
}

static void compare_sizes (void *ptr, size_t size) {
  if (ptr == NULL || head_of (ptr)->mark != live_mark) return;
  if (head_of (ptr)->size == size)
    counts.right_sizes++;
  else
    counts.wrong_sizes++;
}

void *record_resize (void *ptr, size_t old_size, size_t size) {
  enter ();
  compare_sizes (ptr, old_size);
  void *res = realloc_locked (ptr, size);
  leave ();
  return res;
}

void record_free_sized (void *ptr, size_t size) {
  enter ();
  compare_sizes (ptr, size);
  free_locked (ptr);
  leave ();
}

size_t record_size (const void *ptr) {
  const struct head *head = (const struct head *) ptr - 1;
  return ptr == NULL || head->mark != live_mark ? 0 : head->size;
}

/*---------------- Their other shapes -----------------------------*/

void *record_opaque_malloc (void *opaque, size_t size) {
  (void) opaque;
  return record_malloc (size);
}

void *record_opaque_array (void *opaque, size_t num, size_t size) {
  (void) opaque;
  return size != 0 && num > SIZE_MAX / size ? NULL : record_malloc (num * size);
}

void *record_opaque_calloc (void *opaque, size_t num, size_t size) {
  (void) opaque;
  return record_calloc (num, size);
}

void *record_opaque_realloc (void *opaque, void *ptr, size_t size) {
  (void) opaque;
  return record_realloc (ptr, size);
}

void record_opaque_free (void *opaque, void *ptr) {
  (void) opaque;
  record_free (ptr);
}

void *record_last_malloc (size_t size, void *user_data) {
  (void) user_data;
  return record_malloc (size);
}

void *record_last_calloc (size_t num, size_t size, void *user_data) {
  (void) user_data;
  return record_calloc (num, size);
}

void *record_last_realloc (void *ptr, size_t size, void *user_data) {
  (void) user_data;
  return record_realloc (ptr, size);
}

void record_last_free (void *ptr, void *user_data) {
  (void) user_data;
  record_free (ptr);
}
