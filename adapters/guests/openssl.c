/* Drives OpenSSL: a key, a signature, a digest and a cipher.  */
#include "adapters/mir-openssl.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

#include "guests/guest.h"
#include "guests/record.h"

static void *record_openssl_malloc (size_t size, const char *file, int line) {
  (void) file, (void) line;
  return record_malloc (size);
}

static void *record_openssl_realloc (void *ptr, size_t size, const char *file, int line) {
  (void) file, (void) line;
  return record_realloc (ptr, size);
}

static void record_openssl_free (void *ptr, const char *file, int line) {
  (void) file, (void) line;
  record_free (ptr);
}

static int sign (EVP_PKEY *key) {
  static const unsigned char text[] = "what is signed";
  unsigned char signature[128];
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

static enum guest_result work (MIR_alloc_t alloc) {
  if (!(alloc != NULL ? MIR_openssl_use (alloc)
                      : CRYPTO_set_mem_functions (record_openssl_malloc, record_openssl_realloc,
                                                  record_openssl_free)))
    return GUEST_WRONG;
  int is_good =
      OPENSSL_init_crypto (OPENSSL_INIT_NO_ATEXIT | OPENSSL_INIT_LOAD_CRYPTO_STRINGS, NULL);
  EVP_PKEY *key = is_good ? EVP_PKEY_Q_keygen (NULL, NULL, "ED25519") : NULL;
  is_good = key != NULL && sign (key) && encrypt ();
  EVP_PKEY_free (key);
  OPENSSL_cleanup ();
  return is_good ? GUEST_RIGHT : GUEST_NO_MEMORY;
}

const char *guest_version (void) {
  static char text[32];
  const char *whole = OpenSSL_version (OPENSSL_VERSION); /* OpenSSL 3.0.15 date */
  size_t len = strcspn (whole + 8, " ");
  memcpy (text, whole + 8, len < 31 ? len : 31);
  return text;
}

const struct guest guests[] = {
    {.name = "OpenSSL", .run = work, .refusals = GUEST_NOT_ALWAYS},
    {.name = NULL},
};
