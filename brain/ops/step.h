/* One token through the whole brain.

   For talking, where a token costs less than the sixty calls into PyTorch that it would take. Threads own neurons: each
   works out its share of every layer's outputs and waits for the others only where a sum needs all of them.

   The resident brain and the bodies in C (school/bodies/native) both include this. Whoever does says before what a
   WEIGHT is, a number of a matrix; how ``unpack`` makes floats of them, and how ``dot`` and ``moments`` sum up;
   THREAD, THREADS, and WAIT, which waits for the other threads; and SIMD, which stands before loops over neurons. */

#ifndef STEP_H
#define STEP_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "numbers.h"

enum { /* the brain's parameters, in the order of brain/species/interneuron_step.py */
    TOKENS, BEFORE, POSITIONS, PIXEL_W, PIXEL_B, WORD_W, WORD_B, WORD_SCALES, BLEND,
    INPUT_W, INPUT_B, ROWS, ROWS_B, GAIN,
    LOG_SIZES, CEREBELLUM, MIX_W, MIX_B, NARROW_W, NARROW_B, THIN_W, THIN_B, WIDE_W, WIDE_B,
    MEMORY1,
    MEMORY2 = MEMORY1 + 13, /* MEMORY_PARTS */
    LAST_W = MEMORY2 + 13, LAST_B, LAST_SCALES, THINK_W, THINK_B, THOUGHT_W, THOUGHT_B, SPEAK_W, SPEAK_B,
    SELF_W, SELF_B, COLOUR_W, COLOUR_B,
    VOICE_W, VOICE_B, VOICE_SCALES, PARAMETERS
};
enum { DECAYS, NORM_W, NORM_B, REDUCE_W, REDUCE_B, GATE_W, GATE_B, PROJECT_W, PROJECT_B,
       ANSWER_NORM_W, ANSWER_NORM_B, ANSWER_W, ANSWER_B, MEMORY_PARTS };

typedef struct {
    long streams, vocabulary, width, neurons, windows, longest, bottleneck, memory, thought, hidden, gates;
    long places, first_word; /* positions known; tokens below first_word are marks */
    long one_span, echo; /* the switches of its shape */
} Shape;

/* Where the parameters lie: ``v`` those that are read as floats, ``m`` the tables of tokens and the large matrices. */
typedef struct {
    const float *const *v;
    const WEIGHT *const *m;
} Weights;

/* tokens (B), previous (B): the tokens before; pixels (B, 3); places (B): where each stream was; history (B, L, N);
   memory1 and memory2 (B, 2, N) -> the last four after the token, logits (B, V), expected (B, 3), thought (B, C).
   scratch: B * (D + 5 N + 2 H + 3 R + C + V + S) + K + 3 D floats: D width, H bottleneck, R memory, C thought, S
   hidden. */
typedef struct {
    const int64_t *tokens, *previous;
    const float *pixels;
    const int64_t *places;
    const float *history, *memory1, *memory2;
    int64_t *new_places;
    float *new_history, *new_memory1, *new_memory2, *logits, *expected, *thought, *scratch;
} Moment;

#define AT_ONCE 128 /* neurons whose windows are mixed together */
/* This thread's share. It begins at whole vectors, so that a vector's sum is the same whoever works it out. */
#define FROM(count) ((count) / 16 * THREAD / THREADS * 16)
#define TO(count) (THREAD + 1 < THREADS ? (count) / 16 * (THREAD + 1) / THREADS * 16 : (count))
#define MINE(count) for (long i = FROM(count), stop = TO(count); i < stop; i++)

/* out[i] = scales[0] * x[i] + scales[1] * LayerNorm(x)[i] for this thread's share; without scales the norm alone */
static inline void normalise(const float *restrict x, long count, const float *weight, const float *bias,
                             const float *scales, float *restrict out) {
    float mean, inverse;
    moments(x, count, &mean, &inverse);
    MINE(count) {
        float normed = (x[i] - mean) * inverse * weight[i] + bias[i];
        out[i] = scales ? scales[0] * x[i] + scales[1] * normed : normed;
    }
}

/* The vector of a token at its place under a colour, with the echo of the token before if there is one, normed and
   scaled for the neurons; one thread does it. spare: room for three such vectors */
