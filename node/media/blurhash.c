#include "node/media/blurhash.h"

#include <math.h>

#define ACROSS 4
#define DOWN 3
#define PI 3.14159265358979323846

struct colour { /* linear light */
    double r, g, b;
};

static double to_linear(uint8_t value)
{
    double v = value / 255.0;
    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

static unsigned to_srgb(double value)
{
    double v = fmax(0, fmin(1, value));
    return (unsigned)((v <= 0.0031308 ? v * 12.92 : 1.055 * pow(v, 1 / 2.4) - 0.055) * 255 + 0.5);
}

static char *write_83(char *out, unsigned value, unsigned digits)
{
    static const char alphabet[] =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~";
    for (unsigned i = digits; i-- > 0; value /= 83)
        out[i] = alphabet[value % 83];
    return out + digits;
}

/* How much of one wave is in the picture. */
static struct colour component(const uint8_t *pixels, size_t width, size_t height, size_t across,
                               size_t down)
{
    struct colour sum = {0, 0, 0};
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++) {
            const uint8_t *p = pixels + 3 * (y * width + x);
            double wave = cos(PI * (double)(across * x) / (double)width) *
                          cos(PI * (double)(down * y) / (double)height);
            sum.r += wave * to_linear(p[0]);
            sum.g += wave * to_linear(p[1]);
            sum.b += wave * to_linear(p[2]);
        }
    double scale = (across || down ? 2.0 : 1.0) / (double)(width * height);
    return (struct colour){sum.r * scale, sum.g * scale, sum.b * scale};
}

static unsigned quantise(double value, double most)
{
    double v = value / most;
    double root = v < 0 ? -sqrt(-v) : sqrt(v);
    return (unsigned)fmax(0, fmin(18, floor(root * 9 + 9.5)));
}

void blurhash_encode(const uint8_t *pixels, size_t width, size_t height, char out[BLURHASH_BYTES])
{
    struct colour part[ACROSS * DOWN];
    double most = 0;
    for (size_t i = 0; i < ACROSS * DOWN; i++) {
        part[i] = component(pixels, width, height, i % ACROSS, i / ACROSS);
        if (i > 0)
            most = fmax(most, fmax(fabs(part[i].r), fmax(fabs(part[i].g), fabs(part[i].b))));
    }
    unsigned step = (unsigned)fmax(0, fmin(82, floor(most * 166 - 0.5)));
    double scale = (step + 1) / 166.0;
    char *end = write_83(out, (ACROSS - 1) + (DOWN - 1) * 9, 1);
    end = write_83(end, step, 1);
    end = write_83(end, to_srgb(part[0].r) << 16 | to_srgb(part[0].g) << 8 | to_srgb(part[0].b), 4);
    for (size_t i = 1; i < ACROSS * DOWN; i++)
        end = write_83(end,
                       quantise(part[i].r, scale) * 19 * 19 + quantise(part[i].g, scale) * 19 +
                           quantise(part[i].b, scale),
                       2);
    *end = '\0';
}
