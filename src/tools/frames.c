/* Frames for the unwinder of this process: one description for each mapping.  One for each code
   block would be slow: deregistering takes time in proportion to the number of registered
   descriptions (libgcc 12: 0.8 us with 1000, 16 us with 20000).

   The two unwinders expect different arguments.  libgcc's __register_frame takes a list of CIEs and
   FDEs that ends with a length of 0 (unwind-dw2-fde.c, last_fde); LLVM's libunwind takes a single
   FDE (libunwind.cpp, __unw_add_dynamic_fde; LLVM tells the two apart by name,
   RegisterEHFrames.cpp, HAVE_UNW_ADD_DYNAMIC_FDE).  A pointer to an FDE that is followed by a
   length of 0 suits both: each finds the CIE by the distance in the FDE, and neither reads on.

   The frames must be registered with the unwinder that the program uses: a private copy of libgcc
   (-static-libgcc) would know them, but the program would not ask it.  */
#include "tools/tools.h"

#include <errno.h>
#include <stddef.h>

#include "os/unwind-functions.h"
#include "tools/eh-frame.h"

/* The unwinder keeps a pointer to FRAME until it is deregistered.  */
struct frames_mapping {
  struct mir_eh_frame frame;
  struct frames_mapping *next;
};

struct frames {
  const struct mir_unwind_functions *unwinder;
  struct frames_mapping *mappings;
};

static void frames_prepare (void) {
  /* May load the unwinder; where that fails frames_start finds none.  */
  if (mir_target.has_frames) (void) mir_os_unwind_functions ();
}

static MIR_code_tool_status_t frames_start (struct mir_tool *tool,
                                            const MIR_code_tools_options_t *options) {
  (void) options;
  if (!mir_target.has_frames) return MIR_CODE_TOOL_UNSUPPORTED;
  const struct mir_unwind_functions *unwinder = mir_os_unwind_functions ();
  if (unwinder == NULL || unwinder->add_frame == NULL || unwinder->remove_frame == NULL)
    return MIR_CODE_TOOL_UNSUPPORTED;
  struct frames *frames = (struct frames *) MIR_calloc (tool->alloc, 1, sizeof (*frames));
  if (frames == NULL) return MIR_CODE_TOOL_NO_MEMORY;
  frames->unwinder = unwinder;
  tool->data = frames;
  return MIR_CODE_TOOL_OK;
}

/* On failure this mapping stays unknown to the unwinder; later ones may succeed.  */
static void frames_mapped (struct mir_tool *tool, uint8_t *start, size_t len) {
  struct frames *frames = (struct frames *) tool->data;
  struct frames_mapping *mapping =
      (struct frames_mapping *) MIR_malloc (tool->alloc, sizeof (*mapping));
  if (mapping == NULL) {
    tool->state.error = ENOMEM;
    tool->state.lost++;
    return;
  }
  mir_eh_frame_fill (&mapping->frame, start, len);
  frames->unwinder->add_frame (&mapping->frame.fde_len);
  mapping->next = frames->mappings;
  frames->mappings = mapping;
  tool->state.events++;
}

/* Deregister and free the mapping to which LINK points.  */
static void forget_frames (struct mir_tool *tool, struct frames_mapping **link) {
  struct frames *frames = (struct frames *) tool->data;
  struct frames_mapping *mapping = *link;
  *link = mapping->next;
  frames->unwinder->remove_frame (&mapping->frame.fde_len); /* reads the description once more */
  MIR_free (tool->alloc, mapping);
}

static void frames_unmapped (struct mir_tool *tool, uint8_t *start, size_t len) {
  struct frames *frames = (struct frames *) tool->data;
  (void) len;
  for (struct frames_mapping **link = &frames->mappings; *link != NULL; link = &(*link)->next)
    if ((*link)->frame.start == (uintptr_t) start) {
      forget_frames (tool, link);
      return;
    }
}

static void frames_finish (struct mir_tool *tool) {
  struct frames *frames = (struct frames *) tool->data;
  while (frames->mappings != NULL) forget_frames (tool, &frames->mappings);
  MIR_free (tool->alloc, frames);
}

const struct mir_tool_kind mir_frames = {.prepare = frames_prepare,
                                         .start = frames_start,
                                         .mapped = frames_mapped,
                                         .unmapped = frames_unmapped,
                                         .finish = frames_finish};
