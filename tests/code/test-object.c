/* Objects: code with its data in one reservation, and data near code.  */
#include "code/space-fixture.h"

#include <string.h>

#include "mir-code-object.h"
#if defined(__linux__)
#include "support/maps.h"
#endif

enum { RESERVE = 64 * 1024 * 1024 };

static void start_objects (void) {
  set_defaults ();
  options.reserve = within_reach (RESERVE);
}

static void start_reserved (void) {
  MIR_code_status_t status = MIR_code_space_create (&options, &space);
  if (status == MIR_CODE_BAD_OPTION) tap_skip ("this back end has no ranges");
  REQUIRE (status == MIR_CODE_OK);
  REQUIRE (MIR_code_writer_create (space, &writer) == MIR_CODE_OK);
}

#define SEGMENT(access_, len_, alignment_) \
  {.size = sizeof (MIR_code_segment_t), .access = access_, .len = len_, .alignment = alignment_}

/* Code that returns a number, a constant and a variable.  */
static MIR_code_segment_t three[3] = {SEGMENT (MIR_CODE_READ_EXEC, CODE_LEN, 0),
                                      SEGMENT (MIR_CODE_READ_ONLY, 24, 0),
                                      SEGMENT (MIR_CODE_READ_WRITE, 8, 0)};

static MIR_code_status_t make (uint32_t value, MIR_code_object_t *object) {
  MIR_code_status_t status = MIR_code_object_reserve (space, three, 3, object);
  if (status != MIR_CODE_OK) return status;
  code_returning (three[0].buffer, value);
  memset (three[1].buffer, (int) value, 24);
  memset (three[2].buffer, (int) value + 1, 8);
  return MIR_code_object_commit (space, *object, NULL);
}

static void segments_are_what_was_written (void) {
  MIR_code_object_t object;
  start_objects ();
  start_reserved ();
  CHECK_INT (make (77, &object), MIR_CODE_OK);
  CHECK_INT (code_call (three[0].addr), 77);
  for (int i = 0; i < 24; i++) CHECK_INT (three[1].addr[i], 77);
  for (int i = 0; i < 8; i++) CHECK_INT (three[2].addr[i], 78);
  CHECK (three[2].addr == three[2].buffer);
  three[2].addr[0] = 5;
  CHECK_INT (three[2].addr[0], 5);
  CHECK_INT (MIR_code_object_free_now (space, object), MIR_CODE_OK);
  finish ();
}

static void segments_have_their_access_alone (void) {
  MIR_code_object_t object;
  start_objects ();
  start_reserved ();
  REQUIRE (make (1, &object) == MIR_CODE_OK);
#if defined(__linux__)
  static const char expected[3][4] = {"r-x", "r--", "rw-"};
  for (int i = 0; i < 3; i++) {
    char access[5];
    access_of (three[i].addr, access);
    access[3] = '\0'; /* private or shared */
    CHECK_STR (access, expected[i]);
  }
#endif
  CHECK_INT (MIR_code_object_free_now (space, object), MIR_CODE_OK);
  finish ();
}

static void all_segments_are_in_the_range (void) {
  MIR_code_object_t objects[100];
  uint8_t *start;
  size_t len;
  start_objects ();
  start_reserved ();
  MIR_code_range (space, &start, &len);
  CHECK_INT (len, within_reach (RESERVE));
  for (unsigned n = 0; n < 100; n++) {
    REQUIRE (make (n, &objects[n]) == MIR_CODE_OK);
    for (int i = 0; i < 3; i++) CHECK ((size_t) (three[i].addr - start) < len);
  }
  CHECK_INT (stats ().objects, 100);
  CHECK_INT (stats ().pieces, 100);
  for (unsigned n = 0; n < 100; n++)
    CHECK_INT (MIR_code_object_free_now (space, objects[n]), MIR_CODE_OK);
  CHECK_INT (stats ().objects, 0);
  CHECK_INT (stats ().pieces, 0);
  CHECK_INT (stats ().piece_bytes, 0);
  CHECK_INT (stats ().constant_bytes, 0);
  CHECK_INT (stats ().data_bytes, 0);
  finish ();
}

