/* The memory of words: counts of what was said lately, and what they add to the logits (brain/layers/words.py).

   The resident brain and the bodies in C both include this. Whoever does says before what SIMD is, which stands before
   loops over words. */

#ifndef WORDS_H
#define WORDS_H

#include <stdint.h>
#include <string.h>

#include "numbers.h"

#define PATCH 256 /* words handled together; word_counts.py knows it */

/* Both counts of a patch of words, one token later; forgotten before they get too small to be quick. */
static inline void count(float *restrict brief, float *restrict lasting, const float *kept, long word, long width) {
    SIMD for (long n = 0; n < width; n++) {
        float one = brief[n] * kept[0], two = lasting[n] * kept[1];
        brief[n] = one < 1e-20f ? 0.0f : one, lasting[n] = two < 1e-20f ? 0.0f : two;
    }
    if (word >= 0 && word < width) brief[word] += 1.0f, lasting[word] += 1.0f;
}

/* Both counts of a patch of words of stream b, as they were before the block; of marks, ids below ``marks``, none. */
static inline void recount(const float *counts, float *brief, float *lasting, long b, long v0, long width, long B, long V,
                           long marks) {
    memcpy(brief, counts + b * V + v0, width * sizeof(float));
    memcpy(lasting, counts + (B + b) * V + v0, width * sizeof(float));
    for (long n = 0; n < width && v0 + n < marks; n++) brief[n] = lasting[n] = 0.0f;
}

/* One patch of all that ``words_forward`` says in kernels.c: number ``task`` of those of all streams. */
static inline void words_patch(long task, const int64_t *restrict tokens, const float *restrict counts,
                               const float *restrict kept, const float *restrict weight, const float *restrict scales,
                               float *restrict logits, float *restrict after, long T, long B, long V, long marks) {
    long patches = (V + PATCH - 1) / PATCH, v0 = task % patches * PATCH, b = task / patches;
    long width = PATCH < V - v0 ? PATCH : V - v0;
    float brief[PATCH], lasting[PATCH];
    const float *restrict first = weight + v0, *restrict second = weight + V + v0;
    recount(counts, brief, lasting, b, v0, width, B, V, marks);
    for (long t = 0; t < T; t++) {
        long p = t * B + b;
        float *restrict to = logits + p * V + v0, one = scales[2 * p], two = scales[2 * p + 1];
        count(brief, lasting, kept, tokens[p] < marks ? -1 : tokens[p] - v0, width);
        SIMD for (long n = 0; n < width; n++)
            to[n] += one * first[n] * logarithm(1.0f + brief[n]) + two * second[n] * logarithm(1.0f + lasting[n]);
    }
    memcpy(after + b * V + v0, brief, width * sizeof(float));
    memcpy(after + (B + b) * V + v0, lasting, width * sizeof(float));
}

#endif
