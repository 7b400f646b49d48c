/*
 * The identical child of every supervisor that is measured, and the few helpers that a slower language would blur.
 *
 *   beacon sleep SOCKET NAME [READY_FD]        report "main", be ready (a newline to READY_FD, as s6 wants it), wait for TERM, report "bye"
 *   beacon crash SOCKET NAME MILLISECONDS      report "main", live for half to one and a half times that long, report "bye", fail
 *   beacon flood SOCKET NAME LINES WRITE_SIZE  report "main", wait for USR1, write LINES numbered lines of 100 bytes, report "begin" and "end"
 *   beacon orphans SOCKET NAME COUNT           leave COUNT zombies to PID 1; report "orphaned" (after the last fork) and "reaped"
 *   beacon namespace SOCKET COMMAND…           run COMMAND as PID 1 of a namespace of its own; report "exec" and "exit"
 *   beacon kept-namespace SOCKET COMMAND…      the same with a bare reaper as PID 1: for supervisors that leave before their children do
 *   beacon stopwatch COMMAND…                  print the nanoseconds from spawn to exit of COMMAND
 *   beacon verify LINES FILE…                  which of a flood's LINES are not in these files, whole, once and in order
 *
 * A report is one datagram, "EVENT NAME NANOSECONDS VALUE", with CLOCK_MONOTONIC. The kernel adds the sender's pid as the receiver
 * sees it (SCM_CREDENTIALS, unix(7)), so nobody has to translate pids between namespaces.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LINE_BYTES = 100, DIGITS = 12, WRITE_BYTES_MAX = 65536, ORPHANS_MAX = 100000, ARGUMENTS_MAX = 15 };

extern char **environ;
static const char *socket_path;
static const char *own_name;

static long long now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void die(const char *operation, const char *subject)
{
    fprintf(stderr, "beacon: cannot %s %s: %s (errno %d)\n", operation, subject, strerror(errno), errno);
    exit(111);
}

static void report(const char *event, long long at, long long value)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    char text[256];
    int length = snprintf(text, sizeof text, "%s %s %lld %lld", event, own_name, at, value);

    strncpy(to.sun_path, socket_path, sizeof to.sun_path - 1);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        die("open", "a datagram socket");
    if (sendto(fd, text, length, 0, (struct sockaddr *)&to, sizeof to) < 0)
        die("report to", socket_path);
    close(fd);
}

/* Waits for one of two signals without a handler. They are blocked first, so none that comes early is lost. */
static int wait_for(int first, int second)
{
    sigset_t set;
    int signo;
    sigemptyset(&set);
    sigaddset(&set, first);
    sigaddset(&set, second);
    sigprocmask(SIG_BLOCK, &set, NULL);
    sigwait(&set, &signo);
    return signo;
}

static int sleep_until_term(long long born, const char *ready_fd)
{
    sigset_t term;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, NULL);

    if (ready_fd != NULL) {
        int fd = atoi(ready_fd);
        if (write(fd, "\n", 1) != 1)
            die("announce readiness on descriptor", ready_fd);
        close(fd);
    }
    report("main", born, 0);
    wait_for(SIGTERM, SIGTERM);
    report("bye", now_ns(), 0);
    return 0;
}

/* Lives of different length, or a hundred programs that start together would go on to end together. */
static int crash(long long born, long long mean_ms)
{
    long long life_ns = mean_ms * 500000 + born / 1000 * 7919 % (mean_ms * 1000) * 1000;
    struct timespec life = { life_ns / 1000000000, life_ns % 1000000000 };

    report("main", born, 0);
    nanosleep(&life, NULL);
    report("bye", now_ns(), 0);
    return 1;
}

/* Line N is N in twelve digits, a space, a run of one letter that depends on N, and a newline. */
static void put_line(char *line, long long number)
{
    for (int i = DIGITS - 1, n = 0; i >= 0; i--, n++) {
        line[i] = '0' + number % 10;
        number /= 10;
    }
    line[DIGITS] = ' ';
    memset(line + DIGITS + 1, 'a' + line[DIGITS - 1] - '0', LINE_BYTES - DIGITS - 2);
    line[LINE_BYTES - 1] = '\n';
}

