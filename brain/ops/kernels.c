/* The loops for which torch has no single operation, each one pass over memory where torch needs many.

   Everything is float32, contiguous, time first. T tokens, B streams, P = T * B positions, N neurons, K windows,
   L tokens of history, V width of a norm. Each function computes what the Python file of the same subject beside this
   one defines (the step: brain/species/interneuron.py); the tests compare the two. Work is shared among threads by
   neuron or by position, never by sum, so results don't depend on who is quick. */

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SIMD _Pragma("omp simd")

#include "numbers.h"
#include "words.h"

#ifdef _OPENMP
#include <omp.h>
#define THREAD omp_get_thread_num()
#define THREADS omp_get_num_threads()
#else
#define THREAD 0
#define THREADS 1
#endif

#define STRIP 128  /* neurons handled together: a strip of 200 tokens stays in the second-level cache */
#define WIDE 1024  /* the same where only two averages of each token are kept, or fewer in long blocks: */
#define KEPT 65536 /* two of so many neurons times tokens fit in that cache */
#define PIECE 128  /* tokens per running sum, which bounds its rounding error */

static inline long least(long a, long b) { return a < b ? a : b; }

/* ---- neurons: GELU, and the dropout mask of each stream's block -------------------------------------------------- */

/* sums (P, N), lacking their bias (N); mask (B, N) -> out (P, N) */
void activate_forward(const float *restrict sums, const float *restrict bias, const float *restrict mask,
                      float *restrict out, long P, long B, long N, int threads) {
#pragma omp parallel for num_threads(threads) schedule(static)
    for (long p = 0; p < P; p++) {
        const float *restrict sum = sums + p * N, *restrict share = mask + p % B * N;
        float *restrict active = out + p * N;
#pragma omp simd
        for (long n = 0; n < N; n++) active[n] = share[n] * gelu(sum[n] + bias[n]);
    }
}

/* grad (P, N) -> gradients of sums (P, N) and, per thread, of bias (threads, N) */
void activate_backward(const float *restrict sums, const float *restrict bias, const float *restrict mask,
                       const float *restrict grad, float *restrict grad_sums, float *restrict grad_bias, long P, long B,
                       long N, int threads) {
#pragma omp parallel num_threads(threads)
    {
        float *restrict mine = grad_bias + THREAD * N;
#pragma omp for schedule(static)
        for (long p = 0; p < P; p++) {
            const float *restrict sum = sums + p * N, *restrict share = mask + p % B * N, *restrict into = grad + p * N;
            float *restrict out = grad_sums + p * N;
#pragma omp simd
            for (long n = 0; n < N; n++) {
                float x = sum[n] + bias[n], slope = normal_below(x) + x * 0.39894228f * exponential(-0.5f * x * x);
                mine[n] += out[n] = share[n] * into[n] * slope;
            }
        }
    }
}

/* ---- a memory layer: two moving averages, softmax over four sources, the weighted sum of the first three ---------

   Gate g of G is that of the neurons g, g + G, g + 2 G, ...: of a slice of gates and the same slice of each G neurons. */

/* The averages one token later, of ``slices`` slices of ``width`` neurons that lie G apart. */
static inline void average(const float *restrict x, const float *restrict short_decay, const float *restrict long_decay,
                           const float *restrict brief, const float *restrict lasting, float *restrict next_brief,
                           float *restrict next_lasting, long slices, long width, long G) {
    for (long c = 0; c < slices; c++) {
        long far = c * G, near = c * width;
#pragma omp simd
        for (long n = 0; n < width; n++) {
            float now = x[far + n];
            next_brief[near + n] = now + short_decay[far + n] * (brief[near + n] - now);
            next_lasting[near + n] = now + long_decay[far + n] * (lasting[near + n] - now);
        }
    }
}

static inline void gather(const float *from, float *to, long slices, long width, long G) {
    for (long c = 0; c < slices; c++) memcpy(to + c * width, from + c * G, width * sizeof(float));
}