static inline void embed(Weights w, long width, int64_t token, const int64_t *previous, int64_t place,
                         const float *pixel, float *restrict x, float *restrict spare) {
    float share[3], all = 0, mean, inverse, *word = spare, *position = word + width, *echo = position + width;
    float most = fmaxf(w.v[BLEND][0], fmaxf(w.v[BLEND][1], w.v[BLEND][2]));
    for (int i = 0; i < 3; i++) all += share[i] = expf(w.v[BLEND][i] - most);
    unpack(w.m[TOKENS] + token * width, word, width);
    unpack(w.m[POSITIONS] + place * width, position, width);
    if (previous) unpack(w.m[BEFORE] + *previous * width, echo, width);
    moments(word, width, &mean, &inverse);
    for (long i = 0; i < width; i++) {
        float normed = (word[i] - mean) * inverse * w.v[WORD_W][i] + w.v[WORD_B][i];
        float blended = w.v[WORD_SCALES][0] * word[i] + w.v[WORD_SCALES][1] * normed;
        if (previous) blended += echo[i];
        const float *row = w.v[PIXEL_W] + 3 * i;
        float colour = row[0] * pixel[0] + row[1] * pixel[1] + row[2] * pixel[2] + w.v[PIXEL_B][i];
        x[i] = (share[0] * blended + share[1] * position[i] + share[2] * colour) / all;
    }
    moments(x, width, &mean, &inverse);
    for (long i = 0; i < width; i++)
        x[i] = ((x[i] - mean) * inverse * w.v[INPUT_W][i] + w.v[INPUT_B][i]) * w.v[GAIN][0];
}

/* This thread's neurons: the mix of their windows, of ``sizes`` (K), and their history one token on; history (L, N) */
static inline void mix_windows(Weights w, const Shape *s, const float *sizes, const float *active,
                               const float *history, float *restrict after, float *restrict mixed) {
    long L = s->longest, N = s->neurons, stop = TO(N);
    for (long n0 = FROM(N); n0 < stop; n0 += AT_ONCE) {
        long width = AT_ONCE < stop - n0 ? AT_ONCE : stop - n0;
        float sum[AT_ONCE] = {0}, mix[AT_ONCE] = {0};
        for (long age = 0; age <= L; age++) {
            const float *now = age ? history + (L - age) * N + n0 : active + n0;
            for (long k = 0; k < s->windows; k++) {
                if ((long)sizes[k] != age) continue;
                const float *weight = w.v[CEREBELLUM] + k * N + n0;
                for (long n = 0; n < width; n++)
                    mix[n] += weight[n] * (sum[n] + (sizes[k] - age) * now[n]) / sizes[k];
            }
            for (long n = 0; n < width; n++) sum[n] += now[n];
            if (age < L) memcpy(after + (L - 1 - age) * N + n0, now, width * sizeof(float));
        }
        for (long n = 0; n < width; n++) mixed[n0 + n] = active[n0 + n] + mix[n];
    }
}

/* A memory layer: in (B, N), memory (B, 2, N) -> after (B, 2, N), out (B, N); scratch holds (B, 2 N + 3 R) */
static inline void memory_layer(Weights w, const Shape *s, const float *restrict in, const float *restrict memory,
                                float *restrict after, float *restrict out, float *restrict scratch) {
    long B = s->streams, N = s->neurons, R = s->memory, G = s->gates;
    float *normed = scratch, *listening = normed + B * N, *reduced = listening + B * N, *asked = reduced + B * R;
    float *thin = asked + B * R, span[2];
    for (int m = 0; m < 2; m++) span[m] = 1.0f / (1.0f + expf(-w.v[DECAYS][m])); /* if all have the same */
    WAIT for (long b = 0; b < B; b++) normalise(in + b * N, N, w.v[NORM_W], w.v[NORM_B], NULL, normed + b * N);
    WAIT MINE(R) for (long b = 0; b < B; b++)
        reduced[b * R + i] = dot(w.m[REDUCE_W] + i * N, normed + b * N, N) + w.v[REDUCE_B][i];
    WAIT MINE(G) for (long b = 0; b < B; b++) {
        float score[4], most, all = 0;
        for (int source = 0; source < 4; source++)
            score[source] = dot(w.m[GATE_W] + (source * G + i) * R, reduced + b * R, R) + w.v[GATE_B][source * G + i];
        most = fmaxf(fmaxf(score[0], score[1]), fmaxf(score[2], score[3]));
        for (int source = 0; source < 4; source++) all += score[source] = exponential(score[source] - most);
        for (long n = i; n < N; n += G) {
            float average[3] = {0, 0, in[b * N + n]}, gated = 0;
            for (int m = 0; m < 2; m++) {
                float decay = s->one_span ? span[m] : 1.0f / (1.0f + expf(-w.v[DECAYS][m * N + n]));
                long at = (2 * b + m) * N + n;
                average[m] = after[at] = average[2] + decay * (memory[at] - average[2]);
            }
            for (int source = 0; source < 3; source++) gated += score[source] / all * average[source];
            out[b * N + n] = gated, listening[b * N + n] = score[3] / all;
        }
    }
    WAIT MINE(R) for (long b = 0; b < B; b++)
        asked[b * R + i] = gelu(reduced[b * R + i] + dot(w.m[PROJECT_W] + i * N, out + b * N, N) + w.v[PROJECT_B][i]);
    WAIT for (long b = 0; b < B; b++)
        normalise(asked + b * R, R, w.v[ANSWER_NORM_W], w.v[ANSWER_NORM_B], NULL, thin + b * R);
    WAIT MINE(N) for (long b = 0; b < B; b++)
        out[b * N + i] += listening[b * N + i] * (dot(w.m[ANSWER_W] + i * R, thin + b * R, R) + w.v[ANSWER_B][i]);
}