static int flood(long long born, long long lines, size_t write_bytes)
{
    static char buffer[WRITE_BYTES_MAX + LINE_BYTES];
    long long next = 0;
    size_t held = 0;

    if (write_bytes == 0 || write_bytes > WRITE_BYTES_MAX) {
        errno = EINVAL;
        die("flood in writes of", "that size");
    }
    sigset_t go;
    sigemptyset(&go);
    sigaddset(&go, SIGUSR1);
    sigprocmask(SIG_BLOCK, &go, NULL);
    report("main", born, 0);
    if (wait_for(SIGUSR1, SIGTERM) == SIGTERM)
        return 0;

    long long begin = now_ns();
    while (next < lines || held > 0) {
        while (held < write_bytes && next < lines) {
            put_line(buffer + held, next++);
            held += LINE_BYTES;
        }
        size_t want = held < write_bytes ? held : write_bytes;
        ssize_t done = write(STDOUT_FILENO, buffer, want);
        if (done < 0)
            die("write to", "stdout");
        held -= done;
        memmove(buffer, buffer + done, held);
    }
    long long end = now_ns();
    report("begin", begin, 0);
    report("end", end, 0);
    wait_for(SIGTERM, SIGTERM);
    return 0;
}

/*
 * A child of ours forks COUNT processes that exit at once, waits for none of them, and exits: all of them go to PID 1 as zombies in the
 * same moment. A pid exists for kill(pid, 0) until it is reaped, so asking for each in turn finds the end without reading /proc.
 */
static int make_orphans(long long born, int count)
{
    struct shared { long long last_fork; pid_t pids[ORPHANS_MAX]; } *shared;
    struct timespec pause = { 0, 100000 };

    if (count > ORPHANS_MAX)
        count = ORPHANS_MAX;
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        die("map", "shared memory");
    report("main", born, 0);

    pid_t maker = fork();
    if (maker < 0)
        die("fork", "the maker");
    if (maker == 0) {
        for (int i = 0; i < count; i++) {
            pid_t pid = fork();
            if (pid < 0)
                _exit(1);
            if (pid == 0)
                _exit(0);
            shared->pids[i] = pid;
        }
        shared->last_fork = now_ns();
        _exit(0);
    }

    int status;
    waitpid(maker, &status, 0);
    if (status != 0) {
        errno = EAGAIN;
        die("fork", "that many orphans");
    }
    for (int i = 0; i < count; i++)
        while (kill(shared->pids[i], 0) == 0)
            nanosleep(&pause, NULL);
    long long reaped = now_ns();

    report("orphaned", shared->last_fork, count);
    report("reaped", reaped, count);
    wait_for(SIGTERM, SIGTERM);
    return 0;
}

static void become(char **command)
{
    report("exec", now_ns(), 0);
    execvp(command[0], command);
    die("execute", command[0]);
}

/* As `unshare --pid --fork --mount-proc`, with the times taken next to execve and wait. */
static int run_in_namespace(char **command, int keep)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (unshare(CLONE_NEWPID | CLONE_NEWNS) < 0)
        die("make", "a pid namespace (are you root?)");
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        die("make private", "the mounts");

    pid_t first = fork();
    if (first < 0)
        die("fork", "PID 1");
    if (first == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
            die("mount", "/proc");
        if (!keep)
            become(command);

        pid_t supervisor = fork();
        if (supervisor < 0)
            die("fork", "the supervisor");
        if (supervisor == 0)
            become(command);
        int status, of_supervisor = 0;
        pid_t pid;
        while ((pid = wait(&status)) > 0)
            if (pid == supervisor)
                of_supervisor = status;
        _exit(WIFEXITED(of_supervisor) ? WEXITSTATUS(of_supervisor) : 128 + WTERMSIG(of_supervisor));
    }

    int status;
    waitpid(first, &status, 0);
    report("exit", now_ns(), WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    return 0;
}