/* Each alignment, each number of segments of one access.  */
static void segments_have_their_alignment_and_order (void) {
  static const MIR_code_access_t accesses[] = {MIR_CODE_READ_EXEC, MIR_CODE_READ_ONLY,
                                               MIR_CODE_READ_WRITE};
  start_objects ();
  start_reserved ();
  for (size_t alignment = 1; alignment <= MIR_CODE_MAX_ALIGNMENT; alignment *= 2)
    for (int a = 0; a < 3; a++) {
      MIR_code_segment_t segments[3] = {SEGMENT (accesses[a], 5, 0), SEGMENT (accesses[a], 100, 0),
                                        SEGMENT (accesses[a], 0, 0)};
      MIR_code_object_t object;
      segments[1].alignment = alignment;
      REQUIRE (MIR_code_object_reserve (space, segments, 3, &object) == MIR_CODE_OK);
      CHECK_INT ((uintptr_t) segments[1].addr % alignment, 0);
      CHECK (segments[1].addr >= segments[0].addr + 5);
      CHECK (segments[2].addr >= segments[1].addr + 100);
      for (int i = 0; i < 100; i++) CHECK_INT (segments[1].buffer[i], 0);
      memset (segments[0].buffer, 1, 5);
      memset (segments[1].buffer, 2, 100);
      CHECK_INT (MIR_code_object_commit (space, object, NULL), MIR_CODE_OK);
      CHECK_INT (segments[0].addr[4], 1);
      CHECK_INT (segments[1].addr[99], 2);
      CHECK_INT (MIR_code_object_free_now (space, object), MIR_CODE_OK);
    }
  finish ();
}

static void data_is_zero_where_other_data_was (void) {
  MIR_code_object_t object;
  MIR_code_segment_t data_segment[1] = {SEGMENT (MIR_CODE_READ_WRITE, 100000, 64)};
  start_objects ();
  start_reserved ();
  for (int i = 0; i < 10; i++) {
    REQUIRE (MIR_code_object_reserve (space, data_segment, 1, &object) == MIR_CODE_OK);
    size_t wrong = 0;
    for (size_t k = 0; k < 100000; k++) wrong += data_segment[0].buffer[k] != 0;
    CHECK_INT (wrong, 0);
    memset (data_segment[0].buffer, 0xff, 100000);
    if (i % 2 == 0) CHECK_INT (MIR_code_object_commit (space, object, NULL), MIR_CODE_OK);
    if (i % 2 == 0)
      CHECK_INT (MIR_code_object_free_now (space, object), MIR_CODE_OK);
    else
      MIR_code_object_abort (space, object);
    if (i == 5) (void) MIR_code_trim (space);
  }
  finish ();
}

static void many_reservations_are_open_at_once (void) {
  enum { N = 1000 };
  static MIR_code_object_t objects[N];
  static MIR_code_segment_t segments[N][3];
  start_objects ();
  start_reserved ();
  for (unsigned i = 0; i < N; i++) {
    memcpy (segments[i], three, sizeof (three));
    REQUIRE (MIR_code_object_reserve (space, segments[i], 3, &objects[i]) == MIR_CODE_OK);
    code_returning (segments[i][0].buffer, i);
  }
  CHECK_INT (stats ().objects, 0);
  for (unsigned i = 0; i < N; i++) {
    unsigned k = i * 7 % N;
    if (k % 3 == 0)
      MIR_code_object_abort (space, objects[k]);
    else
      CHECK_INT (MIR_code_object_commit (space, objects[k], NULL), MIR_CODE_OK);
  }
  for (unsigned i = 0; i < N; i++)
    if (i % 3 != 0) CHECK_INT (code_call (segments[i][0].addr), i);
  CHECK_INT (stats ().objects, N - (N + 2) / 3);
  finish (); /* ends the others */
}

