/*
 * engine_file - looks at a store's files before they are mapped into memory.
 *
 * A mapped file that is shorter than it says kills the process with SIGBUS at the first
 * look behind its end, so everything that can be refused is refused here, in words.
 *
 * Errors   ERR_NOTFOUND no store; ERR_CORRUPT not a store or cut short; ERR_DENIED somebody
 *          else's, or open elsewhere; ERR_STORE the file system says no, or is no local one
 * Source   the layout of LMDB 0.9 data files (version 1 of the format, unchanged since 0.9.0)
 */
#ifndef WARD_STORAGE_ENGINE_FILE_H
#define WARD_STORAGE_ENGINE_FILE_H

#include "storage/base/base.h"

#define ENGINE_DATA_FILE "data.mdb"
#define ENGINE_LOCK_FILE "daemon.lock"
#define ENGINE_NEW_DIR "new-store"

/* The directory exists and is on a local file system: mapped files lie on network ones. */
MUST_CHECK enum err engine_file_check_dir(const char *dir, struct why *why);

/* The data file is a store of ours, whole, and this user's. */
MUST_CHECK enum err engine_file_check(const char *dir, struct why *why);

/*
 * Takes the daemon's lock, which dies with the process. The CLI does not take it.
 *
 * ERR_DENIED  another daemon has it
 */
MUST_CHECK enum err engine_file_lock(const char *dir, int *out_fd, struct why *why);

/*
 * Opening one data file twice in a process breaks LMDB's locks without a word. Claims it for
 * this process; ERR_DENIED when it is claimed already. Pair with engine_file_release.
 */
struct engine_claim {
    uint64_t device, inode;
    struct engine_claim *next;
};
MUST_CHECK enum err engine_file_claim(const char *dir, struct engine_claim *claim, struct why *why);
void engine_file_release(struct engine_claim *claim);

/*
 * A new store is made in ENGINE_NEW_DIR and linked into place when it is whole; what a crash
 * left there is removed. ERR_EXISTS: there is a store, and it stays.
 */
MUST_CHECK enum err engine_file_put_in_place(const char *dir, struct why *why);
void engine_file_remove_new(const char *dir);

#endif
