/* Includes the file that BOTH_TYPES names twice, where T is a number, V a vector of it and FN(name) a function of that vector:
 * float, vf and vf_name, then double, vd and vd_name. */
#define T float
#define V vf
#define FN(name) vf_##name
#include BOTH_TYPES
#undef T
#undef V
#undef FN
#define T double
#define V vd
#define FN(name) vd_##name
#include BOTH_TYPES
#undef T
#undef V
#undef FN
#undef BOTH_TYPES