static void transient_segments_go_when_the_object_is_settled (void) {
  MIR_code_segment_t segments[4] = {
      SEGMENT (MIR_CODE_READ_EXEC, CODE_LEN, 0), SEGMENT (MIR_CODE_READ_EXEC, CODE_LEN, 0),
      SEGMENT (MIR_CODE_READ_WRITE, 40, 0), SEGMENT (MIR_CODE_READ_WRITE, 80, 0)};
  MIR_code_object_t object;
  segments[1].flags = segments[3].flags = MIR_CODE_TRANSIENT;
  start_objects ();
  start_reserved ();
  for (int settled = 0; settled < 2; settled++) {
    REQUIRE (MIR_code_object_reserve (space, segments, 4, &object) == MIR_CODE_OK);
    code_returning (segments[0].buffer, 10);
    code_returning (segments[1].buffer, 20);
    REQUIRE (MIR_code_object_commit (space, object, NULL) == MIR_CODE_OK);
    CHECK_INT (code_call (segments[0].addr), 10);
    CHECK_INT (code_call (segments[1].addr), 20);
    CHECK_INT (stats ().pieces, 2);
    CHECK_INT (stats ().data_bytes, 120);
    for (int i = 0; i < 2 && settled; i++) {
      MIR_code_object_settle (space, object);
      CHECK_INT (stats ().pieces, 1);
      CHECK_INT (stats ().data_bytes, 40);
      CHECK_INT (code_call (segments[0].addr), 10);
    }
    CHECK_INT (MIR_code_object_free_now (space, object), MIR_CODE_OK);
    CHECK_INT (stats ().pieces, 0);
    CHECK_INT (stats ().data_bytes, 0);
  }
  REQUIRE (MIR_code_object_reserve (space, segments, 4, &object) == MIR_CODE_OK);
  REQUIRE (MIR_code_object_commit (space, object, NULL) == MIR_CODE_OK);
  CHECK_INT (MIR_code_object_free (space, object), MIR_CODE_OK);
  CHECK_INT (MIR_code_reclaim (space, MIR_code_grace_begin (space)), MIR_CODE_OK);
  CHECK_INT (stats ().data_bytes, 0);
  finish ();
}

static void freed_objects_wait_for_their_grace_period (void) {
  enum { N = 300 };
  static MIR_code_object_t objects[N];
  static uint8_t *code[N];
  MIR_code_piece_t piece = {.size = sizeof (piece)};
  start_objects ();
  start_reserved ();
  for (unsigned i = 0; i < N; i++) {
    REQUIRE (make (i, &objects[i]) == MIR_CODE_OK);
    code[i] = three[0].addr;
  }
  for (unsigned round = 0; round < 30; round++) {
    for (unsigned i = round * 10; i < round * 10 + 10; i++) {
      CHECK_INT (MIR_code_object_free (space, objects[i]), MIR_CODE_OK);
      CHECK_INT (MIR_code_object_free (space, objects[i]), MIR_CODE_BAD_ORDER);
      CHECK_INT (code_call (code[i]), i);
      REQUIRE (MIR_code_query (space, code[i], &piece) == MIR_CODE_OK);
      CHECK (piece.freed);
      CHECK (MIR_code_patch_stopped (space, code[i], "x", 1) == MIR_CODE_NOT_OURS);
    }
    CHECK_INT (stats ().freed, 10 * (round % 3 + 1));
    CHECK_INT (stats ().objects, N - 10 * (round + 1));
    CHECK_INT (stats ().pieces, N - 10 * (round + 1));
    MIR_code_grace_t grace = MIR_code_grace_begin (space);
    if (round % 3 == 2) CHECK_INT (MIR_code_reclaim (space, grace), MIR_CODE_OK);
    if (round % 3 == 2) CHECK_INT (stats ().freed, 0);
  }
  CHECK_INT (stats ().piece_bytes, 0);
  CHECK_INT (stats ().freed_bytes, 0);
  CHECK_INT (stats ().data_bytes, 0);
  finish ();
}

static void later_objects_do_not_go_with_an_earlier_period (void) {
  MIR_code_object_t first, second;
  start_objects ();
  start_reserved ();
  REQUIRE (make (1, &first) == MIR_CODE_OK);
  REQUIRE (make (2, &second) == MIR_CODE_OK);
  CHECK_INT (MIR_code_object_free (space, first), MIR_CODE_OK);
  MIR_code_grace_t grace = MIR_code_grace_begin (space);
  CHECK_INT (MIR_code_object_free (space, second), MIR_CODE_OK);
  CHECK_INT (MIR_code_reclaim (space, grace), MIR_CODE_OK);
  CHECK_INT (stats ().freed, 1);
  CHECK_INT (code_call (three[0].addr), 2);
  CHECK_INT (MIR_code_reclaim (space, MIR_code_grace_begin (space)), MIR_CODE_OK);
  CHECK_INT (stats ().freed, 0);
  finish ();
}

