/* The zone: a small heap that ends as a whole.  Any thread; takes a lock, but never holds it while
   it calls the allocator below, so that one may leave by longjmp.

     [ zone  | slot | slot ... rest ]             the block of the zone itself is its first chunk
     [ chunk | slot | slot ... rest ]             the others grow from 2 to 64 KiB
     [ large | header | block ]                   a block too large for a slot, alone

   slot     a header and a block: the header's 8 bytes end where an aligned block begins
   class    the slots of one length.  Free ones are in a list, newest first, linked through their
            blocks
   rest     the bytes from which new slots are cut: the end of the newest chunk, or a free slot of a
            larger class
   key      a number of the zone, by which its headers differ from those of any other

   Nothing is said about what is beside a slot: slots are cut smaller, but never joined.  A chunk
   stays until the zone ends.

   stand-in a slot with the address of a large block that the allocator below is resizing: the block
            itself is not linked meanwhile, because that one may be copying its links  */
#include "heap/heap.h"

#include "heap/annotate.h"
#include "heap/forks.h"
#include "os/os.h"

enum {
  ZONE_HEADER = 8, /* bytes */
  ZONE_LINK = sizeof (void *),
  LEAST_SLOT = 16,
  ZONE_LEN = 1280, /* of the block of the zone, with the first slots */
  LEAST_CHUNK = 2 * 1024,
  MOST_CHUNK = 64 * 1024,
  LEAST_PASSED_ON = 16 * 1024 /* a block with this room is resized by the allocator below */
};

/* Slots have 16 bytes, or 16 more than four lengths in each doubling, so that a block of a power of
   two, which arrays and tables like, wastes only 8.  */
static const uint16_t slot_lens[] = {16,   32,   48,   64,   80,   96,   112,  128,  144, 176,
                                     208,  240,  272,  336,  400,  464,  528,  656,  784, 912,
                                     1040, 1296, 1552, 1808, 2064, 2576, 3088, 3600, 4112};

enum {
  CLASSES = sizeof (slot_lens) / sizeof (slot_lens[0]),
  ZONE_LARGE = CLASSES, /* instead of a class: a large block */
  MOST_SMALL = 4112 - ZONE_HEADER
};

/* Functions apart from those that call them, so that the usual way saves few registers.  */
#define SLOW __attribute__ ((noinline))

/* A free slot's block.  */
struct free_block {
  struct free_block *next;
};

struct zone_chunk {
  struct zone_chunk *older;
  size_t len; /* bytes, with this header */
};

struct zone_large {
  struct zone_large *older, *newer;
  size_t size, room;         /* bytes of the block: requested, and in all */
  struct stand_in *stand_in; /* NULL: the block is linked */
};

struct stand_in {
  struct stand_in *older, *newer;
  void *memory; /* what the allocator below has */
  long process; /* in which the call began: a forked child does not know how it ended */
};

/* The bytes before the first slot of a chunk and of the zone's own block, and before a large
   block.  */
#define BEFORE_SLOTS(TYPE)                                                              \
  ((sizeof (TYPE) + ZONE_HEADER + MIR_HEAP_ALIGN - 1) / MIR_HEAP_ALIGN * MIR_HEAP_ALIGN \
   - ZONE_HEADER)
enum { BEFORE_LARGE = BEFORE_SLOTS (struct zone_large) + ZONE_HEADER };

struct zone {
  struct MIR_zone pub;
  MIR_alloc_t below;
  uint64_t key;
  int is_noted; /* a memory checker hears about the blocks */
  struct mir_watched watched;
  mir_os_lock_t lock; /* guards everything below it, the links and the headers of free slots */
  char *rest, *bound; /* a slot may begin at REST */
  struct free_block *free[CLASSES];
  struct zone_chunk *chunks; /* the newest */
  struct zone_large *large;  /* the newest */
  struct stand_in *moving;   /* the newest */
  size_t next_len;           /* of the next chunk */
  size_t bytes;              /* held from the allocator below, this structure included */
};

_Static_assert (BEFORE_SLOTS (struct zone) < ZONE_LEN / 2, "a zone has slots of its own");

