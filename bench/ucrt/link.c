/* A reference in the program that is linked with mir-ucrt.dll, so that the linker keeps the
   DLL.  */

__declspec (dllimport) int mi_version (void);

int (*keep_mir_ucrt) (void);

__attribute__ ((constructor)) static void refer (void) {
  keep_mir_ucrt = mi_version;
}
