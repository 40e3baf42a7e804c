/* Talking: how a question is read and an answer said, as school/talking/receptionist.py does it. */

typedef struct {
    State *state, *unasked;
    float pixel[3];
    int recent[REPETITION_WINDOW];
    long lately; /* how many there are */
    double temperature;
    long longest;
    Choosing choosing;
} Talk;

/* Is told of each token; says whether it wants more. */
typedef int (*Hear)(void *whom, int token);

static void reset(Talk *talk) {
    forget(talk->state);
    talk->state = fresh(), talk->lately = 0;
    for (int i = 0; i < 3; i++) talk->pixel[i] = NEUTRAL;
}

static Talk *begin_talk(void) {
    Talk *talk = room(sizeof *talk);
    talk->state = fresh(), talk->unasked = GUIDANCE > 1 ? fresh() : NULL;
    talk->temperature = TEMPERATURE, talk->longest = MAX_TOKENS;
    talk->choosing.top_k = TOP_K, talk->choosing.top_p = TOP_P, talk->choosing.penalty = PENALTY;
    reset(talk);
    return talk;
}

static void end_talk(Talk *talk) {
    forget(talk->state);
    if (talk->unasked) forget(talk->unasked);
    free(talk);
}

static void remember(Talk *talk, int token) {
    if (talk->lately == REPETITION_WINDOW) memmove(talk->recent, talk->recent + 1, --talk->lately * sizeof(int));
    talk->recent[talk->lately++] = token;
}

/* Read tokens under one colour; what comes of the last one. */
static void read_all(const int *tokens, long count, const float *pixel, State *state, float *logits, float *expected) {
    float under[3] = {pixel[0], pixel[1], pixel[2]};
    for (long i = 0; i + 1 < count; i++) read_token(tokens[i], under, state, NULL, NULL);
    read_token(tokens[count - 1], under, state, logits, expected);
}

static int choose_next(Talk *talk, const float *logits, const unsigned char *forbidden) {
    talk->choosing.temperature = talk->temperature * CALIBRATION;
    return choose(&talk->choosing, logits, talk->recent, talk->lately, forbidden);
}

/* What must not come: marks, and before there is a word, what no answer begins with. */
static void forbid(unsigned char *forbidden, int begun, int may_end) {
    memset(forbidden, 0, VOCABULARY);
    memset(forbidden, 1, MARKS);
    if (may_end) forbidden[END] = 0;
    for (size_t i = 0; !begun && i < sizeof NO_BEGINNING / sizeof *NO_BEGINNING; i++) forbidden[NO_BEGINNING[i]] = 1;
}

static int is_blank(int token) {
    for (long i = PIECE_AT[token]; i < PIECE_AT[token + 1]; i++)
        if (!memchr(" \t\n\r\v\f", PIECES[i], 6)) return 0;
    return 1;
}

/* How many tokens an answer is past the length from which on the next end of a sentence will do. */
static double past(const Talk *talk, long count) { return (double)count - (double)talk->longest * LONG; }

/* A word that is begun goes on as words do: what is much less likely than another way to go on, each piece and to leave
   it at that, falls. */
static void spell_on(float *logits) {
    static unsigned char goes_on[VOCABULARY];
    for (size_t i = 0; i < sizeof GOES_ON / sizeof *GOES_ON; i++) goes_on[GOES_ON[i]] = GOES_ON[i] >= MARKS;
    double high = -INFINITY, left = 0, best = -INFINITY;
    for (long i = 0; i < VOCABULARY; i++) {
        if (goes_on[i]) best = fmax(best, logits[i]);
        else high = fmax(high, logits[i]);
    }
    for (long i = 0; i < VOCABULARY; i++)
        if (!goes_on[i]) left += exp(logits[i] - high);
    left = high + log(left), best = fmax(best, left) + log(SPELLED);
    for (long i = 0; i < VOCABULARY; i++)
        if ((goes_on[i] ? logits[i] : left) < best) logits[i] -= (float)FAR_LESS;
}

/* A second end of line is the answer's end, and none comes in a sentence, in which it breaks off only where that is
   likelier than each mark that could end it. */
static void end_well(float *logits, const int *spoken, long count) {
    enum { ENDS = sizeof LINES / sizeof *LINES, FINALS = sizeof FINAL / sizeof *FINAL };
    int another = count && IN(LINES, spoken[count - 1]);
    while (count && IN(LINES, spoken[count - 1])) count--;
    int ended = count && IN(FINAL, spoken[count - 1]);
    double high = logits[END], best = -INFINITY, sum = 0;
    for (int i = 0; i < FINALS; i++) best = fmax(best, logits[FINAL[i]]);
    if (!ended && logits[END] < best) logits[END] -= (float)FAR_LESS;
    if (!another) return;
    for (int i = 0; i < ENDS; i++) high = fmax(high, logits[LINES[i]]);
    for (int i = 0; i < ENDS; i++) sum += exp(logits[LINES[i]] - high), logits[LINES[i]] -= (float)FAR_LESS;
    if (ended) logits[END] = (float)(high + log(sum + exp(logits[END] - high)));
}