static inline void scatter(const float *from, float *to, long slices, long width, long G) {
    for (long c = 0; c < slices; c++) memcpy(to + c * G, from + c * width, width * sizeof(float));
}

/* The first three sources of ``slices`` slices of ``width`` neurons that lie G apart, weighed by their gates. */
static inline void weigh(const float *restrict g, const float *restrict brief, const float *restrict lasting,
                         const float *restrict x, float *restrict out, long slices, long width, long G) {
    for (long c = 0; c < slices; c++) {
        long far = c * G, near = c * width;
#pragma omp simd
        for (long n = 0; n < width; n++)
            out[far + n] = g[n] * brief[near + n] + g[G + n] * lasting[near + n] + g[2 * G + n] * x[far + n];
    }
}

/* Gates handled together, so that their neurons are at most ``most``, but at least one. */
static inline long slice_width(long most, long slices, long G) { return least(G, most / slices > 1 ? most / slices : 1); }

/* Scores of ``width`` gates of each of the four sources, G apart, become shares, once what they lean to is added. */
static inline void share_out(float *restrict g, const float *restrict lean, long width, long G) {
#pragma omp simd
    for (long n = 0; n < width; n++) {
        float a = g[n] + lean[n], b = g[G + n] + lean[G + n];
        float c = g[2 * G + n] + lean[2 * G + n], d = g[3 * G + n] + lean[3 * G + n];
        float ab = a > b ? a : b, cd = c > d ? c : d, top = ab > cd ? ab : cd;
        a = exponential(a - top), b = exponential(b - top);
        c = exponential(c - top), d = exponential(d - top);
        float share = 1.0f / (a + b + c + d);
        g[n] = a * share, g[G + n] = b * share, g[2 * G + n] = c * share, g[3 * G + n] = d * share;
    }
}

/* Of the scores (P, 4, G) that lack their bias (4, G), which become gates, or of gates, if there is no bias; inputs (P, N),
   decays (2, N), start (2, B, N) -> gated (P, N) and, where it is wanted, after (2, B, N): the averages at the end */
static inline void let_through(float *restrict gates, const float *restrict bias, const float *restrict inputs,
                               const float *restrict decays, const float *restrict start, float *restrict gated,
                               float *restrict after, long T, long B, long N, long G, int threads) {
    long slices = N / G, wide = slice_width(WIDE, slices, G), strips = (G + wide - 1) / wide;
#pragma omp parallel num_threads(threads)
    {
        float *brief = malloc(2 * slices * wide * sizeof(float)), *lasting = brief + slices * wide;
#pragma omp for schedule(static)
        for (long task = 0; task < strips * B; task++) {
            long g0 = task % strips * wide, b = task / strips, width = least(wide, G - g0);
            gather(start + b * N + g0, brief, slices, width, G);
            gather(start + (B + b) * N + g0, lasting, slices, width, G);
            for (long p = b; p < T * B; p += B) {
                const float *restrict x = inputs + p * N + g0;
                float *restrict g = gates + p * 4 * G + g0;
                average(x, decays + g0, decays + N + g0, brief, lasting, brief, lasting, slices, width, G);
                if (bias) share_out(g, bias + g0, width, G);
                weigh(g, brief, lasting, x, gated + p * N + g0, slices, width, G);
            }
            if (!after) continue;
            scatter(brief, after + b * N + g0, slices, width, G);
            scatter(lasting, after + (B + b) * N + g0, slices, width, G);
        }
        free(brief);
    }
}

/* scores, which become the gates, bias, inputs, decays, start -> gated, after */
void memory_forward(float *scores, const float *bias, const float *inputs, const float *decays, const float *start,
                    float *gated, float *after, long T, long B, long N, long G, int threads) {
    let_through(scores, bias, inputs, decays, start, gated, after, T, B, N, G, threads);
}

