#!/bin/sh
# Other allocator functions are accepted while the library holds memory, where the manual says that they cannot be, and
# are then given blocks that they never made.
# OpenSSL: CRYPTO_set_mem_functions "returns 1 on success or 0 on failure (almost always because allocations have
# already happened)".  That is so only while its default functions are in use.  Where one part of the program has set
# its own, another one that does so at any later time is told 1, and is to free what the first one's malloc has made.
# ICU: u_setMemoryFunctions "can only be used when ICU is in an initial, unused state".  It has a status, which stays
# U_ZERO_ERROR.
# c-ares: of ares_library_init_mem, "only the first call done when c-ares is in an uninitialized state is actually
# effective".  Each call replaces the functions.
# All functions here end in the C library's, so that nothing happens; with two heaps it would.
# x86-64; packages of Debian 12 or 13, whichever this is.
. "$(dirname "$0")/unpack.sh"
case $(. /etc/os-release && echo "$ID $VERSION_ID") in
'debian 13') unpack libssl3t64=3.5.9-1~deb13u1 libicu76=76.1-4 libcares2=1.34.9-1~deb13u1 && icu=76 ;;
*) unpack libssl3=3.0.22-1~deb12u2 libicu72=72.1-3+deb12u1 libc-ares2=1.18.1-3 && icu=72 ;;
esac
cat >"$work/late.c" <<'C'
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef void *ssl_malloc_t (size_t, const char *, int);
typedef void *ssl_realloc_t (void *, size_t, const char *, int);
typedef void ssl_free_t (void *, const char *, int);
int CRYPTO_set_mem_functions (ssl_malloc_t *, ssl_realloc_t *, ssl_free_t *);
void *EVP_MD_CTX_new (void);
void EVP_MD_CTX_free (void *);

typedef void *icu_malloc_t (const void *, size_t);
typedef void *icu_realloc_t (const void *, void *, size_t);
typedef void icu_free_t (const void *, void *);
#define u_setMemoryFunctions ICU (u_setMemoryFunctions)
#define ucnv_open ICU (ucnv_open)
#define ucnv_close ICU (ucnv_close)
void u_setMemoryFunctions (const void *, icu_malloc_t *, icu_realloc_t *, icu_free_t *, int *status);
void *ucnv_open (const char *name, int *status);
void ucnv_close (void *);

typedef void *ares_malloc_t (size_t);
typedef void *ares_realloc_t (void *, size_t);
typedef void ares_free_t (void *);
int ares_library_init (int flags);
int ares_library_init_mem (int flags, ares_malloc_t *, ares_free_t *, ares_realloc_t *);
int ares_init (void **channel);
void ares_destroy (void *channel);

enum { DEFAULT, FIRST, SECOND, SETS, SLOTS = 1 << 16 };
static void *blocks[SLOTS];
static char makers[SLOTS];
static int freed[SETS]; /* of DEFAULT and FIRST: by the functions of SECOND */

/* Return who made BLOCK; DEFAULT if it is not known here.  */
static char *maker (void *block) {
  size_t i = (uintptr_t) block / 16 % SLOTS;
  while (blocks[i] != NULL && blocks[i] != block) i = (i + 1) % SLOTS;
  blocks[i] = block;
  return &makers[i];
}

static void *resize (int set, void *block, size_t size) {
  if (block != NULL) {
    if (set == SECOND) freed[(int) *maker (block)]++;
    *maker (block) = DEFAULT;
  }
  if (size == 0) {
    free (block);
    return NULL;
  }
  block = realloc (block, size);
  *maker (block) = set;
  return block;
}

#define FUNCTIONS(SET)                                                                                            \
  static void *ssl_malloc_##SET (size_t n, const char *file, int line) { return resize (SET, NULL, n); }          \
  static void *ssl_realloc_##SET (void *p, size_t n, const char *file, int line) { return resize (SET, p, n); }   \
  static void ssl_free_##SET (void *p, const char *file, int line) { resize (SET, p, 0); }                        \
  static void *icu_malloc_##SET (const void *data, size_t n) { return resize (SET, NULL, n); }                    \
  static void *icu_realloc_##SET (const void *data, void *p, size_t n) { return resize (SET, p, n); }             \
  static void icu_free_##SET (const void *data, void *p) { resize (SET, p, 0); }                                  \
  static void *ares_malloc_##SET (size_t n) { return resize (SET, NULL, n); }                                     \
  static void *ares_realloc_##SET (void *p, size_t n) { return resize (SET, p, n); }                              \
  static void ares_free_##SET (void *p) { resize (SET, p, 0); }
