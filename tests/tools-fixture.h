/* What a space does for its tools, played by the test: a mapping with code, and calls of the hooks.
 */
#ifndef TOOLS_FIXTURE_H
#define TOOLS_FIXTURE_H

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mir-code-tools.h"

#include "frame-code.h"
#include "tap.h"

enum { MAPPING_LEN = 0x10000, GRANULE = 32, GRANULES = MAPPING_LEN / GRANULE };

static MIR_code_tools_t tools;
static const MIR_code_hooks_t *hooks;
static uint8_t *mapping;

/* Every granule holds the function of frame-code.h, if there is one.  */
static inline void make_mapping (void) {
  void *addr = mmap (NULL, MAPPING_LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

  REQUIRE (addr != MAP_FAILED);
  mapping = (uint8_t *) addr;
  for (size_t at = 0; at < MAPPING_LEN; at += GRANULE)
    memcpy (mapping + at, frame_code, sizeof (frame_code));
  REQUIRE (mprotect (mapping, MAPPING_LEN, PROT_READ | PROT_EXEC) == 0);
  __builtin___clear_cache ((char *) mapping, (char *) mapping + MAPPING_LEN);
}

/* With TOOLS_WANTED, ALLOC and the directory DIR, for a new mapping.  */
static inline MIR_code_tool_status_t begin (unsigned tools_wanted, MIR_alloc_t alloc,
                                            const char *dir) {
  MIR_code_tools_options_t options = {sizeof (options), alloc, tools_wanted, dir};
  MIR_code_tool_status_t status = MIR_code_tools_create (&options, &tools);

  if (status != MIR_CODE_TOOL_OK) return status;
  hooks = MIR_code_tools_hooks (tools);
  make_mapping ();
  hooks->mapped (hooks->user_data, mapping, MAPPING_LEN);
  return status;
}

static inline void end (void) {
  hooks->unmapped (hooks->user_data, mapping, MAPPING_LEN);
  MIR_code_tools_finish (tools);
  munmap (mapping, MAPPING_LEN);
}

/* The piece in granule I of the mapping.  */
static inline MIR_code_event_t piece (size_t i, const char *name) {
  MIR_code_event_t event = {mapping + i * GRANULE, sizeof (frame_code), name, 0};

  return event;
}

static inline void publish (size_t i, const char *name) {
  MIR_code_event_t event = piece (i, name);

  hooks->published (hooks->user_data, &event, 1);
}

static inline void free_piece (size_t i) {
  MIR_code_event_t event = piece (i, NULL);

  event.size = GRANULE;
  hooks->freed (hooks->user_data, &event);
}

static inline MIR_code_tool_state_t state_of (unsigned tool) {
  MIR_code_tool_state_t state;

  memset (&state, 0, sizeof (state));
  CHECK_INT (MIR_code_tools_get_state (tools, tool, &state), MIR_CODE_TOOL_OK);
  return state;
}

#endif /* TOOLS_FIXTURE_H */