/* What ``memory_forward`` made of gates, inputs, decays and start, once more -> gated */
void memory_again(float *gates, const float *inputs, const float *decays, const float *start, float *gated,
                  long T, long B, long N, long G, int threads) {
    let_through(gates, NULL, inputs, decays, start, gated, NULL, T, B, N, G, threads);
}

/* grad (P, N) of gated + gate * answer; gate (P, G) -> gradients of gate (P, G) and, in its place, of answer (P, N) */
void answer_backward(const float *restrict gate, const float *restrict grad, float *restrict answer,
                     float *restrict grad_gate, long P, long N, long G, int threads) {
#pragma omp parallel for num_threads(threads) schedule(static)
    for (long p = 0; p < P; p++) {
        const float *restrict open = gate + p * G, *restrict into = grad + p * N;
        float *restrict said = answer + p * N, *restrict sum = grad_gate + p * G;
        memset(sum, 0, G * sizeof(float));
        for (long n0 = 0; n0 < N; n0 += G)
#pragma omp simd
            for (long g = 0; g < G; g++) {
                sum[g] += into[n0 + g] * said[n0 + g];
                said[n0 + g] = into[n0 + g] * open[g];
            }
    }
}

/* gates (P, 4, G), which become the gradients of the scores; grad (P, N) of gated, grad_answer (P, G) of the fourth
   gate -> gradients of inputs (P, N) and, per stream, of decays (B, 2, N) and bias (B, 4, G). The averages are worked
   out once more, a slice at a time: that costs less than keeping them. */
void memory_backward(float *restrict gates, const float *restrict inputs, const float *restrict decays,
                     const float *restrict start, const float *restrict grad, const float *restrict grad_answer,
                     float *restrict grad_inputs, float *restrict grad_decays, float *restrict grad_bias, long T,
                     long B, long N, long G, int threads) {
    long slices = N / G, most = least(WIDE, KEPT / T < STRIP ? STRIP : KEPT / T);
    long wide = slice_width(most, slices, G), strips = (G + wide - 1) / wide, row = slices * wide;
#pragma omp parallel num_threads(threads)
    {
        float *averages = malloc((T + 1) * 2 * row * sizeof(float)), *sums = malloc((4 * row + 4 * wide) * sizeof(float));
        float *restrict later = sums, *restrict much_later = later + row; /* decay * d loss / d average, of all that follows */
        float *restrict short_sum = much_later + row, *restrict long_sum = short_sum + row, *restrict by = long_sum + row;
#pragma omp for schedule(static)
        for (long task = 0; task < strips * B; task++) {
            long g0 = task % strips * wide, b = task / strips, width = least(wide, G - g0);
            const float *restrict short_decay = decays + g0, *restrict long_decay = decays + N + g0;
            float *restrict lean = grad_bias + b * 4 * G + g0;
            for (long source = 0; source < 4; source++) memset(lean + source * G, 0, width * sizeof(float));
            memset(sums, 0, 4 * row * sizeof(float));
            gather(start + b * N + g0, averages, slices, width, G);
            gather(start + (B + b) * N + g0, averages + row, slices, width, G);
            for (long t = 0; t < T; t++) {
                float *last = averages + t * 2 * row, *next = last + 2 * row;
                const float *x = inputs + (t * B + b) * N + g0;
                average(x, short_decay, long_decay, last, last + row, next, next + row, slices, width, G);
            }
            for (long t = T - 1; t >= 0; t--) {
                long p = t * B + b;
                const float *restrict x = inputs + p * N + g0, *restrict into = grad + p * N + g0;
                const float *restrict brief = averages + (t + 1) * 2 * row, *restrict lasting = brief + row;
                const float *restrict into_answer = grad_answer + p * G + g0;
                float *restrict g = gates + p * 4 * G + g0, *restrict out = grad_inputs + p * N + g0;
                memset(by, 0, 3 * wide * sizeof(float)); /* sums over the slices: grad * source */
                for (long c = 0; c < slices; c++) {
                    long far = c * G, near = c * width;
#pragma omp simd
                    for (long n = 0; n < width; n++) {
                        float e = into[far + n], now = x[far + n], one = brief[near + n], two = lasting[near + n];
                        by[n] += e * one, by[wide + n] += e * two, by[2 * wide + n] += e * now;
                        float first = e * g[n] + later[near + n], second = e * g[G + n] + much_later[near + n];
                        short_sum[near + n] += (one - now) * first; /* = decay * (previous - input) * first */
                        long_sum[near + n] += (two - now) * second;
                        later[near + n] = short_decay[far + n] * first;
                        much_later[near + n] = long_decay[far + n] * second;
                        out[far + n] = e * g[2 * G + n] + (first - later[near + n]) + (second - much_later[near + n]);
                    }
                }
#pragma omp simd
                for (long n = 0; n < width; n++) {
                    float a = g[n], b = g[G + n], c = g[2 * G + n], d = g[3 * G + n], ed = into_answer[n];
                    float common = a * by[n] + b * by[wide + n] + c * by[2 * wide + n] + d * ed;
                    lean[n] += g[n] = a * (by[n] - common), lean[G + n] += g[G + n] = b * (by[wide + n] - common);
                    lean[2 * G + n] += g[2 * G + n] = c * (by[2 * wide + n] - common);
                    lean[3 * G + n] += g[3 * G + n] = d * (ed - common);
                }
            }
            for (long c = 0; c < slices; c++) {
                long far = g0 + c * G, near = c * width;
                for (long n = 0; n < width; n++) {
                    grad_decays[2 * b * N + far + n] = short_sum[near + n] / decays[far + n];
                    grad_decays[(2 * b + 1) * N + far + n] = long_sum[near + n] / decays[N + far + n];
                }
            }
        }
        free(averages);
        free(sums);
    }
}

