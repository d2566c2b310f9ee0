// A variable and a constant at multiples of ALIGNMENT, and much memory of zeros.
extern "C" {
alignas (ALIGNMENT) int aligned_variable = 6;
alignas (ALIGNMENT) extern const int aligned_constant = 7;
char aligned_zeros[1 << 20];
}