static void code_of_objects_is_found_patched_and_not_freed_alone (void) {
  MIR_code_object_t object;
  MIR_code_piece_t piece = {.size = sizeof (piece)};
  MIR_code_info_t info = {.size = sizeof (info), .name = "f", .tag = 99};
  uint8_t other[CODE_LEN];
  start_objects ();
  start_reserved ();
  REQUIRE (MIR_code_object_reserve (space, three, 3, &object) == MIR_CODE_OK);
  code_returning (three[0].buffer, 1);
  CHECK_INT (MIR_code_query (space, three[0].addr, &piece), MIR_CODE_OK);
  CHECK (piece.freed); /* not published yet */
  REQUIRE (MIR_code_object_commit (space, object, &info) == MIR_CODE_OK);
  CHECK_INT (MIR_code_query (space, three[0].addr + CODE_LEN - 1, &piece), MIR_CODE_OK);
  CHECK (piece.start == three[0].addr && piece.tag == 99 && !piece.freed);
  code_returning (other, 2);
  CHECK_INT (MIR_code_patch_stopped (space, three[0].addr, other, CODE_LEN), MIR_CODE_OK);
  CHECK_INT (code_call (three[0].addr), 2);
  CHECK_INT (MIR_code_free (space, three[0].addr), MIR_CODE_NOT_OURS);
  CHECK_INT (MIR_code_free_now (space, three[0].addr), MIR_CODE_NOT_OURS);
  for (int i = 1; i < 3; i++) {
    CHECK_INT (MIR_code_free_now (space, three[i].addr), MIR_CODE_NOT_OURS);
    CHECK_INT (MIR_code_query (space, three[i].addr, &piece), MIR_CODE_NOT_OURS);
    CHECK_INT (MIR_code_patch_stopped (space, three[i].addr, other, 1), MIR_CODE_NOT_OURS);
    CHECK_INT (MIR_code_data_free (space, three[i].addr), MIR_CODE_NOT_OURS);
  }
  CHECK_INT (MIR_code_object_free_now (space, object), MIR_CODE_OK);
  finish ();
}

static void bad_requests_are_refused_and_change_nothing (void) {
  MIR_code_object_t object = NULL;
  static const MIR_code_segment_t good = SEGMENT (MIR_CODE_READ_EXEC, 10, 0);
  start_objects ();
  start_reserved ();
  MIR_code_stats_t before = stats ();
  for (int i = 0; i < 11; i++) {
    MIR_code_segment_t bad[2] = {good, good};
    size_t num = 2;
    MIR_code_status_t expected = MIR_CODE_BAD_OPTION;
    switch (i) {
      case 0:
        num = 0;
        break;
      case 1:
        bad[0].size = 8;
        break;
      case 2:
        bad[0].size += 8;
        break;
      case 3:
        bad[1].size += 8;
        break;
      case 4:
        bad[1].access = (MIR_code_access_t) 3;
        break;
      case 5:
        bad[1].access = (MIR_code_access_t) -1;
        break;
      case 6:
        bad[1].flags = 1u << 7;
        break;
      case 7:
        bad[1].alignment = 3;
        break;
      case 8:
        bad[1].alignment = 2 * MIR_CODE_MAX_ALIGNMENT;
        break;
      case 9:
        bad[1].len = SIZE_MAX;
        expected = MIR_CODE_TOO_LARGE;
        break;
      default:
        bad[0].len = RESERVE;
        bad[1].len = RESERVE;
        expected = MIR_CODE_TOO_LARGE;
        break;
    }
    CHECK_INT (MIR_code_object_reserve (space, bad, num, &object), expected);
    CHECK (object == NULL);
  }
  MIR_code_segment_t large = good;
  large.len = within_reach (RESERVE);
  large.alignment = MIR_CODE_MAX_ALIGNMENT;
  CHECK_INT (MIR_code_object_reserve (space, &large, 1, &object), MIR_CODE_LIMIT);
  MIR_code_object_t none = (MIR_code_object_t) (uintptr_t) 5;
  CHECK_INT (MIR_code_object_commit (space, none, NULL), MIR_CODE_NOT_OURS);
  CHECK_INT (MIR_code_object_free (space, none), MIR_CODE_NOT_OURS);
  CHECK_INT (MIR_code_object_free_now (space, none), MIR_CODE_NOT_OURS);
  MIR_code_object_abort (space, none);
  MIR_code_object_abort (space, NULL);
  MIR_code_object_settle (space, none);
  CHECK_INT (stats ().pieces, before.pieces);
  CHECK_INT (stats ().mapped_bytes, before.mapped_bytes);
  finish ();
}

