/*
 * The line protocol as pure functions: no descriptor, no memory of their own, no PAM.
 * What arrives here is hostile until it is parsed; test/pam/fuzz.c feeds it noise.
 */
#ifndef COUNTERSIGN_FRAMES_H
#define COUNTERSIGN_FRAMES_H

#include <stdbool.h>
#include <stddef.h>

/* Longest line, its line feed included. */
#define LINE_BYTES_MAX 8192

enum frame_kind {
	FRAME_MALFORMED,
	FRAME_PROMPT,
	FRAME_PROMPT_SECRET,
	FRAME_INFO,
	FRAME_ERROR,
	FRAME_OPEN,
	FRAME_VERDICT,
	FRAME_FAULT,
};

enum verdict {
	VERDICT_NONE,
	VERDICT_ACCEPT,
	VERDICT_EXEMPT,
	VERDICT_REJECT,
	VERDICT_UNENROLLED,
	VERDICT_THROTTLED,
	VERDICT_UNAVAILABLE,
};

struct frame {
	enum frame_kind kind;
	enum verdict verdict;
	/* What is said, the message of a fault, or the user a verdict is about; within the line. */
	char *text;
};

/* Parses a line without its line feed, NUL-terminated at `length`; decodes it in place. */
struct frame frame_parse(char *line, size_t length);

/* A line to send. Once something did not fit it stays too long, and line_end() says so. */
struct line {
	size_t length;
	bool too_long;
	char text[LINE_BYTES_MAX];
};

void line_begin(struct line *line, const char *words);
/* `before` as it stands, and `value` percent-encoded. */
void line_add(struct line *line, const char *before, const char *value);
bool line_end(struct line *line);

/* True for UTF-8 without NUL: no overlong form, no surrogate. */
bool text_is_utf8(const char *text, size_t length);
/* Takes out what moves a cursor, rings a bell or turns text around. Line feed and tab stay. */
void text_clean(char *text);
bool text_is_clean(const char *text);
/* Cuts to fewer than `size` bytes, between two characters. */
void text_cut(char *text, size_t size);

#endif