/* The next token of an answer: past its LONG, ends of sentences gain; words are spelled; it ends well. */
static int next_token(Talk *talk, float *logits, int *spoken, long count, int begun) {
    static unsigned char forbidden[VOCABULARY];
    double more = past(talk, count);
    forbid(forbidden, begun, 1);
    for (size_t i = 0; more > 0 && i < sizeof FINAL / sizeof *FINAL; i++) logits[FINAL[i]] += (float)(PULL * more);
    if (count && IN(BEGUN, spoken[count - 1])) spell_on(logits);
    if (FORMED) end_well(logits, spoken, count);
    for (;;) {
        int token = choose_next(talk, logits, forbidden);
        if (!refuses(spoken, count, token, talk->longest)) return token;
        forbidden[token] = 1;
        if (!memchr(forbidden, 0, VOCABULARY)) return END;
    }
}

/* How long an answer of ``count`` tokens will be that is over but for what closes it, which is put behind them: where
   it is long and a sentence ends, or what closes it just has room. 0: it goes on. */
static long last_of(const Talk *talk, int *spoken, long count) {
    if (past(talk, count) < 0) return 0;
    long tail = count < TAIL ? count : TAIL, length, owed = close_open(spoken, count, talk->longest);
    uint32_t *text = text_of(spoken + count - tail, tail, &length);
    int ends = ends_sentence(text, length) && !refuses(spoken, count, END, talk->longest);
    int over = ends || (owed && count + owed >= talk->longest);
    free(text);
    return over ? count + owed : 0;
}

enum { PERSON_SIZE = sizeof AS_PERSON / sizeof *AS_PERSON, BABY_SIZE = sizeof AS_BABY / sizeof *AS_BABY,
       AROUND = PERSON_SIZE + 1 + BABY_SIZE };

/* A question as it is read: the person's mark, the last words of it, and that the answer's turn has come; returns how
   many tokens. What ends a turn stands in none: byte pairs can't spell it, and of characters it is a line's end. */
static long question(const unsigned char *text, size_t length, int *tokens) {
    int *words = tokens + PERSON_SIZE, space[1];
    long count = encode(text, length, words), most = QUESTION_TOKENS;
    encode((const unsigned char *)" ", 1, space);
    if (count > most) memmove(words, words + count - most, (size_t)most * sizeof(int)), count = most;
    for (long i = 0; i < count; i++)
        if (words[i] == END) words[i] = space[0];
    memcpy(tokens, AS_PERSON, sizeof AS_PERSON);
    words[count] = END;
    memcpy(words + count + 1, AS_BABY, sizeof AS_BABY);
    return count + AROUND;
}

/* An answer to a text of whole characters; returns of how many tokens, the last of which close what it opened. The
   question counts GUIDANCE times as much as the answer begins, so a second stream goes along that has not heard it.
   Whoever wants no more ends its turn. */
static long answer(Talk *talk, const unsigned char *text, size_t length, Hear hear_token, void *whom) {
    static float logits[VOCABULARY], other[VOCABULARY], mixed[VOCABULARY];
    int nothing[AROUND], *asked = room((length + AROUND) * sizeof(int)), *spoken = room((size_t)talk->longest * sizeof(int));
    long count = 0, last = 0, begun = 0, asked_count = question(text, length, asked), more = 1;
    float pixel[3], other_pixel[3];
    if (talk->unasked) {
        copy_state(talk->unasked, talk->state);
        read_all(nothing, question(text, 0, nothing), talk->pixel, talk->unasked, other, other_pixel);
    }
    read_all(asked, asked_count, talk->pixel, talk->state, logits, pixel);
    while (more) {
        float lead = talk->unasked ? (float)((GUIDANCE - 1) * pow(2, -(double)count / GUIDED)) : 0;
        for (long i = 0; i < VOCABULARY; i++) mixed[i] = lead != 0 ? logits[i] + lead * (logits[i] - other[i]) : logits[i];
        int token = last ? spoken[count] : next_token(talk, mixed, spoken, count, (int)begun);
        if (token == END) {
            last = count + close_open(spoken, count, talk->longest);
            if (count == last) break;
            token = spoken[count];
        }
        spoken[count++] = token, begun |= !is_blank(token);
        remember(talk, token);
        more = hear_token(whom, token);
        read_token(token, pixel, talk->state, logits, pixel);
        if (!last) last = last_of(talk, spoken, count);
        if (count == talk->longest || count == last) break;
        if (more && talk->unasked) read_token(token, other_pixel, talk->unasked, other, other_pixel);
    }
    read_token(END, pixel, talk->state, logits, talk->pixel);
    free(asked), free(spoken);
    return count;
}

/* So many tokens that follow a text as it is: no marks, no rule to stop by. Returns how many there were. */
static long go_on(Talk *talk, const unsigned char *text, size_t length, long tokens, Hear hear_token, void *whom) {
    static float logits[VOCABULARY];
    static unsigned char forbidden[VOCABULARY];
    int *ids = room((length + 1) * sizeof(int));
    long asked = encode(text, length, ids), count = 0;
    forbid(forbidden, 1, 0);
    read_all(ids, asked ? asked : 1, talk->pixel, talk->state, logits, talk->pixel);
    for (int more = 1; count < tokens && more; count++) {
        int token = choose_next(talk, logits, forbidden);
        remember(talk, token);
        more = hear_token(whom, token);
        read_token(token, talk->pixel, talk->state, logits, talk->pixel);
    }
    free(ids);
    return count;
}
