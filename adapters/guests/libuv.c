/* Drives libuv: timers, a pipe, a folder's names, and a look-up of a name in its threads.  */
#include "adapters/mir-globals.h"

#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "guests/guest.h"
#include "guests/record.h"

MIR_GLOBALS (loop)

static unsigned timers, reads, names;

static void on_timer (uv_timer_t *timer) {
  timers++;
  uv_close ((uv_handle_t *) timer, NULL);
}

static void on_room (uv_handle_t *handle, size_t size, uv_buf_t *buffer) {
  static char text[64];
  (void) handle, (void) size;
  *buffer = uv_buf_init (text, sizeof (text));
}

static void on_read (uv_stream_t *stream, ssize_t len, const uv_buf_t *buffer) {
  (void) buffer;
  if (len > 0) reads++;
  uv_close ((uv_handle_t *) stream, NULL);
}

static void on_name (uv_getaddrinfo_t *request, int status, struct addrinfo *res) {
  (void) request;
  if (status == 0) names++;
  uv_freeaddrinfo (res);
}

static int list (uv_loop_t *loop) {
  uv_fs_t request;
  uv_dirent_t entry;
  int num = 0;
  int res = uv_fs_scandir (loop, &request, "/proc/self/task", 0, NULL);
  if (res >= 0)
    while (uv_fs_scandir_next (&request, &entry) == 0) num++;
  uv_fs_req_cleanup (&request);
  return res < 0 ? res : num >= 1 ? 0 : UV_EIO;
}

static int turn (uv_loop_t *loop, int *ends) {
  static uv_timer_t timer[10];
  static uv_pipe_t pipe;
  static uv_getaddrinfo_t request;
  for (int i = 0; i < 10; i++) {
    uv_timer_init (loop, &timer[i]);
    uv_timer_start (&timer[i], on_timer, 1, 0);
  }
  uv_pipe_init (loop, &pipe, 0);
  int res = uv_pipe_open (&pipe, ends[0]);
  if (res == 0) ends[0] = -1; /* the pipe's */
  if (res == 0) res = uv_read_start ((uv_stream_t *) &pipe, on_room, on_read);
  if (res == 0 && write (ends[1], "x", 1) != 1) res = UV_EIO;
  if (res != 0) uv_close ((uv_handle_t *) &pipe, NULL);
  if (res == 0) res = uv_getaddrinfo (loop, &request, on_name, "127.0.0.1", "80", NULL);
  if (res == 0) res = list (loop);
  uv_run (loop, UV_RUN_DEFAULT);
  if (res != 0) return res;
  return timers == 10 && reads == 1 && names == 1 ? 0 : UV_EIO;
}

static enum guest_result work (MIR_alloc_t alloc) {
  uv_loop_t loop;
  int ends[2];
  timers = reads = names = 0;
  int res = alloc != NULL
                ? uv_replace_allocator (loop_malloc, loop_realloc, loop_calloc, loop_free)
                : uv_replace_allocator (record_malloc, record_realloc, record_calloc, record_free);
  if (res != 0 || pipe (ends) != 0) return GUEST_WRONG;
  res = uv_loop_init (&loop);
  if (res == 0) {
    res = turn (&loop, ends);
    if (uv_loop_close (&loop) != 0) res = UV_EBUSY;
  }
  uv_library_shutdown ();
  if (ends[0] != -1) close (ends[0]);
  close (ends[1]);
  return res == 0 ? GUEST_RIGHT : res == UV_ENOMEM ? GUEST_NO_MEMORY : GUEST_WRONG;
}

static enum guest_result turn_a_loop (MIR_alloc_t alloc) {
  if (alloc == NULL) return work (NULL);
  if (MIR_sized_create (alloc, &loop_sized) != MIR_HEAP_OK) return GUEST_NO_MEMORY;
  enum guest_result res = work (alloc);
  MIR_sized_finish (loop_sized);
  return res;
}

const char *guest_version (void) {
  return uv_version_string ();
}

const struct guest guests[] = {
    {.name = "libuv", .run = turn_a_loop, .refusals = GUEST_NOT_ALWAYS, .own_blocks = 1},
    {.name = NULL},
};
