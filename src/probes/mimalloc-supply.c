/* Compiles if mimalloc takes memory from its user, as src/heap/supply.c gives it.  */
#include <mimalloc.h>
#include <stdbool.h>
#include <stddef.h>

static bool mi_cdecl supply (bool commit, void *start, size_t size, bool *is_zero, void *arg) {
  return commit && start == arg && size == 0 && is_zero == 0;
}

int main (void) {
  mi_arena_id_t id;
  mi_option_set (mi_option_purge_delay, 0);
  mi_option_set (mi_option_page_commit_on_demand, 0);
  mi_option_set (mi_option_arena_eager_commit, 0);
  return mi_arena_min_alignment () == mi_option_get_size (mi_option_arena_max_object_size)
         || mi_manage_memory (0, 0, false, false, true, -1, false, supply, 0, &id);
}
