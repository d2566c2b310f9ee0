#!/bin/sh
# GLib's own hash functions for keys that are pointers to numbers.  In GLib 2.74 g_int64_hash is the lower half, so that
# keys that differ in their upper halves share a hash, and g_double_hash is the integer part: all numbers from 0 to 1
# have the hash 0.  In GLib 2.84 both are the two halves xored.  Now all keys with equal halves share a hash, as edges
# of a graph that lead from a node to itself, and g_double_hash tells 0 from -0, which g_double_equal does not: where 0
# is, -0 is no longer found, and a set takes both.  Where keys share a hash the table is a list, and finding one
# compares it with half of the others; here 4000 are found once each, and the calls of equal are counted.
# Reported for doubles in 2015 (GNOME/glib on GitHub, pull request 7).
# x86-64; packages of Debian 12 or 13, whichever this is.
. "$(dirname "$0")/unpack.sh"
case $(. /etc/os-release && echo "$ID $VERSION_ID") in
'debian 13') unpack libglib2.0-0t64=2.84.4-3~deb13u5 libatomic1=14.2.0-19 && version=2.84 ;;
*) unpack libglib2.0-0=2.74.6-2+deb12u9 && version=2.74 ;;
esac
cat >"$work/numbers.c" <<'C'
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct _GHashTable GHashTable;
typedef unsigned hash_t (const void *key);
typedef int equal_t (const void *, const void *);
GHashTable *g_hash_table_new (hash_t *, equal_t *);
int g_hash_table_add (GHashTable *, void *key);
int g_hash_table_contains (GHashTable *, const void *key);
void g_hash_table_destroy (GHashTable *);
hash_t g_int64_hash, g_double_hash;
equal_t g_int64_equal, g_double_equal;

enum { KEYS = 4000 };
static int64_t integers[KEYS];
static double doubles[KEYS];
static long calls;

static int equal_integers (const void *a, const void *b) {
  calls++;
  return g_int64_equal (a, b);
}

static int equal_doubles (const void *a, const void *b) {
  calls++;
  return g_double_equal (a, b);
}

/* Find each of the keys, of SIZE bytes; print how many calls of EQUAL that takes.  */
static void find_all (const char *what, hash_t *hash, equal_t *equal, void *keys, size_t size) {
  GHashTable *table = g_hash_table_new (hash, equal);
  for (int i = 0; i < KEYS; i++)
    if (!g_hash_table_add (table, (char *) keys + i * size)) exit (3);
  calls = 0;
  for (int i = 0; i < KEYS; i++)
    if (!g_hash_table_contains (table, (char *) keys + i * size)) exit (4);
  printf ("%s: %ld.%ld calls of equal for each key found\n", what, calls / KEYS, calls * 10 / KEYS % 10);
  g_hash_table_destroy (table);
}

/* The keys are FACTOR times 0, 1, 2 ...  */
static void find_integers (int64_t factor) {
  char what[100];
  for (int i = 0; i < KEYS; i++) integers[i] = i * factor;
  sprintf (what, "g_int64_hash, 0 to %#lx", integers[KEYS - 1]);
  find_all (what, g_int64_hash, equal_integers, integers, sizeof (*integers));
}

static void find_doubles (double factor) {
  char what[100];
  for (int i = 0; i < KEYS; i++) doubles[i] = i * factor;
  sprintf (what, "g_double_hash, 0 to %g", doubles[KEYS - 1]);
  find_all (what, g_double_hash, equal_doubles, doubles, sizeof (*doubles));
}

/* Print whether a set that has 0 has -0.  */
static void find_zero (void) {
  double zero = 0, minus = -0.;
  GHashTable *table = g_hash_table_new (g_double_hash, g_double_equal);
  g_hash_table_add (table, &zero);
  printf ("-0 where 0 is: %s, ", g_double_equal (&zero, &minus) ? "equal" : "not equal");
  printf ("%s, ", g_hash_table_contains (table, &minus) ? "found" : "not found");
  printf ("%s\n", g_hash_table_add (table, &minus) ? "added" : "not added");
  g_hash_table_destroy (table);
}

int main (void) {
  find_integers (1);
  find_integers ((int64_t) 1 << 32);
  find_integers (((int64_t) 1 << 32) + 1);
  find_doubles (1.5);
  find_doubles (1. / KEYS);
  find_zero ();
}
C
cc -w -o "$work/numbers" "$work/numbers.c" "$libraries/libglib-2.0.so.0"
case $version in
2.84)
  cat >"$work/expected" <<'EOF'
g_int64_hash, 0 to 0xf9f: 1.0 calls of equal for each key found
g_int64_hash, 0 to 0xf9f00000000: 1.0 calls of equal for each key found
g_int64_hash, 0 to 0xf9f00000f9f: 2000.5 calls of equal for each key found
g_double_hash, 0 to 5998.5: 1.0 calls of equal for each key found
g_double_hash, 0 to 0.99975: 1.0 calls of equal for each key found
-0 where 0 is: equal, not found, added
EOF
  ;;
*)
  cat >"$work/expected" <<'EOF'
g_int64_hash, 0 to 0xf9f: 1.0 calls of equal for each key found
g_int64_hash, 0 to 0xf9f00000000: 2000.5 calls of equal for each key found
g_int64_hash, 0 to 0xf9f00000f9f: 1.0 calls of equal for each key found
g_double_hash, 0 to 5998.5: 1.0 calls of equal for each key found
g_double_hash, 0 to 0.99975: 2000.5 calls of equal for each key found
-0 where 0 is: equal, found, not added
EOF
  ;;
esac
"$work/numbers" | compare
