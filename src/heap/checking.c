/* The checking allocator: finds calls and writes that break the contract of mir-alloc.h.  Any
   thread; the lock is never held while the allocator below or the user's function is called, except
   in MIR_checking_each.  */
#include "heap/check-blocks.h"

#include "heap/check-report.h"
#include "heap/forks.h"
#include "os/os.h"
#include "os/stack.h"

#define CALLER() __builtin_extract_return_addr (__builtin_return_address (0))

enum { FIRST_BUCKETS = 256, DEFAULT_QUARANTINE = 256 * 1024 /* bytes */ };

struct checking {
  struct MIR_checking pub;
  MIR_alloc_t below;
  MIR_checking_options_t options; /* func is never NULL */
  struct mir_watched watched;     /* a fork waits for this: */
  mir_os_lock_t lock;             /* guards everything below it */
  struct mir_check_table table;   /* live and kept blocks */
  struct mir_check_list live, kept;
  uint64_t made; /* blocks ever allocated */
  size_t found;  /* findings so far */
};

/* Findings: collected under the lock, reported after it is released.  */
struct findings {
  struct checking *checking;
  const MIR_check_call_t *call; /* the call that notices them */
  MIR_check_t checks[2];        /* no step has more: both fences of a block */
  size_t num;                   /* of checks */
};

/* The call that will return to CALLER.  */
static MIR_check_call_t this_call (const struct checking *checking, const void *caller) {
  MIR_check_call_t call = {.label = mir_heap_label ()};
  if (checking->options.frames == 0) return call;
  mir_forks_hold_off ();
  call.frames_num = mir_os_stack (call.frames, checking->options.frames, caller);
  mir_forks_let ();
  return call;
}

/* Set *CHECK to what is wrong with PTR; BLOCK, if not NULL, is the block there.  */
static void fill_check (MIR_check_t *check, MIR_check_kind_t kind, const void *ptr,
                        const struct mir_check_block *block) {
  memset (check, 0, sizeof (*check));
  check->kind = kind;
  check->text = mir_check_text (kind);
  check->block = ptr;
  if (block != NULL) mir_check_describe (block, check);
}

/*---------------- With the lock held -----------------------------*/

/* Count a finding and keep it for unlock_and_tell; the caller may complete it.  */
static MIR_check_t *note_finding (struct findings *findings, MIR_check_kind_t kind, const void *ptr,
                                  const struct mir_check_block *block) {
  MIR_check_t *check = &findings->checks[findings->num++];
  findings->checking->found++;
  fill_check (check, kind, ptr, block);
  check->noticed = *findings->call;
  return check;
}

/* Repair the damage, so that it counts only once.  */
static void note_damage (struct findings *findings, struct mir_check_block *block) {
  unsigned char *start = mir_check_start (block);
  if (block->freed) {
    if (mir_check_is_freed (block)) return;
    note_finding (findings, MIR_CHECK_FREED, start, block);
    mir_check_fill_freed (block);
    return;
  }
  int before = mir_check_before_is_whole (block), behind = mir_check_behind_is_whole (block);
  if (!before) note_finding (findings, MIR_CHECK_UNDERRUN, start, block);
  if (!behind) note_finding (findings, MIR_CHECK_OVERRUN, start, block);
  if (!before || !behind) mir_check_build_fences (block);
}

/* The live block at PTR.  NULL if there is none, which is a finding.  */
static struct mir_check_block *find_live (struct findings *findings, const void *ptr) {
  struct mir_check_block *block = *mir_check_find (&findings->checking->table, ptr);
  if (block != NULL && !block->freed) return block;
  note_finding (findings, block == NULL ? MIR_CHECK_FOREIGN : MIR_CHECK_DOUBLE_FREE, ptr, block);
  return NULL;
}

/* Put the live BLOCK into quarantine: CALL frees it.  */
static void keep_freed (struct checking *checking, struct mir_check_block *block,
                        const MIR_check_call_t *call) {
  mir_check_list_remove (&checking->live, block);
  mir_check_note_freed (block, call);
  mir_check_fill_freed (block);
  mir_check_list_add (&checking->kept, block);
}

