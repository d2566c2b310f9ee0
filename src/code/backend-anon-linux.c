/* The back end anon of Linux: a dual mapping of shared anonymous memory.  It needs no file and no
   descriptor, and perf still reads the names of its code.  SELinux demands execmem.  */
#include "code/backend-alias-linux.h"
#include "code/backend-common-linux.h"

static MIR_code_status_t anon_map (struct mir_pages *pages, size_t len, uint8_t *at) {
  mir_pages_init (pages, len, at);
  return mir_alias_map (pages, at, -1);
}

static MIR_code_status_t anon_make_private (struct mir_pages *pages, size_t used,
                                            const uint64_t *backed) {
  return mir_alias_make_private (pages, used, backed, &mir_backend_anon);
}

const struct mir_backend mir_backend_anon = {
    .name = "anon",
    .bit = MIR_CODE_ANON,
    .levels = MIR_ALIAS_LEVELS,
    MIR_ALIAS_MEMBERS,
    .map = anon_map,
    .unmap = mir_alias_unmap,
    .populate = mir_alias_populate_hint,
    .discard = mir_alias_discard,
    .make_private = anon_make_private,
    .large = &mir_backend_filled,
    .collapse = mir_alias_collapse,
    .move = mir_linux_move,
};
