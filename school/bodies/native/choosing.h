/* From logits to the next token, as brain/sampling.py does it: repetition penalty, temperature, top-k, top-p. */

typedef struct {
    double temperature, top_p, penalty; /* 0: always the best */
    long top_k; /* 0: among all */
} Choosing;

static uint64_t chance; /* the state of a splitmix64 generator (Steele, Lea and Flood 2014) */

/* A number in [0, 1). */
static double draw(void) {
    uint64_t z = chance += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (double)((z ^ z >> 31) >> 11) / 9007199254740992.0; /* 2 ^ 53 */
}

static double log_sum(const double *logits, long without) {
    double most = -HUGE_VAL, sum = 0;
    for (long i = 0; i < VOCABULARY; i++)
        if (i != without && logits[i] > most) most = logits[i];
    for (long i = 0; i < VOCABULARY; i++)
        if (i != without) sum += exp(logits[i] - most);
    return most + log(sum);
}

/* Each token lower by the penalty for every time it was said lately; END as likely as before. */
static void penalise(double *logits, const int *recent, long count, double penalty) {
    double before = log_sum(logits, END), kept = logits[END];
    for (long i = 0; i < count; i++) logits[recent[i]] -= penalty;
    logits[END] = kept + log_sum(logits, END) - before;
}

static int better(const double *logits, int a, int b) { return logits[a] > logits[b] || (logits[a] == logits[b] && a < b); }

static void sink(const double *logits, int *heap, long count, long at) {
    for (long next; (next = 2 * at + 1) < count; at = next) {
        if (next + 1 < count && better(logits, heap[next + 1], heap[next])) next++;
        if (!better(logits, heap[next], heap[at])) return;
        int other = heap[at];
        heap[at] = heap[next], heap[next] = other;
    }
}

/* The ``wanted`` best, the best first, in ``best``. */
static void find_best(const double *logits, int *best, long wanted) {
    static int heap[VOCABULARY];
    for (int i = 0; i < VOCABULARY; i++) heap[i] = i;
    for (long at = VOCABULARY / 2; at >= 0; at--) sink(logits, heap, VOCABULARY, at);
    for (long i = 0; i < wanted; i++) {
        best[i] = heap[0], heap[0] = heap[VOCABULARY - 1 - i];
        sink(logits, heap, VOCABULARY - 1 - i, 0);
    }
}

/* ``forbidden`` (V): what must not come. */
static int choose(const Choosing *how, const float *given, const int *recent, long said, const unsigned char *forbidden) {
    static double logits[VOCABULARY], shares[VOCABULARY];
    static int best[VOCABULARY];
    for (long i = 0; i < VOCABULARY; i++) logits[i] = forbidden[i] ? -HUGE_VAL : (double)given[i];
    if (how->penalty != 0 && said) penalise(logits, recent, said, how->penalty);
    long wanted = how->temperature == 0 ? 1 : how->top_k && how->top_k < VOCABULARY ? how->top_k : VOCABULARY, count = 0;
    find_best(logits, best, wanted);
    if (how->temperature == 0) return best[0];
    double total = 0, held = 0, left;
    for (long i = 0; i < wanted; i++) total += shares[i] = exp((logits[best[i]] - logits[best[0]]) / how->temperature);
    while (count < wanted && (!count || held / total < how->top_p)) held += shares[count++];
    left = draw() * held;
    for (long i = 0; i < count; i++)
        if ((left -= shares[i]) < 0) return best[i];
    return best[0];
}
