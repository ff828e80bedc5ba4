/*
 * siphash - a short keyed hash: nobody who lacks the key can find two texts that meet.
 *
 * Threads  pure
 * Source   SipHash-2-4 with 128-bit output (Aumasson, Bernstein, "SipHash: a fast
 *          short-input PRF", and its authors' 128-bit variant)
 */
#ifndef WARD_STORAGE_BASE_SIPHASH_H
#define WARD_STORAGE_BASE_SIPHASH_H

#include "storage/base/base.h"

#define SIPHASH_KEY_BYTES 16
#define SIPHASH_BYTES 16

void siphash128(const uint8_t key[SIPHASH_KEY_BYTES], struct bytes in, uint8_t out[SIPHASH_BYTES]);

#endif
