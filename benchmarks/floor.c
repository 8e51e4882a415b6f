// The floor: a server that reads and sends and does nothing else, as the least that a delivery can cost.
//
//   cc -O2 -o floor floor.c
//   ./floor PORT          every line goes to every connection, its sender included
//   ./floor PORT pairs    every line goes to the partner of its sender: 0 and 1, 2 and 3, ...
//
// One thread, one epoll loop. The first line of a connection is its number; it is answered with "ok".
// What is read in one pass of the loop is joined and sent to everyone in one call each. What a socket
// does not take waits in a buffer of its own, so that one slow reader does not hold up the others; one
// that owes more than OWED_BYTES is cut off. Only whole lines are passed on, since the lines of two
// senders must not be mixed; nothing else is looked at.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    CONNECTIONS = 1 << 17,    // no descriptor and no number of a client is larger
    READ_BYTES = 1 << 16,     // one recv
    ROUND_BYTES = 1 << 22,    // what one pass of the loop joins
    OWED_BYTES = 1 << 28,     // what may wait for one connection
    EVENTS = 512,
};

typedef struct {
    char *bytes;
    size_t start, end, room;
} buffer;

typedef struct {
    int known, number, place;   // place: where it stands in `everyone`
    buffer unfinished;          // a line that has not come whole
    buffer owed;                // what its socket has not taken
} client;

static client clients[CONNECTIONS]; // by descriptor
static int everyone[CONNECTIONS], present;
static int descriptor_of[CONNECTIONS]; // by number, 0 where nobody has it
static char joined[ROUND_BYTES + READ_BYTES];
static size_t joined_bytes;
static int poller, pairs;

static void die(const char *what) {
    perror(what);
    exit(1);
}

static void append(buffer *to, const char *bytes, size_t count) {
    if (to->start == to->end)
        to->start = to->end = 0;
    if (to->end + count > to->room) {
        to->room = 2 * (to->end + count);
        if (!(to->bytes = realloc(to->bytes, to->room)))
            die("realloc");
    }
    memcpy(to->bytes + to->end, bytes, count);
    to->end += count;
}

static void watch(int operation, int descriptor, unsigned events) {
    struct epoll_event event = {.events = events, .data.fd = descriptor};
    if (epoll_ctl(poller, operation, descriptor, &event))
        die("epoll_ctl");
}

static void leave(int descriptor) {
    client *gone = &clients[descriptor];
    if (gone->known) {
        int last = everyone[--present];
        everyone[gone->place] = last;
        clients[last].place = gone->place;
        descriptor_of[gone->number] = 0;
    }
    free(gone->unfinished.bytes);
    free(gone->owed.bytes);
    *gone = (client){0};
    close(descriptor);
}

// Sends as much as the socket takes; returns how many bytes, or -1 when the connection is broken.
static ssize_t give(int descriptor, const char *bytes, size_t count) {
    ssize_t taken = send(descriptor, bytes, count, MSG_NOSIGNAL);
    return taken >= 0 ? taken : errno == EAGAIN || errno == EINTR ? 0 : -1;
}

static void send_to(int descriptor, const char *bytes, size_t count) {
    client *to = &clients[descriptor];
    size_t owed = to->owed.end - to->owed.start;
    ssize_t taken = owed ? 0 : give(descriptor, bytes, count);
    if (taken < 0 || owed + count - taken > OWED_BYTES) {
        shutdown(descriptor, SHUT_RDWR); // the loop hears of its end and lets it go
    } else if ((size_t)taken < count) {
        append(&to->owed, bytes + taken, count - taken);
        if (!owed)
            watch(EPOLL_CTL_MOD, descriptor, EPOLLIN | EPOLLOUT);
    }
}

