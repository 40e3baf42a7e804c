/* A body in C as a library, whose parts the tests call one by one. SOURCE: the file of the body. */

#define main speak_as_a_program
#include SOURCE
#undef main

void probe_wake(void) { wake_brain(); }

long probe_encode(const unsigned char *text, size_t length, int *ids) { return encode(text, length, ids); }

int probe_ends_sentence(const uint32_t *text, long length) { return ends_sentence(text, length); }

long probe_waiting(uint32_t *text, long length, int *may_end) { return waiting(text, length, may_end); }

void probe_end_well(float *logits, const int *said, long count) { end_well(logits, said, count); }
int probe_refuses(int *said, long count, int token, long most) { return refuses(said, count, token, most); }

double probe_half(int half) { return number((uint16_t)half); }

/* The best token, again and again, under the colours that it expects; a turn's mark comes now and then. */
void probe_greedy(const int *ids, long count, long tokens, int *said, float *logits, float *colours) {
    State *state = fresh();
    float grey[3] = {NEUTRAL, NEUTRAL, NEUTRAL};
    read_all(ids, count, grey, state, logits, colours);
    for (long i = 0; i < tokens; i++, logits += VOCABULARY, colours += 3) {
        int best = 0;
        for (int v = 1; v < VOCABULARY; v++)
            if (logits[v] > logits[best]) best = v;
        said[i] = i % 50 == 49 ? 1 : best;
        read_token(said[i], colours, state, logits + VOCABULARY, colours + 3);
    }
    forget(state);
}

typedef struct { int *said; long count, most; } Heard;

static int note(void *whom, int token) {
    Heard *heard = whom;
    heard->said[heard->count++] = token;
    return heard->count < heard->most;
}

void *probe_talk(double temperature, long longest, uint64_t seed) {
    Talk *talk = begin_talk();
    talk->temperature = temperature, talk->longest = longest, chance = seed;
    return talk;
}

/* An answer, of which no more than ``most`` tokens are wanted; the colour that it leaves behind. */
long probe_answer(void *talk, const unsigned char *text, size_t length, long most, int *said, float *pixel) {
    Heard heard = {said, 0, most};
    answer(talk, text, length, note, &heard);
    memcpy(pixel, ((Talk *)talk)->pixel, sizeof ((Talk *)talk)->pixel);
    return heard.count;
}

long probe_go_on(void *talk, const unsigned char *text, size_t length, long tokens, int *said) {
    Heard heard = {said, 0, tokens + 1};
    return go_on(talk, text, length, tokens, note, &heard);
}

void probe_drawn(const float *logits, const int *recent, long said, const unsigned char *forbidden, double temperature,
                 long top_k, double top_p, double penalty, long times, long *counts) {
    Choosing how = {temperature, top_p, penalty, top_k};
    for (long i = 0; i < times; i++) counts[choose(&how, logits, recent, said, forbidden)]++;
}