/* The class of the smallest slots whose blocks have SIZE <= MOST_SMALL bytes.  */
static unsigned class_for (size_t size) {
  if (size <= LEAST_SLOT - ZONE_HEADER) return 0;
  uint32_t above = (uint32_t) size - (LEAST_SLOT - ZONE_HEADER) - 1;
  if (above < 64) return 1 + above / 16;
  unsigned log = 31 - (unsigned) __builtin_clz (above);
  return 4 * log - 23 + (above >> (log - 2));
}

static size_t room_of (unsigned size_class) {
  return slot_lens[size_class] - (size_t) ZONE_HEADER;
}

/*---------------- Headers -----------------------------*/

/* A header is the address of its block XOR the key XOR an info:

     bits 8 to 20    the requested bytes of a small block; 0 in a free slot and before a large block
     bits 21 to 25   the class
     bit 26          whether the slot is free

   The other bits of an info are 0, by which a header is recognised.  They include the byte that an
   overrun of the block before changes first, in either byte order.  */
enum { SIZE_BIT = 8, CLASS_BIT = 21 };
#define INFO_IS_FREE ((uint64_t) 1 << 26)
#define LIVE_INFO \
  (((uint64_t) 1 << 26) - ((uint64_t) 1 << SIZE_BIT)) /* what a live block may have */

_Static_assert (MOST_SMALL < 1 << (CLASS_BIT - SIZE_BIT) && ZONE_LARGE < 1 << (26 - CLASS_BIT),
                "sizes and classes fit in an info");

static uint64_t zone_info (unsigned size_class, size_t size) {
  return (uint64_t) size_class << CLASS_BIT | (uint64_t) size << SIZE_BIT;
}

/* Of the info of a live block.  */
static unsigned class_in (uint64_t info) {
  return (unsigned) (info >> CLASS_BIT);
}

static size_t size_in (uint64_t info) {
  return (size_t) (info >> SIZE_BIT) % ((size_t) 1 << (CLASS_BIT - SIZE_BIT));
}

/* Between two calls a header is closed to the checker, as the gap between two blocks.  Bytes are
   copied because a pointer that is no block may have any alignment.  NOTED, here and below, is
   zone->is_noted, or 0 where that is known.  */
static inline uint64_t load_info (const struct zone *zone, const void *block, int noted) {
  const char *at = (const char *) block - ZONE_HEADER;
  uint64_t header;
  if (noted) mir_note_known (at, ZONE_HEADER);
  memcpy (&header, at, ZONE_HEADER);
  if (noted) mir_note_closed (at, ZONE_HEADER);
  return header ^ (uintptr_t) block ^ zone->key;
}

static inline void store_info (const struct zone *zone, void *block, uint64_t info, int noted) {
  char *at = (char *) block - ZONE_HEADER;
  uint64_t header = info ^ (uintptr_t) block ^ zone->key;
  if (noted) mir_note_open (at, ZONE_HEADER);
  memcpy (at, &header, ZONE_HEADER);
  if (noted) mir_note_closed (at, ZONE_HEADER);
}

/* The zone has found that its memory is not as it left it.  The caller holds the lock, which a
   handler of SIGABRT may want.  */
_Noreturn static SLOW void die (struct zone *zone, const char *what, const void *ptr) {
  mir_os_unlock (&zone->lock);
  mir_heap_die (what, ptr);
}

_Noreturn static SLOW void die_of_pointer (struct zone *zone, uint64_t info, const void *ptr) {
  int is_free = (info & ~LIVE_INFO) == INFO_IS_FREE;
  die (zone, is_free ? "freed twice" : "not a live block of this allocator", ptr);
}

/* The info of BLOCK, a live one.  The caller holds the lock.  */
static inline uint64_t live_info (struct zone *zone, const void *block, int noted) {
  uint64_t info = load_info (zone, block, noted);
  if ((info & ~LIVE_INFO) != 0) die_of_pointer (zone, info, block);
  return info;
}

/*---------------- Slots -----------------------------*/

/* The caller holds the lock.  */

static inline void push_free (struct zone *zone, unsigned size_class, void *block, int noted) {
  struct free_block *free = (struct free_block *) block;
  store_info (zone, block, zone_info (size_class, 0) | INFO_IS_FREE, noted);
  if (noted) mir_note_open (free, ZONE_LINK);
  free->next = zone->free[size_class];
  if (noted) mir_note_closed (free, ZONE_LINK);
  zone->free[size_class] = free;
}

