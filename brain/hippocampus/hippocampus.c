/* The loops of the hippocampus: hearing (counting), and predicting from what was heard. What they compute is defined in
   the Python files beside this one; the tests compare the two.

   Slots: (SLOTS, 3) words of 64 bits, a hash table with linear probing, a context each: its key (0: nobody's); where its
   entries begin, and how many there are; how often it was heard, and in how many longer ones its tokens were.
   Entries: a word each, by token: token, 16 bits; how often it was heard, 24; in how many longer contexts, 24. A context
   with n entries has room for the power of two that holds them, so that the room follows from n. Rooms that were given
   up wait in lists, a size each.
   Used: [slots, entries, first free room of size 1, 2, 4...], each of these 1 + where it is; 0: none. */

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "../ops/numbers.h"

#define SIZES 18
#define FULLEST 0.6
#define ORDERS 3 /* the first contexts: the last one, two and three tokens */
#define MOST 0xffffff

typedef struct { uint64_t key; uint32_t start, kinds; uint32_t heard, spread; } Slot;
typedef struct { int64_t slots, entries, vacant[SIZES]; } Used;

static inline uint32_t token_of(uint64_t entry) { return entry & 0xffff; }
static inline uint32_t heard_of(uint64_t entry) { return entry >> 16 & MOST; }
static inline uint32_t spread_of(uint64_t entry) { return entry >> 40; }
static inline uint64_t entry_of(uint64_t token, uint64_t heard, uint64_t spread) { return token | heard << 16 | spread << 40; }

static inline int size_of(uint32_t kinds) { /* 2^size holds them */
    int size = 0;
    while ((1u << size) < kinds) size++;
    return size;
}

static inline Slot *find(Slot *slots, long S, uint64_t key) { /* its slot, or the vacant one where it would be */
    uint64_t at = key & (S - 1);
    while (slots[at].key && slots[at].key != key) at = (at + 1) & (S - 1);
    return slots + at;
}

static void vacate(Slot *slots, long S, Slot *slot) { /* as if it had never been: those behind it move up */
    uint64_t hole = slot - slots, at = hole;
    for (;;) {
        at = (at + 1) & (S - 1);
        if (!slots[at].key) break;
        uint64_t home = slots[at].key & (S - 1);
        if (((at - home) & (S - 1)) >= ((at - hole) & (S - 1))) { slots[hole] = slots[at]; hole = at; }
    }
    memset(slots + hole, 0, sizeof(Slot));
}

static uint32_t take_room(uint64_t *entries, Used *used, int size) {
    int64_t room = used->vacant[size];
    if (room) { used->vacant[size] = entries[room - 1]; return room - 1; }
    room = used->entries;
    used->entries += 1L << size;
    return room;
}

static void give_room(uint64_t *entries, Used *used, int size, uint32_t start) {
    entries[start] = used->vacant[size];
    used->vacant[size] = start + 1L;
}

static uint32_t place_of(const uint64_t *list, uint32_t kinds, uint32_t token) { /* of the first that is not below it */
    uint32_t low = 0, high = kinds;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (token_of(list[middle]) < token) low = middle + 1; else high = middle;
    }
    return low;
}

/* Moves a context's entries to where `kinds` have room. */
static void resize(uint64_t *entries, Used *used, Slot *slot, uint32_t kinds, uint32_t kept) {
    int before = size_of(slot->kinds), after = size_of(kinds);
    if (slot->kinds && before == after) return;
    uint32_t start = kinds ? take_room(entries, used, after) : 0;
    memcpy(entries + start, entries + slot->start, kept * sizeof(uint64_t));
    if (slot->kinds) give_room(entries, used, before, slot->start);
    slot->start = start;
}

/* Counts `token` once more, or once less, in a context; `heard` and `spread`: by how much. Whether that is the first time,
   or was the last: +1, -1, else 0; of a token that is not there to be taken back, 2. */
