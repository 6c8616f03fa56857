/* Which vector features this CPU has and the operating system saves across context switches. */
#ifndef CNET_CPU_H
#define CNET_CPU_H

enum {
    CNET_AVX = 1, CNET_AVX2 = 2, CNET_BMI1 = 4, CNET_BMI2 = 8, CNET_F16C = 16, CNET_FMA = 32, CNET_LZCNT = 64,
    CNET_AVX512F = 128, CNET_AVX512BW = 256, CNET_AVX512CD = 512, CNET_AVX512DQ = 1024, CNET_AVX512VL = 2048
};

#if defined(__x86_64__) || defined(_M_X64)

#ifdef _MSC_VER
#include <immintrin.h>
#include <intrin.h>
static void cnet_cpuid(unsigned leaf, unsigned sub, unsigned r[4]) { __cpuidex((int *)r, (int)leaf, (int)sub); }
static unsigned cnet_xcr0(void) { return (unsigned)_xgetbv(0); }
#else
#include <cpuid.h>
static void cnet_cpuid(unsigned leaf, unsigned sub, unsigned r[4])
{
    __cpuid_count(leaf, sub, r[0], r[1], r[2], r[3]);
}
static unsigned cnet_xcr0(void)
{
    unsigned low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}
#endif

/* Bit positions: Intel SDM volume 2A, CPUID leaves 1, 7 and 0x80000001. */
static int cnet_cpu_features(void)
{
    unsigned r[4], highest, ecx, found = 0;
    cnet_cpuid(0, 0, r);
    highest = r[0];
    cnet_cpuid(1, 0, r);
    ecx = r[2];
    /* OSXSAVE, AVX, and XMM and YMM state enabled in XCR0: else any VEX instruction traps. */
    if (highest < 7 || !(ecx >> 27 & 1) || !(ecx >> 28 & 1) || (cnet_xcr0() & 0x6) != 0x6)
        return 0;
    found = CNET_AVX | (ecx >> 29 & 1 ? CNET_F16C : 0) | (ecx >> 12 & 1 ? CNET_FMA : 0);
    cnet_cpuid(7, 0, r);
    found |= (r[1] >> 3 & 1 ? CNET_BMI1 : 0) | (r[1] >> 5 & 1 ? CNET_AVX2 : 0) | (r[1] >> 8 & 1 ? CNET_BMI2 : 0);
    if ((cnet_xcr0() & 0xe6) == 0xe6) /* opmask and ZMM state */
        found |= (r[1] >> 16 & 1 ? CNET_AVX512F : 0) | (r[1] >> 17 & 1 ? CNET_AVX512DQ : 0) |
                 (r[1] >> 28 & 1 ? CNET_AVX512CD : 0) | (r[1] >> 30 & 1 ? CNET_AVX512BW : 0) |
                 (r[1] >> 31 & 1 ? CNET_AVX512VL : 0);
    cnet_cpuid(0x80000001u, 0, r);
    found |= r[2] >> 5 & 1 ? CNET_LZCNT : 0;
    return (int)found;
}

#else

static int cnet_cpu_features(void) { return 0; }

#endif
#endif
