/* Drives libevent: timers, a pipe, buffers.  */
#include "adapters/mir-libevent.h"

#include <event2/buffer.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "guests/guest.h"
#include "guests/record.h"

static void count (evutil_socket_t fd, short what, void *counter) {
  (void) fd, (void) what;
  ++*(int *) counter;
}

/* 0 if the buffer gives back what went in.  */
static int use_buffer (void) {
  static char text[10000], back[10000];
  struct evbuffer *buffer = evbuffer_new ();
  if (buffer == NULL) return -1;
  memset (text, 'x', sizeof (text));
  int res = 0;
  for (int i = 0; i < 5 && res == 0; i++) res = evbuffer_add (buffer, text + i * 2000, 2000);
  if (res == 0 && evbuffer_remove (buffer, back, sizeof (back)) != (int) sizeof (back)) res = -1;
  evbuffer_free (buffer);
  return res == 0 && memcmp (text, back, sizeof (text)) != 0 ? 1 : res;
}

static enum guest_result loop (struct event_base *base, const int *ends) {
  const struct timeval soon = {0, 1000};
  int timers = 0, reads = 0;
  struct event *events[11] = {NULL};
  enum guest_result res = GUEST_RIGHT;
  for (int i = 0; i < 10; i++) {
    events[i] = event_new (base, -1, 0, count, &timers);
    if (events[i] == NULL || event_add (events[i], &soon) != 0) res = GUEST_NO_MEMORY;
  }
  events[10] = event_new (base, ends[0], EV_READ, count, &reads);
  if (events[10] == NULL || event_add (events[10], NULL) != 0) res = GUEST_NO_MEMORY;
  if (res == GUEST_RIGHT && write (ends[1], "x", 1) == 1)
    res = event_base_dispatch (base) >= 0 && timers == 10 && reads == 1 ? GUEST_RIGHT : GUEST_WRONG;
  for (int i = 0; i < 11; i++)
    if (events[i] != NULL) event_free (events[i]);
  return res;
}

static enum guest_result work (MIR_alloc_t alloc) {
  int ends[2];
  if (pipe (ends) != 0) return GUEST_WRONG;
  if (alloc != NULL)
    MIR_libevent_use (alloc);
  else
    event_set_mem_functions (record_malloc, record_realloc, record_free);
  struct event_base *base = event_base_new ();
  enum guest_result res = base == NULL ? GUEST_NO_MEMORY : loop (base, ends);
  if (res == GUEST_RIGHT) {
    int buffer = use_buffer ();
    res = buffer == 0 ? GUEST_RIGHT : buffer < 0 ? GUEST_NO_MEMORY : GUEST_WRONG;
  }
  if (base != NULL) event_base_free (base);
  libevent_global_shutdown ();
  close (ends[0]);
  close (ends[1]);
  return res;
}

const char *guest_version (void) {
  static char version[32]; /* 2.1.12-stable */
  snprintf (version, sizeof (version), "%s", event_get_version ());
  version[strcspn (version, "-")] = 0;
  return version;
}

const struct guest guests[] = {
    {.name = "libevent", .run = work, .refusals = GUEST_NOT_ALWAYS},
    {.name = NULL},
};
