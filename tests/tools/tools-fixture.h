/* A test in the role of a space: a mapping with code, and calls of the hooks.  */
#ifndef MIR_TESTS_TOOLS_TOOLS_FIXTURE_H
#define MIR_TESTS_TOOLS_TOOLS_FIXTURE_H

#include <string.h>

#include "mir-code-tools.h"

#include "support/frame-code.h"
#include "support/probe-pages.h"
#include "support/tap.h"

enum { MAPPING_LEN = 0x10000, GRANULE = 32, GRANULES = MAPPING_LEN / GRANULE };

static MIR_code_tools_t tools;
static const MIR_code_hooks_t *hooks;
static uint8_t *mapping;

/* Fill each granule with the function of frame-code.h, if this CPU has one.  */
static inline void make_mapping (void) {
  mapping = (uint8_t *) probe_pages_map (MAPPING_LEN);
  REQUIRE (mapping != NULL && probe_pages_protect (mapping, MAPPING_LEN, 1) == 0);
  for (size_t at = 0; at < MAPPING_LEN; at += GRANULE)
    memcpy (mapping + at, frame_code, sizeof (frame_code));
  REQUIRE (probe_pages_protect (mapping, MAPPING_LEN, 0) == 0);
  __builtin___clear_cache ((char *) mapping, (char *) mapping + MAPPING_LEN);
}

static inline void remove_mapping (void) {
  probe_pages_unmap (mapping, MAPPING_LEN);
}

/* Start TOOLS_WANTED with ALLOC and the directory DIR, and report a new mapping to them.  */
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
  remove_mapping ();
}

/* The code block in granule I of the mapping.  */
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

#endif /* MIR_TESTS_TOOLS_TOOLS_FIXTURE_H */
