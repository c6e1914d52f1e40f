/*
 * Feeds the frame parser noise for SECONDS from SEED: fuzz SECONDS SEED. Lines are made of
 * what real ones are made of, then bytes are changed. The sanitizers say what is wrong with
 * memory; what is asserted here is that nothing but a whole `verdict accept` is one. How many
 * lines of each kind came through is printed: it shows that the noise gets past the first word.
 */
#include "countersign.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t state;

/* What is parsed, the longer of two first, and how often it was. */
static struct {
	const char *words;
	unsigned long count;
} parsed[] = {
	{ "prompt-secret", 0 },	     { "prompt", 0 },		  { "info", 0 },
	{ "error", 0 },		     { "open", 0 },		  { "fault", 0 },
	{ "verdict accept", 0 },     { "verdict exempt", 0 },	  { "verdict reject", 0 },
	{ "verdict unenrolled", 0 }, { "verdict throttled", 0 },  { "verdict unavailable", 0 },
};

#define PARSED (sizeof(parsed) / sizeof(parsed[0]))

/* xorshift64*: a run is repeated by its seed. */
static uint32_t draw(uint32_t below)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (uint32_t)((state * 2685821657736338717ULL) >> 33) % below;
}

static const char *const PIECES[] = {
	/* Of these alone, a line that begins well stays well. */
	"a", "~", "%41", "%0A", "%C3%A9", "%c2%85", "%E2%80%AE", "%F0%9F%94%91",
	" method=totp", " reason=", " retryAt=1", " message=", " hint=%41", " refusal=a",
	"verdict", "accept", "exempt", "reject", "unenrolled", "throttled", "unavailable", "prompt",
	"prompt-secret", "info", "error", "open", "fault", " ", " ", " ", "user=", "user=alice",
	" code=", "%", "%0", "%00", "%FF", "%ED%A0%80", "%F4%90%80%80", "=", "\t", "\r", "\xff",
	"\xf0", "verdict accept user=alice",
};

#define VALUES 8
#define FIELDS 14
#define ALL (sizeof(PIECES) / sizeof(PIECES[0]))

static size_t compose(char *line)
{
	size_t length = 0, changes = draw(4);
	uint32_t pieces = draw(draw(20) == 0 ? 2000 : 12), among = ALL;

	/* Every other line begins like one that is parsed, and half of those go on like it. */
	if (draw(2) == 0) {
		const char *words = parsed[draw(PARSED)].words;
		const char *field = *words == 'v' ? "user=" : *words == 'f' ? "code=" : "";

		length = (size_t)sprintf(line, "%s %s", words, field);
		if (draw(2) == 0)
			among = *field == '\0' ? VALUES : FIELDS;
		changes = among == ALL ? changes : draw(2);
	}
	for (; pieces > 0; pieces--) {
		const char *piece = PIECES[draw(among)];
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

static void count(const char *line)
{
	size_t i = 0;

	while (i < PARSED && strncmp(line, parsed[i].words, strlen(parsed[i].words)) != 0)
		i++;
	demand(i < PARSED, "parsed", line);
	parsed[i].count++;
}

static void check_frame(const char *line, size_t length)
{
	/* Of exactly its size, so that one byte too far is seen. */
	char *copy = malloc(length + 1);
	struct frame frame;

	memcpy(copy, line, length + 1);
	frame = frame_parse(copy);
	if (frame.kind != FRAME_MALFORMED) {
		count(line);
		demand(frame.text >= copy && frame.text <= copy + length, "text is elsewhere", line);
		demand(text_is_utf8(frame.text, ANY), "text is not UTF-8", line);
		demand(frame.refusal == NULL || text_is_utf8(frame.refusal, ANY), "refusal", line);
		text_clean(frame.text, 1 + draw(64));
		demand(text_is_utf8(frame.text, ANY), "cleaned to no UTF-8", line);
		demand(frame.kind != FRAME_ENDING || frame.pam != PAM_SUCCESS ||
			       strncmp(line, "verdict accept user=", 20) == 0,
		       "accepted", line);
	}
	free(copy);
}

/* What is encoded comes back the same, or is refused. */
static void check_round_trip(const char *text)
{
	struct line *line = calloc(1, sizeof(*line));
	struct frame frame;

	line_add(line, "info ", text);
	if (line->length <= sizeof(line->text)) {
		char *copy = strndup(line->text, line->length);

		frame = frame_parse(copy);
		demand((frame.kind == FRAME_TEXT) == text_is_utf8(text, ANY), "UTF-8", text);
		if (frame.kind == FRAME_TEXT)
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
		check_frame(line, strlen(line));
		check_round_trip(line);
	}
	printf("%lu lines, seed %s\n", runs, argv[2]);
	for (size_t i = 0; i < PARSED; i++)
		printf("%lu parsed as %s\n", parsed[i].count, parsed[i].words);
	return 0;
}
