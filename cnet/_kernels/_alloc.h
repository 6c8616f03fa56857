/* What _alloc.pyx asks of the system: a lock that survives fork, and blocks of memory. */
#ifndef CNET_ALLOC_H
#define CNET_ALLOC_H
#include <stdlib.h>

/* Sanitizers watch the C library's allocator: memory that is not given back to it is memory that they do not check. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CNET_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define CNET_SANITIZED 1
#endif
#endif
#ifndef CNET_SANITIZED
#define CNET_SANITIZED 0
#endif

#ifdef _WIN32
#include <malloc.h>
#include <windows.h>

static SRWLOCK cnet_mutex = SRWLOCK_INIT;
static void cnet_lock(void) { AcquireSRWLockExclusive(&cnet_mutex); }
static void cnet_unlock(void) { ReleaseSRWLockExclusive(&cnet_mutex); }
static void cnet_lock_across_fork(void) {}

static void *cnet_get(size_t n) { return _aligned_malloc(n, 64); }
static void cnet_give(void *p, size_t n) { (void)n; _aligned_free(p); }
static void cnet_trim(void) {}

#else
#include <pthread.h>
#include <stdint.h>
#include <sys/mman.h>
#ifdef __GLIBC__
#include <malloc.h>
static void cnet_trim(void) { malloc_trim(0); }
#else
static void cnet_trim(void) {}
#endif
#ifndef MAP_ANONYMOUS
#define MAP_ANONYMOUS MAP_ANON
#endif

static pthread_mutex_t cnet_mutex = PTHREAD_MUTEX_INITIALIZER;
static void cnet_lock(void) { pthread_mutex_lock(&cnet_mutex); }
static void cnet_unlock(void) { pthread_mutex_unlock(&cnet_mutex); }
/* A fork in the middle of another thread's critical section would leave the child with a lock that nobody opens. */
static void cnet_lock_across_fork(void) { pthread_atfork(cnet_lock, cnet_unlock, cnet_unlock); }

#define CNET_MAPPED ((size_t)1 << 17)  /* from here on a block is a map of its own: it goes back to the system whole */
#define CNET_HUGE ((size_t)1 << 21)    /* size and alignment of huge pages */
#define CNET_PAGE ((size_t)1 << 16)    /* the largest page of any system; what is not touched costs nothing */

static size_t cnet_pages(size_t n) { return (n + CNET_PAGE - 1) & ~(CNET_PAGE - 1); }

static void *cnet_map(size_t n)
{
    void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

/* n bytes aligned to 64, n a multiple of 64. From 2 MB on huge pages: one page fault instead of 512. */
static void *cnet_get(size_t n)
{
    char *p, *start;
    if (n < CNET_MAPPED)
        return aligned_alloc(64, n);
    n = cnet_pages(n);
    if (n < CNET_HUGE)
        return cnet_map(n);
    p = (char *)cnet_map(n + CNET_HUGE);
    if (!p)
        return NULL;
    start = (char *)(((uintptr_t)p + CNET_HUGE - 1) & ~(uintptr_t)(CNET_HUGE - 1));
    if (start > p)
        munmap(p, (size_t)(start - p));
    if (start < p + CNET_HUGE)
        munmap(start + n, (size_t)(p + CNET_HUGE - start));
#ifdef MADV_HUGEPAGE
    madvise(start, n, MADV_HUGEPAGE);
#endif
    return start;
}

static void cnet_give(void *p, size_t n)
{
    if (n < CNET_MAPPED)
        free(p);
    else
        munmap(p, cnet_pages(n));
}
#endif
#endif
