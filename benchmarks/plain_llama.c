/* A llama as simple programs write it: weights of 32 bits, a loop a product, keys turned once and kept. Something to hold
   the body in C against. Usage: plain_llama WIDTH LAYERS HEADS KEY_HEADS HIDDEN VOCABULARY CONTEXT TOKENS */

#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int D, L, H, G, F, V, C, E;

static float *numbers(long count) {
    static unsigned seed = 1;
    float *made = malloc(count * sizeof(float));
    for (long i = 0; i < count; i++) seed = seed * 1664525u + 1013904223u, made[i] = (seed >> 8) / 16777216.0f * 0.1f - 0.05f;
    return made;
}

static void multiply(float *out, const float *w, const float *x, int rows, int columns) {
    for (int r = 0; r < rows; r++) {
        float sum = 0;
        for (int c = 0; c < columns; c++) sum += w[(long)r * columns + c] * x[c];
        out[r] = sum;
    }
}

static void normalise(float *out, const float *x) {
    float squares = 0;
    for (int i = 0; i < D; i++) squares += x[i] * x[i];
    for (int i = 0; i < D; i++) out[i] = x[i] / sqrtf(squares / D + 1e-5f);
}

static void turn(float *x, int heads, int place) {
    for (int h = 0; h < heads; h++)
        for (int i = 0; i < E; i += 2) {
            float angle = place * powf(10000.0f, -(float)i / E), c = cosf(angle), s = sinf(angle);
            float a = x[h * E + i], b = x[h * E + i + 1];
            x[h * E + i] = a * c - b * s, x[h * E + i + 1] = a * s + b * c;
        }
}

int main(int count, char **words) {
    int *sizes[] = {&D, &L, &H, &G, &F, &V, &C}, tokens = atoi(words[count - 1]), token = 1;
    for (int i = 0; i < 7; i++) *sizes[i] = atoi(words[i + 1]);
    E = D / H;
    long K = (long)G * E;
    float *table = numbers((long)V * D), *head = numbers((long)V * D), *keys = numbers(L * C * K), *values = numbers(L * C * K);
    float *wq = numbers((long)L * D * D), *wk = numbers(L * K * D), *wv = numbers(L * K * D), *wo = numbers((long)L * D * D);
    float *w1 = numbers((long)L * F * D), *w2 = numbers((long)L * F * D), *w3 = numbers((long)L * F * D);
    float *x = numbers(D), *y = numbers(D), *q = numbers(D), *z = numbers(D), *a = numbers(F), *b = numbers(F);
    float *share = numbers(C), *logits = numbers(V);
    struct timespec from, to;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
    for (int p = 0; p < tokens; p++) {
        int place = p < C ? p : C - 1;
        memcpy(x, table + (long)token * D, D * sizeof(float));
        for (int l = 0; l < L; l++) {
            float *key = keys + (l * C + place) * K, *value = values + (l * C + place) * K;
            normalise(y, x);
            multiply(q, wq + (long)l * D * D, y, D, D), multiply(key, wk + l * K * D, y, K, D);
            multiply(value, wv + l * K * D, y, K, D), turn(q, H, place), turn(key, G, place);
            for (int h = 0; h < H; h++) {
                float most = -1e30f, all = 0;
                long group = h / (H / G) * E;
                for (int t = 0; t <= place; t++) {
                    float sum = 0;
                    for (int e = 0; e < E; e++) sum += q[h * E + e] * keys[(l * C + t) * K + group + e];
                    share[t] = sum / sqrtf(E), most = share[t] > most ? share[t] : most;
                }
                for (int t = 0; t <= place; t++) all += share[t] = expf(share[t] - most);
                memset(z + h * E, 0, E * sizeof(float));
                for (int t = 0; t <= place; t++)
                    for (int e = 0; e < E; e++) z[h * E + e] += share[t] / all * values[(l * C + t) * K + group + e];
            }
            multiply(y, wo + (long)l * D * D, z, D, D);
            for (int i = 0; i < D; i++) x[i] += y[i];
            normalise(y, x);
            multiply(a, w1 + (long)l * F * D, y, F, D), multiply(b, w3 + (long)l * F * D, y, F, D);
            for (int i = 0; i < F; i++) a[i] *= b[i] / (1.0f + expf(-a[i]));
            multiply(y, w2 + (long)l * F * D, a, D, F);
            for (int i = 0; i < D; i++) x[i] += y[i];
        }
        normalise(y, x), multiply(logits, head, y, V, D);
        for (int v = token = 0; v < V; v++) token = logits[v] > logits[token] ? v : token;
    }
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
    printf("%.1f\n", tokens / (to.tv_sec - from.tv_sec + 1e-9 * (to.tv_nsec - from.tv_nsec)));
    return 0;
}