/* ---- exponential moving averages along time ---------------------------------------------------------------------- */

/* inputs (T, B, N), decays (M, N), start (M, B, N) -> averages (T, M, B, N) */
void averages_forward(const float *restrict inputs, const float *restrict decays, const float *restrict start,
                      float *restrict averages, long T, long M, long B, long N, int threads) {
#pragma omp parallel for num_threads(threads) schedule(static)
    for (long n0 = 0; n0 < N; n0 += STRIP) {
        long width = least(STRIP, N - n0);
        for (long m = 0; m < M; m++) {
            const float *restrict decay = decays + m * N + n0;
            for (long b = 0; b < B; b++) {
                const float *previous = start + (m * B + b) * N + n0;
                for (long t = 0; t < T; t++) {
                    const float *restrict x = inputs + (t * B + b) * N + n0;
                    float *restrict out = averages + ((t * M + m) * B + b) * N + n0;
                    for (long n = 0; n < width; n++) out[n] = x[n] + decay[n] * (previous[n] - x[n]);
                    previous = out;
                }
            }
        }
    }
}

/* ---- windows of fractional size ---------------------------------------------------------------------------------- */

/* sums[i] = row 0 + ... + row i-1, for one strip of one stream; sums (count + 1, STRIP). The first ``old`` rows are
   history's, which lie close together; values' lie ``stride`` apart. */
static void running_sums(const float *restrict history, const float *restrict values, long old, long count, long N,
                         long stride, long width, float *restrict sums) {
    memset(sums, 0, STRIP * sizeof(float));
    for (long i = 0; i < count; i++) {
        const float *restrict row = i < old ? history + i * N : values + (i - old) * stride;
#pragma omp simd
        for (long n = 0; n < width; n++) sums[(i + 1) * STRIP + n] = sums[i * STRIP + n] + row[n];
    }
}

/* The running sums of one strip of stream b, over L tokens before t0 and ``tokens`` from there on. */
static void sums_around(const float *history, const float *values, long t0, long tokens, long b, long n0, long width,
                        long L, long B, long N, float *sums) {
    long old = t0 < L ? L - t0 : 0; /* rows that are still history */
    running_sums(history + (b * L + t0) * N + n0, values + ((t0 + old - L) * B + b) * N + n0, old, L + tokens, N, B * N,
                 width, sums);
}

