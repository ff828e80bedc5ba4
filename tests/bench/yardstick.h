/*
 * yardstick - what this machine can do at best, measured in the same run as what Ward does.
 *
 * A figure of a benchmark says little alone: another disk, or a neighbour that keeps this one
 * busy, changes it tenfold. So each is printed beside a limit measured right before and right
 * after it, and as a ratio to that.
 *
 * Whatever fails ends the program with a message.
 */
#ifndef WARD_TESTS_BENCH_YARDSTICK_H
#define WARD_TESTS_BENCH_YARDSTICK_H

#include "storage/base/base.h"

double now_s(void);                       /* monotonic */
double cpu_s(void);                       /* of all threads of this process */
_Noreturn void give_up(const char *what); /* with errno's text */

/* write + fdatasync of 4 KiB into a file that has its size, one after the other, in `dir`. */
double syncs_per_second(const char *dir, double seconds);

/*
 * How often all cores together call `work`, one thread a core. `out_cpu_us` is what one call
 * takes of a core, which a busy neighbour does not change.
 */
double calls_per_second(void (*work)(const void *argument), const void *argument, double seconds,
                        double *out_cpu_us);

#endif
