/* Reading captures: argument 1 is a real one.  */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture.h"
#include "support/probe-alloc.h"
#include "support/tap.h"

/*---------------- Helpers -----------------------------*/

static const char *real_capture;

/* A capture that is being loaded.  */
struct loading {
  struct probe_alloc probe;
  const char *path;
  struct capture capture;
};

static void load (void *arg) {
  struct loading *loading = (struct loading *) arg;
  capture_load (&loading->capture, &loading->probe.alloc, loading->path);
}

/* Load PATH and return what catch_failure does.  The allocation after SUCCESSES others fails; < 0:
   none does.  */
static int start_loading (struct loading *loading, const char *path, long successes,
                          struct failure *failure) {
  memset (loading, 0, sizeof (*loading));
  probe_alloc_init (&loading->probe);
  probe_alloc_fail_after (&loading->probe, successes, 0);
  loading->path = path;
  return catch_failure (failure, load, loading);
}

static void finish_loading (struct loading *loading) {
  capture_finish (&loading->capture);
  CHECK_INT (probe_alloc_finish (&loading->probe), 0);
}

/* Write a file for one test in the working directory.  */
static char scratch_path[64];

static void write_scratch (const void *bytes, size_t len) {
  FILE *f;
  remove (scratch_path); /* truncating a file makes some file systems wait for the disk */
  f = fopen (scratch_path, "wb");
  REQUIRE (f != NULL);
  REQUIRE (fwrite (bytes, 1, len, f) == len);
  REQUIRE (fclose (f) == 0);
}

/* The message, behind the path, with which these bytes are refused; "" if they are accepted.  */
static const char *refusal_of (const void *bytes, size_t len) {
  static struct failure failure;
  struct loading loading;
  const char *message = "";
  write_scratch (bytes, len);
  if (start_loading (&loading, scratch_path, -1, &failure) != 0) {
    message = failure.message + strlen (scratch_path);
    CHECK (strncmp (failure.message, scratch_path, strlen (scratch_path)) == 0);
  }
  finish_loading (&loading);
  return message;
}

static void put (uint8_t *p, unsigned size, uint32_t value, int big_endian) {
  for (unsigned i = 0; i < size; i++)
    p[i] = (uint8_t) (value >> 8 * (big_endian ? size - 1 - i : i));
}

/* Two packets, 2 seconds apart: one of 5 bytes, one of 60 bytes of which 6 are kept.  */
enum { SMALL_LEN = 24 + 16 + 5 + 16 + 6, FIRST = 24, SECOND = 24 + 16 + 5 };

static void make_small_capture (uint8_t file[SMALL_LEN], uint32_t magic, int big_endian) {
  const uint32_t packets[2][4] = {{1000, 250, 5, 5}, {1002, 251, 6, 60}};
  memset (file, 0xee, SMALL_LEN);
  put (file, 4, magic, big_endian);
  put (file + 4, 2, 2, big_endian);
  put (file + 6, 2, 4, big_endian);
  put (file + 8, 4, 0, big_endian);
  put (file + 12, 4, 0, big_endian);
  put (file + 16, 4, 6, big_endian);
  put (file + 20, 4, 1, big_endian);
  for (int field = 0; field < 4; field++) {
    put (file + FIRST + 4 * field, 4, packets[0][field], big_endian);
    put (file + SECOND + 4 * field, 4, packets[1][field], big_endian);
  }
}

/*---------------- Tests -----------------------------*/

static void reads_both_byte_orders_and_both_units (void) {
  static const uint32_t magics[] = {0xa1b2c3d4, 0xa1b23c4d};
  for (int form = 0; form < 4; form++) {
    uint8_t file[SMALL_LEN];
    struct failure failure;
    struct loading loading;
    struct packet packet;
    make_small_capture (file, magics[form / 2], form % 2);
    write_scratch (file, sizeof (file));
    REQUIRE (start_loading (&loading, scratch_path, -1, &failure) == 0);
    CHECK_INT (loading.capture.link_type, 1);
    CHECK_INT (loading.capture.snaplen, 6);
    REQUIRE (VARR_LENGTH (packet_t, loading.capture.packets) == 2);
    packet = VARR_GET (packet_t, loading.capture.packets, 1);
    CHECK_INT (packet.caplen, 6);
    CHECK_INT (packet.wirelen, 60);
    CHECK_INT (packet.time, 1002000000000 + (form < 2 ? 251000 : 251));
    CHECK_INT (packet.bytes[5], 0xee);
    finish_loading (&loading);
  }
}