/* Remove and return FREE, the newest free block of CLASS.  Its header shows whether the link to it
   was overwritten.  */
static inline void *pop_free (struct zone *zone, unsigned size_class, struct free_block *free,
                              int noted) {
  if (load_info (zone, free, noted) != (zone_info (size_class, 0) | INFO_IS_FREE))
    die (zone, "written to after it was freed, or the block before it beyond its end", free);
  if (noted) mir_note_known (free, ZONE_LINK);
  zone->free[size_class] = free->next;
  if (noted) mir_note_closed (free, ZONE_LINK);
  return free;
}

/* Make [START, BOUND) the rest, and free slots of the old one.  */
static void set_rest (struct zone *zone, char *start, char *bound) {
  size_t left;
  while ((left = (size_t) (zone->bound - zone->rest)) >= LEAST_SLOT) {
    unsigned size_class = left > MOST_SMALL ? CLASSES - 1 : class_for (left - ZONE_HEADER);
    if (slot_lens[size_class] > left) size_class--;
    push_free (zone, size_class, zone->rest + ZONE_HEADER, zone->is_noted);
    zone->rest += slot_lens[size_class];
  }
  zone->rest = start;
  zone->bound = bound;
}

/* Make the smallest free slot of a class above CLASS the rest.  0: there is none.  */
static int open_larger (struct zone *zone, unsigned size_class) {
  do size_class++;
  while (size_class < CLASSES && zone->free[size_class] == NULL);
  if (size_class == CLASSES) return 0;
  char *start =
      (char *) pop_free (zone, size_class, zone->free[size_class], zone->is_noted) - ZONE_HEADER;
  set_rest (zone, start, start + slot_lens[size_class]);
  return 1;
}

/* The block of a slot of CLASS, for SIZE bytes; NULL: the zone has none and needs a chunk.  */
static void *take (struct zone *zone, unsigned size_class, size_t size) {
  struct free_block *free = zone->free[size_class];
  size_t len = slot_lens[size_class];
  void *block;
  if (free != NULL) {
    block = pop_free (zone, size_class, free, zone->is_noted);
  } else if ((size_t) (zone->bound - zone->rest) >= len || open_larger (zone, size_class)) {
    block = zone->rest + ZONE_HEADER;
    zone->rest += len;
  } else {
    return NULL;
  }
  store_info (zone, block, zone_info (size_class, size), zone->is_noted);
  if (zone->is_noted) mir_note_block (zone, block, size);
  return block;
}

/*---------------- Chunks -----------------------------*/

/* Allocate a chunk of LEN bytes with room for a block of SIZE bytes, and that block in it.  NULL on
   failure.  */
static void *take_from_new_chunk (struct zone *zone, size_t len, unsigned size_class, size_t size) {
  struct zone_chunk *chunk = (struct zone_chunk *) MIR_malloc (zone->below, len);
  if (chunk == NULL) return NULL;
  chunk->len = len;
  char *start = (char *) chunk + BEFORE_SLOTS (struct zone_chunk), *bound = (char *) chunk + len;
  if (zone->is_noted) mir_note_closed (start, (size_t) (bound - start));
  mir_os_lock (&zone->lock);
  chunk->older = zone->chunks;
  zone->chunks = chunk;
  zone->bytes += len;
  if (len >= zone->next_len && zone->next_len < MOST_CHUNK) zone->next_len *= 2;
  set_rest (zone, start, bound);
  void *block = take (zone, size_class, size);
  mir_os_unlock (&zone->lock);
  return block;
}

/* Allocate a block of SIZE bytes where no free one is at hand.  The caller holds the lock, which is
   left.  If a chunk of the usual length is refused, one for this block alone may not be.  */
static SLOW void *take_slowly (struct zone *zone, unsigned size_class, size_t size) {
  void *block = take (zone, size_class, size);
  size_t least = BEFORE_SLOTS (struct zone_chunk) + slot_lens[size_class], len = zone->next_len;
  mir_os_unlock (&zone->lock);
  if (block == NULL && len > least) block = take_from_new_chunk (zone, len, size_class, size);
  if (block == NULL) block = take_from_new_chunk (zone, least, size_class, size);
  return block;
}

