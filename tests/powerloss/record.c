/* Records what a process does to the files below one folder, in the order in which it does it.
 *
 * Preloaded into the process (LD_PRELOAD). RECORD_FOLDER is the folder, without links in its path;
 * RECORD_TO is a file outside of it, to which one record is appended for each call that changed
 * something: see `Header`, which the two byte strings follow. One lock is held over a call and its
 * record, so that the records of several threads are in the order of the calls.
 *
 * What goes to a socket is recorded too: it is how a server confirms.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind {
    MADE = 'm',      /* a file or, with offset 1, a folder: inode, path */
    WRITTEN = 'w',   /* inode, offset, data */
    TRUNCATED = 't', /* inode, offset: the new length */
    SYNCED = 's',    /* inode, of a file or a folder */
    REMOVED = 'u',   /* path */
    RENAMED = 'r',   /* path, data: the new path */
    LINKED = 'l',    /* path, data: the new path */
    SENT = 'x',      /* inode: the descriptor, data */
};

struct header {
    uint32_t kind, path_bytes;
    uint64_t inode, offset, data_bytes;
};

static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;
static char folder[PATH_MAX];
static size_t folder_bytes;
static int record_fd = -1;

static void *next(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (!found) {
        fprintf(stderr, "record.c: there is no %s\n", name);
        abort();
    }
    return found;
}

#define NEXT(name) static __typeof__(&name) real; if (!real) real = next(#name)

__attribute__((constructor)) static void begin(void) {
    const char *watched = getenv("RECORD_FOLDER"), *to = getenv("RECORD_TO");
    if (!watched || !to) return;
    snprintf(folder, sizeof folder, "%s/", watched);
    folder_bytes = strlen(folder);
    int (*real)(const char *, int, ...) = next("open64");
    record_fd = real(to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (record_fd < 0) abort();
}

/* Whether a path is the folder or something in it. */
static int inside(const char *path) {
    return record_fd >= 0 && (!strncmp(path, folder, folder_bytes) ||
                              (!strncmp(path, folder, folder_bytes - 1) && !path[folder_bytes - 1]));
}

static int descriptor_inside(int fd) {
    char name[32], path[PATH_MAX];
    if (record_fd < 0) return 0;
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t bytes = readlink(name, path, sizeof path - 1);
    if (bytes < 0) return 0;
    path[bytes] = 0;
    return inside(path);
}

/* Makes a path absolute; links in it are not followed, so the folder's own path must have none. */
static const char *absolute(int at, const char *path, char *whole) {
    char name[32], base[PATH_MAX] = "";
    if (path[0] == '/') return path;
    if (at == AT_FDCWD) {
        if (!getcwd(base, sizeof base)) abort();
    } else {
        snprintf(name, sizeof name, "/proc/self/fd/%d", at);
        if (readlink(name, base, sizeof base - 1) < 0) abort();
    }
    if (snprintf(whole, PATH_MAX, "%s/%s", base, path) >= PATH_MAX) abort();
    return whole;
}

static uint64_t inode_of(int fd) {
    struct stat status;
    if (fstat(fd, &status)) abort();
    return status.st_ino;
}

static void record(enum kind kind, uint64_t inode, uint64_t offset, const char *path,
                   const void *data, size_t bytes) {
    struct header header = {kind, path ? strlen(path) : 0, inode, offset, bytes};
    struct iovec parts[] = {{&header, sizeof header},
                            {(void *)path, header.path_bytes},
                            {(void *)data, bytes}};
    ssize_t whole = sizeof header + header.path_bytes + bytes;
    int before = errno;
    if (writev(record_fd, parts, 3) != whole) abort();
    errno = before;
}

/* Files and folders that are made, or emptied by being opened. */

#define OPEN(name)                                                                             \
    int name(const char *path, int flags, ...) {                                               \
        NEXT(name);                                                                            \
        va_list more;                                                                          \
        va_start(more, flags);                                                                 \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;                \
        va_end(more);                                                                          \
        char whole[PATH_MAX];                                                                  \
        if (record_fd < 0 || !(flags & (O_CREAT | O_TRUNC)) ||                                 \
            !inside(absolute(AT_FDCWD, path, whole)))                                          \
            return real(path, flags, mode);                                                    \
        pthread_mutex_lock(&order);                                                            \
        struct stat status;                                                                    \
        int there = !stat(path, &status), fd = real(path, flags, mode);                        \
        if (fd >= 0 && !there)                                                                 \
            record(MADE, inode_of(fd), 0, absolute(AT_FDCWD, path, whole), 0, 0);              \
        else if (fd >= 0 && flags & O_TRUNC)                                                   \
            record(TRUNCATED, inode_of(fd), 0, 0, 0, 0);                                       \
        pthread_mutex_unlock(&order);                                                          \
        return fd;                                                                             \
    }
OPEN(open)
OPEN(open64)

int mkdirat(int at, const char *path, mode_t mode) {
    NEXT(mkdirat);
    char whole[PATH_MAX];
    const char *name = record_fd < 0 ? path : absolute(at, path, whole);
    if (!inside(name)) return real(at, path, mode);
    pthread_mutex_lock(&order);
    struct stat status;
    int result = real(at, path, mode);
    if (!result && !stat(name, &status)) record(MADE, status.st_ino, 1, name, 0, 0);
    pthread_mutex_unlock(&order);
    return result;
}

int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

/* What is written, cut and synced. */

#define PWRITE(name, offset_type)                                                              \
    ssize_t name(int fd, const void *data, size_t bytes, offset_type offset) {                 \
        NEXT(name);                                                                            \
        if (!descriptor_inside(fd)) return real(fd, data, bytes, offset);                      \
        pthread_mutex_lock(&order);                                                            \
        ssize_t done = real(fd, data, bytes, offset);                                          \
        if (done > 0) record(WRITTEN, inode_of(fd), offset, 0, data, done);                    \
        pthread_mutex_unlock(&order);                                                          \
        return done;                                                                           \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

ssize_t write(int fd, const void *data, size_t bytes) {
    NEXT(write);
    if (!descriptor_inside(fd)) return real(fd, data, bytes);
    pthread_mutex_lock(&order);
    ssize_t done = real(fd, data, bytes);
    if (done > 0) /* the place is known best afterwards: O_APPEND */
        record(WRITTEN, inode_of(fd), lseek(fd, 0, SEEK_CUR) - done, 0, data, done);
    pthread_mutex_unlock(&order);
    return done;
}

#define FTRUNCATE(name, length_type)                                                           \
    int name(int fd, length_type length) {                                                     \
        NEXT(name);                                                                            \
        if (!descriptor_inside(fd)) return real(fd, length);                                   \
        pthread_mutex_lock(&order);                                                            \
        int result = real(fd, length);                                                         \
        if (!result) record(TRUNCATED, inode_of(fd), length, 0, 0, 0);                         \
        pthread_mutex_unlock(&order);                                                          \
        return result;                                                                         \
    }
FTRUNCATE(ftruncate, off_t)
FTRUNCATE(ftruncate64, off64_t)

#define SYNC(name)                                                                             \
    int name(int fd) {                                                                         \
        NEXT(name);                                                                            \
        if (!descriptor_inside(fd)) return real(fd);                                           \
        pthread_mutex_lock(&order);                                                            \
        int result = real(fd);                                                                 \
        if (!result) record(SYNCED, inode_of(fd), 0, 0, 0, 0);                                 \
        pthread_mutex_unlock(&order);                                                          \
        return result;                                                                         \
    }
SYNC(fsync)
SYNC(fdatasync)

/* Names. */

int unlinkat(int at, const char *path, int flags) {
    NEXT(unlinkat);
    char whole[PATH_MAX];
    const char *name = record_fd < 0 ? path : absolute(at, path, whole);
    if (!inside(name)) return real(at, path, flags);
    pthread_mutex_lock(&order);
    int result = real(at, path, flags);
    if (!result) record(REMOVED, 0, 0, name, 0, 0);
    pthread_mutex_unlock(&order);
    return result;
}

int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }

int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }

