/* Frames for the unwinder of Windows: one function table with one entry for each mapping.

     [ mapping ............... ]   up to 4 GiB   [ info | ... ]
       ^ base of the addresses in the entry

   An entry holds addresses as 32-bit distances from the base of its table, so the description of a
   frame must lie above the mapping, within 4 GiB.  The description is the same for all functions:
   one small page serves all mappings below it.  It cannot be in the mapping, which code fills from
   end to end, nor in this library, which Windows may load anywhere.

   The description (Microsoft Learn, x64 exception handling) says that RBP is the frame pointer and
   points to the caller's RBP.  Its prologue has 0 bytes, so this holds everywhere in the mapping.
   Windows recognises the end of a function (`ret`, and a `pop rbp` before it) by its
   instructions.  */
#include "tools/tools.h"

#include <string.h>

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

/*---------------- The unwinder -----------------------------*/

typedef DWORD (WINAPI *add_growable_t) (void **table, RUNTIME_FUNCTION *entries, DWORD entries_num,
                                        DWORD capacity, ULONG_PTR base, ULONG_PTR bound);
typedef void (WINAPI *delete_growable_t) (void *table);

/* Growable tables, since Windows 8: found in less time, and also by debuggers.  Both members are
   set, or neither.  */
struct growable {
  add_growable_t add;
  delete_growable_t delete;
};

/* The two functions; both NULL on older versions of Windows.  */
static struct growable find_growable (void) {
  struct growable found = {.add = NULL, .delete = NULL};
  HMODULE ntdll = GetModuleHandleA ("ntdll.dll");
  FARPROC add = ntdll == NULL ? NULL : GetProcAddress (ntdll, "RtlAddGrowableFunctionTable");
  FARPROC delete = ntdll == NULL ? NULL : GetProcAddress (ntdll, "RtlDeleteGrowableFunctionTable");
  if (add == NULL || delete == NULL) return found;
  found.add = (add_growable_t) (void (*) (void)) add;
  found.delete = (delete_growable_t) (void (*) (void)) delete;
  return found;
}

/*---------------- The description -----------------------------*/

/* UNWIND_INFO with two codes of two bytes each; no header declares it.  */
struct unwind_info {
  uint8_t version_and_flags;
  uint8_t prologue_size;
  uint8_t codes_num;
  uint8_t frame_register; /* upper half: its distance from RSP, 0 */
  uint8_t codes[2][2];    /* offset in the prologue; operation, operand in the upper half */
};

/* The number of RBP, and two unwind operations.  */
enum { UNWIND_RBP = 5, UNWIND_PUSH_NONVOL = 0, UNWIND_SET_FPREG = 3 };

static const struct unwind_info frame_info = {
    .version_and_flags = 1,
    .codes_num = 2,
    .frame_register = UNWIND_RBP,
    .codes = {{0, UNWIND_SET_FPREG}, {0, UNWIND_PUSH_NONVOL | UNWIND_RBP << 4}}};

/* A page that holds the description.  */
struct page {
  uint8_t *info;
  struct page *next;
};

enum { ALLOCATION_UNIT = 64 * 1024 }; /* bytes: VirtualAlloc takes addresses at multiples of it */
static const uint64_t REACH = UINT64_C (1) << 32;

/* Map a page at free addresses between BOUND and START + REACH; NULL if there are none.  Another
   thread may take free addresses first; then the search goes on after them.  */
