/*
 * A child for tests. Its arguments are small commands, carried out one after another; then it exits with 0.
 *
 *   exit N             exit with N
 *   die SIG            reset SIG (a number) to its default and send it to itself
 *   sleep MS           sleep; a signal with a handler does not shorten it
 *   pause              wait for ever
 *   say TEXT           write TEXT and a newline to stdout
 *   complain TEXT      the same to stderr
 *   pid                write "pid PID PPID PGID SID"
 *   masks              write the SigBlk and SigIgn lines of /proc/self/status
 *   fds                write "fds" and the numbers of all open descriptors
 *   env NAME           write "NAME=value", or "NAME unset"
 *   cwd                write the working directory
 *   ids                write "ids UID GID", the groups, umask, nice, no_new_privs, oom_score_adj, rlimits of files and core
 *   ignore SIG         ignore SIG
 *   report SIG         from now on write "signal SIG" when SIG arrives
 *   report-all         the same for every signal that can be caught
 *   exit-on SIG N      exit with N when SIG arrives
 *   close FD           close a descriptor
 *   stop               SIGSTOP to itself
 *   spew COUNT SIZE    write COUNT lines of SIZE bytes, newline included
 *   fork N [...]       fork N children that each carry out the rest and exit; the parent goes on after "then"
 *   then               ends the children's part; the parts nest
 *   setsid             a session of its own
 *   daemon             fork, child carries on in a session of its own, parent exits when it has one
 *   echo FD            copy one line from FD to stdout
 *   foreground         write "foreground PGID" of the terminal on stdin, or "no terminal"
 *   now                write the monotonic clock in nanoseconds
 *   notify TEXT        send TEXT to NOTIFY_SOCKET, as sd_notify(3) does
 *   flood              write lines of 4 KiB to stdout and stderr in turn, for ever
 *   multiply MS        fork, and MS later again, for ever; so do the children, each in a session of its own
 *   exit-unless FILE N exit with N when FILE does not exist
 *   touch FILE         make FILE
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static int exit_code_of[65];

/* One write(2) for each line, so that lines of several processes do not mix, and nothing waits in a buffer. */
static void line(const char *format, ...)
{
    char text[8192];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text - 1, format, arguments);
    va_end(arguments);
    text[length++] = '\n';
    if (write(1, text, (size_t)length) < 0)
        _exit(99);
}

static void on_signal(int signo)
{
    if (exit_code_of[signo] >= 0)
        _exit(exit_code_of[signo]);
    int saved = errno;
    line("signal %d", signo);
    errno = saved;
}

static void handle(int signo)
{
    struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
    sigaction(signo, &action, NULL);
}

static void nap(long milliseconds)
{
    struct timespec left = { milliseconds / 1000, milliseconds % 1000 * 1000000 };
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        ;
}

static void print_masks(void)
{
    char text[256];
    FILE *status = fopen("/proc/self/status", "re");
    while (status != NULL && fgets(text, sizeof text, status) != NULL) {
        text[strcspn(text, "\n")] = 0;
        if (strncmp(text, "SigBlk", 6) == 0 || strncmp(text, "SigIgn", 6) == 0)
            line("%s", text);
    }
    if (status != NULL)
        fclose(status);
}

static void print_fds(void)
{
    char text[4096] = "fds";
    for (int fd = 0; fd < 1024; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            sprintf(text + strlen(text), " %d", fd);
    line("%s", text);
}

static void print_ids(void)
{
    gid_t groups[64];
    int count = getgroups(64, groups);
    char text[1024] = "groups";
    for (int i = 0; i < count; i++)
        sprintf(text + strlen(text), " %u", groups[i]);
    line("ids %u %u", getuid(), getgid());
    line("%s", text);

    mode_t mask = umask(0);
    umask(mask);
    line("umask %04o", mask);
    line("nice %d", getpriority(PRIO_PROCESS, 0));
    line("no_new_privs %d", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));

    char score[32] = "?\n";
    FILE *file = fopen("/proc/self/oom_score_adj", "re");
    if (file != NULL && fgets(score, sizeof score, file) != NULL)
        fclose(file);
    score[strcspn(score, "\n")] = 0;
    line("oom_score_adj %s", score);

    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    line("open_files %llu %llu", (unsigned long long)limit.rlim_cur, (unsigned long long)limit.rlim_max);
    getrlimit(RLIMIT_CORE, &limit);
    line("core %llu %llu", (unsigned long long)limit.rlim_cur, (unsigned long long)limit.rlim_max);
}

static void spew(long count, long size)
{
    char *text = malloc((size_t)size);
    for (long i = 0; i < count; i++) {
        memset(text, 'a' + (int)(i % 26), (size_t)size - 1);
        text[size - 1] = '\n';
        for (long done = 0; done < size;) {
            ssize_t written = write(1, text + done, (size_t)(size - done));
            if (written < 0)
                _exit(98);
            done += written;
        }
    }
    free(text);
}

static void echo(int fd)
{
    char text[1024];
    ssize_t length = read(fd, text, sizeof text - 1);
    if (length < 0)
        length = snprintf(text, sizeof text, "cannot read: %s", strerror(errno));
    text[length] = 0;
    text[strcspn(text, "\n")] = 0;
    line("%s", text);
}

