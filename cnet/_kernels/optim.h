/* One rounding for a * b + c where the instruction set has it, two elsewhere. The update rules name their fused steps, so
 * that no compiler may choose other ones: equal steps then give equal bits on every FMA machine. */
#ifndef CNET_OPTIM_H
#define CNET_OPTIM_H

#include <math.h>

#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
static inline float cnet_mad_float(float a, float b, float c) { return fmaf(a, b, c); }
static inline double cnet_mad_double(double a, double b, double c) { return fma(a, b, c); }
#else
static inline float cnet_mad_float(float a, float b, float c) { return a * b + c; }
static inline double cnet_mad_double(double a, double b, double c) { return a * b + c; }
#endif

#endif