static int change(uint64_t *entries, Used *used, Slot *slot, uint32_t token, int heard, int spread) {
    uint32_t place = place_of(entries + slot->start, slot->kinds, token);
    int there = place < slot->kinds && token_of(entries[slot->start + place]) == token;
    if (!there) {
        if (heard < 0 || spread < 0) return 2;
        resize(entries, used, slot, slot->kinds + 1, slot->kinds);
        uint64_t *at = entries + slot->start + place;
        memmove(at + 1, at, (slot->kinds - place) * sizeof(uint64_t));
        *at = entry_of(token, heard, spread);
        slot->kinds++;
    } else {
        uint64_t *at = entries + slot->start + place;
        int64_t now = (int64_t)heard_of(*at) + heard, apart = (int64_t)spread_of(*at) + spread;
        if (now < 0 || apart < 0) return 2;
        if (now > MOST) now = MOST; /* nobody hears a thing so often in what fits into memory */
        if (apart > MOST) apart = MOST;
        *at = entry_of(token, now, apart);
        if (!now && !apart) {
            memmove(at, at + 1, (slot->kinds - place - 1) * sizeof(uint64_t));
            if (slot->kinds == 1) give_room(entries, used, 0, slot->start);
            else resize(entries, used, slot, slot->kinds - 1, slot->kinds - 1);
            slot->kinds--;
        }
        there = now || apart;
        slot->heard += heard, slot->spread += spread;
        return there ? 0 : -1;
    }
    slot->heard += heard, slot->spread += spread;
    return 1;
}

static long needed(const Slot *slots, const uint64_t *keys, long S, long K) { /* entries, for one more of each */
    long room = 0;
    for (long k = 0; k < K; k++) {
        const Slot *slot = find((Slot *)slots, S, keys[k]);
        room += slot->key ? 2L << size_of(slot->kinds) : 1;
    }
    return room;
}

/* keys (T, K) of the contexts before each token, tokens (T) from `first` on; sign: +1 to hear them, -1 to take them back.
   done[0]: how many were heard; fewer where there is no more room. done[1]: how many were not there to be taken back. */
void hear(int64_t *slots_, int64_t *entries_, int64_t *used_, const int64_t *keys_, const int64_t *tokens, int64_t *done,
          long S, long E, long first, long T, long K, long sign, int threads) {
    Slot *slots = (Slot *)slots_;
    uint64_t *entries = (uint64_t *)entries_;
    Used *used = (Used *)used_;
    (void)threads;
    done[1] = 0;
    long t = first;
    for (; t < T; t++) {
        const uint64_t *keys = (const uint64_t *)keys_ + t * K;
        if (sign > 0 && (used->slots + K > FULLEST * S || used->entries + needed(slots, keys, S, K) > E)) break;
        int longer = sign; /* a shorter context hears of what is new in the longer one */
        for (long order = 0; order < K; order++) {
            long k = order < ORDERS ? ORDERS - 1 - order : order;
            Slot *slot = find(slots, S, keys[k]);
            if (!slot->key) {
                if (sign < 0) { done[1]++; continue; }
                slot->key = keys[k];
                used->slots++;
            }
            int spread = k < ORDERS - 1 && longer ? (int)sign : 0;
            int changed = change(entries, used, slot, tokens[t], sign, spread);
            if (changed == 2) { done[1]++; changed = 0; }
            if (k < ORDERS) longer = changed;
            if (!slot->kinds) { vacate(slots, S, slot); used->slots--; }
        }
    }
    done[0] = t;
}

/* Into a larger table of S slots and copies of all entries, room by room, without the rooms that were given up. */
void move(const int64_t *slots_, const int64_t *entries_, int64_t *into_slots, int64_t *into_entries, int64_t *used_,
          long before, long S, int threads) {
    const Slot *slots = (const Slot *)slots_;
    Used *used = (Used *)used_;
    (void)threads;
    memset(used, 0, sizeof(Used));
    for (long at = 0; at < before; at++) {
        if (!slots[at].key) continue;
        Slot *slot = find((Slot *)into_slots, S, slots[at].key);
        *slot = slots[at];
        slot->start = take_room((uint64_t *)into_entries, used, size_of(slot->kinds));
        memcpy(into_entries + slot->start, entries_ + slots[at].start, slot->kinds * sizeof(int64_t));
        used->slots++;
    }
}

