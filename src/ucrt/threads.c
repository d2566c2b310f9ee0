/* Other threads, by system calls alone.  NtGetNextThread walks the kernel's own list; Toolhelp
   would make a snapshot on a heap, which a stopped thread may have locked.  */

#include "ucrt/threads.h"

#include <windows.h>

#include "ucrt/nt.h"

enum {
  CAPACITY_STEP = 256, /* threads */
  PASSES_MAX = 64,     /* gives up where threads start as fast as they are stopped */
  ACCESS = THREAD_SUSPEND_RESUME | THREAD_GET_CONTEXT | THREAD_QUERY_INFORMATION
};

struct thread {
  HANDLE handle;
  uint32_t number; /* the system's thread id */
  int not_started; /* it has run nothing and has no stack to look at */
};

/* One thread at a time uses these, under the loader lock.  */
static struct thread *threads; /* CAPACITY entries, NUM in use: the stopped threads */
static unsigned capacity, num;
static uint32_t culprit; /* the thread that was tried last */

int ucrt_threads_reserve (void) {
  SIZE_T size = (SIZE_T) (capacity + CAPACITY_STEP) * sizeof (struct thread);
  void *more = NULL, *old = threads;
  if (ucrt_nt.allocate (UCRT_NT_THIS_PROCESS, &more, 0, &size, MEM_COMMIT | MEM_RESERVE,
                        PAGE_READWRITE)
      < 0)
    return -1;
  threads = more;
  capacity = (unsigned) (size / sizeof (struct thread));
  SIZE_T whole = 0;
  if (old != NULL) ucrt_nt.release (UCRT_NT_THIS_PROCESS, &old, &whole, MEM_RELEASE);
  return 0;
}

void ucrt_threads_resume (void) {
  while (num > 0) {
    HANDLE handle = threads[--num].handle;
    ucrt_nt.resume (handle, NULL);
    ucrt_nt.close (handle);
  }
}

/* Whether the thread NUMBER is stopped already.  */
static int is_known (uint32_t number) {
  for (unsigned i = 0; i < num; i++)
    if (threads[i].number == number) return 1;
  return 0;
}

/* Ask the system about the thread of HANDLE.  0, or -1.  */
static int about (HANDLE handle, struct ucrt_nt_thread *info) {
  return ucrt_nt.query_thread (handle, UCRT_NT_THREAD_BASIC, info, sizeof (*info), NULL) < 0 ? -1
                                                                                             : 0;
}

static int has_ended (HANDLE handle) {
  struct ucrt_nt_thread info;
  return about (handle, &info) != 0 || info.exit_status != UCRT_NT_STILL_RUNS;
}

/* Stop the thread of HANDLE.  1: stopped, and *KEPT says that HANDLE now belongs to the list; 0:
   nothing to do; -1: it could not be stopped.  */
static int stop_one (HANDLE handle, int *kept) {
  struct ucrt_nt_thread info;
  CONTEXT context __attribute__ ((aligned (16)));
  if (about (handle, &info) != 0) return 0;
  uint32_t number = (uint32_t) (uintptr_t) info.thread_id;
  if (number == GetCurrentThreadId () || info.exit_status != UCRT_NT_STILL_RUNS
      || is_known (number))
    return 0;
  culprit = number;
  if (ucrt_nt.suspend (handle, NULL) < 0) return has_ended (handle) ? 0 : -1;
  struct thread *thread = &threads[num++];
  thread->handle = handle;
  thread->number = number;
  *kept = 1;
  /* Wine makes a thread's object first; the thread that makes it may be stopped before it makes the
     thread itself.  The new thread has run nothing and stops at once when it starts: there is
     nothing to wait for.  */
  thread->not_started = about (handle, &info) == 0 && info.teb == NULL;
  if (thread->not_started) return 1;
  /* Suspension takes effect some time later: reading the context waits for it.  */
  context.ContextFlags = CONTEXT_CONTROL;
  return ucrt_nt.context (handle, &context) < 0 && !has_ended (handle) ? -1 : 1;
}

/* Make one pass over all threads.  Returns the number stopped; -1: one could not be stopped; -2:
   the list is full.  */
static int stop_all (void) {
  HANDLE handle = NULL, next;
  int kept = 1, stopped = 0, result = 0;
  while (ucrt_nt.next_thread (UCRT_NT_THIS_PROCESS, handle, ACCESS, 0, 0, &next) >= 0) {
    if (!kept) ucrt_nt.close (handle);
    handle = next;
    kept = 0;
    if (num == capacity)
      result = -2;
    else
      result = stop_one (handle, &kept);
    if (result < 0) break;
    stopped += result;
  }
  if (!kept) ucrt_nt.close (handle);
  return result < 0 ? result : stopped;
}

enum ucrt_threads_result ucrt_threads_stop (void) {
  int stopped = 1;
  culprit = 0;
  /* Threads started while others are stopped come at the end of the list, or in the next pass.  */
  for (int pass = 0; pass < PASSES_MAX && stopped > 0; pass++) stopped = stop_all ();
  if (stopped == 0) return UCRT_THREADS_STOPPED;
  ucrt_threads_resume ();
  return stopped == -2 ? UCRT_THREADS_MORE : UCRT_THREADS_REFUSED;
}

uint32_t ucrt_thread_inside (const struct ucrt_code_ranges *ranges) {
  CONTEXT context __attribute__ ((aligned (16)));
  for (unsigned i = 0; i < num; i++) {
    if (threads[i].not_started) continue;
    context.ContextFlags = CONTEXT_FULL;
    if (ucrt_nt.context (threads[i].handle, &context) < 0) {
      if (has_ended (threads[i].handle)) continue;
      return threads[i].number;
    }
    if (ucrt_stack_leads_inside (ranges, &context)) return threads[i].number;
  }
  return 0;
}

uint32_t ucrt_threads_culprit (void) {
  return culprit;
}

void ucrt_threads_wait (unsigned milliseconds) {
  LARGE_INTEGER time;
  time.QuadPart = -(LONGLONG) milliseconds * 10000; /* 100 ns, from now */
  ucrt_nt.sleep (FALSE, &time);
}
