/* Drives libgit2: makes a repository, a commit, and walks to it.  */
#include "adapters/mir-libgit2.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guests/guest.h"
#include "guests/record.h"

static void *record_libgit2_malloc (size_t size, const char *file, int line) {
  (void) file, (void) line;
  return record_malloc (size);
}

static void *record_libgit2_realloc (void *ptr, size_t size, const char *file, int line) {
  (void) file, (void) line;
  return record_realloc (ptr, size);
}

/* Older versions have more functions, which this fills.  */
#if LIBGIT2_VER_MAJOR == 1 && LIBGIT2_VER_MINOR < 6
static void *record_libgit2_calloc (size_t num, size_t size, const char *file, int line) {
  (void) file, (void) line;
  return record_calloc (num, size);
}

static char *record_libgit2_substrdup (const char *text, size_t len, const char *file, int line) {
  (void) file, (void) line;
  char *res = (char *) record_malloc (len + 1);
  if (res == NULL) return NULL;
  memcpy (res, text, len);
  res[len] = 0;
  return res;
}

static char *record_libgit2_strndup (const char *text, size_t max, const char *file, int line) {
  return record_libgit2_substrdup (text, strnlen (text, max), file, line);
}

static char *record_libgit2_strdup (const char *text, const char *file, int line) {
  return record_libgit2_substrdup (text, strlen (text), file, line);
}

static void *record_libgit2_reallocarray (void *ptr, size_t num, size_t size, const char *file,
                                          int line) {
  (void) file, (void) line;
  return size != 0 && num > SIZE_MAX / size ? NULL : record_realloc (ptr, num * size);
}

static void *record_libgit2_mallocarray (size_t num, size_t size, const char *file, int line) {
  return record_libgit2_reallocarray (NULL, num, size, file, line);
}

static void fill_more (git_allocator *functions) {
  functions->gcalloc = record_libgit2_calloc;
  functions->gstrdup = record_libgit2_strdup;
  functions->gstrndup = record_libgit2_strndup;
  functions->gsubstrdup = record_libgit2_substrdup;
  functions->greallocarray = record_libgit2_reallocarray;
  functions->gmallocarray = record_libgit2_mallocarray;
}
#else
static void fill_more (git_allocator *functions) {
  (void) functions;
}
#endif

static void use_recorder (void) {
  static git_allocator functions = {
      .gmalloc = record_libgit2_malloc, .grealloc = record_libgit2_realloc, .gfree = record_free};
  fill_more (&functions);
  git_libgit2_opts (GIT_OPT_SET_ALLOCATOR, &functions);
}

static int commit (git_repository *repository, git_oid *id) {
  git_signature *author = NULL;
  git_treebuilder *builder = NULL;
  git_tree *tree = NULL;
  git_oid blob, tree_id;
  int res = git_blob_create_from_buffer (&blob, repository, "a text\n", 7);
  if (res == 0) res = git_treebuilder_new (&builder, repository, NULL);
  if (res == 0) res = git_treebuilder_insert (NULL, builder, "file", &blob, GIT_FILEMODE_BLOB);
  if (res == 0) res = git_treebuilder_write (&tree_id, builder);
  if (res == 0) res = git_tree_lookup (&tree, repository, &tree_id);
  if (res == 0) res = git_signature_new (&author, "A Guest", "guest@example.org", 1700000000, 0);
  if (res == 0)
    res =
        git_commit_create (id, repository, "HEAD", author, author, NULL, "a commit", tree, 0, NULL);
  git_signature_free (author);
  git_tree_free (tree);
  git_treebuilder_free (builder);
  return res;
}

static int walk (git_repository *repository, const git_oid *id, int *is_right) {
  git_revwalk *walk = NULL;
  git_oid found;
  int res = git_revwalk_new (&walk, repository);
  if (res == 0) res = git_revwalk_push_head (walk);
  if (res == 0) res = git_revwalk_next (&found, walk);
  *is_right = res == 0 && git_oid_equal (&found, id);
  git_revwalk_free (walk);
  return res;
}

/* The system's and the user's settings would count: how many they are differs by machine.  */
static int leave_settings_out (void) {
  static const git_config_level_t levels[] = {GIT_CONFIG_LEVEL_PROGRAMDATA, GIT_CONFIG_LEVEL_SYSTEM,
                                              GIT_CONFIG_LEVEL_XDG, GIT_CONFIG_LEVEL_GLOBAL};
  int res = 0;
  for (size_t i = 0; i < sizeof (levels) / sizeof (*levels) && res == 0; i++)
    res = git_libgit2_opts (GIT_OPT_SET_SEARCH_PATH, levels[i], "");
  return res;
}

static enum guest_result work (MIR_alloc_t alloc) {
  char folder[] = "/tmp/guest-libgit2-XXXXXX", command[64];
  git_repository *repository = NULL;
  git_oid id;
  int is_right = 0;
  if (mkdtemp (folder) == NULL) return GUEST_WRONG;
  if (alloc != NULL)
    MIR_libgit2_use (alloc);
  else
    use_recorder ();
  int res = git_libgit2_init () < 0 ? -1 : 0;
  if (res == 0) {
    res = leave_settings_out ();
    if (res == 0) res = git_repository_init (&repository, folder, 1);
    if (res == 0) res = commit (repository, &id);
    if (res == 0) res = walk (repository, &id, &is_right);
    git_repository_free (repository);
    git_libgit2_shutdown ();
  }
  snprintf (command, sizeof (command), "rm -rf %s", folder);
  if (system (command) != 0) return GUEST_WRONG;
  return res != 0 ? GUEST_NO_MEMORY : is_right ? GUEST_RIGHT : GUEST_WRONG;
}

const char *guest_version (void) {
  return LIBGIT2_VERSION;
}

const struct guest guests[] = {
    {.name = "libgit2", .run = work, .refusals = GUEST_NOT_ALWAYS},
    {.name = NULL},
};
