/* A lock by an SRWLOCK, which is one pointer, without windows.h.  */
#ifndef MIR_OS_LOCK_WINDOWS_H
#define MIR_OS_LOCK_WINDOWS_H

typedef struct {
  void *srw;
} mir_os_lock_t;
#define MIR_OS_LOCK_INITIALIZER {0}

void mir_os_lock (mir_os_lock_t *lock);
void mir_os_unlock (mir_os_lock_t *lock);

#endif /* MIR_OS_LOCK_WINDOWS_H */
