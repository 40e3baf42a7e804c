/* A chat in a terminal, or through pipes; school/bodies/alone/chat.py is the same in Python. */

#define LONGEST_LINE 262144 /* bytes of what is said at once */
#define QUESTION "what did you do today?"

typedef struct {
    const char *prompt;
    double temperature, top_p, penalty; /* below zero: as the baby has it */
    long tokens, top_k;
    int raw, benchmark, about, zero, seeded;
    unsigned long seed;
} Given;

typedef struct {
    Show show;
    long most; /* tokens, or so many that it doesn't matter */
    int silent;
} Listener;

static int heard(void *whom, int token) {
    Listener *listener = whom;
    if (!listener->silent)
        show_bytes(&listener->show, PIECES + PIECE_AT[token], (size_t)(PIECE_AT[token + 1] - PIECE_AT[token]), 0);
    return --listener->most > 0 && !stopped;
}

/* Say something to a text of whole characters as it grows; returns how many tokens that were. */
static long say(Talk *talk, const unsigned char *text, size_t length, int raw) {
    Listener listener = {{{0}, 0, 0}, LONG_MAX, 0};
    long count = raw ? go_on(talk, text, length, talk->longest, heard, &listener)
                     : answer(talk, text, length, heard, &listener);
    show_bytes(&listener.show, NULL, 0, 1);
    return count;
}

static void show_about(void) {
    for (size_t i = 0; i < sizeof ABOUT / sizeof *ABOUT; i++) {
        if (i) putchar('\n');
        show_line(ABOUT[i], strlen(ABOUT[i]));
    }
}

/* With commas between the thousands. */
static void show_count(double value) {
    char digits[32];
    int length = snprintf(digits, sizeof digits, "%.0f", value);
    for (int i = 0; i < length && i < 31; i++) {
        if (i && (length - i) % 3 == 0) putchar(',');
        putchar(digits[i]);
    }
}

/* ---- commands ------------------------------------------------------------------------------------------------------ */

static int is_number(const char *text, double least, double most, double *value) {
    char *end;
    errno = 0;
    *value = strtod(text, &end);
    return end != text && !*end && *value >= least && *value <= most;
}

static int is_whole(const char *text, long least, long most, long *value) {
    char *end;
    errno = 0;
    *value = strtol(text, &end, 10);
    return end != text && !*end && !errno && *value >= least && *value <= most;
}

static void set_number(Talk *talk, const char *name, const char *text) {
    int hot = !strcmp(name, "temperature"), known, fits;
    double number;
    long whole;
    if (hot) known = is_number(text, -HUGE_VAL, HUGE_VAL, &number), fits = is_number(text, 0, 5, &number);
    else known = is_whole(text, LONG_MIN, LONG_MAX, &whole), fits = is_whole(text, 1, 4096, &whole);
    if (fits && hot) talk->temperature = number;
    else if (fits) talk->longest = whole;
    if (!known) fputs("write a number behind it, not ", stdout);
    if (fits) fputs("from now on ", stdout);
    if (*text) show_line(text, strlen(text));
    else fputs("nothing", stdout);
    fputs(fits || !known ? "." : hot ? " must be from 0 to 5." : " must be from 1 to 4096.", stdout);
}

/* What a line that begins with / does; ``line`` ends with a zero. Without a line end behind. */
static void command(Talk *talk, char *line) {
    char *value = strchr(line, ' ');
    size_t length;
    if (value) {
        *value++ = 0, length = strlen(value);
        value = (char *)stripped((unsigned char *)value, &length), value[length] = 0;
    } else value = line + strlen(line);
    if (!strcmp(line, "/help")) printf(HELP, talk->temperature, talk->longest);
    else if (!strcmp(line, "/about")) show_about();
    else if (!strcmp(line, "/reset")) reset(talk), fputs("it has forgotten what was said here.", stdout);
    else if (!strcmp(line, "/temperature") || !strcmp(line, "/tokens")) set_number(talk, line + 1, value);
    else {
        fputs("there is no /", stdout);
        show_line(line + 1, strlen(line + 1));
        fputs(" here; /help says what there is.", stdout);
    }
}

