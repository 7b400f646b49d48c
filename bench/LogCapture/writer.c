// writer TOTAL CHUNK: writes TOTAL bytes to stdout as numbered lines of 100 bytes, CHUNK bytes per write(2).
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    long total = atol(argv[1]), chunk = atol(argv[2]) / 100 * 100, done = 0, number = 0;
    if (chunk < 100)
        chunk = 100;
    char *block = malloc(chunk);
    while (done < total) {
        for (long at = 0; at < chunk; at += 100) {
            memset(block + at, 'x', 99);
            long rest = number++;
            for (int digit = 9; digit >= 0; digit--, rest /= 10)
                block[at + digit] = (char)('0' + rest % 10);
            block[at + 99] = '\n';
        }
        long length = total - done < chunk ? total - done : chunk;
        for (long at = 0; at < length;) {
            ssize_t count = write(1, block + at, length - at);
            if (count <= 0)
                return 1;
            at += count;
        }
        done += length;
    }
    return 0;
}
