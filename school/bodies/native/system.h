/* What differs between systems: the clock, the terminal, how a program is started. All includes stand here. */

#ifdef _WIN32
#define _CRT_SECURE_NO_WARNINGS
#define WIN32_LEAN_AND_MEAN
#else
#define _POSIX_C_SOURCE 200809L
#endif

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#ifdef _WIN32
#include <fcntl.h>
#include <io.h>
#include <windows.h>
#include <shellapi.h>
#else
#include <unistd.h>
#endif

#ifdef __clang__
#pragma clang diagnostic ignored "-Wunused-function" /* no species needs all of the brain's loops */
#endif
#ifdef _MSC_VER
#pragma comment(lib, "shell32.lib")
#define restrict __restrict
#endif

static void fail(const char *why) {
    fprintf(stderr, "%s\n", why);
    exit(1);
}

/* Zeros, so many bytes of them. */
static void *room(size_t bytes) {
    void *made = calloc(bytes ? bytes : 1, 1);
    if (!made) fail("there is not enough memory for this baby.");
    return made;
}

#ifdef _WIN32

static double seconds(void) {
    LARGE_INTEGER now, second;
    QueryPerformanceCounter(&now);
    QueryPerformanceFrequency(&second);
    return (double)now.QuadPart / (double)second.QuadPart;
}

static int in_terminal(FILE *stream) { return _isatty(_fileno(stream)); }

static char *narrow(const wchar_t *wide, int length) {
    int bytes = WideCharToMultiByte(CP_UTF8, 0, wide, length, NULL, 0, NULL, NULL);
    char *made = room((size_t)bytes + 1);
    WideCharToMultiByte(CP_UTF8, 0, wide, length, made, bytes, NULL, NULL);
    return made;
}

/* Words are UTF-8 from here on, whatever this Windows speaks. */
static void prepare(int *count, char ***arguments) {
    wchar_t **wide = CommandLineToArgvW(GetCommandLineW(), count);
    if (!wide) fail("its arguments can't be read.");
    *arguments = room(((size_t)*count + 1) * sizeof(char *));
    for (int i = 0; i < *count; i++) (*arguments)[i] = narrow(wide[i], -1);
    LocalFree(wide);
    SetConsoleOutputCP(CP_UTF8);
    if (!in_terminal(stdin)) _setmode(_fileno(stdin), _O_BINARY);
    if (!in_terminal(stdout)) _setmode(_fileno(stdout), _O_BINARY);
}

/* The next byte of what is typed or piped, or EOF. A console's own bytes are of some code page: it is asked for
   characters. */
static int next_byte(void) {
    static char *typed;
    static size_t at;
    if (!in_terminal(stdin)) return getchar();
    if (!typed || !typed[at]) {
        wchar_t wide[512];
        DWORD read = 0;
        free(typed);
        typed = NULL, at = 0;
        if (!ReadConsoleW(GetStdHandle(STD_INPUT_HANDLE), wide, 512, &read, NULL) || !read || wide[0] == 26) return EOF;
        typed = narrow(wide, (int)read);
        if (!typed[0]) return '\n';
    }
    return (unsigned char)typed[at++];
}

#else

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int in_terminal(FILE *stream) { return isatty(fileno(stream)); }

static void prepare(int *count, char ***arguments) { (void)count, (void)arguments; }

static int next_byte(void) { return getchar(); }

#endif

/* ---- Ctrl-C stops an answer; pressed again, or while nothing is said, it ends the program -------------------------- */

static volatile sig_atomic_t stopped;

static void stop(int number) {
    stopped = 1;
    signal(number, SIG_DFL);
}

static void may_be_stopped(int may) {
    stopped = 0;
    signal(SIGINT, may ? stop : SIG_DFL);
}
