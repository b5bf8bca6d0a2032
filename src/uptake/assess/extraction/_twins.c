/* Twins in C of the three inner loops of a scan: optional, and held equal to the Python by tests.

   decompress(data, limit) -> bytes, or None for anything that is not whole and sound: the Python code then says what is wrong
   ([MS-OVBA] 2.4.1.3).
   tokens(text) -> (list of str, offsets as bytes of int32), or None for text that is not ASCII: `source.TOKEN` then does it.
   words(text) -> frozenset of the lower-case words of ASCII text, or None.

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

/* Words: a table of the distinct ones, so that an object is made only for each of them. */

struct word {
    Py_ssize_t at, length;
    unsigned int hash;
};

static PyObject *
words(PyObject *module, PyObject *text)
{
    Py_ssize_t end;
    const unsigned char *t = (const unsigned char *)PyUnicode_AsUTF8AndSize(text, &end);
    if (t == NULL) {
        PyErr_Clear();
        Py_RETURN_NONE;
    }
    if (!is_ascii(t, end))
        Py_RETURN_NONE;
    size_t size = 1024, count = 0;
    struct word *table = PyMem_Calloc(size, sizeof *table);
    PyObject *set = PyFrozenSet_New(NULL), *result = NULL; /* nobody has seen it yet, so it may be filled */
    if (table == NULL || set == NULL)
        goto done;
    for (Py_ssize_t at = 0; at < end;) {
        if (!is_word(t[at])) {
            at++;
            continue;
        }
        struct word found = {at, 0, 2166136261u};
        while (at < end && is_word(t[at])) {
            found.hash = (found.hash ^ t[at]) * 16777619u;
            at++;
        }
        found.length = at - found.at;
        if (count * 2 >= size) { /* half full: twice the room */
            struct word *larger = PyMem_Calloc(size * 2, sizeof *larger);
            if (larger == NULL)
                goto done;
            for (size_t i = 0; i < size; i++) {
                if (table[i].length) {
                    size_t slot = table[i].hash & (size * 2 - 1);
                    while (larger[slot].length)
                        slot = (slot + 1) & (size * 2 - 1);
                    larger[slot] = table[i];
                }
            }
            PyMem_Free(table);
            table = larger;
            size *= 2;
        }
        size_t slot = found.hash & (size - 1);
        while (table[slot].length && (table[slot].hash != found.hash || table[slot].length != found.length ||
                                      memcmp(t + table[slot].at, t + found.at, (size_t)found.length) != 0))
            slot = (slot + 1) & (size - 1);
        if (table[slot].length == 0) {
            table[slot] = found;
            count++;
            PyObject *word = PyUnicode_FromStringAndSize((const char *)t + found.at, found.length);
            if (word == NULL || PySet_Add(set, word) < 0) {
                Py_XDECREF(word);
                goto done;
            }
            Py_DECREF(word);
        }
    }
    result = set;
    set = NULL;
done:
    PyMem_Free(table);
    Py_XDECREF(set);
    return result || PyErr_Occurred() ? result : PyErr_NoMemory();
}

static PyMethodDef methods[] = {
    {"decompress", decompress, METH_VARARGS, "The content of a sound compressed container, or None."},
    {"tokens", tokens, METH_O, "Tokens of ASCII text and their offsets, or None."},
    {"words", words, METH_O, "The words of lower-case ASCII text, or None."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_twins", NULL, 0, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC
PyInit__twins(void)
{
    return PyModule_Create(&definition);
}