/* ---- predicting -------------------------------------------------------------------------------------------------- */

#define FLOOR 0.003f
#define COUNTS 6   /* classes of how often a context was heard */
#define KINDS 3    /* and of with how many tokens */
#define ENTROPIES 16
#define MATCHES (1 + ORDERS * 4)
#define BEGUN 16   /* bytes of a word, and more */
#define RATE 0.02f
#define FROM 1e-6f

static inline int count_class(uint32_t n) { return n < 2 ? 0 : n < 3 ? 1 : n < 5 ? 2 : n < 9 ? 3 : n < 33 ? 4 : 5; }

static inline int heard_class(const Slot *slot) { /* how often, and whether with one token, few, or many */
    int kinds = slot->kinds == 1 ? 0 : 2 * slot->kinds <= slot->heard ? 1 : 2;
    return count_class(slot->heard) * KINDS + kinds;
}

static inline void adagrad(float *value, float *squares, float gradient) {
    *squares += gradient * gradient;
    *value += RATE * gradient / sqrtf(*squares + FROM);
}

/* The weights, in this order: discount and prior (ORDERS, COUNTS, 2); by entropy (ENTROPIES, F); by match (MATCHES, F);
   by what has begun (BEGUN, F); by count and kinds (K, COUNTS, KINDS, 2), where F = 2 + 2 K: of the brain, of the
   chain, and of each context's evidence and presence. */
#define CHAIN(order, class) (((order) * COUNTS + (class)) * 2)
#define BY_ENTROPY(class) (ORDERS * COUNTS * 2 + (class) * F)
#define BY_MATCH(class) (BY_ENTROPY(ENTROPIES) + (class) * F)
#define BY_BEGUN(length) (BY_MATCH(MATCHES) + (length) * F)
#define BY_COUNT(k, slot) (BY_BEGUN(BEGUN) + ((k) * COUNTS * KINDS + heard_class(slot)) * 2)

/* brain (T, V) log probabilities, keys (T, K), begun (T): bytes of a word, tokens (T): those that came -> mixed (T, V)
   log probabilities, if wanted, and likely (T), of those that came. With learn, the weights follow, token by token;
   squares: of their gradients.
   extra, sums (V) and marks (V) are zero before and after; found (V), evidence (K * V), q (V): room to work in. */
