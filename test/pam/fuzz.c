/*
 * Feeds the frame parser noise for SECONDS from SEED: fuzz SECONDS SEED. Lines are made of
 * what real ones are made of, then bytes are changed. The sanitizers say what is wrong with
 * memory; what is asserted here is that nothing but a whole `verdict accept` is one.
 */
#include "frames.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t state;
static unsigned long accepted;

/* xorshift64*: a run is repeated by its seed. */
static uint32_t draw(uint32_t below)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (uint32_t)((state * 2685821657736338717ULL) >> 33) % below;
}

static const char *const PIECES[] = {
	"verdict", "accept", "exempt", "reject", "throttled", "prompt", "prompt-secret", "info",
	"error", "open", "fault", " ", " ", " ", "user=", "user=alice", "method=totp", "reason=",
	"retryAt=1", "message=", "hint=", "code=", "%", "%0", "%00", "%0A", "%C3%A9", "%FF",
	"%ED%A0%80", "%F4%90%80%80", "%E2%80%AE", "%c2%85", "a", "~", "=", "\t", "\r", "\xff",
	"\xf0", "verdict accept user=alice",
};

static size_t compose(char *line)
{
	size_t length = 0, changes = draw(4);

	for (uint32_t pieces = draw(draw(20) == 0 ? 2000 : 12); pieces > 0; pieces--) {
		const char *piece = PIECES[draw(sizeof(PIECES) / sizeof(PIECES[0]))];
		size_t size = strlen(piece);

		if (length + size >= LINE_BYTES_MAX)
			break;
		memcpy(line + length, piece, size);
		length += size;
	}
	while (length > 0 && changes-- > 0)
		line[draw((uint32_t)length)] = (char)draw(256);
	return length;
}

static void demand(int holds, const char *what, const char *line)
{
	if (holds)
		return;
	fprintf(stderr, "%s: %s\n", what, line);
	abort();
}

static void check_frame(const char *line, size_t length)
{
	/* Of exactly its size, so that one byte too far is seen. */
	char *copy = malloc(length + 1);
	struct frame frame;

	memcpy(copy, line, length + 1);
	frame = frame_parse(copy, length);
	if (frame.kind != FRAME_MALFORMED) {
		demand(frame.text >= copy && frame.text <= copy + length, "text is elsewhere", line);
		demand(text_is_utf8(frame.text, strlen(frame.text)), "text is not UTF-8", line);
		demand((frame.kind == FRAME_VERDICT) == (frame.verdict != VERDICT_NONE),
		       "a verdict of no verdict", line);
		text_clean(frame.text);
		text_cut(frame.text, 1 + draw(64));
		demand(text_is_utf8(frame.text, strlen(frame.text)), "cleaned to no UTF-8", line);
	}
	if (frame.verdict == VERDICT_ACCEPT) {
		accepted++;
		demand(strncmp(line, "verdict accept ", 15) == 0 && strstr(line, " user=") != NULL,
		       "accepted", line);
	}
	free(copy);
}

/* What is encoded comes back the same, or is refused. */
static void check_round_trip(const char *text)
{
	struct line *line = malloc(sizeof(*line));
	struct frame frame;

	line_begin(line, "info");
	line_add(line, " ", text);
	if (line_end(line)) {
		line->text[--line->length] = '\0';
		char *copy = strdup(line->text);

		frame = frame_parse(copy, strlen(copy));
		demand((frame.kind == FRAME_INFO) == text_is_utf8(text, strlen(text)), "UTF-8", text);
		if (frame.kind == FRAME_INFO)
			demand(strcmp(frame.text, text) == 0, "comes back changed", text);
		free(copy);
	}
	free(line);
}

int main(int argc, char **argv)
{
	static char line[LINE_BYTES_MAX + 1];
	unsigned long runs = 0;
	time_t end;

	if (argc != 3)
		return 2;
	end = time(NULL) + atoi(argv[1]);
	state = strtoull(argv[2], NULL, 10) | 1;
	for (; runs % 1024 != 0 || time(NULL) < end; runs++) {
		size_t length = compose(line);

		line[length] = '\0';
		check_frame(line, length);
		check_round_trip(line);
	}
	printf("%lu lines, %lu accepted, seed %s\n", runs, accepted, argv[2]);
	return 0;
}
