/* What it makes of its options. */

#define USAGE "\
Talk with a babyLLM that came as one file.\n\
  --prompt TEXT    say this, print the answer and end\n\
  --raw            go on from the prompt as it is: no turns, no rule to stop\n\
  --temperature X  0: always its best guess\n\
  --tokens N       longest answer, in tokens\n\
  --top-k K        choose among so many; 0: all\n\
  --top-p P        ... that hold this share\n\
  --penalty X      against saying a word again\n\
  --seed S         the same seed, the same answers\n\
  --zero           for programs: a zero byte behind each question and answer, instead of a line end\n\
  --benchmark      measure how fast it is here\n\
  --about          print its card\n"

static void refuse(const char *name, const char *why) {
    fprintf(stderr, "%s: %s\n", name, why);
    exit(2);
}

/* A number of an option from ``least`` to ``most``. */
static double number_of(const char *name, const char *text, double least, double most, int whole) {
    double value = 0;
    long count = 0;
    char why[80];
    if (whole ? is_whole(text, (long)least, (long)most, &count) : is_number(text, least, most, &value))
        return whole ? (double)count : value;
    snprintf(why, sizeof why, "must be a %snumber from %g to %.0f.", whole ? "whole " : "", least, most);
    refuse(name, why);
    return 0;
}

static int take_switch(const char *name, Given *given) {
    if (!strcmp(name, "--raw")) given->raw = 1;
    else if (!strcmp(name, "--zero")) given->zero = 1;
    else if (!strcmp(name, "--benchmark")) given->benchmark = 1;
    else if (!strcmp(name, "--about")) given->about = 1;
    else if (!strcmp(name, "--help") || !strcmp(name, "-h")) fputs(USAGE, stdout), exit(0);
    else return 0;
    return 1;
}

static int take_value(const char *name, const char *text, Given *given) {
    if (!strcmp(name, "--prompt")) given->prompt = text;
    else if (!strcmp(name, "--temperature")) given->temperature = number_of(name, text, 0, 5, 0);
    else if (!strcmp(name, "--tokens")) given->tokens = (long)number_of(name, text, 1, 4096, 1);
    else if (!strcmp(name, "--top-k")) given->top_k = (long)number_of(name, text, 0, 65536, 1);
    else if (!strcmp(name, "--top-p")) given->top_p = number_of(name, text, 0, 1, 0);
    else if (!strcmp(name, "--penalty")) given->penalty = number_of(name, text, 0, 2, 0);
    else if (!strcmp(name, "--seed")) given->seed = (unsigned long)number_of(name, text, 0, 2147483647, 1), given->seeded = 1;
    else return 0;
    return 1;
}

static Given read_options(int count, char **arguments) {
    Given given = {NULL, -1, -1, -1, 0, -1, 0, 0, 0, 0, 0, 0};
    for (int i = 1; i < count; i++) {
        if (take_switch(arguments[i], &given)) continue;
        char *name = arguments[i], *value = strncmp(name, "--", 2) ? NULL : strchr(name, '=');
        if (value) *value++ = 0;
        else value = i + 1 < count ? arguments[i + 1] : NULL, i += value != NULL;
        if (take_value(name, value ? value : "", &given)) {
            if (!value) refuse(name, "something must stand behind it.");
        } else refuse(name, "is none of its options; --help lists them.");
    }
    return given;
}

static void set(Talk *talk, const Given *given) {
    if (given->temperature >= 0) talk->temperature = given->temperature;
    if (given->tokens) talk->longest = given->tokens;
    if (given->top_k >= 0) talk->choosing.top_k = given->top_k;
    if (given->top_p >= 0) talk->choosing.top_p = given->top_p;
    if (given->penalty >= 0) talk->choosing.penalty = given->penalty;
    chance = given->seeded ? given->seed : (uint64_t)(seconds() * 1e9) ^ (uint64_t)time(NULL) << 32;
}

static int one_answer(Talk *talk, const char *prompt, int raw, int zero) {
    size_t length = strlen(prompt);
    if (length > LONGEST_LINE) length = LONGEST_LINE;
    unsigned char *text = as_characters((const unsigned char *)prompt, &length);
    say(talk, text, length, raw);
    putchar(zero ? 0 : '\n');
    free(text);
    return fflush(stdout) != 0;
}

int main(int count, char **arguments) {
    prepare(&count, &arguments);
    Given given = read_options(count, arguments);
    if (given.about) return show_about(), putchar('\n'), fflush(stdout) != 0;
    double started = seconds(), loaded;
    wake_brain();
    Talk *talk = begin_talk();
    loaded = seconds() - started;
    set(talk, &given);
    int failed = given.benchmark ? benchmark(talk, loaded, given.tokens ? given.tokens : 200)
                 : given.prompt  ? one_answer(talk, given.prompt, given.raw, given.zero)
                                 : chat(talk, given.raw, given.zero);
    end_talk(talk);
    return failed;
}