static void calls_in_the_wrong_order_are_refused (void) {
  MIR_code_object_t object;
  start_objects ();
  start_reserved ();
  REQUIRE (MIR_code_object_reserve (space, three, 3, &object) == MIR_CODE_OK);
  code_returning (three[0].buffer, 3);
  CHECK_INT (MIR_code_object_free (space, object), MIR_CODE_BAD_ORDER);
  CHECK_INT (MIR_code_object_free_now (space, object), MIR_CODE_BAD_ORDER);
  MIR_code_object_settle (space, object);
  CHECK_INT (MIR_code_object_commit (space, object, NULL), MIR_CODE_OK);
  CHECK_INT (MIR_code_object_commit (space, object, NULL), MIR_CODE_BAD_ORDER);
  MIR_code_object_abort (space, object);
  CHECK_INT (code_call (three[0].addr), 3);
  CHECK_INT (MIR_code_object_free_now (space, object), MIR_CODE_OK);
  CHECK_INT (MIR_code_object_free_now (space, object), MIR_CODE_NOT_OURS);
  finish ();
  set_defaults ();
  start_with_options ();
  CHECK_INT (MIR_code_object_reserve (space, three, 3, &object), MIR_CODE_BAD_OPTION);
  void *piece;
  CHECK_INT (MIR_code_data_new (space, 8, 0, &piece), MIR_CODE_BAD_OPTION);
  finish ();
}

static void pieces_of_data_are_zeroed_near_and_given_back (void) {
  enum { N = 2000 };
  static uint8_t *pieces[N];
  uint8_t *start;
  size_t len;
  void *piece;
  start_objects ();
  start_reserved ();
  MIR_code_range (space, &start, &len);
  for (int round = 0; round < 3; round++) {
    for (size_t i = 0; i < N; i++) {
      size_t alignment = (size_t) 1 << i % 13, size = i % 100 + 1;
      REQUIRE (MIR_code_data_new (space, size, alignment, &piece) == MIR_CODE_OK);
      pieces[i] = (uint8_t *) piece;
      CHECK_INT ((uintptr_t) piece % alignment, 0);
      CHECK ((size_t) (pieces[i] - start) < len);
      for (size_t k = 0; k < size; k++) CHECK_INT (pieces[i][k], 0);
      memset (piece, 0xff, size);
    }
    CHECK (stats ().data_bytes < N * 60);
    for (size_t i = 0; i < N; i++) {
      if (i % 100 >= 8) CHECK_INT (MIR_code_data_free (space, pieces[i] + 8), MIR_CODE_NOT_OURS);
      CHECK_INT (MIR_code_data_free (space, pieces[i]), MIR_CODE_OK);
      CHECK_INT (MIR_code_data_free (space, pieces[i]), MIR_CODE_NOT_OURS);
    }
    CHECK_INT (stats ().data_bytes, 0);
  }
  CHECK_INT (MIR_code_data_free (space, NULL), MIR_CODE_OK);
  CHECK_INT (MIR_code_data_free (space, &piece), MIR_CODE_NOT_OURS);
  CHECK_INT (MIR_code_data_new (space, 0, 0, &piece), MIR_CODE_TOO_LARGE);
  CHECK_INT (MIR_code_data_new (space, SIZE_MAX, 0, &piece), MIR_CODE_TOO_LARGE);
  CHECK_INT (MIR_code_data_new (space, 8, 3, &piece), MIR_CODE_BAD_OPTION);
  CHECK_INT (MIR_code_data_new (space, 8, 2 * MIR_CODE_MAX_ALIGNMENT, &piece), MIR_CODE_BAD_OPTION);
  (void) MIR_code_trim (space);
  CHECK_INT (stats ().data_mapped, 0);
  finish ();
}

/* Every allocation fails in turn, in each call.  */
static void refused_memory_changes_nothing (void) {
  MIR_code_info_t info = {.size = sizeof (info), .tag = 4};
  start_objects ();
  start_reserved ();
  for (long n = 0, failed = 1; failed; n++) {
    MIR_code_object_t object = NULL;
    MIR_code_segment_t segments[4];
    void *piece = NULL;
    memcpy (segments, three, sizeof (three));
    segments[3] = three[0];
    segments[3].flags = MIR_CODE_TRANSIENT;
    size_t live = data.live_blocks;
    MIR_code_stats_t before = stats ();
    probe_alloc_fail_after (&data, n, 0);
    MIR_code_status_t status = MIR_code_object_reserve (space, segments, 4, &object);
    if (status == MIR_CODE_OK) status = MIR_code_object_commit (space, object, &info);
    if (status == MIR_CODE_OK) status = MIR_code_data_new (space, 10, 0, &piece);
    failed = status != MIR_CODE_OK;
    if (failed) CHECK_INT (status, MIR_CODE_NO_MEMORY);
    probe_alloc_fail_after (&data, -1, 0);
    if (status != MIR_CODE_OK && object != NULL
        && MIR_code_object_free_now (space, object) != MIR_CODE_OK)
      MIR_code_object_abort (space, object);
    if (failed) {
      CHECK_INT (stats ().piece_bytes, before.piece_bytes);
      CHECK_INT (stats ().constant_bytes, before.constant_bytes);
      CHECK_INT (stats ().data_bytes, before.data_bytes);
      CHECK (data.live_blocks >= live);
    }
  }
  finish ();
}