/*---------------- Large blocks -----------------------------*/

static struct zone_large *zone_large_of (void *block) {
  return (struct zone_large *) (void *) ((char *) block - BEFORE_LARGE);
}

/* The caller holds the lock, here and in the next functions.  */
static void link_in_zone (struct zone *zone, struct zone_large *large) {
  large->stand_in = NULL;
  large->newer = NULL;
  large->older = zone->large;
  if (large->older != NULL) large->older->newer = large;
  zone->large = large;
}

static void remove_stand_in (struct zone *zone, struct stand_in *stand_in) {
  if (stand_in->older != NULL) stand_in->older->newer = stand_in->newer;
  if (stand_in->newer != NULL)
    stand_in->newer->older = stand_in->older;
  else
    zone->moving = stand_in->older;
  push_free (zone, class_for (sizeof (*stand_in)), stand_in, 0);
}

/* Remove LARGE, or what stands for it because the allocator below left a call by longjmp.  */
static void unlink_from_zone (struct zone *zone, struct zone_large *large) {
  if (large->stand_in != NULL) {
    remove_stand_in (zone, large->stand_in);
    return;
  }
  if (large->older != NULL) large->older->newer = large->newer;
  if (large->newer != NULL)
    large->newer->older = large->older;
  else
    zone->large = large->older;
}

/* Enter MEMORY, fresh from below, as a block of SIZE bytes and return the block; NULL for NULL.  */
static void *enter_large (struct zone *zone, void *memory, size_t size) {
  struct zone_large *large = (struct zone_large *) memory;
  if (large == NULL) return NULL;
  void *block = (char *) memory + BEFORE_LARGE;
  large->size = large->room = size;
  mir_os_lock (&zone->lock);
  link_in_zone (zone, large);
  zone->bytes += BEFORE_LARGE + size;
  store_info (zone, block, zone_info (ZONE_LARGE, 0), zone->is_noted);
  mir_os_unlock (&zone->lock);
  return block;
}

/* Remove BLOCK, a large one, from the zone.  The caller holds the lock, and then frees the
   result.  */
static void *leave_large (struct zone *zone, void *block) {
  struct zone_large *large = zone_large_of (block);
  unlink_from_zone (zone, large);
  zone->bytes -= BEFORE_LARGE + large->room;
  store_info (zone, block, zone_info (ZONE_LARGE, 0) | INFO_IS_FREE, zone->is_noted);
  if (zone->is_noted) mir_note_open ((char *) block - ZONE_HEADER, ZONE_HEADER + large->room);
  return large;
}

/* A block of SIZE bytes, zeroed if IS_CLEAR; NULL on failure.  */
static SLOW void *make_large (struct zone *zone, size_t size, int is_clear) {
  if (size > SIZE_MAX - BEFORE_LARGE) return NULL;
  size_t len = BEFORE_LARGE + size;
  return enter_large (
      zone, is_clear ? MIR_calloc (zone->below, 1, len) : MIR_malloc (zone->below, len), size);
}

/* Free BLOCK, a large one.  The caller holds the lock, which is left.  */
static SLOW void free_large_block (struct zone *zone, void *block) {
  void *memory = leave_large (zone, block);
  mir_os_unlock (&zone->lock);
  MIR_free (zone->below, memory);
}

/*---------------- Callbacks -----------------------------*/

static void *zone_malloc (size_t size, void *user_data) {
  struct zone *zone = (struct zone *) user_data;
  if (size > MOST_SMALL) return make_large (zone, size, 0);
  unsigned size_class = class_for (size);
  mir_os_lock (&zone->lock);
  struct free_block *free = zone->free[size_class];
  if (free == NULL || zone->is_noted) return take_slowly (zone, size_class, size);
  void *block = pop_free (zone, size_class, free, 0);
  store_info (zone, block, zone_info (size_class, size), 0);
  mir_os_unlock (&zone->lock);
  return block;
}

static void *zone_calloc (size_t num, size_t size, void *user_data) {
  size_t len;
  if (mir_heap_overflows (num, size, &len)) return NULL;
  if (len > MOST_SMALL) return make_large ((struct zone *) user_data, len, 1);
  void *res = zone_malloc (len, user_data);
  if (res != NULL) memset (res, 0, len);
  return res;
}

