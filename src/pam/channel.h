/* A stream of lines with a deadline, to the daemon or to a verifier of our own. */
#ifndef COUNTERSIGN_CHANNEL_H
#define COUNTERSIGN_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "frames.h"

struct channel {
	int fd;
	/* By CLOCK_MONOTONIC, in milliseconds. */
	int64_t deadline;
	size_t from;
	size_t to;
	char buffer[LINE_BYTES_MAX];
};

int64_t deadline_in(int seconds);
bool deadline_is_past(int64_t deadline);

/* 0, or the error: ENOENT and ECONNREFUSED where nobody listens. */
int channel_connect(struct channel *channel, const char *path);
bool channel_send(struct channel *channel, const char *bytes, size_t count);
/* The next line without its line feed, good until the next call; NULL and errno for none. */
char *channel_line(struct channel *channel, size_t *length);
bool channel_has_more(const struct channel *channel);
/* Wipes what was read, and closes. */
void channel_close(struct channel *channel);

#endif
