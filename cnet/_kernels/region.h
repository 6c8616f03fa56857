/* A parallel region of one thread is a call.
 *
 * Given one thread, libgomp still makes a team of one: 0.3 us, as long as an addition of eight numbers takes in all. The
 * linker sends calls of GOMP_parallel here (`--wrap`), and every C file that uses OpenMP includes this (setup.py). Inside
 * a region that has several threads a loop would take itself for a part of that one, so there libgomp decides.
 */
#ifndef CNET_REGION_H
#define CNET_REGION_H
#if defined(_OPENMP) && defined(__GNUC__) && !defined(__clang__)

int omp_in_parallel(void);
void __real_GOMP_parallel(void (*body)(void *), void *data, unsigned threads, unsigned flags);

__attribute__((visibility("hidden")))
void __wrap_GOMP_parallel(void (*body)(void *), void *data, unsigned threads, unsigned flags)
{
    if (threads == 1 && !omp_in_parallel())
        body(data);
    else
        __real_GOMP_parallel(body, data, threads, flags);
}

#endif
#endif