static void notify(const char *text)
{
    const char *path = getenv("NOTIFY_SOCKET");
    if (path == NULL)
        _exit(97);

    struct sockaddr_un address = { .sun_family = AF_UNIX };
    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    socklen_t length = (socklen_t)(sizeof address.sun_family + strlen(address.sun_path));
    if (address.sun_path[0] == '@')
        address.sun_path[0] = 0;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (sendto(fd, text, strlen(text), 0, (struct sockaddr *)&address, length) < 0)
        _exit(96);
    close(fd);
}

static void flood(void)
{
    static char text[4096];
    memset(text, 'f', sizeof text - 1);
    text[sizeof text - 1] = '\n';
    while (write(1, text, sizeof text) > 0 && write(2, text, sizeof text) > 0)
        ;
}

static void multiply(long milliseconds)
{
    for (;;) {
        if (fork() == 0)
            setsid();
        nap(milliseconds);
    }
}

int main(int argc, char **argv)
{
    for (int signo = 0; signo < 65; signo++)
        exit_code_of[signo] = -1;

    for (int i = 1; i < argc; i++) {
        const char *verb = argv[i];
        const char *a = i + 1 < argc ? argv[i + 1] : "";
        const char *b = i + 2 < argc ? argv[i + 2] : "";
        if (strcmp(verb, "exit") == 0)
            _exit(atoi(a));
        else if (strcmp(verb, "die") == 0) {
            signal(atoi(a), SIG_DFL);
            kill(getpid(), atoi(a));
            i++;
        } else if (strcmp(verb, "sleep") == 0) {
            nap(atol(a));
            i++;
        } else if (strcmp(verb, "pause") == 0) {
            for (;;)
                pause();
        } else if (strcmp(verb, "say") == 0) {
            line("%s", a);
            i++;
        } else if (strcmp(verb, "complain") == 0) {
            dprintf(2, "%s\n", a);
            i++;
        } else if (strcmp(verb, "pid") == 0)
            line("pid %d %d %d %d", getpid(), getppid(), getpgrp(), getsid(0));
        else if (strcmp(verb, "masks") == 0)
            print_masks();
        else if (strcmp(verb, "fds") == 0)
            print_fds();
        else if (strcmp(verb, "env") == 0) {
            const char *value = getenv(a);
            if (value != NULL)
                line("%s=%s", a, value);
            else
                line("%s unset", a);
            i++;
        } else if (strcmp(verb, "cwd") == 0) {
            char path[4096];
            line("%s", getcwd(path, sizeof path) != NULL ? path : "?");
        } else if (strcmp(verb, "ids") == 0)
            print_ids();
        else if (strcmp(verb, "ignore") == 0) {
            signal(atoi(a), SIG_IGN);
            i++;
        } else if (strcmp(verb, "report") == 0) {
            handle(atoi(a));
            i++;
        } else if (strcmp(verb, "report-all") == 0) {
            for (int signo = 1; signo < 65; signo++)
                handle(signo);
        } else if (strcmp(verb, "exit-on") == 0) {
            exit_code_of[atoi(a)] = atoi(b);
            handle(atoi(a));
            i += 2;
        } else if (strcmp(verb, "close") == 0) {
            close(atoi(a));
            i++;
        } else if (strcmp(verb, "stop") == 0)
            kill(getpid(), SIGSTOP);
        else if (strcmp(verb, "spew") == 0) {
            spew(atol(a), atol(b));
            i += 2;
        } else if (strcmp(verb, "fork") == 0) {
            int is_child = 0;
            for (int n = atoi(a); n > 0 && !is_child; n--)
                is_child = fork() == 0;
            i++;
            for (int depth = 1; !is_child && depth > 0 && i + 1 < argc; i++)
                depth += strcmp(argv[i + 1], "fork") == 0 ? 1 : strcmp(argv[i + 1], "then") == 0 ? -1 : 0;
        } else if (strcmp(verb, "then") == 0)
            _exit(0);
        else if (strcmp(verb, "setsid") == 0)
            setsid();
        else if (strcmp(verb, "daemon") == 0) {
            /* The end of the main process ends its group, so the child has to be out of it by then. */
            int session[2];
            char none;
            if (pipe(session) != 0)
                _exit(99);
            if (fork() != 0) {
                close(session[1]);
                (void)!read(session[0], &none, 1);
                _exit(0);
            }
            setsid();
            close(session[0]);
            close(session[1]);
        } else if (strcmp(verb, "echo") == 0) {
            echo(atoi(a));
            i++;
        } else if (strcmp(verb, "foreground") == 0) {
            if (isatty(0))
                line("foreground %d", tcgetpgrp(0));
            else
                line("no terminal");
        } else if (strcmp(verb, "notify") == 0) {
            notify(a);
            i++;
        } else if (strcmp(verb, "flood") == 0)
            flood();
        else if (strcmp(verb, "multiply") == 0)
            multiply(atol(a));
        else if (strcmp(verb, "exit-unless") == 0) {
            if (access(a, F_OK) != 0)
                _exit(atoi(b));
            i += 2;
        } else if (strcmp(verb, "touch") == 0) {
            int fd = open(a, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
            if (fd < 0)
                _exit(95);
            close(fd);
            i++;
        } else if (strcmp(verb, "now") == 0) {
            struct timespec now;
            clock_gettime(CLOCK_MONOTONIC, &now);
            line("%lld", now.tv_sec * 1000000000LL + now.tv_nsec);
        } else {
            dprintf(2, "dummy: unknown command \"%s\"\n", verb);
            return 2;
        }
    }
    return 0;
}
