/* Byte pairs: text to ids, as school/texts/tokenizer.py does it with a library and byte_pairs.py by itself. Words are cut
   as GPT-2's byte-level vocabulary cuts them. */

enum { OTHER, LETTER, NUMERAL, SPACE };

static int kind_at(const unsigned char *text, size_t length, size_t at, size_t *bytes) {
    uint32_t code = character(text + at, length - at, bytes);
    return IS(LETTERS, code) ? LETTER : IS(NUMBERS, code) ? NUMERAL : IS(SPACES, code) ? SPACE : OTHER;
}

/* Where the word that begins at ``at`` ends. */
static size_t word_end(const unsigned char *text, size_t length, size_t at) {
    static const char *const endings[] = {"s", "t", "re", "ve", "m", "ll", "d"};
    size_t bytes, start = at + (text[at] == ' ' && at + 1 < length), last;
    for (int i = 0; text[at] == '\'' && i < 7; i++) {
        size_t size = strlen(endings[i]);
        if (at + 1 + size <= length && !memcmp(text + at + 1, endings[i], size)) return at + 1 + size;
    }
    int kind = kind_at(text, length, start, &bytes);
    if (kind == SPACE) kind_at(text, length, start = at, &bytes);
    size_t end = start + bytes;
    for (last = start; end < length && kind_at(text, length, end, &bytes) == kind; end += bytes) last = end;
    return kind == SPACE && end < length && last > at ? last : end; /* the last of more spaces belongs to what follows */
}

/* ---- joining pairs ------------------------------------------------------------------------------------------------- */

static const Merge *merge_of(long left, long right) {
    size_t low = 0, high = MERGE_COUNT;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (MERGES[middle].left < left || (MERGES[middle].left == left && MERGES[middle].right < right)) low = middle + 1;
        else high = middle;
    }
    const Merge *found = MERGES + low;
    return low < MERGE_COUNT && found->left == left && found->right == right ? found : NULL;
}

typedef struct { long rank, left, right; } Pair;

static int sooner(const Pair *a, const Pair *b) { return a->rank != b->rank ? a->rank < b->rank : a->left < b->left; }

typedef struct {
    long *ids, *before, *after, length, count;
    Pair *heap; /* pairs that may be joined, the one that was learned first on top, and of those the leftmost */
} Word;

static void consider(Word *word, long left, long right) {
    const Merge *merge = left >= 0 && right < word->length ? merge_of(word->ids[left], word->ids[right]) : NULL;
    if (!merge) return;
    long at = word->count++;
    word->heap[at].rank = merge->rank, word->heap[at].left = left, word->heap[at].right = right;
    for (long up; at && sooner(word->heap + at, word->heap + (up = (at - 1) / 2)); at = up) {
        Pair other = word->heap[at];
        word->heap[at] = word->heap[up], word->heap[up] = other;
    }
}

static Pair take_first(Word *word) {
    Pair first = word->heap[0];
    word->heap[0] = word->heap[--word->count];
    for (long at = 0, next; (next = 2 * at + 1) < word->count; at = next) {
        if (next + 1 < word->count && sooner(word->heap + next + 1, word->heap + next)) next++;
        if (!sooner(word->heap + next, word->heap + at)) break;
        Pair other = word->heap[at];
        word->heap[at] = word->heap[next], word->heap[next] = other;
    }
    return first;
}

/* The ids of a word go to ``ids``; returns how many. Its bytes are joined pair by pair; what has been joined to its left
   neighbour is -1. */
static long encode_word(const unsigned char *text, long length, int *ids) {
    size_t size = (size_t)length;
    Word word = {room(size * sizeof(long)), room(size * sizeof(long)), room(size * sizeof(long)), length, 0,
                 room(3 * size * sizeof(Pair))};
    for (long i = 0; i < length; i++) word.ids[i] = FIRST[text[i]], word.before[i] = i - 1, word.after[i] = i + 1;
    for (long i = 0; i + 1 < length; i++) consider(&word, i, i + 1);
    while (word.count) {
        Pair pair = take_first(&word);
        if (word.ids[pair.left] < 0 || word.ids[pair.right] < 0 || word.after[pair.left] != pair.right) continue;
        const Merge *merge = merge_of(word.ids[pair.left], word.ids[pair.right]);
        if (!merge || merge->rank != pair.rank) continue; /* one of them has been joined to something else meanwhile */
        word.ids[pair.left] = merge->joined, word.ids[pair.right] = -1;
        word.after[pair.left] = word.after[pair.right];
        if (word.after[pair.left] < length) word.before[word.after[pair.left]] = pair.left;
        consider(&word, word.before[pair.left], pair.left);
        consider(&word, pair.left, word.after[pair.left]);
    }
    long count = 0;
    for (long i = 0; i < length; i++)
        if (word.ids[i] >= 0) ids[count++] = (int)word.ids[i];
    free(word.ids), free(word.before), free(word.after), free(word.heap);
    return count;
}

/* The ids of a text of whole characters, in ``ids``, which has room for one a byte; returns how many. */
static long encode(const unsigned char *text, size_t length, int *ids) {
    long count = 0;
    for (size_t at = 0, end; at < length; at = end) {
        end = word_end(text, length, at);
        count += encode_word(text + at, (long)(end - at), ids + count);
    }
    return count;
}
