/*
 * Runs before main, and so before the .NET runtime has started its first thread: threads inherit the signal mask, and a signal that is
 * blocked in every thread waits for signalfd instead of ending the process or landing on a thread of the runtime.
 * Also keeps what children must get as we got it: the mask, which signals were ignored, and the arguments and environment byte for byte.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>

static struct {
    uint64_t mask;
    uint64_t ignored;
    char **argv;
    char **environment;
} start;

/* Never blocked: the faults (a crash would become a hang) and 34 = SIGRTMIN, by which the .NET runtime stops its threads. */
static int stays_open(int signo)
{
    switch (signo) {
    case SIGSEGV: case SIGBUS: case SIGFPE: case SIGILL: case SIGTRAP: case SIGABRT: case SIGSYS: case 34:
        return 1;
    default:
        return 0;
    }
}

__attribute__((constructor))
static void block_signals(int argc, char **argv, char **environment)
{
    (void)argc;
    start.argv = argv;
    start.environment = environment;

    sigset_t set, original;
    sigemptyset(&set);
    for (int signo = 1; signo <= 64; signo++) {
        struct sigaction action;
        if (sigaction(signo, 0, &action) == 0 && action.sa_handler == SIG_IGN)
            start.ignored |= UINT64_C(1) << (signo - 1);
        if (!stays_open(signo))
            sigaddset(&set, signo); /* glibc refuses its own two, and the kernel leaves out KILL and STOP. */
    }

    sigprocmask(SIG_BLOCK, &set, &original);
    for (int signo = 1; signo <= 64; signo++)
        if (sigismember(&original, signo) == 1)
            start.mask |= UINT64_C(1) << (signo - 1);

    /* Whoever ignores SIGCHLD has its children reaped by the kernel, and never learns how they ended (waitpid(2)). */
    signal(SIGCHLD, SIG_DFL);
}

uint64_t init_start_mask(void) { return start.mask; }
uint64_t init_start_ignored(void) { return start.ignored; }
char **init_start_argv(void) { return start.argv; }
char **init_start_environment(void) { return start.environment; }
