/* Denormal numbers as zero, for the calling thread, between `old = flush_begin()` and `flush_end(old)`.
 *
 * A product with a denormal number takes 150 cycles on most x86 cores, and saturated gates multiply gradients by 1e-38 and
 * less at every step. The mode is that of a register of the thread; a kernel that sets it gives it back.
 */
#ifndef CNET_FLUSH_H
#define CNET_FLUSH_H
#include <stdint.h>

#if defined(__SSE2__)
static inline uint64_t flush_begin(void)
{
    unsigned old = __builtin_ia32_stmxcsr();
    if ((old & 0x8040) != 0x8040)  /* results and operands; writing the register costs as much as 16 products */
        __builtin_ia32_ldmxcsr(old | 0x8040);
    return old;
}
static inline void flush_end(uint64_t old)
{
    if ((old & 0x8040) != 0x8040)
        __builtin_ia32_ldmxcsr((unsigned)old);
}
#elif defined(__aarch64__)
static inline uint64_t flush_begin(void)
{
    uint64_t old;
    __asm__ volatile("mrs %0, fpcr" : "=r"(old) : : "memory");
    __asm__ volatile("msr fpcr, %0" : : "r"(old | (1u << 24)) : "memory");
    return old;
}
static inline void flush_end(uint64_t old) { __asm__ volatile("msr fpcr, %0" : : "r"(old) : "memory"); }
#else
static inline uint64_t flush_begin(void) { return 0; }
static inline void flush_end(uint64_t old) { (void)old; }
#endif
#endif