/* Remove and return the oldest kept block if more than MAX bytes are kept; NULL otherwise.  */
static struct mir_check_block *take_kept (struct findings *findings, size_t max) {
  struct checking *checking = findings->checking;
  struct mir_check_block *block = checking->kept.oldest;
  size_t around = mir_check_around (checking->options.frames);
  if (block == NULL || checking->kept.bytes + checking->kept.num * around <= max) return NULL;
  note_damage (findings, block);
  mir_check_list_remove (&checking->kept, block);
  mir_check_table_remove (&checking->table, block);
  return block;
}

/*---------------- Without the lock -----------------------------*/

/* Take the lock for CALL, without findings yet; release it and report those that were noted
   since.  */
static void lock_findings (struct findings *findings, struct checking *checking,
                           const MIR_check_call_t *call) {
  mir_os_lock (&checking->lock);
  findings->checking = checking;
  findings->call = call;
  findings->num = 0;
}

static void unlock_and_tell (struct findings *findings) {
  struct checking *checking = findings->checking;
  mir_os_unlock (&checking->lock);
  for (size_t i = 0; i < findings->num; i++)
    checking->options.func (checking->options.user_data, &findings->checks[i]);
  findings->num = 0;
}

/* Return kept blocks to the allocator below until at most MAX bytes are kept.  Returns whether any
   were returned.  */
static int give_back (struct checking *checking, size_t max, const MIR_check_call_t *call) {
  struct mir_check_block *block;
  struct findings findings;
  int any = 0;
  do {
    lock_findings (&findings, checking, call);
    block = take_kept (&findings, max);
    unlock_and_tell (&findings);
    MIR_free (checking->below, block);
    any |= block != NULL;
  } while (block != NULL);
  return any;
}

/* Allocate a block of SIZE bytes below; if that fails, return all kept blocks and try again.  */
static struct mir_check_block *get_memory (struct checking *checking, size_t size,
                                           const MIR_check_call_t *call) {
  size_t around = mir_check_around (checking->options.frames);
  if (size > SIZE_MAX - around) return NULL;
  void *res = MIR_malloc (checking->below, size + around);
  if (res == NULL && give_back (checking, 0, call))
    res = MIR_malloc (checking->below, size + around);
  return (struct mir_check_block *) res;
}

/* Failure is harmless: the table stays as it is, with longer chains.  */
static void grow_table (struct checking *checking) {
  mir_os_lock (&checking->lock);
  size_t old_num = checking->table.buckets_num;
  int is_full = mir_check_table_is_full (&checking->table);
  mir_os_unlock (&checking->lock);
  if (!is_full || old_num > SIZE_MAX / 4 / sizeof (struct mir_check_block *)) return;
  struct mir_check_block **buckets = (struct mir_check_block **) MIR_calloc (
      checking->below, old_num * 4, sizeof (struct mir_check_block *));
  if (buckets == NULL) return;
  mir_os_lock (&checking->lock);
  if (checking->table.buckets_num == old_num) /* otherwise another thread has grown it */
    buckets = mir_check_table_grow (&checking->table, buckets, old_num * 4);
  mir_os_unlock (&checking->lock);
  MIR_free (checking->below, buckets);
}

/* A block of SIZE bytes for CALL that is in no list and no table yet; NULL on failure.  */
static struct mir_check_block *make_block (struct checking *checking, size_t size,
                                           const MIR_check_call_t *call) {
  struct mir_check_block *block = get_memory (checking, size, call);
  if (block == NULL) return NULL;
  memset (block, 0, sizeof (*block));
  block->size = size;
  block->frames_max = (uint8_t) checking->options.frames;
  mir_check_note_made (block, call);
  mir_check_build_fences (block);
  mir_check_fill_fresh (block, 0);
  return block;
}

/* The caller holds the lock.  */
static void enter_block (struct checking *checking, struct mir_check_block *block) {
  block->number = ++checking->made;
  mir_check_table_add (&checking->table, block);
  mir_check_list_add (&checking->live, block);
}

/*---------------- Calls -----------------------------*/

