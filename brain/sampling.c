/* From logits to what may come next: the loops of sampling.py, which defines them; the tests compare the two.

   B answers, V vocabulary, W tokens said lately, K tokens at most that may come. */

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "ops/numbers.h"

/* The log of the sum of e^x over those of x (V) whose ``kind`` (V) is ``wanted``. */
static float log_sum(const float *restrict x, const uint8_t *restrict kind, int wanted, long V) {
    float most = -INFINITY, sum = 0.0f;
#pragma omp simd reduction(max : most)
    for (long v = 0; v < V; v++) most = kind[v] == wanted && x[v] > most ? x[v] : most;
    if (most == -INFINITY) return most;
#pragma omp simd reduction(+ : sum)
    for (long v = 0; v < V; v++) sum += kind[v] == wanted ? exponential(x[v] - most) : 0.0f;
    return most + logf(sum);
}

/* x (R, V), changed in place; goes_on (V); sizes: the log of the share, and by how much the others fall. */
void spell_on(float *x, const uint8_t *restrict goes_on, const float *restrict sizes, long R, long V, int threads) {
    (void)threads;
    for (long r = 0; r < R; r++, x += V) {
        float left = log_sum(x, goes_on, 0, V), best = left, far = sizes[1];
#pragma omp simd reduction(max : best)
        for (long v = 0; v < V; v++) best = goes_on[v] && x[v] > best ? x[v] : best;
        best += sizes[0];
#pragma omp simd
        for (long v = 0; v < V; v++) x[v] -= (goes_on[v] ? x[v] : left) < best ? far : 0.0f;
    }
}

static float most_of(const float *x, long V) {
    float most = -INFINITY;
#pragma omp simd reduction(max : most)
    for (long v = 0; v < V; v++) most = x[v] > most ? x[v] : most;
    return most;
}

static float sum_above(const float *x, float base, long V) {
    float sum = 0.0f;
#pragma omp simd reduction(+ : sum)
    for (long v = 0; v < V; v++) sum += exponential(x[v] - base);
    return sum;
}

/* x (V), in which no token is ruled out yet that was said in ``recent`` (W), -1: none. */
static void penalise(float *x, const int64_t *recent, float penalty, long ending, long W, long V) {
    float kept = x[ending];
    x[ending] = -INFINITY;
    float most = most_of(x, V), before = sum_above(x, most, V);
    for (long w = 0; w < W; w++)
        if (recent[w] >= 0) x[recent[w]] -= penalty;
    x[ending] = most == -INFINITY ? kept : kept + logf(sum_above(x, most, V) / before);
}

/* x (V) becomes log probabilities, of which ``share`` is the token ``towards``. */
static void lean(float *x, long towards, float share, long V) {
    float most = most_of(x, V), rest = logf(1.0f - share) - most - logf(sum_above(x, most, V));
    for (long v = 0; v < V; v++) x[v] += rest;
    x[towards] = logf(expf(x[towards]) + share);
}

static int worse(const float *x, int64_t a, int64_t b) { return x[a] < x[b] || (x[a] == x[b] && a > b); }

static void sink(const float *x, int64_t *heap, long count) { /* the worst of them on top */
    int64_t top = heap[0];
    long at = 0;
    for (long next; (next = 2 * at + 1) < count; at = next) {
        if (next + 1 < count && worse(x, heap[next + 1], heap[next])) next++;
        if (!worse(x, heap[next], top)) break;
        heap[at] = heap[next];
    }
    heap[at] = top;
}

/* The K best of x (V), the best first. */
static void find_best(const float *x, int64_t *best, long K, long V) {
    for (long v = 0; v < K; v++) { /* up from a leaf */
        long at = v;
        for (; at && worse(x, v, best[(at - 1) / 2]); at = (at - 1) / 2) best[at] = best[(at - 1) / 2];
        best[at] = v;
    }
    for (long v = K; v < V; v++)
        if (x[v] > x[best[0]]) best[0] = v, sink(x, best, K);
    for (long count = K - 1; count > 0; count--) {
        int64_t worst = best[0];
        best[0] = best[count], best[count] = worst;
        sink(x, best, count);
    }
}

/* logits (B, V), forbidden (B, V), recent (B, W), temperatures (B); towards (B) and shares (B) of what each is to lean
   towards, read with ``leaning`` alone; how: top-p, penalty -> ids (B, K), how likely they are (B, K). x (V): room. */
void likely(const float *logits, const uint8_t *forbidden, const int64_t *recent, const float *temperatures,
            const int64_t *towards, const float *shares, const float *how, int64_t *ids, float *probabilities, float *x,
            long B, long V, long W, long K, long ending, long leaning, int threads) {
    (void)threads;
    for (long b = 0; b < B; b++, logits += V, forbidden += V, recent += W, ids += K, probabilities += K) {
        float temperature = temperatures[b] ? temperatures[b] : 1.0f, top_p = temperatures[b] ? how[0] : 0.0f;
#pragma omp simd
        for (long v = 0; v < V; v++) x[v] = forbidden[v] ? -INFINITY : logits[v];
        penalise(x, recent, how[1], ending, W, V);
        for (long v = 0; v < V; v++) x[v] /= temperature;
        if (leaning) lean(x, towards[b], shares[b], V);
        find_best(x, ids, K, V);
        float total = 0.0f, held = 0.0f;
        for (long k = 0; k < K; k++)
            total += probabilities[k] = x[ids[k]] == -INFINITY ? 0.0f : exponential(x[ids[k]] - x[ids[0]]);
        long count = 0;
        for (; count < K && (!count || held < top_p * total); count++) held += probabilities[count];
        for (long k = 0; k < K; k++) probabilities[k] = k < count ? probabilities[k] / held : 0.0f;
    }
}
