/* tests/fuzz/driver: runs a fuzz target without libFuzzer: seeds, pieces and mutations from a seeded generator.
 *
 * fuzz_NAME [--seconds S] [--runs N] [--seed X] FILE...: each line of a file is a seed. Two failures in a row print the same. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

enum { INPUT_MAX = 4096, SEEDS_MAX = 20000 };

static uint8_t input[INPUT_MAX];
static size_t input_n;
static char *seeds[SEEDS_MAX];
static size_t n_seeds;
static uint64_t state = 1;

static uint64_t below(uint64_t n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (state * 0x2545F4914F6CDD1DULL >> 20) % n;
}

static void on_abort(int signal_number)
{
    (void)signal_number;
    static const char hex[] = "0123456789abcdef";
    char line[4 * INPUT_MAX];
    size_t n = 0;
    for (size_t i = 0; i < input_n; i++) {
        if (input[i] >= ' ' && input[i] < 0x7F && input[i] != '\\') {
            line[n++] = (char)input[i];
            continue;
        }
        line[n++] = '\\';
        line[n++] = 'x';
        line[n++] = hex[input[i] >> 4];
        line[n++] = hex[input[i] & 15];
    }
    if (write(2, "failing input: ", 15) < 0 || write(2, line, n) < 0 || write(2, "\n", 1) < 0)
        _exit(2);
    signal(SIGABRT, SIG_DFL);
}

static void insert(const void *p, size_t n)
{
    if (input_n + n > INPUT_MAX)
        return;
    size_t at = below(4) == 0 ? below(input_n + 1) : input_n;
    memmove(input + at + n, input + at, input_n - at);
    memcpy(input + at, p, n);
    input_n += n;
}

static void make(void)
{
    static const char bytes[] = " -.:@/()+[]0123456789abcdefABCDEF_%=\"\\\n,{}";
    size_t words = 0;
    while (fuzz_words[words] != NULL)
        words++;
    input_n = 0;
    if (n_seeds > 0 && below(3) == 0) {
        const char *seed = seeds[below(n_seeds)];
        insert(seed, strlen(seed));
    }
    for (uint64_t k = below(12); k > 0; k--) {
        uint8_t byte = below(5) == 0 ? (uint8_t)below(256) : (uint8_t)bytes[below(sizeof bytes - 1)];
        switch (below(5)) {
        case 0:
        case 1: {
            const char *word = fuzz_words[below(words)];
            insert(word, strlen(word));
            break;
        }
        case 2:
            insert(&byte, 1);
            break;
        case 3:
            if (input_n > 0)
                input[below(input_n)] = byte;
            break;
        default:
            if (input_n > 0) {
                size_t at = below(input_n), cut = below(input_n - at) % 16 + 1;
                memmove(input + at, input + at + cut, input_n - at - cut);
                input_n -= cut;
            }
            break;
        }
    }
}

static void read_seeds(const char *path)
{
    FILE *f = fopen(path, "re");
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;
    if (f == NULL) {
        perror(path);
        exit(2);
    }
    while (n_seeds < SEEDS_MAX && (n = getline(&line, &cap, f)) > 0) {
        line[strcspn(line, "\n")] = '\0';
        if (n < INPUT_MAX / 2)
            seeds[n_seeds++] = strdup(line);
    }
    free(line);
    fclose(f);
}

int main(int argc, char **argv)
{
    double seconds = 10;
    uint64_t runs = 0, done = 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--seconds") == 0 && i + 1 < argc)
            seconds = atof(argv[++i]);
        else if (strcmp(argv[i], "--runs") == 0 && i + 1 < argc)
            runs = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
            state = strtoull(argv[++i], NULL, 10) * 0x9E3779B97F4A7C15ULL | 1;
        else
            read_seeds(argv[i]);
    }
    signal(SIGABRT, on_abort);
    struct timespec start, now;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (;; done++) {
        if (runs > 0 && done == runs)
            break;
        if (done % 256 == 0) {
            clock_gettime(CLOCK_MONOTONIC, &now);
            if (runs == 0 && (double)(now.tv_sec - start.tv_sec) + (double)(now.tv_nsec - start.tv_nsec) / 1e9 > seconds)
                break;
        }
        make();
        LLVMFuzzerTestOneInput(input, input_n);
    }
    printf("%llu inputs, %zu seeds\n", (unsigned long long)done, n_seeds);
    for (size_t i = 0; i < n_seeds; i++)
        free(seeds[i]);
    return 0;
}
