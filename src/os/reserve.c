/* Searches for free addresses near a given one.  Any thread: another may take the addresses first,
   and then the search goes on.

   The mappings of the process say where the gaps between them are.  Where the system does not tell,
   or what it told is not true (an emulator's own mappings), the search asks for single pages.  */
#include "os/os.h"

#include "os/mappings.h"
#include "os/reserve.h"

enum {
  PLACES = 32,      /* that one look at the mappings finds */
  LOOKS = 8,        /* at the mappings, in case other threads take the places first */
  GUARD_PAGES = 256 /* Linux keeps them free below a mapping that grows (stack_guard_gap) */
};

/* The first and the last address that the range may contain.  */
struct window {
  uintptr_t first, last;
};

/* A place for the range, and the distance of its farthest byte from the desired address.  */
struct place {
  uintptr_t distance, start;
};

struct search {
  struct window window;
  uintptr_t addr; /* the desired address */
  size_t len;
  uintptr_t unit;    /* of the system's reservations */
  uintptr_t gap;     /* during a look: all mappings up to here are known */
  int is_at_end;     /* during a look: a mapping reaches to the last address */
  int can_ask;       /* mir_os_is_taken tells the truth */
  struct place last; /* it and all nearer places are taken */
  int places_num;
  struct place places[PLACES]; /* the nearest ones, the nearest first */
};

/* Whether LEN > 0 bytes at START are all in WINDOW.  */
static int is_within (struct window window, uintptr_t start, size_t len) {
  return start >= window.first && start <= window.last && window.last - start >= len - 1;
}

/* Reserve LEN bytes at HINT, or where else the system puts them in WINDOW.  NULL: it does not.  */
static void *try_at (struct window window, uintptr_t hint, size_t len) {
  if (!is_within (window, hint, len)) return NULL;
  void *start = mir_os_reserve_at ((void *) hint, len);
  if (start == NULL || is_within (window, (uintptr_t) start, len)) return start;
  mir_os_unreserve (start, len);
  return NULL;
}

/*---------------- Gaps between mappings -----------------------------*/

static uintptr_t distance_of (uintptr_t a, uintptr_t b) {
  return a < b ? b - a : a - b;
}

static int is_nearer (struct place one, struct place two) {
  return one.distance < two.distance || (one.distance == two.distance && one.start < two.start);
}

/* Note the place at START, unless it was tried, or PLACES nearer ones are known.  */
static void note_place (struct search *search, uintptr_t start) {
  uintptr_t to_start = distance_of (search->addr, start);
  uintptr_t to_last = distance_of (search->addr, start + (search->len - 1));
  struct place place = {.distance = to_start > to_last ? to_start : to_last, .start = start};
  if (!is_nearer (search->last, place)) return;
  int i = search->places_num;
  if (i == PLACES && !is_nearer (place, search->places[--i])) return;
  if (search->places_num < PLACES) search->places_num++;
  for (; i > 0 && is_nearer (place, search->places[i - 1]); i--)
    search->places[i] = search->places[i - 1];
  search->places[i] = place;
}

/* Note the place nearest to the desired address in the gap from FIRST to LAST, which is within the
   window: a multiple of MIR_RESERVE_ALIGNMENT if there is one, else of the system's unit.  */
static void note_nearest (struct search *search, uintptr_t first, uintptr_t last) {
  if (last < first || last - first < search->len - 1) return;
  for (uintptr_t unit = MIR_RESERVE_ALIGNMENT;; unit = search->unit) {
    uintptr_t lowest = (first + unit - 1) & ~(unit - 1);
    uintptr_t highest = (last - (search->len - 1)) & ~(unit - 1);
    uintptr_t start = search->addr & ~(unit - 1);
    if (lowest >= first && lowest <= highest) {
      note_place (search, start < lowest ? lowest : start > highest ? highest : start);
      return;
    }
    if (unit == search->unit) return;
  }
}

/* Note the places in the gap from FIRST to LAST.  What is mapped behind the gap may grow.  */
static void note_gap (struct search *search, uintptr_t first, uintptr_t last) {
  const uintptr_t guard = GUARD_PAGES * (uintptr_t) mir_os_page_size ();
  uintptr_t before_guard = last > guard ? last - guard : 0;
  if (first < search->window.first) first = search->window.first;
  if (last > search->window.last) last = search->window.last;
  note_nearest (search, first, last);
  if (before_guard < last) note_nearest (search, first, before_guard);
}

/* A mir_mapping_func_t.  */
static void pass_mapping (void *user_data, uintptr_t start, uintptr_t last) {
  struct search *search = (struct search *) user_data;
  if (start > search->gap && !search->is_at_end) note_gap (search, search->gap, start - 1);
  if (last == UINTPTR_MAX)
    search->is_at_end = 1;
  else if (last >= search->gap)
    search->gap = last + 1;
}