static void *allocate (struct checking *checking, size_t size, const MIR_check_call_t *call) {
  struct mir_check_block *block = make_block (checking, size, call);
  if (block == NULL) return NULL;
  mir_os_lock (&checking->lock);
  enter_block (checking, block);
  mir_os_unlock (&checking->lock);
  grow_table (checking);
  return mir_check_start (block);
}

static void release (struct checking *checking, void *ptr, const MIR_check_call_t *call) {
  struct findings findings;
  lock_findings (&findings, checking, call);
  struct mir_check_block *block = find_live (&findings, ptr);
  if (block != NULL) {
    note_damage (&findings, block);
    keep_freed (checking, block, call);
  }
  unlock_and_tell (&findings);
  give_back (checking, checking->options.quarantine, call);
}

/* Whether PTR is a live block; if so, set *SIZE to its size.  */
static int look_at (struct checking *checking, void *ptr, size_t old_size, size_t *size,
                    const MIR_check_call_t *call) {
  struct findings findings;
  lock_findings (&findings, checking, call);
  struct mir_check_block *block = find_live (&findings, ptr);
  if (block != NULL) {
    *size = block->size;
    if (old_size != block->size)
      note_finding (&findings, MIR_CHECK_WRONG_SIZE, ptr, block)->given = old_size;
  }
  unlock_and_tell (&findings);
  return block != NULL;
}

/* Shorten the block at PTR to NEW_SIZE bytes, where it is: the fence after it moves.  NULL: the
   block is not what it was, because another thread has freed or resized it meanwhile.  */
static void *shorten (struct checking *checking, void *ptr, size_t new_size,
                      const MIR_check_call_t *call) {
  struct findings findings;
  lock_findings (&findings, checking, call);
  struct mir_check_block *block = find_live (&findings, ptr);
  int is_as_it_was = block != NULL && new_size <= block->size;
  if (is_as_it_was) {
    note_damage (&findings, block);
    checking->live.bytes -= block->size - new_size;
    block->size = new_size;
    mir_check_build_fences (block);
  }
  unlock_and_tell (&findings);
  return is_as_it_was ? ptr : NULL;
}

/* CALL has passed an old size without a block.  */
static void tell_of_size (struct checking *checking, size_t old_size,
                          const MIR_check_call_t *call) {
  struct findings findings;
  lock_findings (&findings, checking, call);
  note_finding (&findings, MIR_CHECK_WRONG_SIZE, NULL, NULL)->given = old_size;
  unlock_and_tell (&findings);
}

static void *resize (struct checking *checking, void *ptr, size_t old_size, size_t new_size,
                     const MIR_check_call_t *call) {
  size_t size = 0;
  if (!look_at (checking, ptr, old_size, &size, call)) return NULL;
  void *res = allocate (checking, new_size, call);
  if (res == NULL) return new_size <= size ? shorten (checking, ptr, new_size, call) : NULL;
  memcpy (res, ptr, size < new_size ? size : new_size);
  release (checking, ptr, call);
  return res;
}

/*---------------- Callbacks -----------------------------*/

static void *checking_malloc (size_t size, void *user_data) {
  struct checking *checking = (struct checking *) user_data;
  MIR_check_call_t call = this_call (checking, CALLER ());
  return allocate (checking, size, &call);
}

static void *checking_calloc (size_t num, size_t size, void *user_data) {
  struct checking *checking = (struct checking *) user_data;
  MIR_check_call_t call = this_call (checking, CALLER ());
  size_t len;
  if (mir_heap_overflows (num, size, &len)) return NULL;
  void *res = allocate (checking, len, &call);
  if (res != NULL) memset (res, 0, len);
  return res;
}

static void checking_free (void *ptr, void *user_data) {
  struct checking *checking = (struct checking *) user_data;
  if (ptr == NULL) return;
  MIR_check_call_t call = this_call (checking, CALLER ());
  release (checking, ptr, &call);
}

static void *checking_realloc (void *ptr, size_t old_size, size_t new_size, void *user_data) {
  struct checking *checking = (struct checking *) user_data;
  MIR_check_call_t call = this_call (checking, CALLER ());
  if (ptr != NULL) return resize (checking, ptr, old_size, new_size, &call);
  if (old_size != 0) tell_of_size (checking, old_size, &call);
  return allocate (checking, new_size, &call);
}

