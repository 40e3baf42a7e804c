/* Where a sentence ends, as school/texts/sentences.py says it. */

static int is_word(uint32_t code) { return code == '_' || IS(LETTERS, code) || IS(NUMBERS, code); }

static int ends(uint32_t code) {
    static const uint32_t marks[] = {'.', '!', '?', 0x2026, 0x3002, 0xff01, 0xff1f, 0x61f, 0x964, 0x1362};
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (code == marks[i]) return 1;
    return 0;
}

static int closes(uint32_t code) {
    return code == '"' || code == '\'' || code == 0x201d || code == 0x2019 || code == 0xbb || code == ')' || code == ']'
           || IS(BLANKS, code);
}

static int is_capital(uint32_t code) {
    return (code >= 'A' && code <= 'Z') || (code >= 0xc0 && code <= 0xde) || (code >= 0x391 && code <= 0x3a9)
           || (code >= 0x410 && code <= 0x42f);
}

/* Whether a word is short before the point at ``at``: a title, a letter for a name, a number; "Mr." is no end. */
static int is_short(const uint32_t *text, long at) {
    long first = at, digits = 0;
    while (first && text[first - 1] != '(' && !IS(BLANKS, text[first - 1])) first--;
    if (first == at) return 0;
    while (first + digits < at && IS(DIGITS, text[first + digits])) digits++;
    if (first + digits == at) return 1;
    if (at - first > 3 || !is_capital(text[first])) return 0;
    for (long i = first + 1; i < at; i++)
        if (!is_word(text[i])) return 0;
    return 1;
}

static int ends_sentence(const uint32_t *text, long length) {
    long end = length, last = length;
    while (end && closes(text[end - 1])) end--;
    if (!end || !ends(text[end - 1])) return 0;
    while (last && IS(BLANKS, text[last - 1])) last--;
    return !(text[last - 1] == '.' && is_short(text, last - 1));
}
