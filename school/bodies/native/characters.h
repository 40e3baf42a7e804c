/* Characters: UTF-8, which kinds there are, and what a terminal may be shown. */

#define REPLACEMENT 0xfffd

static int within(const Range *ranges, size_t count, uint32_t code) {
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (code > ranges[middle].last) low = middle + 1;
        else high = middle;
    }
    return low < count && code >= ranges[low].first;
}

#define IS(kind, code) within(kind, sizeof kind / sizeof *kind, code)

/* The first character of ``text`` and its length in bytes. What is none counts as U+FFFD: as many bytes of it as could
   have begun one (Unicode 15, section 3.9, "U+FFFD substitution of maximal subparts"). */
static uint32_t character(const unsigned char *text, size_t length, size_t *bytes) {
    unsigned lead = text[0], low = 0x80, high = 0xbf;
    size_t more = lead < 0xc2 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : lead < 0xf5 ? 3 : 0;
    uint32_t code = more == 1 ? lead & 31 : more == 2 ? lead & 15 : lead & 7;
    *bytes = 1;
    if (lead < 0x80) return lead;
    if (!more) return REPLACEMENT;
    if (lead == 0xe0) low = 0xa0; /* longer than need be */
    if (lead == 0xed) high = 0x9f; /* a surrogate */
    if (lead == 0xf0) low = 0x90;
    if (lead == 0xf4) high = 0x8f; /* beyond the last */
    for (size_t i = 1; i <= more; i++) {
        if (i == length || text[i] < low || text[i] > high) return REPLACEMENT;
        code = code << 6 | (text[i] & 63), *bytes = i + 1;
        low = 0x80, high = 0xbf;
    }
    return code;
}

/* Writes a character's bytes; returns how many. */
static size_t spell(uint32_t code, unsigned char *to) {
    if (code < 0x80) return to[0] = (unsigned char)code, 1;
    size_t more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    to[0] = (unsigned char)((0xf0 << (3 - more) & 0xff) | code >> 6 * more);
    for (size_t i = 1; i <= more; i++) to[i] = (unsigned char)(0x80 | (code >> 6 * (more - i) & 63));
    return more + 1;
}

/* ``text`` with U+FFFD for all that is no character, to be freed; its length becomes the new one. */
static unsigned char *as_characters(const unsigned char *text, size_t *length) {
    unsigned char *made = room(3 * *length + 1);
    size_t size = 0;
    for (size_t at = 0, bytes; at < *length; at += bytes)
        size += spell(character(text + at, *length - at, &bytes), made + size);
    *length = size;
    return made;
}

/* ``text`` without blanks before and behind it. */
static const unsigned char *stripped(const unsigned char *text, size_t *length) {
    size_t end = 0, begin = 0;
    for (size_t at = 0, bytes; at < *length; at += bytes) {
        int blank = IS(BLANKS, character(text + at, *length - at, &bytes));
        if (!blank) end = at + bytes;
        else if (!end) begin = at + bytes;
    }
    *length = end > begin ? end - begin : 0;
    return text + begin;
}

/* ---- what is shown: only what can be seen, and tabs and line ends where a text may have them; other characters are
        written out, for a terminal obeys some of them ---------------------------------------------------------------- */

static void show_character(uint32_t code, int one_line) {
    unsigned char bytes[4];
    if (one_line && code == '\n') fputs("\\n", stdout);
    else if (one_line && code == '\t') fputs("\\t", stdout);
    else if (code == '\r') fputs("\\r", stdout);
    else if (!IS(UNSEEN, code)) fwrite(bytes, 1, spell(code, bytes), stdout);
    else printf(code < 0x100 ? "\\x%02x" : code < 0x10000 ? "\\u%04x" : "\\U%08x", (unsigned)code);
}

static void show_line(const char *text, size_t length) {
    const unsigned char *at = (const unsigned char *)text, *end = at + length;
    for (size_t bytes; at < end; at += bytes) show_character(character(at, (size_t)(end - at), &bytes), 1);
}

/* An answer as it grows: bytes that are no whole character yet wait. */
typedef struct {
    unsigned char waiting[8];
    size_t count;
    int begun; /* no blanks before it */
} Show;

static void show_bytes(Show *show, const unsigned char *text, size_t length, int last) {
    for (size_t i = 0; i < length + (last != 0); i++) {
        if (i < length) show->waiting[show->count++] = text[i];
        for (size_t bytes; show->count; ) {
            uint32_t code = character(show->waiting, show->count, &bytes);
            if (code == REPLACEMENT && bytes == show->count && i < length && bytes < 4) break; /* more may follow */
            if (!IS(BLANKS, code)) show->begun = 1;
            if (show->begun) show_character(code, 0);
            memmove(show->waiting, show->waiting + bytes, show->count -= bytes);
        }
    }
    fflush(stdout);
}
