/* Structures of callers, of this version, of older ones and of none that there is.  */
#include "code/space-fixture.h"

#include "code/versions.h"

enum { ROOM = 1024 }; /* bytes: more than any of the structures */

/* A structure of the caller's, with bytes behind it that the library must not touch.  */
static union {
  size_t size;
  MIR_code_hooks_t hooks;
  MIR_code_info_t info;
  MIR_code_piece_t piece;
  MIR_code_place_t place;
  MIR_code_report_t report;
  MIR_code_stats_t stats;
  uint8_t bytes[ROOM];
} given;

/* The structure of SIZE bytes, filled with 0xa5.  */
static void give (size_t size) {
  memset (&given, 0xa5, sizeof (given));
  given.size = size;
}

/* Whether all bytes from FIRST on are as `give` left them.  */
static int is_untouched (size_t first) {
  for (size_t i = first; i < ROOM; i++)
    if (given.bytes[i] != 0xa5) return 0;
  return 1;
}

/* One structure and a call which takes it.  */
struct kind {
  const char *name;
  size_t first, newest; /* bytes */
  int is_read;          /* by the library, not written; then all but SIZE is given as 0 */
  MIR_code_status_t (*call) (void);
};

static void check_kind (const struct kind *kind) {
  tap_note ("%s: %zu to %zu bytes", kind->name, kind->first, kind->newest);
  for (size_t size = 0; size <= kind->newest + 64; size++) {
    give (size);
    if (kind->is_read) memset (given.bytes + sizeof (size_t), 0, ROOM - sizeof (size_t));
    int known = kind->first <= size && size <= kind->newest;
    MIR_code_status_t status = kind->call ();
    if ((status == MIR_CODE_OK) != known) tap_note ("%s of %zu bytes", kind->name, size);
    CHECK_INT (status, known ? MIR_CODE_OK : MIR_CODE_BAD_OPTION);
    CHECK_INT (given.size, size);
    if (!kind->is_read) CHECK (is_untouched (known ? size : sizeof (size_t)));
    if (!kind->is_read && known) CHECK (!is_untouched (sizeof (size_t)));
  }
  give (SIZE_MAX);
  CHECK_INT (kind->call (), MIR_CODE_BAD_OPTION);
  CHECK (is_untouched (sizeof (size_t)));
}

/*---------------- What the library writes -----------------------------*/

static uint8_t *known_code;

static MIR_code_status_t call_stats (void) {
  return MIR_code_get_stats (space, &given.stats);
}

static MIR_code_status_t call_query (void) {
  return MIR_code_query (space, known_code, &given.piece);
}

static MIR_code_status_t call_probe (void) {
  return MIR_code_probe (&options, &given.report);
}

static MIR_code_status_t call_reserve (void) {
  MIR_code_status_t status = MIR_code_reserve (writer, 100, 0, &given.place);
  CHECK_INT (MIR_code_abort (writer), status == MIR_CODE_OK ? MIR_CODE_OK : MIR_CODE_BAD_ORDER);
  return status;
}

static const struct kind written[] = {
    {"stats", MIR_STATS_FIRST, sizeof (MIR_code_stats_t), 0, call_stats},
    {"piece", MIR_PIECE_FIRST, sizeof (MIR_code_piece_t), 0, call_query},
    {"place", MIR_PLACE_FIRST, sizeof (MIR_code_place_t), 0, call_reserve},
};

static void what_is_written_ends_with_the_callers_size (void) {
  start ();
  known_code = publish (1);
  for (size_t i = 0; i < sizeof (written) / sizeof (written[0]); i++) check_kind (&written[i]);
  finish ();
}

