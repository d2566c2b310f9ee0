/* Drives libcurl: reads a file by its URL, and parses URLs.  */
#include "adapters/mir-curl.h"

#include <stdlib.h>
#include <unistd.h>

#include "guests/guest.h"
#include "guests/record.h"

static char *record_strdup (const char *text) {
  size_t size = strlen (text) + 1;
  void *res = record_malloc (size);
  return res == NULL ? NULL : (char *) memcpy (res, text, size);
}

static size_t on_bytes (char *bytes, size_t size, size_t num, void *sum) {
  (void) bytes;
  *(size_t *) sum += size * num;
  return size * num;
}

static CURLcode transfer (const char *url, size_t *len) {
  CURL *curl = curl_easy_init ();
  if (curl == NULL) return CURLE_OUT_OF_MEMORY;
  CURLcode res = curl_easy_setopt (curl, CURLOPT_URL, url);
  if (res == CURLE_OK) res = curl_easy_setopt (curl, CURLOPT_WRITEFUNCTION, on_bytes);
  if (res == CURLE_OK) res = curl_easy_setopt (curl, CURLOPT_WRITEDATA, len);
  if (res == CURLE_OK) res = curl_easy_perform (curl);
  curl_easy_cleanup (curl);
  return res;
}

static enum guest_result work (MIR_alloc_t alloc) {
  char url[] = "file:///tmp/guest-curl-XXXXXX";
  int file = mkstemp (url + 7);
  size_t len = 0;
  if (file < 0 || write (file, "0123456789", 10) != 10) return GUEST_WRONG;
  close (file);
  CURLcode res = alloc != NULL
                     ? MIR_curl_global_init (CURL_GLOBAL_ALL, alloc)
                     : curl_global_init_mem (CURL_GLOBAL_ALL, record_malloc, record_free,
                                             record_realloc, record_strdup, record_calloc);
  if (res == CURLE_OK) res = transfer (url, &len);
  curl_global_cleanup ();
  unlink (url + 7);
  return res == CURLE_OK && len == 10                             ? GUEST_RIGHT
         : res == CURLE_OUT_OF_MEMORY || res == CURLE_FAILED_INIT ? GUEST_NO_MEMORY
                                                                  : GUEST_WRONG;
}

const char *guest_version (void) {
  return curl_version_info (CURLVERSION_NOW)->version;
}

const struct guest guests[] = {
    {.name = "curl, file://", .run = work, .refusals = GUEST_GOES_ON},
    {.name = NULL},
};
