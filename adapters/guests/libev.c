/* Drives libev: timers and a pipe in a loop of its own.  */
#include "adapters/mir-libev.h"

#include <stdio.h>
#include <unistd.h>

#include "guests/guest.h"
#include "guests/record.h"

static void *record_libev (void *ptr, long size) EV_NOEXCEPT {
  if (size > 0) return record_realloc (ptr, (size_t) size);
  record_free (ptr);
  return NULL;
}

static void on_timer (struct ev_loop *loop, ev_timer *timer, int events) {
  (void) loop, (void) events;
  ++*(int *) timer->data;
}

static void on_read (struct ev_loop *loop, ev_io *io, int events) {
  (void) events;
  ++*(int *) io->data;
  ev_io_stop (loop, io);
}

static enum guest_result work (MIR_alloc_t alloc) {
  int ends[2], timers_done = 0, reads = 0;
  if (pipe (ends) != 0) return GUEST_WRONG;
  if (alloc != NULL)
    MIR_libev_use (alloc);
  else
    ev_set_allocator (record_libev);
  struct ev_loop *loop = ev_loop_new (EVFLAG_AUTO);
  if (loop == NULL) return GUEST_NO_MEMORY;
  ev_timer timers[20];
  ev_io io;
  for (int i = 0; i < 20; i++) {
    ev_timer_init (&timers[i], on_timer, .001 * i, 0.);
    timers[i].data = &timers_done;
    ev_timer_start (loop, &timers[i]);
  }
  ev_io_init (&io, on_read, ends[0], EV_READ);
  io.data = &reads;
  ev_io_start (loop, &io);
  enum guest_result res = GUEST_WRONG;
  if (write (ends[1], "x", 1) == 1) {
    ev_run (loop, 0);
    res = timers_done == 20 && reads == 1 ? GUEST_RIGHT : GUEST_WRONG;
  }
  ev_loop_destroy (loop);
  close (ends[0]);
  close (ends[1]);
  return res;
}

const char *guest_version (void) {
  static char text[16];
  snprintf (text, sizeof (text), "%d.%d", ev_version_major (), ev_version_minor ());
  return text;
}

const struct guest guests[] = {
    {.name = "libev", .run = work, .refusals = GUEST_ENDS, .varies = 1},
    {.name = NULL},
};
