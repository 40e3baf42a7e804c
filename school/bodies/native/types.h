/* Of what kinds the tables below are. */

typedef struct { long start, count; } Place; /* of a parameter among WEIGHTS */
typedef struct { uint32_t first, last; } Range; /* of characters */
typedef struct { uint16_t left, right, rank, joined; } Merge; /* sorted by left and right */
typedef struct { uint32_t code; int id; } Letter; /* sorted by code */
