/* A token for each character: school/texts/characters.py once more. */

static int id_of(uint32_t code) {
    size_t low = 0, high = sizeof ALPHABET / sizeof *ALPHABET;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (ALPHABET[middle].code < code) low = middle + 1;
        else high = middle;
    }
    return low < sizeof ALPHABET / sizeof *ALPHABET && ALPHABET[low].code == code ? ALPHABET[low].id : UNKNOWN;
}

/* The ids of a text of whole characters, in ``ids``, which has room for one a byte; returns how many. What it doesn't
   know is UNKNOWN, or left out where that is none. */
static long encode(const unsigned char *text, size_t length, int *ids) {
    long count = 0;
    for (size_t at = 0, bytes; at < length; at += bytes) {
        int id = id_of(character(text + at, length - at, &bytes));
        if (id >= 0) ids[count++] = id;
    }
    return count;
}
