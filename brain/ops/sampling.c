/* What may come next: from logits to the few tokens that are likely enough, and their shares (brain/sampling.py). */

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "numbers.h"

#ifdef _OPENMP
#define SIMD _Pragma("omp simd")
#else
#define SIMD
#endif

/* The log of the sum of exponentials of those of x (V) that are ``wanted`` (V). */
static float log_sum(const float *restrict x, const uint8_t *restrict wanted, long V) {
    float most = -INFINITY, sum = 0.0f;
    for (long v = 0; v < V; v++) most = wanted[v] && x[v] > most ? x[v] : most;
    if (most == -INFINITY) return most;
    for (long v = 0; v < V; v++) sum += wanted[v] ? exponential(x[v] - most) : 0.0f;
    return most + logf(sum);
}

/* ``spell_on`` of brain/sampling.py, of one row. */
static void spell_on(float *restrict x, const uint8_t *restrict goes_on, const uint8_t *restrict leaves, float share,
                     float far, long V) {
    float left = log_sum(x, leaves, V), best = left;
    for (long v = 0; v < V; v++) best = goes_on[v] && x[v] > best ? x[v] : best;
    best += logf(share);
    for (long v = 0; v < V; v++) x[v] -= (goes_on[v] ? x[v] : left) < best ? far : 0.0f;
}
