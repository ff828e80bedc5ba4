/*
 * fault - places where a crash test may stop the process.
 *
 * FAULT("writer.before_commit") is nothing in a normal build. In an --enable-faults
 * build with WARD_FAULT_AT=N in the environment, the Nth point passed kills the process
 * with SIGKILL, as a crash would: no handler, no flush, no destructor. The name of the
 * point goes to standard error first.
 *
 * Threads  any
 */
#ifndef WARD_STORAGE_BASE_FAULT_H
#define WARD_STORAGE_BASE_FAULT_H

#ifdef WARD_FAULTS
void fault_point(const char *name);
#define FAULT(name) fault_point(name)
#else
#define FAULT(name) ((void)0)
#endif

#endif