static void refuses_a_file_cut_anywhere (void) {
  uint8_t file[SMALL_LEN];
  make_small_capture (file, 0xa1b2c3d4, 0);
  for (size_t len = 0; len <= SMALL_LEN; len++) {
    const char *expected = len < FIRST         ? ": too short for a pcap file"
                           : len == FIRST      ? ": no packets"
                           : len == SECOND     ? ""
                           : len == SMALL_LEN  ? ""
                           : len < FIRST + 16  ? ": packet 1: the file ends within its header"
                           : len < SECOND      ? ": packet 1: the file ends "
                           : len < SECOND + 16 ? ": packet 2: the file ends within its header"
                                               : ": packet 2: the file ends ";
    const char *message = refusal_of (file, len);
    if (strncmp (message, expected, strlen (expected)) != 0) CHECK_STR (message, expected);
    if (expected[0] == '\0') CHECK_STR (message, "");
  }
  CHECK_STR (refusal_of (file, SMALL_LEN - 2), ": packet 2: the file ends 2 bytes too early");
}

static void refuses_wrong_headers (void) {
  static const struct {
    size_t at;
    uint32_t value;
    const char *message;
  } damages[] = {
      {0, 0xa1b2c3d5, ": not a pcap file"},
      {0, 0x0a0d0d0a, ": this is pcapng; convert it to classic pcap with editcap -F pcap"},
      {4, 0x00050002, ": pcap of another version than 2.4"},
      {4, 0x00040001, ": pcap of another version than 2.4"},
      {16, 262145, ": packets of up to 262145 bytes, the limit is 262144"},
      {16, 5, ": packet 2: 6 bytes kept, the capture's limit is 5"},
      {FIRST + 4, 1000000, ": packet 1: the fraction of its second is a second or more"},
      {FIRST + 8, 0xffffffff, ": packet 1: 4294967295 bytes kept, the capture's limit is 6"},
      {FIRST + 12, 4, ": packet 1: 5 bytes kept of 4"},
      {SECOND + 8, 0, ": packet 3: the file ends within its header"}};

  for (int big_endian = 0; big_endian < 2; big_endian++)
    for (size_t i = 0; i < sizeof (damages) / sizeof (damages[0]); i++) {
      uint8_t file[SMALL_LEN];
      if (damages[i].at == 4 && big_endian) continue; /* two fields of 16 bits */
      make_small_capture (file, 0xa1b2c3d4, big_endian);
      put (file + damages[i].at, 4, damages[i].value, big_endian);
      CHECK_STR (refusal_of (file, sizeof (file)), damages[i].message);
    }
}

/* Any bytes give packets within the file, or a message.  */
static void survives_damaged_files (void) {
  for (size_t n = tap_scaled (5000); n > 0; n--) {
    uint8_t file[SMALL_LEN];
    struct failure failure;
    struct loading loading;
    make_small_capture (file, 0xa1b23c4d, (int) (n % 2));
    for (uint64_t damages = 1 + tap_random () % 3; damages > 0; damages--)
      file[tap_random () % SMALL_LEN] = (uint8_t) (tap_random () >> 8);
    write_scratch (file, (size_t) (tap_random () % (SMALL_LEN + 1)));
    if (start_loading (&loading, scratch_path, -1, &failure) == 0)
      for (size_t i = 0; i < VARR_LENGTH (packet_t, loading.capture.packets); i++) {
        struct packet packet = VARR_GET (packet_t, loading.capture.packets, i);
        CHECK (packet.bytes + packet.caplen
               <= VARR_ADDR (uint8_t, loading.capture.file.bytes)
                      + VARR_LENGTH (uint8_t, loading.capture.file.bytes));
      }
    finish_loading (&loading);
  }
}

static void refuses_what_cannot_be_read (void) {
  struct failure failure;
  struct loading loading;
  CHECK_INT (start_loading (&loading, "no-such-directory/x.pcap", -1, &failure), -1);
  CHECK_STR (failure.message, "no-such-directory/x.pcap: No such file or directory");
  finish_loading (&loading);
  CHECK_INT (start_loading (&loading, ".", -1, &failure), -1);
  CHECK_STR (failure.message, ".: not a regular file");
  finish_loading (&loading);
}

static void gives_all_back_when_memory_is_refused (void) {
  int failed = 1;
  for (long n = 0; failed; n++) {
    struct failure failure;
    struct loading loading;
    failed = start_loading (&loading, real_capture, n, &failure);
    if (failed) CHECK_INT (failure.type, MIR_alloc_error);
    finish_loading (&loading);
  }
}

int main (int argc, char **argv) {
  if (argc != 2) {
    fprintf (stderr, "usage: %s CAPTURE\n", argv[0]);
    return 1;
  }
  real_capture = argv[1];
  snprintf (scratch_path, sizeof (scratch_path), "test-capture-%ld.tmp", (long) getpid ());
  TEST_RUN (reads_both_byte_orders_and_both_units);
  TEST_RUN (refuses_a_file_cut_anywhere);
  TEST_RUN (refuses_wrong_headers);
  TEST_RUN (survives_damaged_files);
  TEST_RUN (refuses_what_cannot_be_read);
  TEST_RUN (gives_all_back_when_memory_is_refused);
  remove (scratch_path);
  return tap_done ();
}
