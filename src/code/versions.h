/* The versions of the structures that callers of mir-code.h allocate: a structure's first member is
   its size, which is shorter in a program compiled with an older version.  Any thread.

   A new member goes to the end of its structure, and not into padding there, since it would not
   change the size; the first versions below never change.  */
#ifndef MIR_CODE_VERSIONS_H
#define MIR_CODE_VERSIONS_H

#include <stddef.h> /* size_t, offsetof */
#include <string.h> /* memcpy, memset */

#include "mir-code-object.h"

/* The bytes of TYPE up to and including MEMBER.  */
#define MIR_END_OF(type, member) (offsetof (type, member) + sizeof (((type *) 0)->member))

/* Bytes: the shortest structure that is accepted, the first version.  */
enum {
  MIR_OPTIONS_FIRST = MIR_END_OF (MIR_code_options_t, size),
  MIR_HOOKS_FIRST = MIR_END_OF (MIR_code_hooks_t, user_data),
  MIR_REPORT_FIRST = MIR_END_OF (MIR_code_report_t, verdicts_num),
  MIR_INFO_FIRST = MIR_END_OF (MIR_code_info_t, tag),
  MIR_PLACE_FIRST = MIR_END_OF (MIR_code_place_t, len),
  MIR_PIECE_FIRST = MIR_END_OF (MIR_code_piece_t, freed),
  MIR_SEGMENT_FIRST = MIR_END_OF (MIR_code_segment_t, buffer),
  MIR_STATS_FIRST = MIR_END_OF (MIR_code_stats_t, system_calls)
};

/* Whether SIZE is one of a caller's structure whose first version has FIRST bytes and whose newest
   one NEWEST.  */
static inline int mir_version_is_known (size_t size, size_t first, size_t newest) {
  return first <= size && size <= newest;
}

/* As mir_version_is_known, for the information about a code block; NULL is fine.  All its members
   are in the first version, so its readers need no copy.  */
static inline int mir_info_is_known (const MIR_code_info_t *info) {
  return info == NULL || mir_version_is_known (info->size, MIR_INFO_FIRST, sizeof (*info));
}

/* Set *NEWEST, a structure of NEWEST_SIZE bytes whose first version has FIRST, from the caller's
   GIVEN: members that GIVEN lacks are 0.  Returns 0, or -1 when the size is not known; then *NEWEST
   is as it was.  */
static inline int mir_read_version (void *newest, size_t newest_size, size_t first,
                                    const void *given) {
  size_t size = *(const size_t *) given;
  if (!mir_version_is_known (size, first, newest_size)) return -1;
  memset (newest, 0, newest_size);
  memcpy (newest, given, size);
  *(size_t *) newest = newest_size;
  return 0;
}

/* Set the members that the caller's GIVEN has, of a known size, from *NEWEST.  */
static inline void mir_write_version (void *given, const void *newest) {
  size_t size = *(const size_t *) given;
  memcpy ((size_t *) given + 1, (const size_t *) newest + 1, size - sizeof (size));
}

#endif /* MIR_CODE_VERSIONS_H */