int renameat(int at, const char *old, int there, const char *new) {
    NEXT(renameat);
    char whole[PATH_MAX], other[PATH_MAX];
    const char *from = record_fd < 0 ? old : absolute(at, old, whole);
    const char *to = record_fd < 0 ? new : absolute(there, new, other);
    if (!inside(from) && !inside(to)) return real(at, old, there, new);
    pthread_mutex_lock(&order);
    int result = real(at, old, there, new);
    if (!result) record(RENAMED, 0, 0, from, to, strlen(to));
    pthread_mutex_unlock(&order);
    return result;
}

int rename(const char *old, const char *new) { return renameat(AT_FDCWD, old, AT_FDCWD, new); }

int linkat(int at, const char *old, int there, const char *new, int flags) {
    NEXT(linkat);
    char whole[PATH_MAX], other[PATH_MAX];
    const char *to = record_fd < 0 ? new : absolute(there, new, other);
    if (!inside(to)) return real(at, old, there, new, flags);
    pthread_mutex_lock(&order);
    int result = real(at, old, there, new, flags);
    if (!result) record(LINKED, 0, 0, absolute(at, old, whole), to, strlen(to));
    pthread_mutex_unlock(&order);
    return result;
}

int link(const char *old, const char *new) { return linkat(AT_FDCWD, old, AT_FDCWD, new, 0); }

/* What a server tells. */

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
    NEXT(sendmsg);
    if (record_fd < 0) return real(fd, message, flags);
    pthread_mutex_lock(&order);
    ssize_t done = real(fd, message, flags), left = done;
    for (size_t part = 0; left > 0; part++) {
        size_t bytes = message->msg_iov[part].iov_len;
        if (bytes > (size_t)left) bytes = left;
        record(SENT, fd, 0, 0, message->msg_iov[part].iov_base, bytes);
        left -= bytes;
    }
    pthread_mutex_unlock(&order);
    return done;
}

ssize_t send(int fd, const void *data, size_t bytes, int flags) {
    struct iovec whole = {(void *)data, bytes};
    struct msghdr message = {.msg_iov = &whole, .msg_iovlen = 1};
    return sendmsg(fd, &message, flags);
}
