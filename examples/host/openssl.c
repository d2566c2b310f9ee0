/* The guest OpenSSL: does not survive every refusal, and has one allocator a process, so it is called only while there
   is more than one call needs.  */
#include "guest.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/opensslv.h>

#include "adapters/mir-openssl.h"

/* No step takes half of it; the first one, which loads tables, takes most: 0.5 MB with 3.5.  */
enum { MARGIN = 4 << 20, PIECE = 100000, HOARD = 10000 };

static EVP_PKEY *key;
static BIO *hoarded[HOARD];

static int sign (void) {
  static const unsigned char text[] = "what is signed";
  unsigned char signature[64];
  size_t len = sizeof (signature);
  EVP_MD_CTX *context = EVP_MD_CTX_new ();
  int is_good = context != NULL && EVP_DigestSignInit (context, NULL, NULL, NULL, key) == 1
                && EVP_DigestSign (context, signature, &len, text, sizeof (text)) == 1
                && EVP_MD_CTX_reset (context) == 1
                && EVP_DigestVerifyInit (context, NULL, NULL, NULL, key) == 1
                && EVP_DigestVerify (context, signature, len, text, sizeof (text)) == 1;
  EVP_MD_CTX_free (context);
  return is_good;
}

static int encrypt (void) {
  static const unsigned char zeroes[64];
  unsigned char out[128];
  int len = 0;
  EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new ();
  int is_good = context != NULL
                && EVP_EncryptInit_ex (context, EVP_aes_256_gcm (), NULL, zeroes, zeroes) == 1
                && EVP_EncryptUpdate (context, out, &len, zeroes, sizeof (zeroes)) == 1
                && len == sizeof (zeroes);
  EVP_CIPHER_CTX_free (context);
  return is_good;
}

static enum guest_result start (struct memory *memory) {
  if (!MIR_openssl_use (memory->alloc))
    return guest_says (memory, GUEST_WRONG, "OpenSSL has allocated before");
  if (OPENSSL_init_crypto (OPENSSL_INIT_NO_ATEXIT, NULL))
    key = EVP_PKEY_Q_keygen (NULL, NULL, "ED25519");
  return key != NULL ? GUEST_DONE : guest_says (memory, GUEST_WRONG, "no key");
}

static enum guest_result work (struct memory *memory) {
  return sign () && encrypt () ? GUEST_DONE : guest_says (memory, GUEST_WRONG, "a wrong result");
}

/* Buffers, as long as there is room for the next.  */
static enum guest_result hoard (struct memory *memory) {
  static const char piece[PIECE];
  for (int i = 0; i < HOARD; i++) {
    if (shared_free (memory->shared) < MARGIN)
      return guest_says (memory, GUEST_STOPPED, "it does not survive every refusal");
    hoarded[i] = BIO_new (BIO_s_mem ());
    if (hoarded[i] == NULL || BIO_write (hoarded[i], piece, PIECE) != PIECE) break;
  }
  return guest_says (memory, GUEST_REFUSED, "no buffer"); /* by the system: the limit was not met */
}

static void drop (struct memory *memory) {
  (void) memory;
  for (int i = 0; i < HOARD; i++) {
    BIO_free (hoarded[i]);
    hoarded[i] = NULL;
  }
}

static void stop (struct memory *memory) {
  (void) memory;
  EVP_PKEY_free (key);
  OPENSSL_cleanup ();
}

const struct guest openssl_guest = {.name = "openssl",
                                    .version = OPENSSL_VERSION_STR,
                                    .margin = MARGIN,
                                    .start = start,
                                    .work = work,
                                    .hoard = hoard,
                                    .drop = drop,
                                    .stop = stop};
