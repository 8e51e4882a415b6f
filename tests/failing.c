/* A disk that fails when the test says so, and a list of what was asked of it.
 *
 * Preloaded into a process (LD_PRELOAD). FAILING_FOLDER is the folder that stands for the disk,
 * without links in its path. Once the file FAILING_WHEN exists, every sync of a file in the folder
 * fails with EIO. Each call that writes, cuts or syncs such a file adds a line to FAILING_CALLS: the
 * call, the name of the file, and whether it succeeded.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static char folder[PATH_MAX];
static const char *when;
static int calls = -1;

__attribute__((constructor)) static void begin(void) {
    const char *disk = getenv("FAILING_FOLDER"), *to = getenv("FAILING_CALLS");
    when = getenv("FAILING_WHEN");
    if (!disk || !to || !when) return;
    snprintf(folder, sizeof folder, "%s/", disk);
    calls = open(to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (calls < 0) abort();
}

/* The name of a file within the folder, nothing for any other. */
static const char *name_of(int fd, char *path) {
    char link[32];
    if (calls < 0 || fd == calls) return NULL;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t bytes = readlink(link, path, PATH_MAX - 1);
    if (bytes < 0) return NULL;
    path[bytes] = 0;
    return strncmp(path, folder, strlen(folder)) ? NULL : path + strlen(folder);
}

static void note(const char *call, const char *name, int succeeded) {
    static ssize_t (*real)(int, const void *, size_t);
    if (!real) real = dlsym(RTLD_NEXT, "write");
    char line[PATH_MAX + 32];
    int before = errno;
    int bytes = snprintf(line, sizeof line, "%s %s %s\n", call, name, succeeded ? "done" : "failed");
    if (real(calls, line, bytes) != bytes) abort();
    errno = before;
}

#define WATCHED(type, call, fails, parameters, ...)                                            \
    type call parameters {                                                                     \
        static type(*real) parameters;                                                         \
        if (!real) real = dlsym(RTLD_NEXT, #call);                                             \
        char path[PATH_MAX];                                                                   \
        const char *name = name_of(fd, path);                                                  \
        if (name && fails && !access(when, F_OK)) {                                            \
            note(#call, name, 0);                                                              \
            errno = EIO;                                                                       \
            return -1;                                                                         \
        }                                                                                      \
        type result = real(__VA_ARGS__);                                                       \
        if (name) note(#call, name, result >= 0);                                              \
        return result;                                                                         \
    }

WATCHED(int, fsync, 1, (int fd), fd)
WATCHED(int, fdatasync, 1, (int fd), fd)
WATCHED(ssize_t, write, 0, (int fd, const void *data, size_t bytes), fd, data, bytes)
WATCHED(ssize_t, pwrite, 0, (int fd, const void *data, size_t bytes, off_t at), fd, data, bytes, at)
WATCHED(ssize_t, pwrite64, 0, (int fd, const void *data, size_t bytes, off64_t at), fd, data, bytes,
        at)
WATCHED(int, ftruncate, 0, (int fd, off_t length), fd, length)
WATCHED(int, ftruncate64, 0, (int fd, off64_t length), fd, length)
