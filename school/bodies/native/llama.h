/* The llama brain with one stream. Its definition is brain/species/llama.py. */

enum { TOKENS, TOKEN_NORM, SPEAK_W, /* the second if one table serves input and output, else the third */
       PIXEL_W, PIXEL_B, LAYER, /* of which each has LAYER_PARTS: */
       LAST_NORM = LAYER + 6 * LAYERS, SELF_W, SELF_B, COLOUR_W, COLOUR_B, ALL_PARAMETERS };
enum { ATTENTION_NORM, READ_W, WRITE_W, FEED_NORM, FEED_READ_W, FEED_WRITE_W, LAYER_PARTS };
enum { HEAD_WIDTH = EMBED_WIDTH / HEADS, HALF = HEAD_WIDTH / 2, GROUP_HEADS = HEADS / KEY_HEADS,
       KEYS = KEY_HEADS * HEAD_WIDTH, READ_WIDTH = EMBED_WIDTH + 2 * KEYS,
       LOOK_BACK = CONTEXT_TOKENS + 1, ROOM = 2 * LOOK_BACK, KEPT_SIZE = LAYERS * ROOM * KEYS };

static const WEIGHT *MATRICES[ALL_PARAMETERS];
static const float *FLOATS[ALL_PARAMETERS];
static float COSINES[ROOM * HALF], SINES[ROOM * HALF];

/* Of every layer's tokens, (ROOM, KEY_HEADS, HEAD_WIDTH): keys as they were, keys turned by their place, values. The
   last LOOK_BACK of them are attended to; when there is no more room these move to the beginning, and are turned anew,
   so that no angle grows with the length of a life. */
typedef struct {
    float *keys, *turned, *values;
    long end, heard;
} State;

static int is_matrix(int parameter) {
    int part = (parameter - LAYER) % LAYER_PARTS;
    if (parameter < LAYER || parameter >= LAST_NORM) return parameter == TOKENS || parameter == SPEAK_W || parameter == SELF_W;
    return part != ATTENTION_NORM && part != FEED_NORM;
}

static void wake_brain(void) {
    lay_out(PLACES, ALL_PARAMETERS, is_matrix, MATRICES, FLOATS);
    for (int i = 0; i < HALF; i++) {
        double speed = pow(10000.0, -2.0 * i / HEAD_WIDTH);
        for (int place = 0; place < ROOM; place++) {
            double angle = place * speed;
            COSINES[place * HALF + i] = (float)cos(angle), SINES[place * HALF + i] = (float)sin(angle);
        }
    }
}

/* The state of somebody who has not read a token yet. */
static State *fresh(void) {
    State *state = room(sizeof *state);
    state->keys = room(KEPT_SIZE * sizeof(float));
    state->turned = room(KEPT_SIZE * sizeof(float));
    state->values = room(KEPT_SIZE * sizeof(float));
    return state;
}

static void forget(State *state) { free(state->keys), free(state->turned), free(state->values), free(state); }

static void copy_state(State *to, const State *from) {
    memcpy(to->keys, from->keys, KEPT_SIZE * sizeof(float));
    memcpy(to->turned, from->turned, KEPT_SIZE * sizeof(float));
    memcpy(to->values, from->values, KEPT_SIZE * sizeof(float));
    to->end = from->end, to->heard = from->heard;
}

/* out[i] = x[i] / root mean square * weight[i] */
static void rms_normed(const float *restrict x, const float *restrict weight, float *restrict out) {
    float scale = 1.0f / sqrtf(dot_floats(x, x, EMBED_WIDTH) / EMBED_WIDTH + NORM_EPSILON);
    for (int i = 0; i < EMBED_WIDTH; i++) out[i] = x[i] * scale * weight[i];
}

/* Every head's pairs (x[i], x[i + HALF]) turned by the angles of a place. */
static void turn(const float *restrict x, long place, int heads, float *restrict out) {
    const float *restrict cosine = COSINES + place * HALF, *restrict sine = SINES + place * HALF;
    for (int head = 0; head < heads; head++, x += HEAD_WIDTH, out += HEAD_WIDTH)
        for (int i = 0; i < HALF; i++) {
            out[i] = x[i] * cosine[i] - x[i + HALF] * sine[i];
            out[i + HALF] = x[i + HALF] * cosine[i] + x[i] * sine[i];
        }
}

/* Room for one token more. */
static void make_room(State *state) {
    if (state->end < ROOM) return;
    for (int layer = 0; layer < LAYERS; layer++) {
        long to = (long)layer * ROOM * KEYS, from = to + (ROOM - CONTEXT_TOKENS) * KEYS;
        memcpy(state->keys + to, state->keys + from, CONTEXT_TOKENS * KEYS * sizeof(float));
        memcpy(state->values + to, state->values + from, CONTEXT_TOKENS * KEYS * sizeof(float));
        for (long place = 0; place < CONTEXT_TOKENS; place++)
            turn(state->keys + to + place * KEYS, place, KEY_HEADS, state->turned + to + place * KEYS);
    }
    state->end = CONTEXT_TOKENS;
}