static void an_object_may_be_empty (void) {
  MIR_code_object_t object;
  start_objects ();
  start_reserved ();
  for (int i = 0; i < 3; i++) {
    MIR_code_segment_t empty[2] = {SEGMENT (MIR_CODE_READ_EXEC, 0, 0),
                                   SEGMENT (MIR_CODE_READ_WRITE, 0, 0)};
    REQUIRE (MIR_code_object_reserve (space, empty, 2, &object) == MIR_CODE_OK);
    CHECK (empty[0].addr != NULL && empty[1].buffer != NULL);
    CHECK_INT (MIR_code_object_commit (space, object, NULL), MIR_CODE_OK);
    CHECK_INT (stats ().objects, 1);
    CHECK_INT (stats ().pieces, 0);
    CHECK_INT ((i == 0 ? MIR_code_object_free : MIR_code_object_free_now) (space, object),
               MIR_CODE_OK);
    CHECK_INT (MIR_code_reclaim (space, MIR_code_grace_begin (space)), MIR_CODE_OK);
    CHECK_INT (stats ().objects, 0);
  }
  finish ();
}

/* In place: the generator's stores, its reads and the code have one address.  */
static MIR_code_status_t make_in_place (uint32_t value, size_t len, MIR_code_segment_t *segments,
                                        MIR_code_object_t *object) {
  segments[0] = (MIR_code_segment_t) SEGMENT (MIR_CODE_READ_EXEC, len, 0);
  segments[1] = (MIR_code_segment_t) SEGMENT (MIR_CODE_READ_WRITE, 8, 0);
  segments[0].flags = MIR_CODE_IN_PLACE;
  MIR_code_status_t status = MIR_code_object_reserve (space, segments, 2, object);
  if (status != MIR_CODE_OK) return status;
  CHECK (segments[0].buffer == segments[0].addr);
  code_returning (segments[0].addr, value);
  segments[0].addr[len - 1] = 99;
  return MIR_code_object_commit (space, *object, NULL);
}

static int can_write_in_place (void) {
  MIR_code_report_t report = {.size = sizeof (report)};
  (void) MIR_code_probe (&options, &report);
  return (report.abilities & MIR_CODE_CAN_WRITE_IN_PLACE) != 0;
}

static void code_is_written_where_it_runs (void) {
  MIR_code_segment_t segments[2];
  MIR_code_object_t objects[10], other;
  uint8_t *code[10];
  start_objects ();
  start_reserved ();
  if (!can_write_in_place ()) {
    CHECK_INT (make_in_place (1, 100, segments, &objects[0]), MIR_CODE_BAD_OPTION);
    finish ();
    tap_skip ("not with this back end");
  }
  for (unsigned i = 0; i < 10; i++) {
    size_t len = i * i * 3000 + 100;
    REQUIRE (make_in_place (i, len, segments, &objects[i]) == MIR_CODE_OK);
    code[i] = segments[0].addr;
    CHECK_INT (code_call (code[i]), i);
    CHECK_INT (code[i][len - 1], 99);
    REQUIRE (make (i, &other) == MIR_CODE_OK); /* fills what is free behind it */
  }
  for (unsigned i = 0; i < 10; i++) CHECK_INT (code_call (code[i]), i);
#if defined(__linux__)
  char access[5];
  access_of (code[3], access);
  access[3] = '\0';
  CHECK_STR (access, "r-x");
#endif
  for (unsigned i = 0; i < 10; i++) {
    if (i % 2 == 0) CHECK_INT (MIR_code_object_free (space, objects[i]), MIR_CODE_OK);
    if (i % 2 != 0) CHECK_INT (MIR_code_object_free_now (space, objects[i]), MIR_CODE_OK);
  }
  CHECK_INT (MIR_code_reclaim (space, MIR_code_grace_begin (space)), MIR_CODE_OK);
  CHECK_INT (stats ().pieces, 10);
  finish ();
}