/* Find the nearest places that were not tried yet.  0, or -1 if the system does not tell.  */
static int find_nearest_places (struct search *search) {
  search->gap = 0;
  search->is_at_end = 0;
  search->places_num = 0;
  if (mir_os_each_mapping (search->window.first, search->window.last, pass_mapping, search) != 0)
    return -1;
  if (!search->is_at_end) note_gap (search, search->gap, UINTPTR_MAX);
  return 0;
}

/* Reserve the nearest place.  NULL: there is none; *IS_SURE says that no place was refused, but for those
   behind the last mapping, where the address space may end.  After a refusal the next look begins behind
   it, and when no place is left, at the start again: the threads which took these places may have left
   others.  */
static void *reserve_in_gap (struct search *search, int *is_sure) {
  const struct place none = {0};
  *is_sure = 1;
  for (int looks = 0; looks < LOOKS; looks++) {
    if (find_nearest_places (search) != 0) *is_sure = 0;
    if (search->places_num == 0) {
      if (!is_nearer (none, search->last)) break;
      search->last = none;
      continue;
    }
    for (int i = 0; i < search->places_num; i++) {
      void *start = try_at (search->window, search->places[i].start, search->len);
      if (start != NULL) return start;
      search->last = search->places[i];
      if (search->is_at_end || search->last.start < search->gap) *is_sure = 0;
    }
  }
  return NULL;
}

/*---------------- Asking for pages -----------------------------*/

/* Whether [START, BOUND) is free.  */
static int is_free (uintptr_t start, uintptr_t bound) {
  void *res = mir_os_reserve_at ((void *) start, bound - start);
  if (res != NULL) mir_os_unreserve (res, bound - start);
  return res == (void *) start;
}

/* Reserve a range around the unit at POINT.  If a gap has that unit and is long enough, the lowest
   address from which all is free up to POINT, or one so low that the range ends there, is its
   place.  */
static void *reserve_around (const struct search *search, uintptr_t point) {
  uintptr_t unit = search->unit, bound = point + unit;
  if (search->can_ask && mir_os_is_taken ((void *) point)) return NULL;
  if (!is_free (point, bound)) return NULL;
  uintptr_t lowest = point > search->len ? bound - search->len : unit;
  uintptr_t taken = 0, free = (point - lowest) / unit; /* in units from LOWEST */
  if (is_free (lowest, bound)) free = 0;
  while (free - taken > 1) {
    uintptr_t middle = taken + (free - taken) / 2;
    if (is_free (lowest + middle * unit, bound))
      free = middle;
    else
      taken = middle;
  }
  uintptr_t start = lowest + free * unit;
  if (start < search->window.first) start = (search->window.first + unit - 1) & ~(unit - 1);
  return try_at (search->window, start, search->len);
}

/* Whether mir_os_is_taken says that free addresses are free.  An emulator which has reserved all of
   them (qemu-user for a CPU of 32 bits) lets it say that none is.  */
static int can_ask (const struct search *search) {
  void *start = mir_os_reserve_at (NULL, search->unit);
  if (start == NULL) return 0;
  mir_os_unreserve (start, search->unit);
  return !mir_os_is_taken (start);
}

/* Every gap that is long enough has a point at one of the steps, which are as long as the range.  */
static void *reserve_by_asking (struct search *search) {
  const struct window window = search->window;
  uintptr_t step = search->len & ~(search->unit - 1), middle = search->addr & ~(search->unit - 1);
  if (step == 0) step = search->unit;
  search->can_ask = can_ask (search);
  for (uintptr_t distance = 0; distance <= window.last - window.first; distance += step) {
    void *start = NULL;
    if (middle > distance && middle - distance >= window.first)
      start = reserve_around (search, middle - distance);
    if (start == NULL && middle <= window.last && window.last - middle > distance)
      start = reserve_around (search, middle + distance);
    if (start != NULL) return start;
    if (distance > UINTPTR_MAX - step) break;
  }
  return NULL;
}

/*---------------- The range -----------------------------*/

void *mir_os_reserve (size_t len, const void *near_addr, size_t reach) {
  if (near_addr == NULL) return mir_os_reserve_at (NULL, len);
  const uintptr_t addr = (uintptr_t) near_addr;
  if (reach == 0 || len == 0 || len > reach)
    return NULL; /* ADDR is taken, so the range lies beside it, not around it */
  struct search search = {
      .window = {.first = addr >= reach ? addr - (reach - 1) : 1,
                 .last = addr <= UINTPTR_MAX - reach ? addr + (reach - 1) : UINTPTR_MAX},
      .addr = addr,
      .len = len,
      .unit = mir_os_reserve_unit ()};
  int is_sure;
  void *start = reserve_in_gap (&search, &is_sure);
  return start != NULL || is_sure ? start : reserve_by_asking (&search);
}