/* Free BLOCK and leave the lock, which the caller holds.  */
static inline void free_and_leave (struct zone *zone, void *block, int noted) {
  unsigned size_class = class_in (live_info (zone, block, noted));
  if (size_class == ZONE_LARGE) {
    free_large_block (zone, block);
    return;
  }
  if (noted) {
    mir_note_gone (zone, block);
    mir_note_closed (block, room_of (size_class));
  }
  push_free (zone, size_class, block, noted);
  mir_os_unlock (&zone->lock);
}

static SLOW void free_noted (struct zone *zone, void *block) {
  free_and_leave (zone, block, 1);
}

static void zone_free (void *ptr, void *user_data) {
  struct zone *zone = (struct zone *) user_data;
  if (ptr == NULL) return;
  mir_os_lock (&zone->lock);
  if (zone->is_noted)
    free_noted (zone, ptr);
  else
    free_and_leave (zone, ptr, 0);
}

/* Give the live block at PTR NEW_SIZE bytes where it is, if it has room for them, and would not
   have twice the room that they need or MUST stay.  *SIZE: its old size, if it has to move.  The
   caller holds the lock.  */
static int resize_here (struct zone *zone, void *ptr, size_t new_size, int must, size_t *size) {
  uint64_t info = live_info (zone, ptr, zone->is_noted);
  unsigned size_class = class_in (info);
  struct zone_large *large = size_class == ZONE_LARGE ? zone_large_of (ptr) : NULL;
  *size = large != NULL ? large->size : size_in (info);
  if (new_size > (large != NULL ? large->room : room_of (size_class))) return 0;
  if (!must && large != NULL && (new_size <= MOST_SMALL || new_size < large->room / 2)) return 0;
  if (!must && large == NULL && slot_lens[class_for (new_size)] <= slot_lens[size_class] / 2)
    return 0;
  if (large != NULL)
    large->size = new_size;
  else
    store_info (zone, ptr, zone_info (size_class, new_size), zone->is_noted);
  if (!zone->is_noted) return 1;
  if (large == NULL)
    mir_note_resized (zone, ptr, *size, new_size);
  else if (new_size < *size)
    mir_note_closed ((char *) ptr + new_size, *size - new_size);
  else
    mir_note_open ((char *) ptr + *size, new_size - *size);
  return 1;
}

/* The same, with the lock not held.  */
static int was_resized (struct zone *zone, void *ptr, size_t new_size, int must, size_t *size) {
  mir_os_lock (&zone->lock);
  int res = resize_here (zone, ptr, new_size, must, size);
  mir_os_unlock (&zone->lock);
  return res;
}

/* Let the allocator below resize BLOCK, a large one, to NEW_SIZE bytes; it may be able to without
   copying.  NULL on failure.  The stand-in keeps the block known to the zone, also if the call is
   left by longjmp.  */
static void *pass_on (struct zone *zone, void *block, size_t new_size) {
  struct stand_in *stand_in = (struct stand_in *) zone_malloc (sizeof (*stand_in), zone);
  if (stand_in == NULL || new_size > SIZE_MAX - BEFORE_LARGE) {
    zone_free (stand_in, zone);
    return NULL;
  }
  struct zone_large *large = zone_large_of (block);
  size_t room = large->room;
  stand_in->memory = large;
  stand_in->process = mir_os_process ();
  mir_os_lock (&zone->lock);
  unlink_from_zone (zone, large);
  stand_in->newer = NULL;
  stand_in->older = zone->moving;
  if (stand_in->older != NULL) stand_in->older->newer = stand_in;
  zone->moving = large->stand_in = stand_in;
  mir_os_unlock (&zone->lock);
  void *memory = MIR_realloc (zone->below, large, BEFORE_LARGE + room, BEFORE_LARGE + new_size);
  mir_os_lock (&zone->lock);
  remove_stand_in (zone, stand_in);
  if (memory != NULL) large = (struct zone_large *) memory;
  link_in_zone (zone, large);
  if (memory != NULL) {
    zone->bytes += new_size - room;
    large->size = large->room = new_size;
    store_info (zone, (char *) memory + BEFORE_LARGE, zone_info (ZONE_LARGE, 0), 0);
  }
  mir_os_unlock (&zone->lock);
  return memory == NULL ? NULL : (char *) memory + BEFORE_LARGE;
}

