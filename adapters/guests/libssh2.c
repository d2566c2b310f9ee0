/* Drives libssh2: a key exchange, a login by key and a command, with a real sshd at the other end of
   a pair of sockets; no network.  */
#include "adapters/mir-libssh2.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guests/guest.h"
#include "guests/record.h"

static char folder[] = "/tmp/guest-libssh2-XXXXXX";
static char user_key[64], user_key_pub[64];

static void *record_libssh2_malloc (size_t size, void **abstract) {
  (void) abstract;
  return record_malloc (size);
}

static void *record_libssh2_realloc (void *ptr, size_t size, void **abstract) {
  (void) abstract;
  return record_realloc (ptr, size);
}

static void record_libssh2_free (void *ptr, void **abstract) {
  (void) abstract;
  record_free (ptr);
}

/* Make the keys of both sides, and the server's settings.  */
static int make_folder (void) {
  char command[512];
  if (mkdtemp (folder) == NULL) return 0;
  if (geteuid () == 0) mkdir ("/run/sshd", 0755); /* where sshd locks itself up */
  snprintf (user_key, sizeof (user_key), "%s/user", folder);
  snprintf (user_key_pub, sizeof (user_key_pub), "%s/user.pub", folder);
  snprintf (command, sizeof (command),
            "cd %s && ssh-keygen -q -t ed25519 -N '' -f host && "
            "ssh-keygen -q -t ed25519 -N '' -f user && cp user.pub authorized && "
            "printf '%%s\\n' 'HostKey %s/host' 'AuthorizedKeysFile %s/authorized' 'StrictModes no' "
            "'UsePAM no' 'PermitRootLogin yes' 'PidFile none' 'LogLevel QUIET' >settings",
            folder, folder, folder);
  return system (command) == 0;
}

static void remove_folder (void) {
  char command[64];
  snprintf (command, sizeof (command), "rm -rf %s", folder);
  if (system (command) != 0) perror (folder);
}

/* Start sshd at the end SERVER; CLIENT is the other.  */
static pid_t start_server (int client, int server) {
  char settings[64];
  snprintf (settings, sizeof (settings), "%s/settings", folder);
  pid_t child = fork ();
  if (child != 0) return child;
  close (client);
  if (dup2 (server, 0) == 0 && dup2 (server, 1) == 1) {
    close (server);
    execl (GUEST_SSHD, GUEST_SSHD, "-i", "-f", settings, (char *) NULL);
  }
  _exit (1);
}

/* Run a command there, and read what it says.  */
static int run_command (LIBSSH2_SESSION *session, int *is_right) {
  char text[32];
  LIBSSH2_CHANNEL *channel = libssh2_channel_open_session (session);
  if (channel == NULL) return libssh2_session_last_errno (session);
  int res = libssh2_channel_exec (channel, "echo a text");
  ssize_t len = res == 0 ? libssh2_channel_read (channel, text, sizeof (text)) : res;
  *is_right = len == 7 && memcmp (text, "a text\n", 7) == 0;
  if (len < 0) res = (int) len;
  int closed = libssh2_channel_close (channel);
  libssh2_channel_free (channel);
  return res != 0 ? res : closed;
}

static int talk (LIBSSH2_SESSION *session, int client, int *is_right) {
  const struct passwd *user = getpwuid (geteuid ());
  if (user == NULL) return LIBSSH2_ERROR_AUTHENTICATION_FAILED;
  libssh2_session_set_timeout (session, 30000);
  int res = libssh2_session_handshake (session, client);
  if (res == 0 && libssh2_hostkey_hash (session, LIBSSH2_HOSTKEY_HASH_SHA256) == NULL)
    res = LIBSSH2_ERROR_HOSTKEY_INIT;
  if (res == 0)
    res = libssh2_userauth_publickey_fromfile (session, user->pw_name, user_key_pub, user_key, "");
  if (res == 0) res = run_command (session, is_right);
  libssh2_session_disconnect (session, "the end");
  return res;
}

static enum guest_result work (MIR_alloc_t alloc, int client) {
  int is_right = 0;
  if (libssh2_init (0) != 0) return GUEST_NO_MEMORY;
  LIBSSH2_SESSION *session =
      alloc != NULL ? MIR_libssh2_session (alloc)
                    : libssh2_session_init_ex (record_libssh2_malloc, record_libssh2_free,
                                               record_libssh2_realloc, NULL);
  int res = session == NULL ? LIBSSH2_ERROR_ALLOC : talk (session, client, &is_right);
  if (session != NULL) libssh2_session_free (session);
  libssh2_exit ();
  if (res == 0) return is_right ? GUEST_RIGHT : GUEST_WRONG;
  return res == LIBSSH2_ERROR_ALLOC ? GUEST_NO_MEMORY : GUEST_WRONG;
}

static enum guest_result log_in (MIR_alloc_t alloc) {
  int ends[2];
  if (!make_folder () || socketpair (AF_UNIX, SOCK_STREAM, 0, ends) != 0) return GUEST_WRONG;
  pid_t server = start_server (ends[0], ends[1]);
  close (ends[1]);
  enum guest_result res = server > 0 ? work (alloc, ends[0]) : GUEST_WRONG;
  close (ends[0]); /* ends the server */
  waitpid (server, NULL, 0);
  remove_folder ();
  return res;
}

const char *guest_version (void) {
  return libssh2_version (0);
}

const struct guest guests[] = {
    {.name = "libssh2", .run = log_in, .refusals = GUEST_NOT_ALWAYS, .varies = 1},
    {.name = NULL},
};