/* Each verdict costs a probe, so not every size is tried.  */
static void a_short_report_has_fewer_verdicts (void) {
  static const size_t bad[] = {0, MIR_REPORT_FIRST - 1, sizeof (MIR_code_report_t) + 1, SIZE_MAX};
  const size_t each = sizeof (MIR_code_verdict_t);
  MIR_code_report_t whole = {.size = sizeof (whole)};
  start ();
  options.backends = MIR_CODE_RWX; /* the last one: there are verdicts on all */
  MIR_code_status_t expected = MIR_code_probe (&options, &whole);
  for (size_t n = 0; n <= MIR_CODE_MAX_VERDICTS; n++) {
    give (MIR_REPORT_FIRST + n * each);
    CHECK_INT (call_probe (), expected);
    CHECK (is_untouched (given.size));
    CHECK_INT (given.report.verdicts_num, n < whole.verdicts_num ? n : whole.verdicts_num);
    CHECK_PTR (given.report.backend, whole.backend);
    for (size_t i = 0; i < given.report.verdicts_num; i++)
      CHECK_STR (given.report.verdicts[i].backend, whole.verdicts[i].backend);
  }
  give (MIR_REPORT_FIRST + each - 1); /* not a whole verdict */
  CHECK_INT (call_probe (), expected);
  CHECK_INT (given.report.verdicts_num, 0);
  for (size_t i = 0; i < sizeof (bad) / sizeof (bad[0]); i++) {
    give (bad[i]);
    CHECK_INT (call_probe (), MIR_CODE_BAD_OPTION);
    CHECK (is_untouched (sizeof (size_t)));
  }
  finish ();
}

/*---------------- What the library reads -----------------------------*/

static const uint8_t bytes[CODE_LEN] = {0};

static MIR_code_status_t call_publish (void) {
  uint8_t *addr = NULL;
  size_t before = stats ().pieces;
  MIR_code_status_t status = MIR_code_publish (writer, bytes, CODE_LEN, &given.info, &addr);
  CHECK_INT (stats ().pieces, before + (status == MIR_CODE_OK));
  if (status == MIR_CODE_OK) CHECK_INT (MIR_code_free_now (space, addr), MIR_CODE_OK);
  return status;
}

static MIR_code_status_t call_publish_in_batch (void) {
  uint8_t *addr = NULL;
  CHECK_INT (MIR_code_batch_begin (writer), MIR_CODE_OK);
  MIR_code_status_t status = MIR_code_publish (writer, bytes, CODE_LEN, &given.info, &addr);
  CHECK_INT (MIR_code_batch_end (writer), MIR_CODE_OK);
  if (status == MIR_CODE_OK) CHECK_INT (MIR_code_free_now (space, addr), MIR_CODE_OK);
  return status;
}

static MIR_code_status_t call_commit (void) {
  MIR_code_place_t place = {.size = sizeof (place)};
  REQUIRE (MIR_code_reserve (writer, CODE_LEN, 0, &place) == MIR_CODE_OK);
  MIR_code_status_t status = MIR_code_commit (writer, CODE_LEN, &given.info);
  if (status == MIR_CODE_OK)
    CHECK_INT (MIR_code_free_now (space, place.addr), MIR_CODE_OK);
  else
    CHECK_INT (MIR_code_abort (writer), MIR_CODE_OK); /* the reservation stayed */
  return status;
}

static MIR_code_status_t call_set_hooks (void) {
  return MIR_code_set_hooks (space, &given.hooks);
}

static MIR_code_status_t call_create (void) {
  MIR_code_space_t made = NULL;
  options.hooks = &given.hooks;
  MIR_code_status_t status = MIR_code_space_create (&options, &made);
  options.hooks = NULL;
  CHECK ((made != NULL) == (status == MIR_CODE_OK));
  MIR_code_space_finish (made);
  return status;
}

static const struct kind read_by_the_library[] = {
    {"info", MIR_INFO_FIRST, sizeof (MIR_code_info_t), 1, call_publish},
    {"info, batch", MIR_INFO_FIRST, sizeof (MIR_code_info_t), 1, call_publish_in_batch},
    {"info, commit", MIR_INFO_FIRST, sizeof (MIR_code_info_t), 1, call_commit},
    {"hooks", MIR_HOOKS_FIRST, sizeof (MIR_code_hooks_t), 1, call_set_hooks},
    {"hooks, create", MIR_HOOKS_FIRST, sizeof (MIR_code_hooks_t), 1, call_create},
};