/* What one head finds: ``query`` turned; keys and values are those of its group, and of ``count`` places. */
static void look_back(const float *query, const float *keys, const float *values, long count, float *restrict out) {
    float shares[LOOK_BACK], most = -HUGE_VALF, all = 0, scale = 1.0f / sqrtf((float)HEAD_WIDTH);
    for (long i = 0; i < count; i++) {
        shares[i] = scale * dot_floats(query, keys + i * KEYS, HEAD_WIDTH);
        if (shares[i] > most) most = shares[i];
    }
    for (long i = 0; i < count; i++) shares[i] = exponential(shares[i] - most);
    for (long i = 0; i < count; i++) all += shares[i];
    for (int e = 0; e < HEAD_WIDTH; e++) out[e] = 0;
    for (long i = 0; i < count; i++) {
        const float *restrict value = values + i * KEYS;
        float share = shares[i] / all;
        for (int e = 0; e < HEAD_WIDTH; e++) out[e] += share * value[e];
    }
}

static void attend(int layer, float *restrict x, State *state) {
    static float normed[EMBED_WIDTH], read[READ_WIDTH], queries[EMBED_WIDTH], found[EMBED_WIDTH];
    int part = LAYER + layer * LAYER_PARTS;
    long own = state->end - 1, at = ((long)layer * ROOM + own) * KEYS, first = at - (state->heard - 1) * KEYS;
    rms_normed(x, FLOATS[part + ATTENTION_NORM], normed);
    for (long i = 0; i < READ_WIDTH; i++) read[i] = dot(MATRICES[part + READ_W] + i * EMBED_WIDTH, normed, EMBED_WIDTH);
    memcpy(state->keys + at, read + EMBED_WIDTH, KEYS * sizeof(float));
    memcpy(state->values + at, read + EMBED_WIDTH + KEYS, KEYS * sizeof(float));
    turn(state->keys + at, own, KEY_HEADS, state->turned + at);
    turn(read, own, HEADS, queries);
    for (int head = 0; head < HEADS; head++) {
        long from = first + head / GROUP_HEADS * HEAD_WIDTH, to = (long)head * HEAD_WIDTH;
        look_back(queries + to, state->turned + from, state->values + from, state->heard, found + to);
    }
    for (long i = 0; i < EMBED_WIDTH; i++) x[i] += dot(MATRICES[part + WRITE_W] + i * EMBED_WIDTH, found, EMBED_WIDTH);
}

static void feed(int layer, float *restrict x) {
    static float normed[EMBED_WIDTH], read[2 * FEED_WIDTH];
    int part = LAYER + layer * LAYER_PARTS;
    rms_normed(x, FLOATS[part + FEED_NORM], normed);
    for (long i = 0; i < 2 * FEED_WIDTH; i++)
        read[i] = dot(MATRICES[part + FEED_READ_W] + i * EMBED_WIDTH, normed, EMBED_WIDTH);
    for (int i = 0; i < FEED_WIDTH; i++) read[i] = read[i] / (1.0f + exponential(-read[i])) * read[FEED_WIDTH + i];
    for (long i = 0; i < EMBED_WIDTH; i++) x[i] += dot(MATRICES[part + FEED_WRITE_W] + i * FEED_WIDTH, read, FEED_WIDTH);
}

static void feel(const float *hidden, const float *pixel, float *expected) {
    float felt[SELF_WIDTH];
    for (long i = 0; i < SELF_WIDTH; i++) {
        const WEIGHT *row = MATRICES[SELF_W] + i * (EMBED_WIDTH + 3);
        felt[i] = gelu(dot(row, hidden, EMBED_WIDTH) + dot(row + EMBED_WIDTH, pixel, 3) + FLOATS[SELF_B][i]);
    }
    for (long i = 0; i < 3; i++) {
        float sum = dot_floats(FLOATS[COLOUR_W] + i * SELF_WIDTH, felt, SELF_WIDTH) + FLOATS[COLOUR_B][i];
        expected[i] = 1.0f / (1.0f + expf(-sum));
    }
}

/* Read a token under a colour, which moves the state; logits (V) and the colour that it expects (3), unless they are
   NULL: then nobody wants to hear what it makes of it. */
static void read_token(int token, const float *pixel, State *state, float *logits, float *expected) {
    static float x[EMBED_WIDTH], word[EMBED_WIDTH], hidden[EMBED_WIDTH];
    float colour[3] = {pixel[0], pixel[1], pixel[2]};
    unpack(MATRICES[TOKENS] + (long)token * EMBED_WIDTH, word, EMBED_WIDTH);
    if (TIED) rms_normed(word, FLOATS[TOKEN_NORM], x);
    else memcpy(x, word, sizeof x);
    for (long i = 0; i < EMBED_WIDTH; i++) x[i] += dot_floats(FLOATS[PIXEL_W] + 3 * i, colour, 3) + FLOATS[PIXEL_B][i];
    make_room(state);
    state->end++, state->heard += state->heard < LOOK_BACK;
    for (int layer = 0; layer < LAYERS; layer++) {
        attend(layer, x, state);
        feed(layer, x);
    }
    if (!logits) return;
    rms_normed(x, FLOATS[LAST_NORM], hidden);
    const WEIGHT *speak = MATRICES[TIED ? TOKENS : SPEAK_W];
    for (long v = 0; v < VOCABULARY; v++) logits[v] = dot(speak + v * EMBED_WIDTH, hidden, EMBED_WIDTH);
    feel(hidden, colour, expected);
}
