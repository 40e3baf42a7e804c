// What the context mixer (MIXER, see benchmarks/references.py) charges for each byte. It takes a logarithm to base two
// for every bit that it predicts, and nowhere else, so those are noted: eight make a byte.
// ./mixer_costs FILE FRACTION COSTS: learns from this fraction of FILE; writes bits per byte to COSTS, as doubles.
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static FILE *costs;
static double byte_bits;
static long bits;

static double noted_log2(double probability) {
    double logarithm = log2(probability);
    byte_bits -= logarithm;
    if (++bits % 8 == 0) {
        fwrite(&byte_bits, sizeof byte_bits, 1, costs);
        byte_bits = 0;
    }
    return logarithm;
}

#define log2 noted_log2
#define main mixer
#include MIXER
#undef main

int main(int count, char **given) {
    if (count != 4 || !(costs = fopen(given[3], "wb"))) return 2;
    mixer(3, given);
    return fclose(costs) != 0;
}
