/* Instructions which a core has prefetched.  */
#ifndef MIR_SYNC_CORES_H
#define MIR_SYNC_CORES_H

/* Make every core that runs a thread of this process drop the instructions it has prefetched before
   it executes another one.  Stores made before are visible to them, too.  Any thread.  */
void mir_os_sync_cores (void);

#endif /* MIR_SYNC_CORES_H */
