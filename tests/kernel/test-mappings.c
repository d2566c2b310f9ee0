/* At the limit of mappings, vm.max_map_count: publishing ends with the status that names the limit, and what is freed there
   is used again.  For a machine where that limit is low.  */
#include <stdio.h>
#include <string.h>

#include "mir-code.h"
#include "support/child.h"
#include "support/machine-code.h"
#include "support/tap.h"

enum { LEN = 4000, MOST = 80000, LOW = 1000 }; /* bytes of a function; functions; mappings */

static const struct {
  const char *name;
  unsigned backends;
  MIR_code_protection_t protection;
} kinds[] = {
    {"default", 0, MIR_CODE_OPEN_ALIAS},
    {"anon, closed alias", MIR_CODE_ANON, MIR_CODE_CLOSED_ALIAS},
    {"memfd", MIR_CODE_MEMFD, MIR_CODE_OPEN_ALIAS},
    {"memfd, closed alias", MIR_CODE_MEMFD, MIR_CODE_CLOSED_ALIAS},
};
enum { KINDS = sizeof (kinds) / sizeof (kinds[0]) };

static uint8_t *funcs[MOST];
static MIR_code_writer_t writer;

static MIR_code_status_t publish (uint8_t **addr) {
  static uint8_t code[LEN];
  code_returning (code, 7);
  return MIR_code_publish (writer, code, LEN, NULL, addr);
}

static void check_kind (int kind) {
  MIR_code_options_t options = {.size = sizeof (options),
                                .backends = kinds[kind].backends,
                                .protection = kinds[kind].protection};
  MIR_code_space_t space;
  MIR_code_status_t status = MIR_CODE_OK;
  int num = 0, freed = 0, again = 0, wrong = 0;
  REQUIRE (MIR_code_space_create (&options, &space) == MIR_CODE_OK);
  REQUIRE (MIR_code_writer_create (space, &writer) == MIR_CODE_OK);
  while (num < MOST && (status = publish (&funcs[num])) == MIR_CODE_OK) num++;
  tap_note ("%s: %d functions, then %s", kinds[kind].name, num, MIR_code_status_text (status));
  CHECK (num > 0);
  CHECK_INT (status, MIR_CODE_TOO_MANY_MAPPINGS);
  for (int i = 0; i < num; i += 2) freed += MIR_code_free_now (space, funcs[i]) == MIR_CODE_OK;
  CHECK_INT (freed, (num + 1) / 2);
  for (; again < freed; again++)
    if (publish (&funcs[2 * again]) != MIR_CODE_OK) break;
  CHECK_INT (again, freed);
  for (int i = 0; i < num && again == freed; i++) wrong += code_call (funcs[i]) != 7;
  CHECK_INT (wrong, 0);
  MIR_code_space_finish (space);
}

static void default_goes_on_in_freed_room (void) {
  check_kind (0);
}
static void anon_goes_on_with_a_closed_alias (void) {
  check_kind (1);
}
static void memfd_goes_on_in_freed_room (void) {
  check_kind (2);
}
static void memfd_goes_on_with_a_closed_alias (void) {
  check_kind (3);
}

static int is_low (void) {
  long most = -1;
  FILE *file = fopen ("/proc/sys/vm/max_map_count", "r");
  if (file == NULL) return 0;
  if (fscanf (file, "%ld", &most) != 1) most = -1;
  fclose (file);
  return most >= 0 && most <= LOW;
}

int main (void) {
  if (!is_low ()) {
    printf ("Bail out! vm.max_map_count is more than %d\n", LOW);
    return 1;
  }
  TEST_RUN (default_goes_on_in_freed_room);
  TEST_RUN (anon_goes_on_with_a_closed_alias);
  TEST_RUN (memfd_goes_on_in_freed_room);
  TEST_RUN (memfd_goes_on_with_a_closed_alias);
  return tap_done ();
}
