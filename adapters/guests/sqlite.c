/* Drives SQLite: a table in memory with an index, filled in a transaction, and queries.  */
#include "adapters/mir-sqlite.h"

#include <stdio.h>

#include "guests/guest.h"
#include "guests/record.h"

enum { ROWS = 500 };

static void *record_sqlite_malloc (int size) {
  return record_malloc ((size_t) size);
}

static void *record_sqlite_realloc (void *ptr, int size) {
  return record_realloc (ptr, (size_t) size);
}

static int record_sqlite_size (void *ptr) {
  return (int) record_size (ptr);
}

static int use (MIR_sized_t sized) {
  static const sqlite3_mem_methods recorder = {
      record_sqlite_malloc, record_free,     record_sqlite_realloc, record_sqlite_size,
      mir_sqlite_roundup,   mir_sqlite_init, mir_sqlite_shutdown,   NULL};
  return sized != NULL ? MIR_sqlite_use (sized) : sqlite3_config (SQLITE_CONFIG_MALLOC, &recorder);
}

static int fill (sqlite3 *db) {
  sqlite3_stmt *statement = NULL;
  int res = sqlite3_exec (db,
                          "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, age INTEGER);"
                          "CREATE INDEX by_name ON people (name); BEGIN",
                          NULL, NULL, NULL);
  if (res == SQLITE_OK)
    res = sqlite3_prepare_v2 (db, "INSERT INTO people (name, age) VALUES (?, ?)", -1, &statement,
                              NULL);
  for (int i = 0; i < ROWS && res == SQLITE_OK; i++) {
    char name[64];
    snprintf (name, sizeof (name), "a name with the number %d", i * 7919 % ROWS);
    res = sqlite3_bind_text (statement, 1, name, -1, SQLITE_TRANSIENT);
    if (res == SQLITE_OK) res = sqlite3_bind_int (statement, 2, i % 90);
    if (res == SQLITE_OK) res = sqlite3_step (statement) == SQLITE_DONE ? SQLITE_OK : -1;
    int reset = sqlite3_reset (statement);
    if (reset != SQLITE_OK) res = reset;
  }
  sqlite3_finalize (statement);
  return res == SQLITE_OK ? sqlite3_exec (db, "COMMIT", NULL, NULL, NULL) : res;
}

/* Add the lengths of all names in order, as text, to *SUM.  */
static int query (sqlite3 *db, int *sum) {
  sqlite3_stmt *statement = NULL;
  int res = sqlite3_prepare_v2 (
      db, "SELECT name, count (*) FROM people WHERE age < 45 GROUP BY name ORDER BY name DESC", -1,
      &statement, NULL);
  if (res != SQLITE_OK) return res;
  while ((res = sqlite3_step (statement)) == SQLITE_ROW)
    if (sqlite3_column_text (statement, 0) != NULL) *sum += sqlite3_column_int (statement, 1);
  return sqlite3_finalize (statement);
}

static enum guest_result work (MIR_sized_t sized) {
  sqlite3 *db = NULL;
  int sum = 0;
  if (use (sized) != SQLITE_OK) return GUEST_WRONG;
  int res = sqlite3_open (":memory:", &db);
  if (res == SQLITE_OK) res = fill (db);
  if (res == SQLITE_OK) res = query (db, &sum);
  sqlite3_close (db);
  sqlite3_shutdown ();
  if (res != SQLITE_OK) return res == SQLITE_NOMEM ? GUEST_NO_MEMORY : GUEST_WRONG;
  return sum == ROWS / 90 * 45 + ROWS % 90 - (ROWS % 90 > 45 ? ROWS % 90 - 45 : 0) ? GUEST_RIGHT
                                                                                   : GUEST_WRONG;
}

static enum guest_result in_memory (MIR_alloc_t alloc) {
  MIR_sized_t sized;
  if (alloc == NULL) return work (NULL);
  if (MIR_sized_create (alloc, &sized) != MIR_HEAP_OK) return GUEST_NO_MEMORY;
  enum guest_result res = work (sized);
  MIR_sized_finish (sized);
  return res;
}

const char *guest_version (void) {
  return sqlite3_libversion ();
}

const struct guest guests[] = {
    {.name = "SQLite", .run = in_memory, .refusals = GUEST_RECOVERS, .own_blocks = 1},
    {.name = NULL},
};
