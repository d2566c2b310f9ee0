// More than fits into a small range.
extern "C" char aligned_variable[32 << 20];
char aligned_variable[32 << 20];
