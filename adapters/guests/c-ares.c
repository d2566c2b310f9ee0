/* Drives c-ares: makes queries, parses answers, and a channel; no network.  */
#include "adapters/mir-c-ares.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "guests/guest.h"
#include "guests/record.h"

/* An answer: example.org has the address 192.0.2.1, sixteen times.  */
static int make_answer (unsigned char *bytes, const unsigned char *query, int query_len) {
  enum { ANSWERS = 16 };
  static const unsigned char answer[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 0, 0, 4, 192, 0, 2, 1};
  memcpy (bytes, query, (size_t) query_len);
  bytes[2] |= 0x80;
  bytes[7] = ANSWERS;
  int len = query_len;
  for (int i = 0; i < ANSWERS; i++, len += (int) sizeof (answer))
    memcpy (bytes + len, answer, sizeof (answer));
  return len;
}

static int resolve (void) {
  unsigned char *query = NULL, bytes[1024];
  int len = 0;
  int res = ares_create_query ("example.org", 1, 1, 7, 1, &query, &len, 0);
  if (res != ARES_SUCCESS) return res;
  len = make_answer (bytes, query, len);
  ares_free_string (query);
  struct hostent *host = NULL;
  res = ares_parse_a_reply (bytes, len, &host, NULL, NULL);
  if (res != ARES_SUCCESS) return res;
  res = strcmp (host->h_name, "example.org") == 0 && host->h_addr_list[15] != NULL ? ARES_SUCCESS
                                                                                   : ARES_EFORMERR;
  ares_free_hostent (host);
  return res;
}

static enum guest_result work (MIR_alloc_t alloc) {
  int res = alloc != NULL ? MIR_c_ares_init (alloc, ARES_LIB_INIT_ALL)
                          : ares_library_init_mem (ARES_LIB_INIT_ALL, record_malloc, record_free,
                                                   record_realloc);
  ares_channel channel;
  if (res == ARES_SUCCESS) res = ares_init (&channel);
  if (res == ARES_SUCCESS) {
    res = ares_set_servers_csv (channel, "192.0.2.53,192.0.2.54");
    if (res == ARES_SUCCESS) res = resolve ();
    ares_destroy (channel);
  }
  ares_library_cleanup ();
  return res == ARES_SUCCESS ? GUEST_RIGHT : res == ARES_ENOMEM ? GUEST_NO_MEMORY : GUEST_WRONG;
}

const char *guest_version (void) {
  return ares_version (NULL);
}

const struct guest guests[] = {
    {.name = "c-ares", .run = work, .refusals = GUEST_GOES_ON, .varies = 1},
    {.name = NULL},
};
