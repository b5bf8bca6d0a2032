/* Twins in C of the inner loops of a scan: optional, and held equal to the Python by tests.

   decompress(data, limit) -> bytes, or None for anything that is not whole and sound: the Python code then says what is wrong
   ([MS-OVBA] 2.4.1.3).
   tokens(text) -> (list of str, offsets as bytes of int32), or None for text that is not ASCII: `source.TOKEN` then does it.
   words(text) -> a set of the words of lower-case ASCII text that can be asked with `in`, `isdisjoint` and `&`, or None. It
   makes no object for a word: a module has thousands, and rules ask for a few hundred.
   pieces(text, needles) -> those of the needles that stand between quotation marks: `names.needles_in`.
   places(text, word, offsets) -> list of the indexes of the tokens that are this plain word: `SourceText._find`.
   statement(tokens, index) -> (first, past the end) of the statement around a token: `SourceText.statement`.
   with_line_feeds(data) -> ASCII bytes as text whose line ends are LF, or None for other bytes: `project.as_text`.
   has_record(data, first, second) -> whether a row of records (type, length, content; 16 bits each) holds one of two types:
   `macro_sheets.reaches`.
   line_ends(text) -> where each line ends, in characters, as bytes of int32; or None for text that UTF-8 cannot hold.

   Every read and write is checked against its buffer; nothing is kept between calls. */

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>
#include <limits.h>
#include <string.h>

#define CHUNK 4096

/* One compressed chunk from `in` to `end` into `out` (CHUNK bytes of room); its size, or -1 when it is damaged. */
static Py_ssize_t
unpack(const unsigned char *in, const unsigned char *end, unsigned char *out)
{
    Py_ssize_t size = 0;
    while (in < end) {
        unsigned int flags = *in++;
        for (int bit = 0; bit < 8 && in < end; bit++, flags >>= 1) {
            if (!(flags & 1)) {
                if (size >= CHUNK)
                    return -1;
                out[size++] = *in++;
                continue;
            }
            if (end - in < 2 || size < 1)
                return -1;
            unsigned int token = in[0] | (unsigned int)in[1] << 8;
            in += 2;
            int width = 4; /* bits of the offset: by the size so far, [MS-OVBA] 2.4.1.3.19.1 */
            while (((Py_ssize_t)1 << width) < size)
                width++;
            int shift = 16 - width;
            Py_ssize_t offset = (Py_ssize_t)(token >> shift) + 1;
            Py_ssize_t length = (Py_ssize_t)(token & ((1u << shift) - 1)) + 3;
            if (offset > size || size + length > CHUNK)
                return -1;
            const unsigned char *from = out + size - offset;
            for (Py_ssize_t i = 0; i < length; i++) /* byte by byte: a copy may overlap what it writes */
                out[size + i] = from[i];
            size += length;
        }
    }
    return size;
}

static PyObject *
decompress(PyObject *module, PyObject *arguments)
{
    const char *data;
    Py_ssize_t length, limit;
    if (!PyArg_ParseTuple(arguments, "y#n", &data, &length, &limit))
        return NULL;
    const unsigned char *at = (const unsigned char *)data, *end = at + length;
    if (length < 1 || at[0] != 1)
        Py_RETURN_NONE;
    at++;
    /* First the chunks are counted, so that the result is allocated once and a lie about sizes costs nothing. */
    Py_ssize_t chunks = 0;
    for (const unsigned char *p = at; end - p >= 2; chunks++) {
        unsigned int header = p[0] | (unsigned int)p[1] << 8;
        Py_ssize_t whole = (Py_ssize_t)(header & 0xFFF) + 3;
        if ((header & 0x7000) != 0x3000 || whole > end - p)
            Py_RETURN_NONE;
        p += whole;
    }
    if (chunks > limit / CHUNK + 1)
        Py_RETURN_NONE;
    unsigned char *out = PyMem_Malloc(chunks ? (size_t)chunks * CHUNK : 1);
    if (out == NULL)
        return PyErr_NoMemory();
    Py_ssize_t size = 0;
    while (end - at >= 2) {
        unsigned int header = at[0] | (unsigned int)at[1] << 8;
        const unsigned char *next = at + (header & 0xFFF) + 3;
        Py_ssize_t piece;
        if (header & 0x8000) {
            piece = unpack(at + 2, next, out + size);
        } else {
            piece = next - at - 2;
            if (piece > CHUNK)
                piece = -1;
            else
                memcpy(out + size, at + 2, (size_t)piece);
        }
        if (piece < 0) {
            PyMem_Free(out);
            Py_RETURN_NONE;
        }
        size += piece;
        at = next;
    }
    PyObject *result = NULL;
    if (size <= limit) {
        result = PyBytes_FromStringAndSize((const char *)out, size);
    } else {
        Py_INCREF(Py_None);
        result = Py_None;
    }
    PyMem_Free(out);
    return result;
}