FUNCTIONS (FIRST)
FUNCTIONS (SECOND)

/* Each sets the functions of SET and returns whether the library says that it has.  */
static int set_ssl (int set) {
  return set == FIRST ? CRYPTO_set_mem_functions (ssl_malloc_FIRST, ssl_realloc_FIRST, ssl_free_FIRST) == 1
                      : CRYPTO_set_mem_functions (ssl_malloc_SECOND, ssl_realloc_SECOND, ssl_free_SECOND) == 1;
}

static int set_icu (int set) {
  int status = 0;
  if (set == FIRST)
    u_setMemoryFunctions (NULL, icu_malloc_FIRST, icu_realloc_FIRST, icu_free_FIRST, &status);
  else
    u_setMemoryFunctions (NULL, icu_malloc_SECOND, icu_realloc_SECOND, icu_free_SECOND, &status);
  return status == 0; /* U_ZERO_ERROR */
}

static int set_ares (int set) {
  return set == FIRST ? ares_library_init_mem (0, ares_malloc_FIRST, ares_free_FIRST, ares_realloc_FIRST) == 0
                      : ares_library_init_mem (0, ares_malloc_SECOND, ares_free_SECOND, ares_realloc_SECOND) == 0;
}

static void *open_icu (void) {
  int status = 0;
  return ucnv_open ("Shift_JIS", &status);
}

static void *open_ares (void) {
  void *channel = NULL;
  ares_init (&channel);
  return channel;
}

/* Use a library with its default functions or with own ones, the first; set the second while it is in use.  */
static void run (const char *name, int is_own, int (*set) (int), void *(*open) (void), void (*close) (void *)) {
  if (is_own && !set (FIRST)) exit (3);
  void *object = open ();
  if (object == NULL) exit (4);
  int is_accepted = set (SECOND);
  close (object);
  if (freed[is_own ? DEFAULT : FIRST] != 0) exit (5);
  int others = freed[is_own ? FIRST : DEFAULT];
  printf ("%s, %s functions in use: others are %s", name, is_own ? "own" : "default",
          is_accepted ? "accepted" : "refused");
  printf ("%s\n", others != 0 ? " and given blocks that they did not make" : "");
  fprintf (stderr, "%d blocks of others\n", others);
}

int main (int argc, char **argv) {
  int is_own = strcmp (argv[2], "own") == 0;
  if (strcmp (argv[1], "OpenSSL") == 0) run (argv[1], is_own, set_ssl, EVP_MD_CTX_new, EVP_MD_CTX_free);
  if (strcmp (argv[1], "ICU") == 0) run (argv[1], is_own, set_icu, open_icu, ucnv_close);
  if (strcmp (argv[1], "c-ares") == 0) {
    if (!is_own) ares_library_init (0);
    run (argv[1], is_own, set_ares, open_ares, ares_destroy);
  }
}
C
cc -w "-DICU(name)=name##_$icu" -o "$work/late" "$work/late.c" "$libraries/libcrypto.so.3" \
  "$libraries/libicuuc.so.$icu" "$libraries/libcares.so.2"
cat >"$work/expected" <<'EOF'
OpenSSL, default functions in use: others are refused
OpenSSL, own functions in use: others are accepted and given blocks that they did not make
ICU, default functions in use: others are accepted and given blocks that they did not make
ICU, own functions in use: others are accepted and given blocks that they did not make
c-ares, default functions in use: others are accepted and given blocks that they did not make
c-ares, own functions in use: others are accepted and given blocks that they did not make
EOF
for library in OpenSSL ICU c-ares; do
  "$work/late" "$library" default
  "$work/late" "$library" own
done | compare