/*---------------- Life -----------------------------*/

MIR_heap_status_t MIR_checking_create (MIR_alloc_t below, const MIR_checking_options_t *options,
                                       MIR_checking_t *res) {
  static const MIR_checking_options_t defaults = {.size = sizeof (defaults)};
  if (options == NULL) options = &defaults;
  if (options->size != sizeof (*options) || options->frames > MIR_CHECK_MAX_FRAMES)
    return MIR_HEAP_BAD_OPTION;
  struct checking *checking = (struct checking *) mir_heap_new (&below, sizeof (*checking));
  if (checking == NULL) return MIR_HEAP_NO_MEMORY;
  checking->table.buckets_num = FIRST_BUCKETS;
  checking->table.buckets = (struct mir_check_block **) MIR_calloc (
      below, FIRST_BUCKETS, sizeof (struct mir_check_block *));
  int has_lock = checking->table.buckets != NULL && mir_os_lock_init (&checking->lock) == 0;
  if (!has_lock || mir_forks_watch (&checking->watched, &checking->lock) != 0) {
    if (has_lock) mir_os_lock_destroy (&checking->lock);
    MIR_free (below, checking->table.buckets);
    MIR_free (below, checking);
    return MIR_HEAP_NO_MEMORY;
  }
  checking->pub.alloc = MIR_HEAP_ALLOC (checking);
  checking->below = below;
  checking->options = *options;
  if (options->func == NULL) checking->options.func = mir_check_print;
  if (options->quarantine == 0) checking->options.quarantine = DEFAULT_QUARANTINE;
  *res = &checking->pub;
  return MIR_HEAP_OK;
}

/* Findings are reported without the lock, so the list may change: start again after each.  The
   damage is repaired by then, so this ends.  */
static void verify_list (struct checking *checking, struct mir_check_list *list,
                         const MIR_check_call_t *call) {
  struct findings findings;
  size_t num;
  do {
    lock_findings (&findings, checking, call);
    for (struct mir_check_block *block = list->oldest; block != NULL && findings.num == 0;
         block = block->newer)
      note_damage (&findings, block);
    num = findings.num;
    unlock_and_tell (&findings);
  } while (num != 0);
}

static void verify_lists (struct checking *checking, const MIR_check_call_t *call) {
  verify_list (checking, &checking->live, call);
  verify_list (checking, &checking->kept, call);
}

size_t MIR_checking_verify (MIR_checking_t pub) {
  struct checking *checking = (struct checking *) pub;
  MIR_check_call_t call = this_call (checking, CALLER ());
  verify_lists (checking, &call);
  mir_os_lock (&checking->lock);
  size_t found = checking->found;
  mir_os_unlock (&checking->lock);
  return found;
}

size_t MIR_checking_each (MIR_checking_t pub, MIR_check_func_t func, void *user_data) {
  struct checking *checking = (struct checking *) pub;
  MIR_check_t check;
  mir_os_lock (&checking->lock);
  mir_forks_call_out (&checking->watched);
  size_t num = checking->live.num;
  for (struct mir_check_block *block = checking->live.oldest; block != NULL; block = block->newer) {
    fill_check (&check, MIR_CHECK_LEAK, mir_check_start (block), block);
    func (user_data, &check);
  }
  mir_forks_back (&checking->watched);
  mir_os_unlock (&checking->lock);
  return num;
}

size_t MIR_checking_finish (MIR_checking_t pub) {
  struct checking *checking = (struct checking *) pub;
  if (checking == NULL) return 0;
  MIR_check_call_t call = this_call (checking, CALLER ());
  verify_lists (checking, &call);
  checking->found += MIR_checking_each (pub, checking->options.func, checking->options.user_data);
  while (checking->live.oldest != NULL) keep_freed (checking, checking->live.oldest, &call);
  give_back (checking, 0, &call);
  size_t found = checking->found;
  mir_forks_unwatch (&checking->watched);
  mir_os_lock_destroy (&checking->lock);
  MIR_free (checking->below, checking->table.buckets);
  MIR_free (checking->below, checking);
  return found;
}