static void memory_written_in_place_is_given_back (void) {
  MIR_code_segment_t segment = SEGMENT (MIR_CODE_READ_EXEC, 100000, 4096);
  MIR_code_object_t object;
  segment.flags = MIR_CODE_IN_PLACE;
  start_objects ();
  start_reserved ();
  if (!can_write_in_place ()) {
    finish ();
    tap_skip ("not with this back end");
  }
  for (int i = 0; i < 20; i++) {
    REQUIRE (MIR_code_object_reserve (space, &segment, 1, &object) == MIR_CODE_OK);
    memset (segment.addr, 0xcc, 100000);
    CHECK (stats ().mapped_bytes >= 100000);
    MIR_code_object_abort (space, object);
    CHECK_INT (stats ().mapped_bytes, 0); /* not kept: it is not executable */
  }
  REQUIRE (MIR_code_object_reserve (space, &segment, 1, &object) == MIR_CODE_OK);
  finish (); /* ends it */
}

/* Each allocation of a commit is refused in turn: the generator may go on where it was.  */
static void a_refused_commit_in_place_changes_nothing (void) {
  const MIR_code_info_t info = {.size = sizeof (info), .tag = 7};
  MIR_code_object_t object;
  long refused = 0;
  for (MIR_code_status_t status = MIR_CODE_NO_MEMORY; status != MIR_CODE_OK; refused++) {
    MIR_code_segment_t segment = SEGMENT (MIR_CODE_READ_EXEC, 100, 0);
    segment.flags = MIR_CODE_IN_PLACE;
    start_objects ();
    start_reserved ();
    if (!can_write_in_place ()) {
      finish ();
      tap_skip ("not with this back end");
    }
    REQUIRE (MIR_code_object_reserve (space, &segment, 1, &object) == MIR_CODE_OK);
    code_returning (segment.buffer, 1);
    probe_alloc_fail_after (&data, refused, 0);
    status = MIR_code_object_commit (space, object, &info);
    probe_alloc_fail_after (&data, -1, 0);
    if (status != MIR_CODE_OK) {
      CHECK_INT (status, MIR_CODE_NO_MEMORY);
      code_returning (segment.buffer, 2);
      CHECK_INT (MIR_code_object_commit (space, object, &info), MIR_CODE_OK);
      CHECK_INT (code_call (segment.addr), 2);
    }
    MIR_code_piece_t piece = {.size = sizeof (piece)};
    CHECK_INT (MIR_code_query (space, segment.addr, &piece), MIR_CODE_OK);
    CHECK_INT (piece.tag, 7);
    CHECK_INT (MIR_code_object_free_now (space, object), MIR_CODE_OK);
    finish ();
  }
  CHECK (refused > 1);
}

static void count_mapped (void *user_data, uint8_t *start, size_t len) {
  (void) start;
  (void) len;
  ++*(int *) user_data;
}

static void count_unmapped (void *user_data, uint8_t *start, size_t len) {
  (void) start;
  (void) len;
  --*(int *) user_data;
}

/* Before the commit there is no code.  */
static void hooks_hear_of_memory_in_place_at_the_commit (void) {
  int mappings = 0;
  MIR_code_hooks_t hooks = {.size = sizeof (hooks),
                            .mapped = count_mapped,
                            .unmapped = count_unmapped,
                            .user_data = &mappings};
  MIR_code_object_t objects[2];
  start_objects ();
  start_reserved ();
  if (!can_write_in_place ()) {
    finish ();
    tap_skip ("not with this back end");
  }
  for (int i = 0; i < 2; i++) {
    MIR_code_segment_t segment = SEGMENT (MIR_CODE_READ_EXEC, 100, 0);
    segment.flags = MIR_CODE_IN_PLACE;
    REQUIRE (MIR_code_object_reserve (space, &segment, 1, &objects[i]) == MIR_CODE_OK);
  }
  CHECK_INT (MIR_code_set_hooks (space, &hooks), MIR_CODE_OK);
  CHECK_INT (mappings, 0);
  CHECK_INT (MIR_code_object_commit (space, objects[0], NULL), MIR_CODE_OK);
  CHECK_INT (mappings, 1);
  finish (); /* ends the open one, too */
  CHECK_INT (mappings, 0);
}