void recall(const int64_t *slots_, const int64_t *entries_, const float *brain, const int64_t *keys_,
            const int64_t *begun, const int64_t *tokens, float *weights, float *squares, float *mixed, float *likely,
            float *extra, float *sums, float *root, float *q, float *evidence, int64_t *found, int64_t *marks, long S,
            long T, long K, long V, long learn, long wanted, int threads) {
    const Slot *slots = (const Slot *)slots_;
    const uint64_t *entries = (const uint64_t *)entries_;
    const long F = 2 + 2 * K;
    (void)threads;
    for (long t = 0; t < T; t++) {
        const uint64_t *keys = (const uint64_t *)keys_ + t * K;
        const float *base = brain + t * V;
        long true_ = tokens[t], candidates = 0;
        const Slot *contexts[64];
        float a[64], b[64], into[ORDERS] = {0}, discount[ORDERS] = {0};
        int match = 0;

        float entropy = 0.0f;
#pragma omp simd reduction(+ : entropy)
        for (long v = 0; v < V; v++) { root[v] = exponential(base[v]); entropy -= root[v] * base[v]; }
        int uncertain = (int)(entropy * 2.0f);
        uncertain = uncertain < 0 ? 0 : uncertain >= ENTROPIES ? ENTROPIES - 1 : uncertain;
        for (long k = 0; k < K; k++) {
            contexts[k] = find((Slot *)slots, S, keys[k]);
            if (k < ORDERS && contexts[k]->key) {
                uint32_t n = contexts[k]->heard;
                match = 1 + k * 4 + (n < 2 ? 0 : n < 4 ? 1 : n < 16 ? 2 : 3);
            }
        }
        const long set[3] = {BY_ENTROPY(uncertain), BY_MATCH(match), BY_BEGUN(begun[t])};
        const float *shared[3] = {weights + set[0], weights + set[1], weights + set[2]};
        float of_brain = shared[0][0] + shared[1][0] + shared[2][0];
        float of_chain = shared[0][1] + shared[1][1] + shared[2][1];

        /* each context's evidence for what it heard */
        float *own = evidence;
        for (long k = 0; k < K; k++) {
            const Slot *slot = contexts[k];
            if (!slot->key) continue;
            const float *by_count = weights + BY_COUNT(k, slot);
            a[k] = by_count[0] + shared[0][2 + 2 * k] + shared[1][2 + 2 * k] + shared[2][2 + 2 * k];
            b[k] = by_count[1] + shared[0][3 + 2 * k] + shared[1][3 + 2 * k] + shared[2][3 + 2 * k];
            const uint64_t *list = entries + slot->start;
            float spread = 1.0f / (1.0f + 0.6f * slot->kinds);
            for (uint32_t i = 0; i < slot->kinds; i++)
                own[i] = 1.0f + (heard_of(list[i]) - 0.6f) * spread / (root[token_of(list[i])] + 1e-9f);
#pragma omp simd
            for (uint32_t i = 0; i < slot->kinds; i++) own[i] = logarithm(own[i]);
            for (uint32_t i = 0; i < slot->kinds; i++) {
                long v = token_of(list[i]);
                extra[v] += a[k] * own[i] + b[k];
                if (!marks[v]) { marks[v] = 1; found[candidates++] = v; }
            }
            own += slot->kinds;
        }

        /* the chain: interpolated Kneser-Ney on the brain, of which only the share that counts add is kept */
        float scale = 1.0f;
        for (int k = 0; k < ORDERS; k++) {
            const Slot *slot = contexts[k];
            uint32_t n = k == ORDERS - 1 ? slot->heard : slot->spread, u = slot->kinds;
            if (!slot->key || !n) continue;
            const float *chain = weights + CHAIN(k, count_class(n));
            discount[k] = 1.0f / (1.0f + exponential(-chain[0]));
            float prior = exponential(chain[1]);
            scale *= (prior + discount[k] * u) / (n + prior);
            into[k] = 1.0f / ((n + prior) * scale);
            const uint64_t *list = entries + slot->start;
            for (uint32_t i = 0; i < u; i++) {
                float c = k == ORDERS - 1 ? heard_of(list[i]) : spread_of(list[i]);
                sums[token_of(list[i])] += (c > discount[k] ? c - discount[k] : 0.0f) * into[k];
            }
        }
        const Slot *shortest = contexts[0];
        const uint64_t *heard = entries + shortest->start;
        long followers = shortest->key ? shortest->kinds : 0;
        for (long i = 0; i < followers; i++) {
            long v = token_of(heard[i]);
            sums[v] = logarithm(1.0f + sums[v] / (root[v] + 1e-9f));
            extra[v] += of_chain * sums[v];
        }

        /* the mixture and its sums */
        float total = 0.0f, mean = 0.0f;
#pragma omp simd reduction(+ : total, mean)
        for (long v = 0; v < V; v++) {
            float share = exponential(of_brain * base[v]);
            q[v] = share;
            total += share;
            mean += share * base[v];
        }
        for (long i = 0; i < candidates; i++) {
            long v = found[i];
            float share = exponential(of_brain * base[v] + extra[v]), change = share - q[v];
            q[v] = share;
            total += change;
            mean += change * base[v];
        }
        float norm = logf(total);
        float mine = exponential(of_brain * base[true_] + extra[true_] - norm);
        likely[t] = logf((1.0f - FLOOR) * mine + FLOOR * root[true_] + 1e-30f);
        if (wanted) {
            float *out = mixed + t * V;
#pragma omp simd
            for (long v = 0; v < V; v++) out[v] = logarithm((1.0f - FLOOR) * q[v] / total + FLOOR * root[v] + 1e-30f);
        }

        if (learn) { /* up the gradient of the log probability of what came */
            float one = 1.0f / total, chained = 0.0f;
            float of_true = marks[true_] ? sums[true_] : 0.0f;
            for (long i = 0; i < followers; i++) chained += q[token_of(heard[i])] * sums[token_of(heard[i])];
            float gradient_brain = base[true_] - mean * one, gradient_chain = of_true - chained * one;
            for (int i = 0; i < 3; i++) {
                adagrad(weights + set[i], squares + set[i], gradient_brain);
                adagrad(weights + set[i] + 1, squares + set[i] + 1, gradient_chain);
            }
            own = evidence;
            for (long k = 0; k < K; k++) {
                const Slot *slot = contexts[k];
                if (!slot->key) continue;
                const uint64_t *list = entries + slot->start;
                float expected = 0.0f, present = 0.0f, ga = 0.0f, gb = 0.0f;
                for (uint32_t i = 0; i < slot->kinds; i++) {
                    float share = q[token_of(list[i])];
                    expected += share * own[i];
                    present += share;
                    if ((long)token_of(list[i]) == true_) ga = own[i], gb = 1.0f;
                }
                ga -= expected * one, gb -= present * one;
                long at = BY_COUNT(k, slot);
                adagrad(weights + at, squares + at, ga);
                adagrad(weights + at + 1, squares + at + 1, gb);
                for (int i = 0; i < 3; i++) {
                    adagrad(weights + set[i] + 2 + 2 * k, squares + set[i] + 2 + 2 * k, ga);
                    adagrad(weights + set[i] + 3 + 2 * k, squares + set[i] + 3 + 2 * k, gb);
                }
                own += slot->kinds;
            }
            /* discounts and priors, by the probability of what came under the chain alone */
            float p[ORDERS + 1], below = root[true_];
            p[0] = below;
            for (int k = 0; k < ORDERS; k++) {
                p[k + 1] = p[k];
                if (!into[k]) continue;
                const Slot *slot = contexts[k];
                const uint64_t *list = entries + slot->start;
                uint32_t place = place_of(list, slot->kinds, true_), n = k == ORDERS - 1 ? slot->heard : slot->spread;
                float c = 0.0f;
                if (place < slot->kinds && (long)token_of(list[place]) == true_)
                    c = k == ORDERS - 1 ? heard_of(list[place]) : spread_of(list[place]);
                const float *chain = weights + CHAIN(k, count_class(n));
                float prior = exponential(chain[1]), used = c > discount[k] ? c - discount[k] : 0.0f;
                p[k + 1] = (used + (prior + discount[k] * slot->kinds) * p[k]) / (n + prior);
            }
            float onward = 1.0f / (p[ORDERS] + 1e-12f);
            for (int k = ORDERS - 1; k >= 0; k--) {
                if (!into[k]) continue;
                const Slot *slot = contexts[k];
                uint32_t n = k == ORDERS - 1 ? slot->heard : slot->spread, u = slot->kinds;
                const uint64_t *list = entries + slot->start;
                uint32_t place = place_of(list, u, true_);
                float c = 0.0f;
                if (place < u && (long)token_of(list[place]) == true_)
                    c = k == ORDERS - 1 ? heard_of(list[place]) : spread_of(list[place]);
                long at = CHAIN(k, count_class(n));
                float prior = exponential(weights[at + 1]), all = n + prior;
                float by_discount = (u * p[k] - (c > discount[k] ? 1.0f : 0.0f)) / all;
                float by_prior = (p[k] - p[k + 1]) / all;
                adagrad(weights + at, squares + at, onward * by_discount * discount[k] * (1.0f - discount[k]));
                adagrad(weights + at + 1, squares + at + 1, onward * by_prior * prior);
                onward *= (prior + discount[k] * u) / all;
            }
        }
        for (long i = 0; i < candidates; i++) { extra[found[i]] = 0.0f; sums[found[i]] = 0.0f; marks[found[i]] = 0; }
    }
}
