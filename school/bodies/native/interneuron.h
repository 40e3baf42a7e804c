/* The interneuron brain with one stream. Its definition is brain/species/interneuron.py, and its loops are those of the
   resident brain. */

enum { WORDS_W = PARAMETERS, WORDS_GATE_W, WORDS_GATE_B, ALL_PARAMETERS };

static const Shape SHAPE = {1, VOCABULARY, EMBED_WIDTH, NEURONS, WINDOWS, LONGEST, BOTTLENECK, MEMORY_WIDTH, THOUGHT_WIDTH,
                            SELF_WIDTH, GATES, POSITIONS_KNOWN, MARKS, ONE_SPAN, ECHO};

static const WEIGHT *MATRICES[ALL_PARAMETERS];
static const float *FLOATS[ALL_PARAMETERS];
static float *scratch, *thought;

typedef struct {
    float *history, *memory1, *memory2, *counts; /* each twice: before and after a token */
    int64_t place, previous;
    int turn; /* which of the two is the latest */
} State;

enum { HISTORY_SIZE = LONGEST * NEURONS, MEMORY_SIZE = 2 * NEURONS, COUNTS_SIZE = 2 * VOCABULARY };

static int is_matrix(int parameter) {
    if (parameter >= MEMORY1 && parameter < LAST_W) {
        int part = (parameter - MEMORY1) % MEMORY_PARTS;
        return part == REDUCE_W || part == GATE_W || part == PROJECT_W || part == ANSWER_W;
    }
    return parameter == TOKENS || parameter == BEFORE || parameter == POSITIONS || parameter == ROWS
           || parameter == NARROW_W || parameter == WIDE_W || parameter == THINK_W || parameter == SPEAK_W
           || parameter == SELF_W;
}

static void wake_brain(void) {
    const Shape *s = &SHAPE;
    long floats = 4 * s->width + 5 * s->neurons + 2 * s->bottleneck + 3 * s->memory + s->thought + s->vocabulary
                  + s->hidden + s->windows;
    lay_out(PLACES, WORD_MEMORY ? ALL_PARAMETERS : PARAMETERS, is_matrix, MATRICES, FLOATS);
    scratch = room((size_t)floats * sizeof(float));
    thought = room((size_t)s->thought * sizeof(float));
}

/* The state of somebody who has not read a token yet. */
static State *fresh(void) {
    State *state = room(sizeof *state);
    state->history = room(2 * HISTORY_SIZE * sizeof(float));
    state->memory1 = room(2 * MEMORY_SIZE * sizeof(float));
    state->memory2 = room(2 * MEMORY_SIZE * sizeof(float));
    state->counts = room(2 * COUNTS_SIZE * sizeof(float));
    return state;
}

static void forget(State *state) {
    free(state->history), free(state->memory1), free(state->memory2), free(state->counts), free(state);
}

static void copy_state(State *to, const State *from) {
    memcpy(to->history, from->history, 2 * HISTORY_SIZE * sizeof(float));
    memcpy(to->memory1, from->memory1, 2 * MEMORY_SIZE * sizeof(float));
    memcpy(to->memory2, from->memory2, 2 * MEMORY_SIZE * sizeof(float));
    memcpy(to->counts, from->counts, 2 * COUNTS_SIZE * sizeof(float));
    to->place = from->place, to->previous = from->previous, to->turn = from->turn;
}

static void add_words(int64_t token, const float *counts, float *after, float *logits) {
    float scales[2];
    for (int k = 0; k < 2; k++)
        scales[k] = 1.0f + FLOATS[WORDS_GATE_B][k] + dot_floats(FLOATS[WORDS_GATE_W] + k * SHAPE.thought, thought, SHAPE.thought);
    for (long task = 0; task < (VOCABULARY + PATCH - 1) / PATCH; task++)
        words_patch(task, &token, counts, KEPT, FLOATS[WORDS_W], scales, logits, after, 1, 1, VOCABULARY, MARKS);
}

/* Read a token under a colour, which moves the state; logits (V) and the colour that it expects (3), unless they are
   NULL: then nobody wants to hear what it makes of it. */
static void read_token(int token, const float *pixel, State *state, float *logits, float *expected) {
    Weights w = {FLOATS, MATRICES};
    int64_t read = token, place;
    long old = state->turn, new = 1 - old;
    float *counts = state->counts + old * COUNTS_SIZE, *after = state->counts + new * COUNTS_SIZE;
    float colour[3] = {pixel[0], pixel[1], pixel[2]};
    Moment q = {&read, &state->previous, colour, &state->place,
                state->history + old * HISTORY_SIZE, state->memory1 + old * MEMORY_SIZE,
                state->memory2 + old * MEMORY_SIZE, &place,
                state->history + new * HISTORY_SIZE, state->memory1 + new * MEMORY_SIZE,
                state->memory2 + new * MEMORY_SIZE, logits, expected, thought, scratch};
    hear(w, &SHAPE, &q);
    if (logits) speak(w, &SHAPE, &q);
    if (WORD_MEMORY && logits) add_words(token, counts, after, logits);
    else if (WORD_MEMORY) {
        memcpy(after, counts, COUNTS_SIZE * sizeof(float));
        count(after, after + VOCABULARY, KEPT, token < MARKS ? -1 : token, VOCABULARY);
    }
    state->place = place, state->previous = token, state->turn = (int)new;
}
