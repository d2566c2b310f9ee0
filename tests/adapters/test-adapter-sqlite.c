/* The SQLite adapter: SQLite on the checking allocator, and with every allocation refused.  */
#include "adapters/mir-sqlite.h"

#include <string.h>

#include "support/probe-alloc.h"
#include "support/tap.h"

static const char sql[] =
    "create table item (id integer primary key, name text unique, price real);"
    "begin;"
    "with recursive n (i) as (select 1 union all select i + 1 from n where i < 300)"
    " insert into item select i, 'item ' || i, i * 1.5 from n;"
    "commit;"
    "create index by_price on item (price desc);"
    "update item set name = upper (name) where id % 3 = 0;"
    "delete from item where id % 5 = 0;";
static const char query[] =
    "select count (*), sum (price), group_concat (name) from "
    "(select * from item where name like 'ITEM%' order by price desc limit 100)";

/* SQLITE_OK if the answer is right, SQLITE_NOMEM, or any other status.  */
static int run_sql (void) {
  sqlite3 *db = NULL;
  sqlite3_stmt *statement = NULL;
  int res = sqlite3_open (":memory:", &db);
  if (res == SQLITE_OK) res = sqlite3_exec (db, sql, NULL, NULL, NULL);
  if (res == SQLITE_OK) res = sqlite3_prepare_v2 (db, query, -1, &statement, NULL);
  if (res == SQLITE_OK) res = sqlite3_step (statement);
  if (res == SQLITE_ROW) {
    int right = sqlite3_column_int (statement, 0) == 100
                && (int) sqlite3_column_double (statement, 1) > 20000;
    const unsigned char *names = sqlite3_column_text (statement, 2);
    res = !right ? SQLITE_ERROR : names == NULL ? SQLITE_NOMEM : SQLITE_OK;
  }
  if (res != SQLITE_OK && res != SQLITE_NOMEM) tap_note ("sqlite: %d %s", res, sqlite3_errmsg (db));
  sqlite3_finalize (statement);
  sqlite3_close (db);
  return res;
}

static void sql_runs_on_the_checking_allocator (void) {
  struct probe_alloc probe;
  MIR_checking_t checking;
  MIR_stats_t stats;
  MIR_sized_t sized;
  MIR_stats_report_t report;
  probe_alloc_init (&probe);
  REQUIRE (MIR_checking_create (&probe.alloc, NULL, &checking) == MIR_HEAP_OK);
  REQUIRE (MIR_stats_create (&checking->alloc, &stats) == MIR_HEAP_OK);
  REQUIRE (MIR_sized_create (&stats->alloc, &sized) == MIR_HEAP_OK);
  REQUIRE (MIR_sqlite_use (sized) == SQLITE_OK);
  CHECK_INT (run_sql (), SQLITE_OK);
  CHECK_INT (MIR_sqlite_use (sized), SQLITE_MISUSE);
  CHECK_INT (sqlite3_shutdown (), SQLITE_OK);
  MIR_stats_get (stats, &report);
  CHECK (report.mallocs > 100 && report.peak_bytes > 50000);
  MIR_sized_finish (sized);
  CHECK_INT (report.live_blocks, 1); /* the state of the sized allocator */
  MIR_stats_finish (stats);
  CHECK_INT (MIR_checking_finish (checking), 0);
  CHECK_INT (probe_alloc_finish (&probe), 0);
}

/* Each run configures SQLite anew, with a failing allocator of its own.  */
static void every_refusal_is_survived (void) {
  size_t step = tap_scaled (100) == 100 ? 3 : 97;
  for (size_t n = 1, failed = 1; failed != 0; n += step) {
    struct probe_alloc probe;
    MIR_failing_options_t options = {.size = sizeof (options), .nth = n, .forever = (int) (n & 1)};
    MIR_failing_t failing;
    MIR_sized_t sized;
    probe_alloc_init (&probe);
    REQUIRE (MIR_sized_create (&probe.alloc, &sized) == MIR_HEAP_OK);
    MIR_sized_finish (sized);
    REQUIRE (MIR_failing_create (&probe.alloc, &options, &failing) == MIR_HEAP_OK);
    if (MIR_sized_create (&failing->alloc, &sized) == MIR_HEAP_OK) {
      REQUIRE (MIR_sqlite_use (sized) == SQLITE_OK);
      int res = run_sql ();
      CHECK (res == SQLITE_OK || res == SQLITE_NOMEM);
      sqlite3_shutdown ();
      MIR_sized_finish (sized);
    }
    failed = MIR_failing_failed (failing);
    MIR_failing_finish (failing);
    CHECK_INT (probe_alloc_finish (&probe), 0);
    REQUIRE (n < 100000);
  }
}

int main (void) {
  TEST_RUN (sql_runs_on_the_checking_allocator);
  TEST_RUN (every_refusal_is_survived);
  return tap_done ();
}
