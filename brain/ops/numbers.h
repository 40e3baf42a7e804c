/* Functions of single numbers, written out so that every compiler makes vectors of them. */

#ifndef NUMBERS_H
#define NUMBERS_H

#include <math.h>
#include <stdint.h>

/* e^x to within 2 units in the last place */
static inline float exponential(float x) {
    x = x > 88.0f ? 88.0f : x;
    x = x < -87.0f ? -87.0f : x;
    float whole = rintf(x * 1.44269504f);
    float rest = (x - whole * 0.693359375f) + whole * 2.12194440e-4f; /* ln 2 in two parts */
    float series = 1.0f / 720;
    series = series * rest + 1.0f / 120;
    series = series * rest + 1.0f / 24;
    series = series * rest + 1.0f / 6;
    series = series * rest + 0.5f;
    series = series * rest * rest + rest + 1.0f;
    union { int32_t bits; float number; } scale = {((int32_t)whole + 127) << 23};
    return series * scale.number;
}

/* The natural logarithm of a normal y > 0, to 1e-7: of its mantissa between 0.7 and 1.4 by the series of atanh, and its exponent. */
static inline float logarithm(float y) {
    union { float number; int32_t bits; } whole = {y};
    int32_t exponent = (whole.bits - 0x3f3504f3) >> 23; /* 0x3f3504f3: the root of 1/2 */
    whole.bits -= exponent * (1 << 23);
    float s = (whole.number - 1.0f) / (whole.number + 1.0f), z = s * s;
    float series = 1.0f + z * (1.0f / 3 + z * (1.0f / 5 + z * (1.0f / 7 + z * (1.0f / 9))));
    return exponent * 0.69314718f + 2.0f * s * series;
}

/* The share of a standard normal distribution below x, to 1e-7 (Abramowitz and Stegun 1964, formula 26.2.17). */
static inline float normal_below(float x) {
    float size = fabsf(x), t = 1.0f / (1.0f + 0.2316419f * size);
    float series = t * (0.319381530f + t * (-0.356563782f + t * (1.781477937f + t * (-1.821255978f + t * 1.330274429f))));
    float above = 0.39894228f * exponential(-0.5f * x * x) * series;
    return x < 0.0f ? above : 1.0f - above;
}

static inline float gelu(float x) { return x * normal_below(x); }

#endif