static uint8_t *map_info (const uint8_t *start, const uint8_t *bound) {
  MEMORY_BASIC_INFORMATION region;
  uintptr_t last = (uintptr_t) start + (REACH - ALLOCATION_UNIT);
  uintptr_t at = ((uintptr_t) bound + ALLOCATION_UNIT - 1) & ~(uintptr_t) (ALLOCATION_UNIT - 1);
  while (at <= last && VirtualQuery ((void *) at, &region, sizeof (region)) != 0) {
    uintptr_t end = (uintptr_t) region.BaseAddress + region.RegionSize;
    void *page = NULL;
    if (region.State == MEM_FREE && end - at >= ALLOCATION_UNIT)
      page =
          VirtualAlloc ((void *) at, sizeof (frame_info), MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    if (page != NULL) return (uint8_t *) page;
    at = (end + ALLOCATION_UNIT - 1) & ~(uintptr_t) (ALLOCATION_UNIT - 1);
  }
  return NULL;
}

/*---------------- The tool -----------------------------*/

struct windows_mapping {
  RUNTIME_FUNCTION entry; /* the unwinder keeps a pointer to this */
  void *table;            /* the growable table; NULL: there is none */
  uint8_t *start;
  struct windows_mapping *next;
};

struct windows_frames {
  struct growable growable;
  struct windows_mapping *mappings;
  struct page *pages;
};

static MIR_code_tool_status_t windows_frames_start (struct mir_tool *tool,
                                                    const MIR_code_tools_options_t *options) {
  struct windows_frames *frames =
      (struct windows_frames *) MIR_calloc (tool->alloc, 1, sizeof (*frames));
  (void) options;
  if (frames == NULL) return MIR_CODE_TOOL_NO_MEMORY;
  frames->growable = find_growable ();
  tool->data = frames;
  return MIR_CODE_TOOL_OK;
}

/* The description for the mapping [START, BOUND).  NULL if none is near and a new one failed.  */
static const uint8_t *info_for (struct mir_tool *tool, const uint8_t *start, const uint8_t *bound) {
  struct windows_frames *frames = (struct windows_frames *) tool->data;
  DWORD old;
  for (struct page *page = frames->pages; page != NULL; page = page->next)
    if (page->info >= bound && (uint64_t) (page->info - start) < REACH) return page->info;
  struct page *page = (struct page *) MIR_malloc (tool->alloc, sizeof (*page));
  if (page == NULL) return NULL;
  page->info = map_info (start, bound);
  if (page->info == NULL) {
    MIR_free (tool->alloc, page);
    return NULL;
  }
  memcpy (page->info, &frame_info, sizeof (frame_info));
  (void) VirtualProtect (page->info, sizeof (frame_info), PAGE_READONLY, &old);
  page->next = frames->pages;
  frames->pages = page;
  return page->info;
}

/* Register MAPPING.  Returns 0, or -1 on failure.  */
static int add_table (const struct growable *growable, struct windows_mapping *mapping,
                      size_t len) {
  ULONG_PTR base = (ULONG_PTR) mapping->start;
  if (growable->add == NULL) return RtlAddFunctionTable (&mapping->entry, 1, base) ? 0 : -1;
  return growable->add (&mapping->table, &mapping->entry, 1, 1, base, base + len) == 0 ? 0 : -1;
}

/* On failure this mapping stays unknown to the unwinder; later ones may succeed.  */
static void windows_frames_mapped (struct mir_tool *tool, uint8_t *start, size_t len) {
  struct windows_frames *frames = (struct windows_frames *) tool->data;
  struct windows_mapping *mapping = NULL;
  const uint8_t *info = len < REACH ? info_for (tool, start, start + len) : NULL;
  if (info != NULL)
    mapping = (struct windows_mapping *) MIR_calloc (tool->alloc, 1, sizeof (*mapping));
  if (mapping != NULL) {
    mapping->start = start;
    mapping->entry.BeginAddress = 0;
    mapping->entry.EndAddress = (DWORD) len;
    mapping->entry.UnwindData = (DWORD) (info - start);
    if (add_table (&frames->growable, mapping, len) == 0) {
      mapping->next = frames->mappings;
      frames->mappings = mapping;
      tool->state.events++;
      return;
    }
    MIR_free (tool->alloc, mapping);
  }
  tool->state.error = ERROR_NOT_ENOUGH_MEMORY;
  tool->state.lost++;
}

/* Deregister and free the mapping to which LINK points.  */
static void forget_mapping (struct mir_tool *tool, struct windows_mapping **link) {
  struct windows_frames *frames = (struct windows_frames *) tool->data;
  struct windows_mapping *mapping = *link;
  *link = mapping->next;
  if (frames->growable.delete != NULL)
    frames->growable.delete (mapping->table);
  else
    (void) RtlDeleteFunctionTable (&mapping->entry);
  MIR_free (tool->alloc, mapping);
}

static void windows_frames_unmapped (struct mir_tool *tool, uint8_t *start, size_t len) {
  struct windows_frames *frames = (struct windows_frames *) tool->data;
  (void) len;
  for (struct windows_mapping **link = &frames->mappings; *link != NULL; link = &(*link)->next)
    if ((*link)->start == start) {
      forget_mapping (tool, link);
      return;
    }
}

static void windows_frames_finish (struct mir_tool *tool) {
  struct windows_frames *frames = (struct windows_frames *) tool->data;
  while (frames->mappings != NULL) forget_mapping (tool, &frames->mappings);
  while (frames->pages != NULL) {
    struct page *page = frames->pages;
    frames->pages = page->next;
    (void) VirtualFree (page->info, 0, MEM_RELEASE);
    MIR_free (tool->alloc, page);
  }
  MIR_free (tool->alloc, frames);
}

const struct mir_tool_kind mir_frames = {.start = windows_frames_start,
                                         .mapped = windows_frames_mapped,
                                         .unmapped = windows_frames_unmapped,
                                         .finish = windows_frames_finish};