static void what_is_read_has_a_known_size (void) {
  start ();
  for (size_t i = 0; i < sizeof (read_by_the_library) / sizeof (read_by_the_library[0]); i++)
    check_kind (&read_by_the_library[i]);
  CHECK_INT (MIR_code_set_hooks (space, NULL), MIR_CODE_OK);
  CHECK (publish (1) != NULL); /* without an info */
  finish ();
}

/*---------------- Hooks -----------------------------*/

static int published_num;

static void count_published (void *user_data, const MIR_code_event_t *events, size_t num) {
  (void) events;
  CHECK_PTR (user_data, &published_num);
  published_num += (int) num;
}

static void hooks_are_copied (void) {
  MIR_code_hooks_t hooks = {.size = sizeof (hooks), .published = count_published};
  hooks.user_data = &published_num;
  published_num = 0;
  set_defaults ();
  options.hooks = &hooks;
  start_with_options ();
  memset (&hooks, 0, sizeof (hooks));
  CHECK (publish (1) != NULL);
  CHECK_INT (published_num, 1);
  CHECK_INT (MIR_code_set_hooks (space, &hooks), MIR_CODE_BAD_OPTION); /* its size is 0 */
  CHECK (publish (2) != NULL);
  CHECK_INT (published_num, 2); /* still the former ones */
  hooks.size = sizeof (hooks);
  hooks.user_data = &published_num;
  hooks.published = count_published;
  CHECK_INT (MIR_code_set_hooks (space, &hooks), MIR_CODE_OK);
  memset (&hooks, 0, sizeof (hooks));
  CHECK (publish (3) != NULL);
  CHECK_INT (published_num, 3);
  CHECK_INT (MIR_code_set_hooks (space, NULL), MIR_CODE_OK);
  CHECK (publish (4) != NULL);
  CHECK_INT (published_num, 3);
  finish ();
}

/*---------------- Versions to come -----------------------------*/

/* A structure with a member more than its first version.  */
struct longer {
  size_t size;
  int first[4], later[4];
};

static void older_structures_lack_the_later_members (void) {
  const size_t first = MIR_END_OF (struct longer, first);
  struct longer full, given_one = {0, {1, 2, 3, 4}, {5, 6, 7, 8}};
  for (size_t size = 0; size <= sizeof (full) + 8; size++) {
    int known = first <= size && size <= sizeof (full);
    memset (&full, 0xa5, sizeof (full));
    given_one.size = size;
    CHECK_INT (mir_read_version (&full, sizeof (full), first, &given_one), known ? 0 : -1);
    if (!known) {
      CHECK_INT (full.first[0], (int) 0xa5a5a5a5);
      continue;
    }
    CHECK_INT (full.size, sizeof (full));
    CHECK_INT (memcmp (full.first, given_one.first, sizeof (full.first)), 0);
    CHECK_INT (memcmp (full.later, given_one.later, size - first), 0);
    for (size_t i = size; i < sizeof (full); i++) CHECK_INT (((uint8_t *) &full)[i], 0);
    give (size);
    mir_write_version (&given, &full);
    CHECK_INT (given.size, size);
    CHECK_INT (memcmp (given.bytes + sizeof (size_t), full.first, size - sizeof (size_t)), 0);
    CHECK (is_untouched (size));
  }
}

int main (void) {
  TEST_RUN (what_is_written_ends_with_the_callers_size);
  TEST_RUN (a_short_report_has_fewer_verdicts);
  TEST_RUN (what_is_read_has_a_known_size);
  TEST_RUN (hooks_are_copied);
  TEST_RUN (older_structures_lack_the_later_members);
  return tap_done ();
}