/* history (B, L, N), values (T, B, N), sizes (K), weights (K, N) -> out (T, B, N): values + mix */
void windows_forward(const float *restrict history, const float *restrict values, const float *restrict sizes,
                     const float *restrict weights, float *restrict out, long T, long L, long B, long N, long K,
                     int threads) {
    long strips = (N + STRIP - 1) / STRIP;
#pragma omp parallel num_threads(threads)
    {
        float *sums = malloc((L + PIECE + 1) * STRIP * sizeof(float));
#pragma omp for schedule(static)
        for (long strip = 0; strip < strips * B; strip++) {
            long n0 = strip % strips * STRIP, b = strip / strips, width = least(STRIP, N - n0);
            for (long t0 = 0; t0 < T; t0 += PIECE) {
                long tokens = least(PIECE, T - t0);
                sums_around(history, values, t0, tokens, b, n0, width, L, B, N, sums);
                for (long t = 0; t < tokens; t++) {
                    const float *restrict end = sums + (L + t + 1) * STRIP;
                    float mix[STRIP];
                    memcpy(mix, values + ((t0 + t) * B + b) * N + n0, width * sizeof(float));
                    for (long k = 0; k < K; k++) {
                        long whole = (long)sizes[k];
                        float fraction = sizes[k] - whole, share = 1.0f / sizes[k];
                        const float *restrict inner = end - whole * STRIP;
                        const float *restrict outer = whole < L + t + 1 ? inner - STRIP : inner;
                        const float *restrict weight = weights + k * N + n0;
#pragma omp simd
                        for (long n = 0; n < width; n++)
                            mix[n] += weight[n] * share * (end[n] - inner[n] + fraction * (inner[n] - outer[n]));
                    }
                    memcpy(out + ((t0 + t) * B + b) * N + n0, mix, width * sizeof(float));
                }
            }
        }
        free(sums);
    }
}

/* grad (T, B, N) -> gradients of values (T, B, N), sizes (K, N), to be summed, and weights (K, N) */
void windows_backward(const float *restrict history, const float *restrict values, const float *restrict sizes,
                      const float *restrict weights, const float *restrict grad, float *restrict grad_values,
                      float *restrict grad_sizes, float *restrict grad_weights, long T, long L, long B, long N, long K,
                      int threads) {
#pragma omp parallel num_threads(threads)
    {
        long rows = L + PIECE + 1;
        float *sums = malloc(rows * STRIP * sizeof(float)), *grad_sums = malloc(rows * STRIP * sizeof(float));
#pragma omp for schedule(static)
        for (long n0 = 0; n0 < N; n0 += STRIP) {
            long width = least(STRIP, N - n0);
            for (long k = 0; k < K; k++) {
                memset(grad_sizes + k * N + n0, 0, width * sizeof(float));
                memset(grad_weights + k * N + n0, 0, width * sizeof(float));
            }
            for (long b = 0; b < B; b++)
                for (long t0 = 0; t0 < T; t0 += PIECE) {
                    long tokens = least(PIECE, T - t0);
                    sums_around(history, values, t0, tokens, b, n0, width, L, B, N, sums);
                    memset(grad_sums, 0, (L + tokens + 1) * STRIP * sizeof(float));
                    for (long k = 0; k < K; k++) {
                        long whole = (long)sizes[k];
                        float fraction = sizes[k] - whole, share = 1.0f / sizes[k];
                        const float *restrict weight = weights + k * N + n0;
                        float by_mean[STRIP] = {0}, by_edge[STRIP] = {0}; /* sums of grad * mean, of grad * oldest */
                        for (long t = 0; t < tokens; t++) {
                            const float *restrict end = sums + (L + t + 1) * STRIP;
                            const float *restrict inner = end - whole * STRIP;
                            long back = whole < L + t + 1 ? STRIP : 0;
                            const float *restrict outer = inner - back;
                            const float *restrict into = grad + ((t0 + t) * B + b) * N + n0;
                            float *restrict at_end = grad_sums + (L + t + 1) * STRIP; /* whole >= 1: another row */
                            float *restrict at_inner = at_end - whole * STRIP;
#pragma omp simd
                            for (long n = 0; n < width; n++) {
                                float oldest = inner[n] - outer[n], one = into[n] * weight[n] * share;
                                by_mean[n] += into[n] * (end[n] - inner[n] + fraction * oldest) * share;
                                by_edge[n] += into[n] * oldest;
                                at_end[n] += one;
                                at_inner[n] -= one * (1.0f - fraction);
                            }
                            float *restrict at_outer = at_inner - back;
#pragma omp simd
                            for (long n = 0; n < width; n++) /* apart: it may be the same row */
                                at_outer[n] -= into[n] * weight[n] * share * fraction;
                        }
                        for (long n = 0; n < width; n++) {
                            grad_weights[k * N + n0 + n] += by_mean[n];
                            grad_sizes[k * N + n0 + n] += weight[n] * share * (by_edge[n] - by_mean[n]);
                        }
                    }
                    float later[STRIP] = {0};
                    for (long t = tokens - 1; t >= -least(L, t0); t--) { /* each value entered every later sum */
                        long place = ((t0 + t) * B + b) * N + n0;
                        const float *restrict from = grad_sums + (L + t + 1) * STRIP, *restrict into = grad + place;
                        float *restrict row = grad_values + place;
                        if (t >= 0)
                            for (long n = 0; n < width; n++) row[n] = into[n] + (later[n] += from[n]);
                        else /* a piece before has begun this row */
                            for (long n = 0; n < width; n++) row[n] += later[n] += from[n];
                    }
                }
        }
        free(sums);
        free(grad_sums);
    }
}