/* ---- the chat ------------------------------------------------------------------------------------------------------ */

/* The next line, or what comes before the next zero, without that; its length, or -1 when there are no more. What is
   longer than LONGEST_LINE is cut, and that is said. */
static long next_line(unsigned char *line, int zero) {
    long length = 0, all = 0;
    for (int byte; (byte = next_byte()) != EOF; all++) {
        if (zero ? !byte : byte == '\n' || byte == '\r') break;
        if (length < LONGEST_LINE) line[length++] = (unsigned char)byte;
        if (all == LONGEST_LINE) fprintf(stderr, "(of a longer line only the first %d bytes are read)\n", LONGEST_LINE);
    }
    return all || !feof(stdin) ? length : -1;
}

static void answer_line(Talk *talk, const unsigned char *text, size_t length, int raw, int asking) {
    double started = seconds();
    if (asking) fputs("baby: ", stdout);
    may_be_stopped(asking);
    long count = say(talk, text, length, raw);
    if (stopped) fputs("\n (stopped; once more ends the chat)", stdout);
    else if (asking) {
        double passed = seconds() - started;
        printf("\n(%ld tokens, ", count);
        show_count((double)count / (passed > 1e-9 ? passed : 1e-9));
        fputs(" a second)", stdout);
    }
    may_be_stopped(0);
}

/* Lines in, answers out, until there are no more. Programs may rather have a zero behind each (``zero``): no answer has
   one in it, and a line that doesn't begin with / is never a command. */
static int chat(Talk *talk, int raw, int zero) {
    int asking = !zero && in_terminal(stdin) && in_terminal(stdout), over = 0;
    unsigned char *line = room(LONGEST_LINE + 1);
    if (asking) show_line(ABOUT[0], strlen(ABOUT[0])), puts(". /help says what you can do.");
    while (!over && !ferror(stdout)) {
        if (asking) fputs("you: ", stdout), fflush(stdout);
        long read = next_line(line, zero);
        if (read < 0) break;
        size_t length = (size_t)read;
        unsigned char *text = as_characters(line, &length);
        int is_command = length && text[0] == '/';
        const unsigned char *begin = stripped(text, &length);
        if (!zero) is_command = length && begin[0] == '/';
        text[begin - text + (long)length] = 0;
        over = is_command && !strcmp((const char *)begin, "/quit");
        if (is_command && !over) command(talk, (char *)text + (begin - text));
        else if (length && !over) answer_line(talk, begin, length, raw, asking);
        if (zero || (length && !over)) putchar(zero ? 0 : '\n');
        fflush(stdout);
        free(text);
    }
    if (asking && !over) putchar('\n');
    free(line);
    return ferror(stdout) != 0;
}

/* Figures of this machine: loading, the first token of an answer, and tokens a second. */
static int benchmark(Talk *talk, double loaded, long tokens) {
    const unsigned char *text = (const unsigned char *)QUESTION;
    Listener once = {{{0}, 0, 0}, LONG_MAX, 1};
    double started = seconds(), first, rates[3], best = 0;
    once.most = 1;
    answer(talk, text, strlen(QUESTION), heard, &once);
    first = seconds() - started;
    reset(talk);
    for (int i = 0; i < 3; i++) {
        once.most = LONG_MAX, started = seconds();
        rates[i] = (double)go_on(talk, text, strlen(QUESTION), tokens, heard, &once) / (seconds() - started);
        if (rates[i] > best) best = rates[i];
    }
    printf("loaded in %.3f s, first token after %.1f ms\n", loaded, 1000 * first);
    show_count(best);
    for (int i = 0; i < 3; i++) fputs(i ? ", " : " tokens a second, the best of ", stdout), show_count(rates[i]);
    putchar('\n');
    return 0;
}