static void send_owed(int descriptor) {
    buffer *owed = &clients[descriptor].owed;
    ssize_t taken = give(descriptor, owed->bytes + owed->start, owed->end - owed->start);
    owed->start += taken > 0 ? taken : 0;
    if (owed->start == owed->end)
        watch(EPOLL_CTL_MOD, descriptor, EPOLLIN);
}

static void come_in(int listener) {
    int descriptor = accept4(listener, 0, 0, SOCK_NONBLOCK), one = 1;
    if (descriptor < 0)
        return;
    if (descriptor >= CONNECTIONS) {
        close(descriptor);
        return;
    }
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    watch(EPOLL_CTL_ADD, descriptor, EPOLLIN);
}

static void introduce(int descriptor, const char *line) {
    client *who = &clients[descriptor];
    who->number = atoi(line);
    if (who->number < 0 || who->number >= CONNECTIONS) {
        shutdown(descriptor, SHUT_RDWR);
        return;
    }
    who->known = 1;
    who->place = present;
    everyone[present++] = descriptor;
    descriptor_of[who->number] = descriptor;
    send_to(descriptor, "ok\n", 3);
}

// Passes whole lines on: into the round, or to the partner at once.
static void pass_on(int from, const char *bytes, size_t count) {
    if (!count)
        return;
    if (!pairs) {
        memcpy(joined + joined_bytes, bytes, count);
        joined_bytes += count;
        return;
    }
    int partner = clients[from].number ^ 1;
    if (partner < CONNECTIONS && descriptor_of[partner])
        send_to(descriptor_of[partner], bytes, count);
}

static void read_from(int descriptor) {
    static char bytes[READ_BYTES];
    client *from = &clients[descriptor];
    ssize_t count = recv(descriptor, bytes, sizeof bytes, 0);
    if (count <= 0) {
        if (!count || (errno != EAGAIN && errno != EINTR))
            leave(descriptor);
        return;
    }
    char *end = memrchr(bytes, '\n', count);
    if (!end || !from->known || from->unfinished.end > from->unfinished.start) {
        // Seldom: a line that was cut, or the first one.
        buffer *whole = &from->unfinished;
        append(whole, bytes, count);
        char *start = whole->bytes + whole->start;
        end = memrchr(start, '\n', whole->end - whole->start);
        if (whole->end - whole->start > READ_BYTES) {
            shutdown(descriptor, SHUT_RDWR);
        } else if (end && !from->known) {
            introduce(descriptor, start);
            whole->start = whole->end;
        } else if (end) {
            pass_on(descriptor, start, end + 1 - start);
            whole->start += end + 1 - start;
        }
        return;
    }
    pass_on(descriptor, bytes, end + 1 - bytes);
    if (end + 1 < bytes + count)
        append(&from->unfinished, end + 1, bytes + count - end - 1);
}

static int listen_on(int port) {
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (void *)&address, sizeof address) || listen(listener, 4096))
        die("listen");
    return listener;
}

int main(int count, char **words) {
    if (count < 2) {
        fprintf(stderr, "floor PORT [pairs]\n");
        return 2;
    }
    pairs = count > 2 && !strcmp(words[2], "pairs");
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    int listener = listen_on(atoi(words[1]));
    if ((poller = epoll_create1(0)) < 0)
        die("epoll_create1");
    watch(EPOLL_CTL_ADD, listener, EPOLLIN);
    for (;;) {
        struct epoll_event events[EVENTS];
        int ready = epoll_wait(poller, events, EVENTS, -1);
        for (int i = 0; i < ready; i++) {
            int descriptor = events[i].data.fd;
            if (descriptor == listener) {
                come_in(listener);
                continue;
            }
            if (events[i].events & EPOLLOUT)
                send_owed(descriptor);
            if (events[i].events & ~EPOLLOUT && joined_bytes < ROUND_BYTES - READ_BYTES)
                read_from(descriptor);
        }
        for (int i = 0; joined_bytes && i < present; i++)
            send_to(everyone[i], joined, joined_bytes);
        joined_bytes = 0;
    }
}
