/* Its weights, numbers of 16 bits; and products with them, in single precision.

   Where the processor makes floats of halves as it reads them, matrices stay as they are: half as much has to come from
   memory, which is what a token waits for. Elsewhere all become floats once. Sums go along several lanes, so that
   compilers make vectors of them without being allowed to reorder anything. */

#if (defined(__F16C__) && defined(__FMA__)) || (defined(_MSC_VER) && defined(__AVX2__))
#include <immintrin.h>
#define WEIGHT uint16_t
#define HALVES 1
#elif defined(__aarch64__) && defined(__GNUC__)
#include <arm_neon.h>
#define WEIGHT uint16_t
#define HALVES 1
#else
#define WEIGHT float
#define HALVES 0
#endif

#define SIMD
#define WAIT
#define THREAD 0L
#define THREADS 1L
#define LANES 16

static inline float sum_of(float *lanes) {
    for (int half = LANES / 2; half; half /= 2)
        for (int lane = 0; lane < half; lane++) lanes[lane] += lanes[lane + half];
    return lanes[0];
}

static inline float dot_floats(const float *restrict a, const float *restrict b, long count) {
    float lanes[LANES] = {0}, rest = 0;
    long whole = count - count % LANES;
    for (long i = 0; i < whole; i += LANES)
        for (int lane = 0; lane < LANES; lane++) lanes[lane] += a[i + lane] * b[i + lane];
    for (long i = whole; i < count; i++) rest += a[i] * b[i];
    return sum_of(lanes) + rest;
}

static inline void moments(const float *restrict x, long count, float *mean, float *inverse) {
    float lanes[LANES] = {0}, squares[LANES] = {0}, rest = 0, middle;
    long whole = count - count % LANES;
    for (long i = 0; i < whole; i += LANES)
        for (int lane = 0; lane < LANES; lane++) lanes[lane] += x[i + lane];
    for (long i = whole; i < count; i++) rest += x[i];
    middle = *mean = (sum_of(lanes) + rest) / (float)count, rest = 0;
    for (long i = 0; i < whole; i += LANES)
        for (int lane = 0; lane < LANES; lane++) squares[lane] += (x[i + lane] - middle) * (x[i + lane] - middle);
    for (long i = whole; i < count; i++) rest += (x[i] - middle) * (x[i] - middle);
    *inverse = 1.0f / sqrtf((sum_of(squares) + rest) / (float)count + 1e-5f);
}

/* What a half is: its bits as those of a float, whose exponent is then 112 too small. */
static inline float number(uint16_t half) {
    union { uint32_t bits; float number; } it;
    it.bits = (uint32_t)(half & 0x7fff) << 13;
    it.number *= 5192296858534827628530496329220096.0f; /* 2 ^ 112 */
    it.bits |= (uint32_t)(half & 0x8000) << 16;
    return it.number;
}

#if HALVES && !defined(__aarch64__)

#define PART(k) sum##k = _mm256_fmadd_ps(_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(a + i + 8 * k))), \
                                         _mm256_loadu_ps(b + i + 8 * k), sum##k)
static inline float dot(const uint16_t *restrict a, const float *restrict b, long count) {
    __m256 sum0 = _mm256_setzero_ps(), sum1 = sum0, sum2 = sum0, sum3 = sum0;
    float lanes[8], rest = 0;
    long i = 0;
    for (; i < count - count % 32; i += 32) { PART(0); PART(1); PART(2); PART(3); }
    for (; i < count - count % 8; i += 8) PART(0);
    for (; i < count; i++) rest += number(a[i]) * b[i];
    _mm256_storeu_ps(lanes, _mm256_add_ps(_mm256_add_ps(sum0, sum1), _mm256_add_ps(sum2, sum3)));
    for (int half = 4; half; half /= 2)
        for (int lane = 0; lane < half; lane++) lanes[lane] += lanes[lane + half];
    return lanes[0] + rest;
}

#elif HALVES

#define PART(k) sum##k = vfmaq_f32(sum##k, vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(a + i + 4 * k))), \
                                   vld1q_f32(b + i + 4 * k))
static inline float dot(const uint16_t *restrict a, const float *restrict b, long count) {
    float32x4_t sum0 = vdupq_n_f32(0), sum1 = sum0, sum2 = sum0, sum3 = sum0;
    float rest = 0;
    long i = 0;
    for (; i < count - count % 16; i += 16) { PART(0); PART(1); PART(2); PART(3); }
    for (; i < count - count % 4; i += 4) PART(0);
    for (; i < count; i++) rest += number(a[i]) * b[i];
    return vaddvq_f32(vaddq_f32(vaddq_f32(sum0, sum1), vaddq_f32(sum2, sum3))) + rest;
}

#else

static inline float dot(const float *restrict a, const float *restrict b, long count) { return dot_floats(a, b, count); }

#endif

static inline void unpack(const WEIGHT *from, float *to, long count) {
    for (long i = 0; i < count; i++) {
#if HALVES
        to[i] = number(from[i]);
#else
        to[i] = from[i];
#endif
    }
}

/* ---- from the text at the beginning of this file to numbers -------------------------------------------------------- */

#define LETTERS_A_ROW 4000 /* of WEIGHTS, base64; three bytes, a number and a half, are four letters */

static unsigned char SIXES[256]; /* what each letter of base64 stands for */

static void learn_letters(void) {
    const char *letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int i = 0; i < 64; i++) SIXES[(unsigned char)letters[i]] = (unsigned char)i;
}

/* ``count`` numbers from the ``start``-th on; multiples of 3 are quickest to find. */
static void read_halves(long start, long count, uint16_t *to) {
    for (long i = start / 3 * 3; i < start + count; i += 3) { /* eight letters, six bytes, three numbers */
        const char *text = WEIGHTS[i / 3 * 8 / LETTERS_A_ROW] + i / 3 * 8 % LETTERS_A_ROW;
        uint64_t bits = 0;
        for (int k = 0; k < 8; k++) bits = bits << 6 | SIXES[(unsigned char)text[k]];
        for (int k = 0; k < 3; k++) {
            unsigned both = (unsigned)(bits >> (32 - 16 * k)) & 0xffff; /* the lower byte comes first */
            if (i + k >= start && i + k < start + count) to[i + k - start] = (uint16_t)(both >> 8 | (both & 255) << 8);
        }
    }
}

/* All of the weights of the names that the brain has, ``places`` of them: where each lies as matrix and as floats.
   ``is_matrix`` tells which are only used as WEIGHTs. */
static void lay_out(const Place *places, int count, int (*is_matrix)(int), const WEIGHT **m, const float **v) {
    learn_letters();
    for (int i = 0; i < count; i++) {
        long size = places[i].count; /* 0: this brain lacks it */
        uint16_t *halves = room((size_t)size * sizeof *halves + 64);
        read_halves(places[i].start, size, halves);
        if (HALVES) m[i] = (const WEIGHT *)halves;
        if (HALVES && is_matrix(i)) continue;
        float *floats = room((size_t)size * sizeof *floats);
        for (long k = 0; k < size; k++) floats[k] = number(halves[k]);
        v[i] = floats;
        if (!HALVES) m[i] = (const WEIGHT *)floats;
        if (!HALVES) free(halves);
    }
}
