/* The guest SQLite: fails cleanly wherever it is refused memory.  */
#include "guest.h"

#include <string.h>

#include "adapters/mir-sqlite.h"

static MIR_sized_t sized;
static sqlite3 *db;

static const char work_script[] =
    "CREATE TABLE IF NOT EXISTS item (id INTEGER PRIMARY KEY, text TEXT);"
    "DELETE FROM item;"
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)"
    " INSERT INTO item SELECT i, 'item ' || i FROM n;"
    "CREATE INDEX IF NOT EXISTS by_text ON item (text);"
    "SELECT sum (id) = 2001000 AND count (DISTINCT text) = 2000 FROM item;";

static enum guest_result failure (struct memory *memory, int code) {
  return guest_says (memory, code == SQLITE_NOMEM ? GUEST_REFUSED : GUEST_WRONG,
                     sqlite3_errstr (code));
}

/* ARG: an int, which the last row sets.  */
static int take_row (void *arg, int num, char **texts, char **names) {
  (void) names;
  *(int *) arg = num == 1 && texts[0] != NULL && strcmp (texts[0], "1") == 0;
  return 0;
}

static enum guest_result run (struct memory *memory, const char *script) {
  int is_right = 0, code = sqlite3_exec (db, script, take_row, &is_right, NULL);
  if (code != SQLITE_OK) return failure (memory, code);
  return is_right ? GUEST_DONE : guest_says (memory, GUEST_WRONG, "a wrong result");
}

static enum guest_result start (struct memory *memory) {
  if (MIR_sized_create (memory->alloc, &sized) != MIR_HEAP_OK)
    return guest_says (memory, GUEST_REFUSED, "no memory for sizes");
  int code = MIR_sqlite_use (sized);
  if (code == SQLITE_OK) code = sqlite3_initialize ();
  if (code == SQLITE_OK) code = sqlite3_open (":memory:", &db);
  return code == SQLITE_OK ? GUEST_DONE : failure (memory, code);
}

static enum guest_result work (struct memory *memory) {
  return run (memory, work_script);
}

/* The statement that is refused leaves nothing, those before it stay.  */
static enum guest_result hoard (struct memory *memory) {
  int code = sqlite3_exec (db, "CREATE TABLE hoard (data BLOB)", NULL, NULL, NULL);
  while (code == SQLITE_OK)
    code = sqlite3_exec (db, "INSERT INTO hoard VALUES (zeroblob (3000))", NULL, NULL, NULL);
  return failure (memory, code);
}

static void stop (struct memory *memory) {
  (void) memory;
  sqlite3_close (db);
  sqlite3_shutdown ();
  MIR_sized_finish (sized);
  db = NULL;
  sized = NULL;
}

const struct guest sqlite_guest = {.name = "sqlite",
                                   .version = SQLITE_VERSION,
                                   .start = start,
                                   .work = work,
                                   .hoard = hoard,
                                   .stop = stop};