/* Tokens: the alternatives of source.TOKEN in its order, for ASCII text. */

/* 1 for the characters of ASCII words. */
static const unsigned char WORD[256] = {
    ['0'] = 1, ['1'] = 1, ['2'] = 1, ['3'] = 1, ['4'] = 1, ['5'] = 1, ['6'] = 1, ['7'] = 1, ['8'] = 1, ['9'] = 1, ['_'] = 1,
    ['A'] = 1, ['B'] = 1, ['C'] = 1, ['D'] = 1, ['E'] = 1, ['F'] = 1, ['G'] = 1, ['H'] = 1, ['I'] = 1, ['J'] = 1, ['K'] = 1,
    ['L'] = 1, ['M'] = 1, ['N'] = 1, ['O'] = 1, ['P'] = 1, ['Q'] = 1, ['R'] = 1, ['S'] = 1, ['T'] = 1, ['U'] = 1, ['V'] = 1,
    ['W'] = 1, ['X'] = 1, ['Y'] = 1, ['Z'] = 1, ['a'] = 1, ['b'] = 1, ['c'] = 1, ['d'] = 1, ['e'] = 1, ['f'] = 1, ['g'] = 1,
    ['h'] = 1, ['i'] = 1, ['j'] = 1, ['k'] = 1, ['l'] = 1, ['m'] = 1, ['n'] = 1, ['o'] = 1, ['p'] = 1, ['q'] = 1, ['r'] = 1,
    ['s'] = 1, ['t'] = 1, ['u'] = 1, ['v'] = 1, ['w'] = 1, ['x'] = 1, ['y'] = 1, ['z'] = 1,
};

static int
is_word(unsigned char c)
{
    return WORD[c];
}

static int
is_digit(unsigned char c)
{
    return c >= '0' && c <= '9';
}

static int
is_blank(unsigned char c)
{
    return c == ' ' || c == '\t';
}