static void empty_segments_have_their_alignment (void) {
  MIR_code_object_t object;
  start_objects ();
  start_reserved ();
  for (size_t alignment = 1; alignment <= MIR_CODE_MAX_ALIGNMENT; alignment *= 2) {
    MIR_code_segment_t segment = SEGMENT (MIR_CODE_READ_ONLY, 0, alignment);
    REQUIRE (MIR_code_object_reserve (space, &segment, 1, &object) == MIR_CODE_OK);
    CHECK_INT ((uintptr_t) segment.addr % alignment, 0);
    MIR_code_object_abort (space, object);
  }
  finish ();
}

/* The range is for all of them: what one of them keeps mapped makes way for the others.  */
static MIR_code_status_t use_most_of_range (int kind) {
  enum { MOST = 900000 };
  static uint8_t bytes[MOST];
  MIR_code_object_t object;
  MIR_code_segment_t segment =
      SEGMENT (kind < 3 ? (MIR_code_access_t) kind : MIR_CODE_READ_EXEC, MOST, 0);
  uint8_t *addr;
  if (kind == 3) {
    MIR_code_status_t status = MIR_code_publish (writer, bytes, MOST, NULL, &addr);
    return status == MIR_CODE_OK ? MIR_code_free_now (space, addr) : status;
  }
  if (kind == 4) segment.flags = MIR_CODE_IN_PLACE;
  MIR_code_status_t status = MIR_code_object_reserve (space, &segment, 1, &object);
  if (status != MIR_CODE_OK) return status;
  CHECK_INT (MIR_code_object_commit (space, object, NULL), MIR_CODE_OK);
  return MIR_code_object_free_now (space, object);
}

static void empty_mappings_make_way_in_the_range (void) {
  for (int i = 0; i < 25; i++) {
    start_objects ();
    options.reserve = 1024 * 1024;
    start_reserved ();
    int kinds = can_write_in_place () ? 5 : 4;
    if (i % 5 < kinds && i / 5 < kinds) {
      CHECK_INT (use_most_of_range (i / 5), MIR_CODE_OK);
      CHECK_INT (use_most_of_range (i % 5), MIR_CODE_OK);
    }
    finish ();
  }
}

static void bad_requests_to_write_in_place_are_refused (void) {
  MIR_code_object_t object;
  static const MIR_code_segment_t good = SEGMENT (MIR_CODE_READ_EXEC, 10, 0);
  start_objects ();
  start_reserved ();
  for (int i = 0; i < 5; i++) {
    MIR_code_segment_t bad[2] = {good, good};
    bad[0].flags = MIR_CODE_IN_PLACE;
    if (i == 1) bad[1].flags = MIR_CODE_IN_PLACE;
    if (i >= 2) bad[1].access = MIR_CODE_READ_WRITE;
    if (i == 2) bad[0].flags |= MIR_CODE_TRANSIENT;
    if (i == 3) bad[0].access = MIR_CODE_READ_ONLY;
    if (i == 4) bad[0].alignment = MIR_CODE_MAX_ALIGNMENT;
    CHECK_INT (MIR_code_object_reserve (space, bad, 2, &object), MIR_CODE_BAD_OPTION);
  }
  finish ();
}

int main (void) {
  TEST_RUN (code_is_written_where_it_runs);
  TEST_RUN (memory_written_in_place_is_given_back);
  TEST_RUN (a_refused_commit_in_place_changes_nothing);
  TEST_RUN (hooks_hear_of_memory_in_place_at_the_commit);
  TEST_RUN (bad_requests_to_write_in_place_are_refused);
  TEST_RUN (empty_segments_have_their_alignment);
  TEST_RUN (empty_mappings_make_way_in_the_range);
  TEST_RUN (an_object_may_be_empty);
  TEST_RUN (segments_are_what_was_written);
  TEST_RUN (segments_have_their_access_alone);
  TEST_RUN (all_segments_are_in_the_range);
  TEST_RUN (segments_have_their_alignment_and_order);
  TEST_RUN (data_is_zero_where_other_data_was);
  TEST_RUN (many_reservations_are_open_at_once);
  TEST_RUN (transient_segments_go_when_the_object_is_settled);
  TEST_RUN (freed_objects_wait_for_their_grace_period);
  TEST_RUN (later_objects_do_not_go_with_an_earlier_period);
  TEST_RUN (code_of_objects_is_found_patched_and_not_freed_alone);
  TEST_RUN (bad_requests_are_refused_and_change_nothing);
  TEST_RUN (calls_in_the_wrong_order_are_refused);
  TEST_RUN (pieces_of_data_are_zeroed_near_and_given_back);
  TEST_RUN (refused_memory_changes_nothing);
  return tap_done ();
}
