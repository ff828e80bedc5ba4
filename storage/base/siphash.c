#include "storage/base/siphash.h"

struct sip {
    uint64_t a, b, c, d;
};

static uint64_t rotate(uint64_t x, unsigned by)
{
    return x << by | x >> (64 - by);
}

static void rounds(struct sip *s, int n)
{
    while (n--) {
        s->a += s->b;
        s->c += s->d;
        s->b = rotate(s->b, 13) ^ s->a;
        s->d = rotate(s->d, 16) ^ s->c;
        s->a = rotate(s->a, 32);
        s->c += s->b;
        s->a += s->d;
        s->b = rotate(s->b, 17) ^ s->c;
        s->d = rotate(s->d, 21) ^ s->a;
        s->c = rotate(s->c, 32);
    }
}

/* Up to eight bytes, little-endian. */
static uint64_t word_read(const uint8_t *p, size_t n)
{
    uint64_t v = 0;
    while (n--)
        v = v << 8 | p[n];
    return v;
}

static void word_write(uint64_t v, uint8_t *p)
{
    for (int i = 0; i < 8; i++, v >>= 8)
        p[i] = (uint8_t)v;
}

static void absorb(struct sip *s, uint64_t word)
{
    s->d ^= word;
    rounds(s, 2);
    s->a ^= word;
}

void siphash128(const uint8_t key[SIPHASH_KEY_BYTES], struct bytes in, uint8_t out[SIPHASH_BYTES])
{
    uint64_t k0 = word_read(key, 8), k1 = word_read(key + 8, 8);
    struct sip s = {k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d ^ 0xee,
                    k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573};
    size_t whole = in.n / 8 * 8;
    for (size_t i = 0; i < whole; i += 8)
        absorb(&s, word_read(in.p + i, 8));
    uint64_t rest = in.n > whole ? word_read(in.p + whole, in.n - whole) : 0;
    absorb(&s, rest | (uint64_t)(in.n & 0xFF) << 56);

    s.c ^= 0xee;
    rounds(&s, 4);
    word_write(s.a ^ s.b ^ s.c ^ s.d, out);
    s.b ^= 0xdd;
    rounds(&s, 4);
    word_write(s.a ^ s.b ^ s.c ^ s.d, out + 8);
}
