/* The form of an answer: which of its brackets and quotation marks are open, as school/texts/brackets.py says it. */

static const uint32_t PAIRS[][2] = {{'(', ')'}, {'[', ']'}, {'{', '}'}, {0x201c, 0x201d}, {0x201e, 0x201c},
    {0x201e, 0x201d}, {0xab, 0xbb}, {'"', '"'}, {0x300c, 0x300d}, {0x300e, 0x300f}};
enum { PAIR_COUNT = sizeof PAIRS / sizeof *PAIRS };

enum { FACE = 0x263a };

/* Makes another character of :) ;-( and the like, and a blank of what is torn; returns how many characters are left. */
static long plainly(uint32_t *text, long length) {
    long kept = 0;
    for (long i = 0; i < length; i++) {
        long mouth = i + 1 + (i + 1 < length && text[i + 1] == '-');
        uint32_t shape = mouth < length ? text[mouth] : 0;
        int smiles = shape == '(' || shape == ')' || shape == '[' || shape == ']';
        if (smiles && (text[i] == ':' || text[i] == ';')) text[kept++] = FACE, i = mouth;
        else text[kept++] = text[i] == REPLACEMENT ? ' ' : text[i];
    }
    return kept;
}

/* Whether a text ends with a face that lacks its mouth. */
static int has_eyes(const uint32_t *text, long length) {
    long eyes = length - 1 - (length > 1 && text[length - 1] == '-');
    return length && (text[eyes] == ':' || text[eyes] == ';');
}

/* Whether the character at ``at`` ends the number of a list, a) or 12), where no bracket is open. */
static int is_of_list(const uint32_t *text, long at) {
    long word = 0;
    while (word < 3 && word < at && is_word(text[at - word - 1])) word++;
    return text[at] == ')' && (word == 1 || word == 2);
}

/* The marks that a text still needs to close what it opened, the last of them first, in place of its first characters;
   returns how many, or -1 where it closes what it did not open, or what has nothing in it. (What is open is never kept
   behind where it stood.) ``may_end``: whether it says anything, also in what it opened last, and can be closed: behind
   a colon that would smile. */
static long waiting(uint32_t *text, long length, int *may_end) {
    long count = 0, high = 0, says = 0, bare = 0;
    *may_end = 0, length = plainly(text, length);
    for (long i = 0; i < length; i++) {
        int opens = 0, closes = 0, fits = 0;
        if (IS(BLANKS, text[i])) continue;
        says |= !IS(PUNCTUATION, text[i]);
        high |= text[i] == 0x201d;
        for (int k = 0; k < PAIR_COUNT; k++) {
            opens |= text[i] == PAIRS[k][0], closes |= text[i] == PAIRS[k][1];
            fits |= count && text[count - 1] == PAIRS[k][0] && text[i] == PAIRS[k][1];
        }
        if (fits ? bare : !opens && closes && !is_of_list(text, i)) return -1;
        bare = !fits && opens;
        if (fits) count--;
        else if (opens) text[count++] = text[i];
    }
    *may_end = says && !bare && !(count && (text[count - 1] == '(' || text[count - 1] == '[') && has_eyes(text, length));
    for (long i = 0, k; i < count; i++) {
        for (k = 0; text[i] != PAIRS[k][0]; k++) {}
        text[i] = PAIRS[k][0] == 0x201e && high ? 0x201d : PAIRS[k][1];
    }
    return count;
}

/* ---- of tokens ----------------------------------------------------------------------------------------------------- */

/* The text of some tokens, to be freed, and of how many characters it is. */
static uint32_t *text_of(const int *tokens, long count, long *length) {
    size_t size = 0, bytes;
    for (long i = 0; i < count; i++) size += (size_t)(PIECE_AT[tokens[i] + 1] - PIECE_AT[tokens[i]]);
    unsigned char *spelled = room(size + 1), *end = spelled;
    uint32_t *text = room((size + 1) * sizeof *text);
    for (long i = 0; i < count; i++)
        for (long at = PIECE_AT[tokens[i]]; at < PIECE_AT[tokens[i] + 1]; at++) *end++ = PIECES[at];
    *length = 0;
    for (size_t at = 0; at < size; at += bytes) text[(*length)++] = character(spelled + at, size - at, &bytes);
    free(spelled);
    return text;
}

static long needed(const int *tokens, long count, int *may_end) {
    long length;
    uint32_t *text = text_of(tokens, count, &length);
    long found = waiting(text, length, may_end);
    free(text);
    return found;
}

static int is_among(const uint16_t *tokens, size_t count, int token) {
    for (size_t i = 0; i < count; i++)
        if (tokens[i] == token) return 1;
    return 0;
}

#define IN(table, token) is_among(table, sizeof table / sizeof *table, token)

/* Puts the tokens that close what is open behind those that were said, of which ``most`` have room; returns how many. */
static long close_open(int *said, long count, long most) {
    long length, open;
    int may_end;
    uint32_t *text = text_of(said, count, &length);
    unsigned char *spelled = room(4 * (size_t)length + 1);
    size_t size = 0;
    for (open = FORMED ? waiting(text, length, &may_end) : 0; open > 0; open--) size += spell(text[open - 1], spelled + size);
    int *ids = room((size + 1) * sizeof(int));
    long closing = encode(spelled, size, ids);
    for (long i = 0; i < closing && count + i < most; i++) said[count + i] = ids[i];
    free(text), free(spelled), free(ids);
    return closing;
}

/* Whether a token may not come in an answer of ``most`` tokens: it would close what isn't open or has nothing in it, end
   what may not end yet, open something late, or leave no room for what has to follow; ``said`` has room for it. */
static int refuses(int *said, long count, int token, long most) {
    int may_end, half = (int)ceil((double)most * LONG);
    long before, after, then = count + 1;
    if (!IN(MARKED, token)) return 0;
    before = needed(said, count, &may_end);
    if (before < 0) return 0;
    if (token == END) return !may_end;
    said[count] = token;
    after = needed(said, count + 1, &may_end);
    if (after < 0 || (count >= half && after > before)) return 1;
    if (!may_end) then++;
    return (then > half ? then : half) + close_open(said, count + 1, count + 1) > most;
}