static int stopwatch(char **command)
{
    posix_spawn_file_actions_t quiet;
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&quiet, STDERR_FILENO, "/dev/null", O_WRONLY, 0);

    pid_t pid;
    int status;
    long long begin = now_ns();
    if ((errno = posix_spawnp(&pid, command[0], &quiet, NULL, command, environ)) != 0)
        die("execute", command[0]);
    waitpid(pid, &status, 0);
    long long end = now_ns();

    printf("%lld %d\n", end - begin, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    return 0;
}

/* The number of the flood's line that ends just before AFTER, or -1 when what stands there is not a whole one. */
static long long number_before(const char *begin, const char *after)
{
    char expected[LINE_BYTES];
    long long number = 0;

    if (after - begin < LINE_BYTES)
        return -1;
    const char *line = after - LINE_BYTES;
    for (int i = 0; i < DIGITS; i++) {
        if (line[i] < '0' || line[i] > '9')
            return -1;
        number = number * 10 + line[i] - '0';
    }
    put_line(expected, number);
    return memcmp(line, expected, LINE_BYTES) == 0 ? number : -1;
}

/* Prints how many lines are missing (also when cut or changed) or there again, and how many bytes the files have beside the whole lines. */
static int verify(long long lines, char **files)
{
    long long next = 0, found = 0, repeated = 0, bytes = 0;

    for (; *files != NULL; files++) {
        struct stat facts;
        int fd = open(*files, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &facts) < 0)
            die("read", *files);
        if (facts.st_size == 0)
            continue;
        const char *text = mmap(NULL, facts.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (text == MAP_FAILED)
            die("map", *files);

        for (const char *at = text, *end = text + facts.st_size, *after; at < end; at = after) {
            const char *newline = memchr(at, '\n', end - at);
            after = newline == NULL ? end : newline + 1;
            long long number = number_before(at, after);
            if (number >= next && number < lines) {
                next = number + 1;
                found++;
            } else if (number >= 0) {
                repeated++;
            }
        }
        bytes += facts.st_size;
        munmap((void *)text, facts.st_size);
        close(fd);
    }
    printf("%lld %lld\n", lines - found + repeated, bytes - found * LINE_BYTES);
    return 0;
}

/* As the interpreter of a script ("#!/path/beacon sleep SOCKET NAME") all words come in argv[1], then the script's path (execve(2)) and
   what the supervisor says to it (s6: the service's name). */
static char **split_interpreter_argument(int *argc, char **argv)
{
    static char *words[ARGUMENTS_MAX + 1];

    if (*argc < 3 || strchr(argv[1], ' ') == NULL)
        return argv;
    words[0] = argv[0];
    *argc = 1;
    for (char *word = strtok(argv[1], " "); word != NULL && *argc < ARGUMENTS_MAX; word = strtok(NULL, " "))
        words[(*argc)++] = word;
    return words;
}

int main(int argc, char **argv)
{
    long long born = now_ns();
    argv = split_interpreter_argument(&argc, argv);
    const char *mode = argc > 1 ? argv[1] : "";

    if (strcmp(mode, "stopwatch") == 0 && argc > 2)
        return stopwatch(argv + 2);
    if (strcmp(mode, "verify") == 0 && argc > 3)
        return verify(atoll(argv[2]), argv + 3);

    socket_path = argc > 2 ? argv[2] : "";
    own_name = "-";
    if (strcmp(mode, "namespace") == 0 && argc > 3)
        return run_in_namespace(argv + 3, 0);
    if (strcmp(mode, "kept-namespace") == 0 && argc > 3)
        return run_in_namespace(argv + 3, 1);

    own_name = argc > 3 ? argv[3] : "-";
    if (strcmp(mode, "sleep") == 0 && argc > 3)
        return sleep_until_term(born, argc > 4 ? argv[4] : NULL);
    if (strcmp(mode, "crash") == 0 && argc > 4)
        return crash(born, atoll(argv[4]));
    if (strcmp(mode, "flood") == 0 && argc > 5)
        return flood(born, atoll(argv[4]), atoll(argv[5]));
    if (strcmp(mode, "orphans") == 0 && argc > 4)
        return make_orphans(born, atoi(argv[4]));

    fprintf(stderr, "beacon: cannot understand the arguments; the modes are described at the top of bench/beacon.c\n");
    return 2;
}
