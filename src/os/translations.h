/* Programs like valgrind, which translate code and run the translation.  Any thread; the build
   picks the file.  */
#ifndef MIR_OS_TRANSLATIONS_H
#define MIR_OS_TRANSLATIONS_H

/* Whether one of them runs this process.  */
int mir_os_is_translated (void);
/* Tell them that the code at [START, BOUND) has changed.  valgrind notices stores to translated
   code only on stacks, or with --smc-check=all, and never those through another mapping.  */
void mir_os_discard_translations (void *start, void *bound);

#endif /* MIR_OS_TRANSLATIONS_H */