/* The zone knows the old size.  A smaller block that cannot move stays.  Nothing is passed on under a
   memory checker, to which headers are closed.  */
static void *zone_realloc (void *ptr, size_t old_size, size_t new_size, void *user_data) {
  struct zone *zone = (struct zone *) user_data;
  if (ptr == NULL) return zone_malloc (new_size, user_data);
  if (was_resized (zone, ptr, new_size, 0, &old_size)) return ptr;
  int passes = old_size >= LEAST_PASSED_ON && old_size < new_size && !zone->is_noted;
  void *res = passes ? pass_on (zone, ptr, new_size) : zone_malloc (new_size, user_data);
  if (res == NULL) return was_resized (zone, ptr, new_size, 1, &old_size) ? ptr : NULL;
  if (passes) return res;
  memcpy (res, ptr, old_size < new_size ? old_size : new_size);
  zone_free (ptr, user_data);
  return res;
}

/*---------------- Life -----------------------------*/

MIR_heap_status_t MIR_zone_create (MIR_alloc_t below, MIR_zone_t *res) {
  struct zone *zone = (struct zone *) mir_heap_new (&below, ZONE_LEN);
  if (zone == NULL) return MIR_HEAP_NO_MEMORY;
  if (mir_os_lock_init (&zone->lock) != 0) {
    MIR_free (below, zone);
    return MIR_HEAP_NO_MEMORY;
  }
  if (mir_forks_watch (&zone->watched, &zone->lock) != 0) {
    mir_os_lock_destroy (&zone->lock);
    MIR_free (below, zone);
    return MIR_HEAP_NO_MEMORY;
  }
  zone->pub.alloc = MIR_HEAP_ALLOC (zone);
  zone->below = below;
  zone->key = (uint64_t) (uintptr_t) zone * 0x9e3779b97f4a7c15u;
  zone->is_noted = mir_note_is_heard ();
  zone->rest = (char *) zone + BEFORE_SLOTS (struct zone);
  zone->bound = (char *) zone + ZONE_LEN;
  zone->next_len = LEAST_CHUNK;
  zone->bytes = ZONE_LEN;
  if (zone->is_noted) {
    mir_note_pool (zone);
    mir_note_closed (zone->rest, (size_t) (zone->bound - zone->rest));
  }
  *res = &zone->pub;
  return MIR_HEAP_OK;
}

/* The rest of the block of the zone is still closed to the checker when it is freed, but the
   allocator below may write to its memory then.  */
static void free_chunk (struct zone *zone, void *chunk, size_t before, size_t len) {
  if (zone->is_noted) mir_note_open ((char *) chunk + before, len - before);
  MIR_free (zone->below, chunk);
}

void MIR_zone_finish (MIR_zone_t pub) {
  struct zone *zone = (struct zone *) pub;
  if (zone == NULL) return;
  if (zone->is_noted) mir_note_end (zone);
  while (zone->large != NULL) {
    mir_os_lock (&zone->lock);
    void *memory = leave_large (zone, (char *) zone->large + BEFORE_LARGE);
    mir_os_unlock (&zone->lock);
    MIR_free (zone->below, memory);
  }
  for (struct stand_in *stand_in = zone->moving; stand_in != NULL; stand_in = stand_in->older)
    if (stand_in->process == mir_os_process ()) MIR_free (zone->below, stand_in->memory);
  while (zone->chunks != NULL) {
    struct zone_chunk *chunk = zone->chunks;
    zone->chunks = chunk->older;
    free_chunk (zone, chunk, BEFORE_SLOTS (struct zone_chunk), chunk->len);
  }
  mir_forks_unwatch (&zone->watched);
  mir_os_lock_destroy (&zone->lock);
  free_chunk (zone, zone, BEFORE_SLOTS (struct zone), ZONE_LEN);
}

size_t MIR_zone_bytes (MIR_zone_t pub) {
  struct zone *zone = (struct zone *) pub;
  mir_os_lock (&zone->lock);
  size_t bytes = zone->bytes;
  mir_os_unlock (&zone->lock);
  return bytes;
}
