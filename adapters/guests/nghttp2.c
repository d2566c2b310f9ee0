/* Drives nghttp2: a client and a server in one process exchange requests and answers.  */
#include "adapters/mir-nghttp2.h"

#include <string.h>

#include "guests/guest.h"
#include "guests/record.h"

enum { REQUESTS = 20 };

/* A direction: what one side sent and the other has not read.  */
struct pipe {
  uint8_t bytes[1 << 16];
  size_t len;
};

struct side {
  nghttp2_session *session;
  struct pipe *out;
  int has_failed;
  unsigned done;
};

static ssize_t on_send (nghttp2_session *session, const uint8_t *bytes, size_t len, int flags,
                        void *user) {
  struct pipe *out = ((struct side *) user)->out;
  (void) session, (void) flags;
  if (len > sizeof (out->bytes) - out->len) return NGHTTP2_ERR_WOULDBLOCK;
  memcpy (out->bytes + out->len, bytes, len);
  out->len += len;
  return (ssize_t) len;
}

static nghttp2_nv pair (const char *name, const char *value) {
  nghttp2_nv res = {(uint8_t *) (uintptr_t) name, (uint8_t *) (uintptr_t) value, strlen (name),
                    strlen (value), NGHTTP2_NV_FLAG_NONE};
  return res;
}

/* The server answers each request; the client counts the answers.  */
static int on_frame (nghttp2_session *session, const nghttp2_frame *frame, void *user) {
  struct side *side = (struct side *) user;
  if (frame->hd.type != NGHTTP2_HEADERS) return 0;
  side->done++;
  if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
  const nghttp2_nv answer[] = {pair (":status", "200"), pair ("server", "a guest"),
                               pair ("x-a-name", "a value that repeats")};
  if (nghttp2_submit_response (session, frame->hd.stream_id, answer, 3, NULL) != 0)
    side->has_failed = 1;
  return 0;
}

static int open_side (struct side *side, struct pipe *out, int is_server, nghttp2_mem *mem) {
  nghttp2_session_callbacks *callbacks;
  side->out = out;
  if (nghttp2_session_callbacks_new (&callbacks) != 0) return -1;
  nghttp2_session_callbacks_set_send_callback (callbacks, on_send);
  nghttp2_session_callbacks_set_on_frame_recv_callback (callbacks, on_frame);
  int res = is_server ? nghttp2_session_server_new3 (&side->session, callbacks, side, NULL, mem)
                      : nghttp2_session_client_new3 (&side->session, callbacks, side, NULL, mem);
  nghttp2_session_callbacks_del (callbacks);
  if (res == 0) res = nghttp2_submit_settings (side->session, NGHTTP2_FLAG_NONE, NULL, 0);
  return res;
}

/* Let SIDE send, and OTHER read it.  0, or an error.  */
static int move (struct side *side, struct side *other) {
  int res = nghttp2_session_send (side->session);
  if (res != 0) return res;
  ssize_t len = nghttp2_session_mem_recv (other->session, side->out->bytes, side->out->len);
  if (len < 0) return (int) len;
  side->out->len = 0;
  return other->has_failed ? NGHTTP2_ERR_NOMEM : 0;
}

static enum guest_result exchange (MIR_alloc_t alloc) {
  static struct pipe there, back;
  nghttp2_mem mem = {NULL, record_last_malloc, record_last_free, record_last_calloc,
                     record_last_realloc};
  if (alloc != NULL) mem = MIR_nghttp2_mem (alloc);
  struct side client = {0}, server = {0};
  const nghttp2_nv request[] = {pair (":method", "GET"), pair (":scheme", "https"),
                                pair (":authority", "example.org"), pair (":path", "/a/path"),
                                pair ("user-agent", "a guest of some length")};
  int res = open_side (&client, &there, 0, &mem);
  if (res == 0) res = open_side (&server, &back, 1, &mem);
  for (int i = 0; i < REQUESTS && res == 0; i++) {
    int stream = nghttp2_submit_request (client.session, NULL, request, 5, NULL, NULL);
    if (stream < 0) res = stream;
    if (res == 0) res = move (&client, &server);
    if (res == 0) res = move (&server, &client);
  }
  nghttp2_session_del (client.session);
  nghttp2_session_del (server.session);
  if (res != 0) return res == NGHTTP2_ERR_NOMEM ? GUEST_NO_MEMORY : GUEST_WRONG;
  return client.done == REQUESTS && server.done == REQUESTS ? GUEST_RIGHT : GUEST_WRONG;
}

const char *guest_version (void) {
  return nghttp2_version (0)->version_str;
}

const struct guest guests[] = {
    {.name = "nghttp2", .run = exchange, .refusals = GUEST_NOT_ALWAYS},
    {.name = NULL},
};