/* ---- a * x + b * LayerNorm(x) ------------------------------------------------------------------------------------ */

static void moments(const float *restrict x, long V, float *mean, float *inverse) {
    float sum = 0, squares = 0;
#pragma omp simd reduction(+ : sum)
    for (long v = 0; v < V; v++) sum += x[v];
    float middle = *mean = sum / V;
#pragma omp simd reduction(+ : squares)
    for (long v = 0; v < V; v++) squares += (x[v] - middle) * (x[v] - middle);
    *inverse = 1.0f / sqrtf(squares / V + 1e-5f);
}

/* x (P, V), weight (V), bias (V), scales (2) -> out (P, V), and per position mean and 1 / deviation (P, 2) */
void blend_forward(const float *restrict x, const float *restrict weight, const float *restrict bias,
                   const float *restrict scales, float *restrict out, float *restrict stats, long P, long V,
                   int threads) {
#pragma omp parallel for num_threads(threads) schedule(static)
    for (long p = 0; p < P; p++) {
        const float *restrict row = x + p * V;
        float mean, inverse;
        moments(row, V, &mean, &inverse);
        stats[2 * p] = mean, stats[2 * p + 1] = inverse;
        for (long v = 0; v < V; v++)
            out[p * V + v] = scales[0] * row[v] + scales[1] * ((row[v] - mean) * inverse * weight[v] + bias[v]);
    }
}

/* x (P, V), which becomes its gradient; grad (P, V) -> of weight, bias and scales per thread: normed * grad and grad,
   summed over positions (threads, 2, V), and x * grad, summed over all (threads), from which the caller makes the
   gradients of all three */