static int
is_hex(unsigned char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* To the end of the line, and on while the line ends in a continuation. */
static Py_ssize_t
to_line_end(const unsigned char *t, Py_ssize_t at, Py_ssize_t end)
{
    for (;;) {
        const unsigned char *newline = memchr(t + at, '\n', (size_t)(end - at));
        if (newline == NULL)
            return end;
        at = newline - t;
        if (at < 2 || t[at - 1] != '_' || !is_blank(t[at - 2]))
            return at;
        at++;
    }
}

/* Past a `Rem` comment at `at`, or `at` itself where none stands. */
static Py_ssize_t
past_rem(const unsigned char *t, Py_ssize_t at, Py_ssize_t end)
{
    if (end - at < 3 || (t[at] | 32) != 'r' || (t[at + 1] | 32) != 'e' || (t[at + 2] | 32) != 'm')
        return at;
    if (at + 3 < end && !is_blank(t[at + 3]) && t[at + 3] != '\n')
        return at;
    return to_line_end(t, at + 3, end);
}

static Py_ssize_t
past_blanks(const unsigned char *t, Py_ssize_t at, Py_ssize_t end)
{
    while (at < end && is_blank(t[at]))
        at++;
    return at;
}

static Py_ssize_t
past_string(const unsigned char *t, Py_ssize_t at, Py_ssize_t end)
{
    at++;
    while (at < end && t[at] != '\n') {
        if (t[at] != '"') {
            at++;
        } else if (at + 1 < end && t[at + 1] == '"') {
            at += 2;
        } else {
            return at + 1;
        }
    }
    return at;
}

static Py_ssize_t
past_newline(const unsigned char *t, Py_ssize_t at, Py_ssize_t end)
{
    at = past_blanks(t, at + 1, end);
    Py_ssize_t digits = at;
    while (digits < end && is_digit(t[digits]))
        digits++;
    if (digits > at && digits < end && is_blank(t[digits]))
        at = past_blanks(t, digits, end);
    return past_rem(t, at, end);
}

static Py_ssize_t
past_space(const unsigned char *t, Py_ssize_t at, Py_ssize_t end)
{
    at = past_blanks(t, at, end);
    while (at < end && t[at] == '_') {
        Py_ssize_t next = past_blanks(t, at + 1, end);
        if (next >= end || t[next] != '\n')
            break;
        at = past_blanks(t, next + 1, end);
    }
    return at;
}

static Py_ssize_t
past_number(const unsigned char *t, Py_ssize_t at, Py_ssize_t end)
{
    Py_ssize_t next = at + 2;
    if (end - at < 3 || ((t[at + 1] | 32) != 'h' && (t[at + 1] | 32) != 'o') || !is_hex(t[next]))
        return at + 1;
    while (next < end && is_hex(t[next]))
        next++;
    return next < end && is_word(t[next]) ? at + 1 : next;
}

static Py_ssize_t
past_token(const unsigned char *t, Py_ssize_t at, Py_ssize_t end)
{
    unsigned char c = t[at];
    Py_ssize_t next = at + 1;
    if (is_word(c)) {
        int number = is_digit(c);
        while (next < end && (is_word(t[next]) || (number && t[next] == '.')))
            next++;
        return next;
    }
    switch (c) {
    case ' ':
    case '\t':
        return past_space(t, at, end);
    case '\n':
        return past_newline(t, at, end);
    case '"':
        return past_string(t, at, end);
    case '\'':
        return to_line_end(t, next, end);
    case ':': {
        Py_ssize_t rem = past_blanks(t, next, end), past = past_rem(t, rem, end);
        if (past > rem)
            return past;
        return next < end && t[next] == '=' ? next + 1 : next;
    }
    case '[':
        while (next < end && t[next] != ']' && t[next] != '\n')
            next++;
        return next < end && t[next] == ']' ? next + 1 : next;
    case '&':
        return past_number(t, at, end);
    default:
        return next;
    }
}

static int
is_ascii(const unsigned char *t, Py_ssize_t length)
{
    unsigned char all = 0;
    for (Py_ssize_t i = 0; i < length; i++)
        all |= t[i];
    return !(all & 0x80);
}

#define SEEN 1024 /* short tokens that come again share one object */
#define SHORT 24

static PyObject *
tokens(PyObject *module, PyObject *text)
{
    Py_ssize_t end;
    const unsigned char *t = (const unsigned char *)PyUnicode_AsUTF8AndSize(text, &end);
    if (t == NULL) {
        PyErr_Clear();
        Py_RETURN_NONE;
    }
    if (end > INT_MAX / 2 || !is_ascii(t, end))
        Py_RETURN_NONE;
    struct { PyObject *object; const unsigned char *at; Py_ssize_t length; } seen[SEEN];
    memset(seen, 0, sizeof seen);
    Py_ssize_t room = end / 3 + 16, count = 0;
    int *offsets = PyMem_Malloc((size_t)room * sizeof(int));
    PyObject *list = PyList_New(0);
    if (offsets == NULL || list == NULL)
        goto failed;
    for (Py_ssize_t at = 0; at < end;) {
        Py_ssize_t next = past_token(t, at, end), length = next - at;
        if (count + 1 >= room) {
            room *= 2;
            int *more = PyMem_Realloc(offsets, (size_t)room * sizeof(int));
            if (more == NULL)
                goto failed;
            offsets = more;
        }
        offsets[count++] = (int)at;
        PyObject *token;
        int status;
        if (length <= SHORT) {
            unsigned int hash = 2166136261u;
            for (Py_ssize_t i = at; i < next; i++)
                hash = (hash ^ t[i]) * 16777619u;
            unsigned int slot = (hash ^ hash >> 15) % SEEN;
            if (seen[slot].object && seen[slot].length == length && memcmp(seen[slot].at, t + at, (size_t)length) == 0) {
                status = PyList_Append(list, seen[slot].object);
            } else {
                token = PyUnicode_FromStringAndSize((const char *)t + at, length);
                if (token == NULL)
                    goto failed;
                status = PyList_Append(list, token); /* the list keeps it alive for the table */
                seen[slot].object = token;
                seen[slot].at = t + at;
                seen[slot].length = length;
                Py_DECREF(token);
            }
        } else {
            token = PyUnicode_FromStringAndSize((const char *)t + at, length);
            if (token == NULL)
                goto failed;
            status = PyList_Append(list, token);
            Py_DECREF(token);
        }
        if (status < 0)
            goto failed;
        at = next;
    }
    offsets[count] = (int)end;
    PyObject *packed = PyBytes_FromStringAndSize((const char *)offsets, (count + 1) * (Py_ssize_t)sizeof(int));
    PyMem_Free(offsets);
    if (packed == NULL) {
        Py_DECREF(list);
        return NULL;
    }
    PyObject *result = PyTuple_Pack(2, list, packed);
    Py_DECREF(list);
    Py_DECREF(packed);
    return result;
failed:
    PyMem_Free(offsets);
    Py_XDECREF(list);
    return PyErr_Occurred() ? NULL : PyErr_NoMemory();
}

/* Words: a table of where the distinct ones stand in the text, which the set keeps alive. */

struct word {
    int at, length; /* no length: a free slot */
    unsigned int hash;
};

typedef struct {
    PyObject_HEAD
    PyObject *text;
    const unsigned char *letters;
    struct word *table;
    size_t size; /* a power of two */
} Words;

static PyTypeObject *words_type;

#define FNV_START 2166136261u
#define FNV_STEP 16777619u

/* The slot of a word, or the free one where it would be put. */
static size_t
slot_of(const struct word *table, size_t size, const unsigned char *letters, const unsigned char *word, int length,
        unsigned int hash)
{
    size_t slot = hash & (size - 1);
    while (table[slot].length && (table[slot].hash != hash || table[slot].length != length ||
                                  memcmp(letters + table[slot].at, word, (size_t)length) != 0))
        slot = (slot + 1) & (size - 1);
    return slot;
}

static struct word *
twice_as_large(const struct word *table, size_t size)
{
    struct word *larger = PyMem_Calloc(size * 2, sizeof *larger);
    for (size_t i = 0; larger && i < size; i++) {
        if (table[i].length) {
            size_t slot = table[i].hash & (size * 2 - 1);
            while (larger[slot].length)
                slot = (slot + 1) & (size * 2 - 1);
            larger[slot] = table[i];
        }
    }
    return larger;
}

static PyObject *
words(PyObject *module, PyObject *text)
{
    Py_ssize_t end;
    const unsigned char *t = (const unsigned char *)PyUnicode_AsUTF8AndSize(text, &end);
    if (t == NULL) {
        PyErr_Clear();
        Py_RETURN_NONE;
    }
    if (end > INT_MAX / 2 || !is_ascii(t, end))
        Py_RETURN_NONE;
    size_t size = 64, count = 0;
    while (size < 2048 && (Py_ssize_t)size * 16 < end)
        size *= 2;
    struct word *table = PyMem_Calloc(size, sizeof *table);
    if (table == NULL)
        return PyErr_NoMemory();
    for (Py_ssize_t at = 0; at < end;) {
        if (!is_word(t[at])) {
            at++;
            continue;
        }
        Py_ssize_t start = at;
        unsigned int hash = FNV_START;
        for (; at < end && is_word(t[at]); at++)
            hash = (hash ^ t[at]) * FNV_STEP;
        size_t slot = slot_of(table, size, t, t + start, (int)(at - start), hash);
        if (table[slot].length)
            continue;
        table[slot].at = (int)start;
        table[slot].length = (int)(at - start);
        table[slot].hash = hash;
        if (++count * 2 >= size) { /* half full: twice the room */
            struct word *larger = twice_as_large(table, size);
            PyMem_Free(table);
            if (larger == NULL)
                return PyErr_NoMemory();
            table = larger;
            size *= 2;
        }
    }
    allocfunc allocate = (allocfunc)PyType_GetSlot(words_type, Py_tp_alloc);
    Words *self = (Words *)allocate(words_type, 0);
    if (self == NULL) {
        PyMem_Free(table);
        return NULL;
    }
    Py_INCREF(text);
    self->text = text;
    self->letters = t;
    self->table = table;
    self->size = size;
    return (PyObject *)self;
}

static void
words_free(PyObject *object)
{
    Words *self = (Words *)object;
    PyTypeObject *type = Py_TYPE(object);
    PyMem_Free(self->table);
    Py_XDECREF(self->text);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(object);
    Py_DECREF(type);
}

/* 1 when the word is in the set, 0 when it is not (or is no text that UTF-8 can hold), -1 for an error. */
static int
words_contain(PyObject *object, PyObject *word)
{
    Words *self = (Words *)object;
    Py_ssize_t length;
    if (!PyUnicode_Check(word))
        return 0;
    const unsigned char *w = (const unsigned char *)PyUnicode_AsUTF8AndSize(word, &length);
    if (w == NULL) {
        PyErr_Clear();
        return 0;
    }
    if (length < 1 || length > INT_MAX / 2)
        return 0;
    unsigned int hash = FNV_START;
    for (Py_ssize_t i = 0; i < length; i++)
        hash = (hash ^ w[i]) * FNV_STEP;
    return self->table[slot_of(self->table, self->size, self->letters, w, (int)length, hash)].length != 0;
}

static PyObject *
words_disjoint(PyObject *self, PyObject *others)
{
    PyObject *iterator = PyObject_GetIter(others), *word;
    if (iterator == NULL)
        return NULL;
    int found = 0;
    while (!found && (word = PyIter_Next(iterator)) != NULL) {
        found = words_contain(self, word);
        Py_DECREF(word);
    }
    Py_DECREF(iterator);
    return PyErr_Occurred() ? NULL : PyBool_FromLong(!found);
}

static PyObject *
words_and(PyObject *left, PyObject *right)
{
    if (!Py_IS_TYPE(left, words_type))
        Py_RETURN_NOTIMPLEMENTED;
    PyObject *found = PyFrozenSet_New(NULL), *iterator = PyObject_GetIter(right), *word; /* nobody has seen it yet */
    if (found == NULL || iterator == NULL)
        goto failed;
    while ((word = PyIter_Next(iterator)) != NULL) {
        int failed = words_contain(left, word) && PySet_Add(found, word) < 0;
        Py_DECREF(word);
        if (failed)
            goto failed;
    }
    if (PyErr_Occurred())
        goto failed;
    Py_DECREF(iterator);
    return found;
failed:
    Py_XDECREF(iterator);
    Py_XDECREF(found);
    return NULL;
}

static PyMethodDef words_methods[] = {
    {"isdisjoint", words_disjoint, METH_O, "Whether none of these words is in the set."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot words_slots[] = {
    {Py_tp_dealloc, words_free},
    {Py_tp_methods, words_methods},
    {Py_sq_contains, words_contain},
    {Py_nb_and, words_and},
    {0, NULL},
};

static PyType_Spec words_spec = {"uptake.assess.extraction._twins.Words", sizeof(Words), 0,
                                 Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, words_slots};

/* Pieces of literals: the first two characters of all needles as bits, so that nearly every place is passed by at once. */

#define MOST_NEEDLES 256

static PyObject *
pieces(PyObject *module, PyObject *arguments)
{
    const char *text;
    Py_ssize_t end;
    PyObject *needles;
    if (!PyArg_ParseTuple(arguments, "s#O!", &text, &end, &PyTuple_Type, &needles))
        return NULL;
    Py_ssize_t count = PyTuple_Size(needles);
    if (count > MOST_NEEDLES)
        Py_RETURN_NONE;
    const char *letters[MOST_NEEDLES];
    Py_ssize_t lengths[MOST_NEEDLES];
    unsigned char starts[65536 / 8], seen[MOST_NEEDLES];
    memset(starts, 0, sizeof starts);
    memset(seen, 0, sizeof seen);
    for (Py_ssize_t i = 0; i < count; i++) {
        letters[i] = PyUnicode_AsUTF8AndSize(PyTuple_GetItem(needles, i), &lengths[i]);
        if (letters[i] == NULL)
            return NULL;
        if (lengths[i] < 2 || memchr(letters[i], '\n', (size_t)lengths[i]))
            Py_RETURN_NONE;
        unsigned int pair = (unsigned char)letters[i][0] << 8 | (unsigned char)letters[i][1];
        starts[pair >> 3] |= 1 << (pair & 7);
    }
    Py_ssize_t left = count;
    for (Py_ssize_t at = 0; at < end && left;) {
        const char *quote = memchr(text + at, '"', (size_t)(end - at));
        if (quote == NULL)
            break;
        at = quote - text;
        Py_ssize_t stop = at + 1;
        while (stop < end && text[stop] != '"' && text[stop] != '\n')
            stop++;
        stop += stop < end && text[stop] == '"';
        for (; at + 1 < stop && left; at++) {
            unsigned int pair = (unsigned char)text[at] << 8 | (unsigned char)text[at + 1];
            if (!(starts[pair >> 3] & 1 << (pair & 7)))
                continue;
            for (Py_ssize_t i = 0; i < count; i++) {
                if (!seen[i] && lengths[i] <= stop - at && memcmp(letters[i], text + at, (size_t)lengths[i]) == 0) {
                    seen[i] = 1;
                    left--;
                }
            }
        }
        at = stop;
    }
    PyObject *found = PyList_New(0);
    for (Py_ssize_t i = 0; found && i < count; i++) {
        if (seen[i] && PyList_Append(found, PyTuple_GetItem(needles, i)) < 0) {
            Py_DECREF(found);
            return NULL;
        }
    }
    return found;
}

/* First offset that is not before `wanted`, among `count` ascending ones. */
static Py_ssize_t
first_not_before(const int *offsets, Py_ssize_t count, Py_ssize_t wanted)
{
    Py_ssize_t low = 0, high = count;
    while (low < high) {
        Py_ssize_t middle = (low + high) / 2;
        if (offsets[middle] < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static PyObject *
places(PyObject *module, PyObject *arguments)
{
    const char *text, *word, *packed;
    Py_ssize_t end, length, size;
    if (!PyArg_ParseTuple(arguments, "s#s#y#", &text, &end, &word, &length, &packed, &size))
        return NULL;
    PyObject *found = PyList_New(0);
    if (found == NULL || length < 1)
        return found;
    const int *offsets = (const int *)packed; /* bytes objects begin aligned */
    Py_ssize_t count = size / (Py_ssize_t)sizeof(int), index = 0;
    for (Py_ssize_t at = 0; at + length <= end; at++) {
        const char *next = memchr(text + at, word[0], (size_t)(end - length - at + 1));
        if (next == NULL)
            break;
        at = next - text;
        if (memcmp(next, word, (size_t)length) != 0 || (at && is_word((unsigned char)text[at - 1])) ||
            (at + length < end && is_word((unsigned char)text[at + length])))
            continue;
        index += first_not_before(offsets + index, count - index, at + 1); /* one more for the leading line end */
        if (index + 1 < count && offsets[index] == at + 1 && offsets[index + 1] - offsets[index] == length) {
            PyObject *number = PyLong_FromSsize_t(index);
            if (number == NULL || PyList_Append(found, number) < 0) {
                Py_XDECREF(number);
                Py_DECREF(found);
                return NULL;
            }
            Py_DECREF(number);
        }
    }
    return found;
}

/* Whether a statement ends at this token: a line end, or a colon that is not `:=`. */
static int
ends_statement(PyObject *token)
{
    Py_UCS4 first = PyUnicode_ReadChar(token, 0);
    return first == '\n' || (first == ':' && (PyUnicode_GetLength(token) != 2 || PyUnicode_ReadChar(token, 1) != '='));
}

static PyObject *
statement(PyObject *module, PyObject *arguments)
{
    PyObject *list;
    Py_ssize_t index;
    if (!PyArg_ParseTuple(arguments, "O!n", &PyList_Type, &list, &index))
        return NULL;
    Py_ssize_t count = PyList_Size(list), start = index, end = index;
    if (index < 0 || index > count) {
        PyErr_SetString(PyExc_IndexError, "no such token");
        return NULL;
    }
    while (start > 0 && !ends_statement(PyList_GetItem(list, start - 1)))
        start--;
    while (end < count && !ends_statement(PyList_GetItem(list, end)))
        end++;
    return PyErr_Occurred() ? NULL : Py_BuildValue("nn", start, end);
}

static PyObject *
with_line_feeds(PyObject *module, PyObject *data)
{
    char *raw;
    Py_ssize_t length;
    if (PyBytes_AsStringAndSize(data, &raw, &length) < 0)
        return NULL;
    if (!is_ascii((const unsigned char *)raw, length))
        Py_RETURN_NONE;
    char *text = PyMem_Malloc(length ? (size_t)length : 1), *to = text;
    if (text == NULL)
        return PyErr_NoMemory();
    const char *from = raw, *end = raw + length;
    while (from < end) {
        const char *next = memchr(from, '\r', (size_t)(end - from));
        size_t size = (size_t)((next ? next : end) - from);
        memcpy(to, from, size);
        to += size;
        if (next == NULL)
            break;
        *to++ = '\n';
        from = next + 1 + (next + 1 < end && next[1] == '\n');
    }
    PyObject *found = PyUnicode_FromStringAndSize(text, to - text);
    PyMem_Free(text);
    return found;
}

static PyObject *
has_record(PyObject *module, PyObject *arguments)
{
    const char *data;
    Py_ssize_t length;
    int first, second;
    if (!PyArg_ParseTuple(arguments, "y#ii", &data, &length, &first, &second))
        return NULL;
    const unsigned char *t = (const unsigned char *)data;
    for (Py_ssize_t at = 0; at <= length - 4;) {
        int kind = t[at] | t[at + 1] << 8;
        if (kind == first || kind == second)
            Py_RETURN_TRUE;
        at += 4 + (t[at + 2] | t[at + 3] << 8);
    }
    Py_RETURN_FALSE;
}

static PyObject *
line_ends(PyObject *module, PyObject *text)
{
    Py_ssize_t end, count = 0, characters = 0;
    const unsigned char *t = (const unsigned char *)PyUnicode_AsUTF8AndSize(text, &end);
    if (t == NULL) {
        PyErr_Clear();
        Py_RETURN_NONE;
    }
    if (end > INT_MAX / 2)
        Py_RETURN_NONE;
    for (const unsigned char *p = t; (p = memchr(p, '\n', (size_t)(t + end - p))) != NULL; p++)
        count++;
    PyObject *packed = PyBytes_FromStringAndSize(NULL, (count + 1) * (Py_ssize_t)sizeof(int));
    if (packed == NULL)
        return NULL;
    int *ends = (int *)PyBytes_AsString(packed);
    if (is_ascii(t, end)) {
        for (const unsigned char *p = t; (p = memchr(p, '\n', (size_t)(t + end - p))) != NULL; p++)
            *ends++ = (int)(p - t);
        *ends = (int)end;
        return packed;
    }
    for (Py_ssize_t at = 0; at < end; at++) {
        if (t[at] == '\n')
            *ends++ = (int)characters;
        characters += (t[at] & 0xC0) != 0x80; /* bytes that continue a character do not count */
    }
    *ends = (int)characters;
    return packed;
}

static PyMethodDef methods[] = {
    {"decompress", decompress, METH_VARARGS, "The content of a sound compressed container, or None."},
    {"tokens", tokens, METH_O, "Tokens of ASCII text and their offsets, or None."},
    {"words", words, METH_O, "The set of the words of lower-case ASCII text, or None."},
    {"pieces", pieces, METH_VARARGS, "Those of some needles that stand between quotation marks, or None."},
    {"places", places, METH_VARARGS, "Indexes of the tokens that are a plain lower-case word."},
    {"statement", statement, METH_VARARGS, "First and past-the-end token of the statement around a token."},
    {"with_line_feeds", with_line_feeds, METH_O, "ASCII bytes as text with LF, or None."},
    {"has_record", has_record, METH_VARARGS, "Whether a row of records holds one of two types."},
    {"line_ends", line_ends, METH_O, "Where each line ends, or None."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_twins", NULL, 0, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC
PyInit__twins(void)
{
    if (words_type == NULL)
        words_type = (PyTypeObject *)PyType_FromSpec(&words_spec);
    return words_type ? PyModule_Create(&definition) : NULL;
}
