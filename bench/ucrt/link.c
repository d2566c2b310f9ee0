/* A reference in the program that is linked with mir-ucrt.dll or mimalloc.dll, so that the linker
   keeps the DLL.  */

__declspec (dllimport) int mi_version (void);

int (*keep_the_dll) (void);

__attribute__ ((constructor)) static void refer (void) {
  keep_the_dll = mi_version;
}