void blend_backward(float *restrict x, const float *restrict weight, const float *restrict scales,
                    const float *restrict stats, const float *restrict grad, float *restrict sums, float *restrict by_x,
                    long P, long V, int threads) {
#pragma omp parallel num_threads(threads)
    {
        float *restrict by_norm = sums + THREAD * 2 * V, *restrict by_one = by_norm + V, mine = 0;
        memset(by_norm, 0, 2 * V * sizeof(float));
#pragma omp for schedule(static)
        for (long p = 0; p < P; p++) {
            const float *restrict into = grad + p * V;
            float *restrict row = x + p * V;
            float mean = stats[2 * p], inverse = stats[2 * p + 1], total = 0, along = 0, plain = 0;
#pragma omp simd reduction(+ : total, along, plain)
            for (long v = 0; v < V; v++) {
                float normed = (row[v] - mean) * inverse, one = into[v] * weight[v];
                total += one, along += one * normed, plain += into[v] * row[v];
                by_norm[v] += into[v] * normed, by_one[v] += into[v];
            }
            total /= V, along /= V, mine += plain;
#pragma omp simd
            for (long v = 0; v < V; v++) {
                float normed = (row[v] - mean) * inverse;
                row[v] = scales[0] * into[v] + scales[1] * inverse * (into[v] * weight[v] - total - normed * along);
            }
        }
        by_x[THREAD] = mine;
    }
}

/* ---- the memory of words ----------------------------------------------------------------------------------------- */

/* tokens (T, B), counts before (2, B, V), kept (2), weight (2, V), scales (T, B, 2); logits (T, B, V), to which is added
   what the counts say -> counts after (2, B, V) */
void words_forward(const int64_t *tokens, const float *counts, const float *kept, const float *weight,
                   const float *scales, float *logits, float *after, long T, long B, long V, long marks, int threads) {
    long patches = (V + PATCH - 1) / PATCH;
#pragma omp parallel for num_threads(threads) schedule(static)
    for (long task = 0; task < patches * B; task++)
        words_patch(task, tokens, counts, kept, weight, scales, logits, after, T, B, V, marks);
}

/* grad (T, B, V) of the logits -> gradients of weight (2, V), which begins as zeros, and of scales, a part for each patch
   of words (patches, T, B, 2) */
void words_backward(const int64_t *restrict tokens, const float *restrict counts, const float *restrict kept,
                    const float *restrict weight, const float *restrict scales, const float *restrict grad,
                    float *restrict grad_weight, float *restrict grad_scales, long T, long B, long V, long marks,
                    int threads) {
#pragma omp parallel for num_threads(threads) schedule(static)
    for (long v0 = 0; v0 < V; v0 += PATCH) {
        long width = least(PATCH, V - v0);
        float brief[PATCH], lasting[PATCH];
        const float *restrict first = weight + v0, *restrict second = weight + V + v0;
        float *restrict to_first = grad_weight + v0, *restrict to_second = grad_weight + V + v0;
        for (long b = 0; b < B; b++) {
            recount(counts, brief, lasting, b, v0, width, B, V, marks);
            for (long t = 0; t < T; t++) {
                long p = t * B + b;
                const float *restrict into = grad + p * V + v0;
                float one = scales[2 * p], two = scales[2 * p + 1], to_one = 0, to_two = 0;
                count(brief, lasting, kept, tokens[p] < marks ? -1 : tokens[p] - v0, width);
#pragma omp simd reduction(+ : to_one, to_two)
                for (long n = 0; n < width; n++) {
                    float a = into[n] * logarithm(1.0f + brief[n]), c = into[n] * logarithm(1.0f + lasting[n]);
                    to_first[n] += one * a, to_second[n] += two * c;
                    to_one += first[n] * a, to_two += second[n] * c;
                }
                float *to = grad_scales + (v0 / PATCH * T * B + p) * 2;
                to[0] = to_one, to[1] = to_two;
            }
        }
    }
}

/* ---- what each token cost ---------------------------------------------------------------------------------------- */

/* logits (P, V), targets (P) -> losses (P) in nats, whether the best guess was right (P), and log of the sum of
   exponentials (P) */
