/* The twin in C of `decompression.decompress` for sound input ([MS-OVBA] 2.4.1.3): optional, and held equal to the Python by tests.

   decompress(data, limit) -> bytes, or None for anything that is not whole and sound: the Python code then says what is wrong.
   Every read and write is checked against its buffer; nothing is kept between calls. */

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>
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

static PyMethodDef methods[] = {
    {"decompress", decompress, METH_VARARGS, "The content of a sound compressed container, or None."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "_decompression", NULL, 0, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC
PyInit__decompression(void)
{
    return PyModule_Create(&definition);
}