static inline Weights from(Weights w, long parameter) {
    w.v += parameter, w.m += parameter;
    return w;
}

/* What the neurons make of the token, up to the second memory: ``second`` (B, N) of the scratch; all threads take part. */
static inline void hear(Weights w, const Shape *s, const Moment *q) {
    long B = s->streams, D = s->width, N = s->neurons, H = s->bottleneck, L = s->longest;
    float *x = q->scratch, *active = x + B * D, *first = active + B * N, *second = first + B * N;
    float *spare = second + B * N, *narrow = spare + B * (2 * N + 3 * s->memory), *thin = narrow + B * H;
    float *sizes = thin + B * (H + s->thought + s->vocabulary + s->hidden);
    if (THREAD == 0) {
        for (long k = 0; k < s->windows; k++) sizes[k] = expf(w.v[LOG_SIZES][k]);
        for (long b = 0; b < B; b++) {
            int64_t place = q->tokens[b] < s->first_word ? 0 : q->places[b] + 1;
            q->new_places[b] = place < s->places ? place : s->places - 1;
            const int64_t *previous = s->echo ? q->previous + b : NULL;
            embed(w, D, q->tokens[b], previous, q->new_places[b], q->pixels + 3 * b, x + b * D, sizes + s->windows);
        }
    }
    WAIT MINE(N) for (long b = 0; b < B; b++)
        active[b * N + i] = dot(w.m[ROWS] + i * D, x + b * D, D) + w.v[ROWS_B][i];
    for (long b = 0; b < B; b++) {
        float *mine = active + b * N;
        SIMD for (long n = FROM(N); n < TO(N); n++) mine[n] = gelu(mine[n]);
        mix_windows(w, s, sizes, mine, q->history + b * L * N, q->new_history + b * L * N, first + b * N);
    }
    WAIT for (long b = 0; b < B; b++) normalise(first + b * N, N, w.v[MIX_W], w.v[MIX_B], NULL, active + b * N);
    WAIT MINE(H) for (long b = 0; b < B; b++)
        narrow[b * H + i] = gelu(dot(w.m[NARROW_W] + i * N, active + b * N, N) + w.v[NARROW_B][i]);
    WAIT for (long b = 0; b < B; b++) normalise(narrow + b * H, H, w.v[THIN_W], w.v[THIN_B], NULL, thin + b * H);
    WAIT MINE(N) for (long b = 0; b < B; b++)
        first[b * N + i] += dot(w.m[WIDE_W] + i * H, thin + b * H, H) + w.v[WIDE_B][i];
    memory_layer(from(w, MEMORY1), s, first, q->memory1, q->new_memory1, second, spare);
    MINE(N) for (long b = 0; b < B; b++) first[b * N + i] = (first[b * N + i] + second[b * N + i]) / 2;
    memory_layer(from(w, MEMORY2), s, first, q->memory2, q->new_memory2, second, spare);
}

/* What it says to that: logits, the colour that it expects, the thought behind both; all threads take part. */
static inline void speak(Weights w, const Shape *s, const Moment *q) {
    long B = s->streams, N = s->neurons, C = s->thought, V = s->vocabulary, held = s->hidden;
    float *first = q->scratch + B * (s->width + N), *second = first + B * N, *spare = second + B * N;
    float *idea = spare + B * (2 * N + 3 * s->memory + 2 * s->bottleneck), *raw = idea + B * C, *felt = raw + B * V;
    float *thought = q->thought;
    WAIT for (long b = 0; b < B; b++)
        normalise(second + b * N, N, w.v[LAST_W], w.v[LAST_B], w.v[LAST_SCALES], first + b * N);
    WAIT MINE(C) for (long b = 0; b < B; b++)
        idea[b * C + i] = dot(w.m[THINK_W] + i * N, first + b * N, N) + w.v[THINK_B][i];
    WAIT for (long b = 0; b < B; b++)
        normalise(idea + b * C, C, w.v[THOUGHT_W], w.v[THOUGHT_B], NULL, thought + b * C);
    WAIT MINE(V) for (long b = 0; b < B; b++)
        raw[b * V + i] = dot(w.m[SPEAK_W] + i * C, thought + b * C, C) + w.v[SPEAK_B][i];
    MINE(held) for (long b = 0; b < B; b++) {
        const WEIGHT *row = w.m[SELF_W] + i * (C + 3);
        felt[b * held + i] = gelu(dot(row, thought + b * C, C) + dot(row + C, q->pixels + 3 * b, 3) + w.v[SELF_B][i]);
    }
    WAIT for (long b = 0; b < B; b++)
        normalise(raw + b * V, V, w.v[VOICE_W], w.v[VOICE_B], w.v[VOICE_SCALES], q->logits + b * V);
    MINE(3 * B) {
        float sum = w.v[COLOUR_B][i % 3];
        for (long c = 0; c < held; c++) sum += w.v[COLOUR_W][i % 3 * held + c] * felt[i / 3 * held + c];
        q->expected[i] = 1.0f / (1.0f + expf(-sum));
    }
}

#endif
