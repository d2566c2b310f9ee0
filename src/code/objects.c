/* The records of a space's objects, and the order in which freed ones are reclaimed.  */
#include "code/objects.h"

#include <string.h> /* memcpy, memmove, memset */

enum { FIRST_POINTERS = 16 }; /* chunks */

/* The record of HANDLE, which is not 0.  */
static struct mir_object *record (const struct mir_objects *objects, uint32_t handle) {
  uint32_t i = handle - 1;
  return &objects->chunks[i / MIR_OBJECTS_PER_CHUNK][i % MIR_OBJECTS_PER_CHUNK];
}

struct mir_object *mir_objects_find (struct mir_objects *objects, uintptr_t handle) {
  if (handle == 0 || handle > objects->fresh) return NULL;
  struct mir_object *found = record (objects, (uint32_t) handle);
  return found->state != MIR_OBJECT_NONE ? found : NULL;
}

/*---------------- Records -----------------------------*/

int mir_objects_have_room (const struct mir_objects *objects, uint32_t *capacity) {
  uint32_t num = objects->chunks_num;
  *capacity = num < objects->chunks_capacity ? 0 : num == 0 ? FIRST_POINTERS : 2 * num;
  return objects->free != 0 || objects->fresh < num * MIR_OBJECTS_PER_CHUNK;
}

void *mir_objects_widen (struct mir_objects *objects, void *pointers, uint32_t capacity) {
  size_t used = objects->chunks_num * sizeof (*objects->chunks);
  if (capacity <= objects->chunks_capacity) return pointers;
  void *old = objects->chunks;
  if (used != 0) memcpy (pointers, old, used);
  objects->chunks = (struct mir_object **) pointers;
  objects->chunks_capacity = capacity;
  return old;
}

void *mir_objects_grow (struct mir_objects *objects, void *chunk) {
  if (objects->chunks_num == objects->chunks_capacity) return chunk;
  memset (chunk, 0, MIR_OBJECTS_PER_CHUNK * sizeof (struct mir_object));
  objects->chunks[objects->chunks_num++] = (struct mir_object *) chunk;
  return NULL;
}

uint32_t mir_objects_take (struct mir_objects *objects) {
  uint32_t handle = objects->free;
  if (handle != 0)
    objects->free = record (objects, handle)->next;
  else
    handle = ++objects->fresh;
  struct mir_object *taken = record (objects, handle);
  memset (taken, 0, sizeof (*taken));
  taken->state = MIR_OBJECT_OPEN;
  return handle;
}

void mir_objects_give_back (struct mir_objects *objects, uint32_t handle) {
  struct mir_object *given = record (objects, handle);
  given->state = MIR_OBJECT_NONE;
  given->next = objects->free;
  objects->free = handle;
}

size_t mir_objects_bytes (const struct mir_objects *objects) {
  return objects->chunks_capacity * sizeof (*objects->chunks)
         + (size_t) objects->chunks_num * MIR_OBJECTS_PER_CHUNK * sizeof (struct mir_object);
}

/*---------------- Retired objects -----------------------------*/

/* N retired objects more, 1 or -1, like OBJECT.  */
static void count_retired (struct mir_objects *objects, const struct mir_object *object, int n) {
  objects->retired_num += (uint32_t) n;
  if (object->blocks[0] != 0) objects->retired_code += (uint32_t) n; /* MIR_CODE_READ_EXEC */
}

void mir_objects_retire (struct mir_objects *objects, uint32_t handle, uint64_t grace) {
  struct mir_object *retired = record (objects, handle);
  retired->state = MIR_OBJECT_RETIRED;
  retired->next = 0;
  if (objects->newest != 0)
    record (objects, objects->newest)->next = handle;
  else
    objects->oldest = handle;
  objects->newest = handle;
  count_retired (objects, retired, 1);
  objects->waiting_num++;
  mir_periods_add (&objects->periods, grace, objects->position + objects->waiting_num);
}

/* Those that were put back in earlier passes come first.  */
void mir_objects_begin (struct mir_objects *objects) {
  if (objects->again != 0) return; /* a pass of another thread */
  objects->again = objects->refused;
  objects->refused = 0;
}

/* Remove and return the first object of LIST.  */
static uint32_t pop_object (struct mir_objects *objects, uint32_t *list) {
  uint32_t handle = *list;
  struct mir_object *first = record (objects, handle);
  *list = first->next;
  first->next = 0;
  count_retired (objects, first, -1);
  return handle;
}

uint32_t mir_objects_take_retired (struct mir_objects *objects, uint64_t grace) {
  if (objects->again != 0) return pop_object (objects, &objects->again);
  if (objects->oldest == 0 || objects->periods.at[0].grace > grace) return 0;
  uint32_t handle = pop_object (objects, &objects->oldest);
  if (objects->oldest == 0) objects->newest = 0;
  objects->position++;
  objects->waiting_num--;
  mir_periods_pass (&objects->periods, objects->position);
  return handle;
}

void mir_objects_put_back (struct mir_objects *objects, uint32_t handle) {
  struct mir_object *refused = record (objects, handle);
  refused->state = MIR_OBJECT_RETIRED;
  refused->next = objects->refused;
  objects->refused = handle;
  count_retired (objects, refused, 1);
}