void losses_forward(const float *restrict logits, const int64_t *restrict targets, float *restrict losses,
                    uint8_t *restrict right, float *restrict normalisers, long P, long V, int threads) {
#pragma omp parallel for num_threads(threads) schedule(static)
    for (long p = 0; p < P; p++) {
        const float *restrict row = logits + p * V;
        float top = row[0], sum = 0;
#pragma omp simd reduction(max : top)
        for (long v = 0; v < V; v++) top = row[v] > top ? row[v] : top;
#pragma omp simd reduction(+ : sum)
        for (long v = 0; v < V; v++) sum += exponential(row[v] - top);
        normalisers[p] = top + logf(sum);
        losses[p] = normalisers[p] - row[targets[p]];
        long best = 0; /* the first of equals, as argmax */
        while (best < V - 1 && !(row[best] == top)) best++;
        right[p] = best == targets[p];
    }
}

/* logits (P, V), which become their gradient; grad (P) of the losses */
void losses_backward(float *restrict logits, const int64_t *restrict targets, const float *restrict normalisers,
                     const float *restrict grad, long P, long V, int threads) {
#pragma omp parallel for num_threads(threads) schedule(static)
    for (long p = 0; p < P; p++) {
        float *restrict row = logits + p * V, scale = grad[p], normaliser = normalisers[p];
#pragma omp simd
        for (long v = 0; v < V; v++) row[v] = scale * exponential(row[v] - normaliser);
        row[targets[p]] -= scale;
    }
}

/* ---- all parameters at once -------------------------------------------------------------------------------------- */

/* Addresses of ``count`` tensors and their sizes -> sums of squares per thread (threads) */
void squares(const float *const *tensors, const int64_t *sizes, double *sums, long count, int threads) {
#pragma omp parallel num_threads(threads)
    {
        double mine = 0;
        for (long tensor = 0; tensor < count; tensor++) {
            long from = sizes[tensor] * THREAD / THREADS, stop = sizes[tensor] * (THREAD + 1) / THREADS;
            for (long i = from; i < stop; i += PIECE) { /* so few at a time that single precision is enough */
                const float *restrict x = tensors[tensor] + i;
                long few = least(PIECE, stop - i);
                float sum = 0;
#pragma omp simd reduction(+ : sum)
                for (long n = 0; n < few; n++) sum += x[n] * x[n];
                mine += sum;
            }
        }
        sums[THREAD] = mine;
    }
}

/* Addresses of ``count`` averages, of the values that they move to, and sizes; the share of the way that they move */
void ema_update(float *const *averages, const float *const *values, const int64_t *sizes, const float *share, long count,
                int threads) {
#pragma omp parallel num_threads(threads)
    for (long tensor = 0; tensor < count; tensor++) {
        long from = sizes[tensor] * THREAD / THREADS, stop = sizes[tensor] * (THREAD + 1) / THREADS;
        float *restrict x = averages[tensor];
        const float *restrict value = values[tensor];
#pragma omp simd
        for (long i = from; i < stop; i++) x[i] += *share * (value[i] - x[i]);
    }
}

/* ---- one token through the whole brain --------------------------------------------------------------------------- */

#define WEIGHT float
#define WAIT _Pragma("omp barrier")

static inline float dot(const float *restrict a, const float *restrict b, long count) {
    float sum = 0;
    for (long i = 0; i < count; i++) sum += a[i] * b[i];
    return sum;
}

static inline void unpack(const float *from, float *to, long count) { memcpy(to, from, count * sizeof(float)); }

#include "step.h"

/* weights: their addresses, in the order of step.h, where the rest is said, too */
void step(const float *const *weights, const Shape *shape, const int64_t *tokens, const int64_t *previous,
          const float *pixels, const int64_t *places, const float *history, const float *memory1, const float *memory2,
          int64_t *new_places, float *new_history, float *new_memory1, float *new_memory2, float *logits,
          float *expected, float *thought, float *scratch, int threads) {
    Weights w = {weights, weights};
    Moment q = {tokens, previous, pixels, places, history, memory1, memory2, new_places, new_history, new_memory1,
                new_memory2, logits, expected, thought, scratch};
#pragma omp parallel num_threads(threads)
    {
        hear(w, shape, &q);
        speak(w, shape, &q);
    }
}
