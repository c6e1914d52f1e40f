#include "frames.h"

#include <string.h>

static const char UNRESERVED[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~-";

static const struct {
	const char *word;
	enum frame_kind kind;
} KINDS[] = {
	{ "prompt", FRAME_PROMPT },   { "prompt-secret", FRAME_PROMPT_SECRET },
	{ "info", FRAME_INFO },	      { "error", FRAME_ERROR },
	{ "open", FRAME_OPEN },	      { "verdict", FRAME_VERDICT },
	{ "fault", FRAME_FAULT },
};

static const struct {
	const char *word;
	enum verdict verdict;
} VERDICTS[] = {
	{ "accept", VERDICT_ACCEPT },		{ "exempt", VERDICT_EXEMPT },
	{ "reject", VERDICT_REJECT },		{ "unenrolled", VERDICT_UNENROLLED },
	{ "throttled", VERDICT_THROTTLED },	{ "unavailable", VERDICT_UNAVAILABLE },
};

/* The first is the one that has to be there: it becomes the frame's text. */
static const char *const VERDICT_KEYS[] = { "user",    "method",  "reason",
					    "retryAt", "message", "hint", NULL };
static const char *const FAULT_KEYS[] = { "message", "code", "hint", NULL };

/* Bytes of the UTF-8 character at `at`, of which `left` remain; 0 where there is none. */
static size_t character(const unsigned char *at, size_t left)
{
	size_t size = at[0] < 0x80 ? 1 : at[0] < 0xc2 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 :
		      at[0] < 0xf5 ? 4 : 0;

	if (size > left)
		return 0;
	for (size_t i = 1; i < size; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xf0 && at[1] < 0x90))
		return 0; /* overlong */
	if ((at[0] == 0xed && at[1] > 0x9f) || (at[0] == 0xf4 && at[1] > 0x8f))
		return 0; /* surrogates, and beyond U+10FFFF */
	return size;
}

bool text_is_utf8(const char *text, size_t length)
{
	const unsigned char *at = (const unsigned char *)text;

	while (length > 0) {
		size_t size = *at == '\0' ? 0 : character(at, length);

		if (size == 0)
			return false;
		at += size;
		length -= size;
	}
	return true;
}

/* C0 and DEL, C1, and what is not seen or reorders a line: as in core/printable.ts. */
static bool is_control(const unsigned char *at, size_t size)
{
	if (size == 1)
		return *at < 0x20 || *at == 0x7f;
	if (size == 2) /* U+0080 to U+009F, U+061C */
		return (at[0] == 0xc2 && at[1] < 0xa0) || (at[0] == 0xd8 && at[1] == 0x9c);
	if (size != 3)
		return false;
	if (at[0] == 0xe2 && at[1] == 0x80) /* U+200B to U+200F, U+2028 to U+202E */
		return (at[2] >= 0x8b && at[2] <= 0x8f) || (at[2] >= 0xa8 && at[2] <= 0xae);
	if (at[0] == 0xe2 && at[1] == 0x81) /* U+2060 to U+2069 */
		return at[2] >= 0xa0 && at[2] <= 0xa9;
	return at[0] == 0xef && at[1] == 0xbb && at[2] == 0xbf;
}

void text_clean(char *text)
{
	unsigned char *from = (unsigned char *)text, *to = from;
	const unsigned char *end = from + strlen(text);

	while (from < end) {
		size_t size = character(from, (size_t)(end - from));

		if (size == 0) {
			from++;
			continue;
		}
		if (*from == '\n' || *from == '\t' || !is_control(from, size)) {
			memmove(to, from, size);
			to += size;
		}
		from += size;
	}
	*to = '\0';
}

bool text_is_clean(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t size, left = strlen(text);

	for (; left > 0; at += size, left -= size) {
		size = character(at, left);
		if (size == 0 || is_control(at, size))
			return false;
	}
	return true;
}

void text_cut(char *text, size_t size)
{
	size_t end = size - 1;

	if (strlen(text) < size)
		return;
	while (end > 0 && ((unsigned char)text[end] & 0xc0) == 0x80)
		end--;
	text[end] = '\0';
}

static int hexadecimal(char digit)
{
	static const char DIGITS[] = "0123456789abcdef";
	const char *found = digit == '\0' ? NULL : strchr(DIGITS, digit | 0x20);

	/* What | 0x20 makes of control characters is no digit. */
	if (found == NULL || (unsigned char)digit < '0')
		return -1;
	return (int)(found - DIGITS);
}

/* In place: what is decoded is never longer. */
static bool decode(char *value)
{
	char *to = value;

	for (const char *from = value; *from != '\0'; from++) {
		if (*from != '%') {
			if (strchr(UNRESERVED, *from) == NULL)
				return false;
			*to++ = *from;
			continue;
		}
		int high = hexadecimal(from[1]);
		int low = high < 0 ? -1 : hexadecimal(from[2]);

		if (low < 0)
			return false;
		*to++ = (char)(high << 4 | low);
		from += 2;
	}
	*to = '\0';
	return text_is_utf8(value, (size_t)(to - value));
}

/* `key=value` words, each key known and once; the value of the first key, or NULL. */
static char *decode_fields(char *rest, const char *const *keys)
{
	char *found[8] = { NULL };
	char *word;

	while ((word = strsep(&rest, " ")) != NULL) {
		char *value = strchr(word, '=');
		size_t i = 0;

		if (value == NULL)
			return NULL;
		*value++ = '\0';
		while (keys[i] != NULL && strcmp(keys[i], word) != 0)
			i++;
		if (keys[i] == NULL || found[i] != NULL || !decode(value))
			return NULL;
		found[i] = value;
	}
	return found[0];
}

static enum verdict verdict_named(const char *word)
{
	for (size_t i = 0; word != NULL && i < sizeof(VERDICTS) / sizeof(VERDICTS[0]); i++)
		if (strcmp(VERDICTS[i].word, word) == 0)
			return VERDICTS[i].verdict;
	return VERDICT_NONE;
}

static enum frame_kind kind_named(const char *word)
{
	for (size_t i = 0; word != NULL && i < sizeof(KINDS) / sizeof(KINDS[0]); i++)
		if (strcmp(KINDS[i].word, word) == 0)
			return KINDS[i].kind;
	return FRAME_MALFORMED;
}

struct frame frame_parse(char *line, size_t length)
{
	struct frame frame = { FRAME_MALFORMED, VERDICT_NONE, NULL };
	const struct frame malformed = frame;
	char *rest = line;

	if (memchr(line, '\0', length) != NULL)
		return malformed;
	frame.kind = kind_named(strsep(&rest, " "));
	switch (frame.kind) {
	case FRAME_MALFORMED:
		return malformed;
	case FRAME_VERDICT:
		frame.verdict = verdict_named(strsep(&rest, " "));
		frame.text = decode_fields(rest, VERDICT_KEYS);
		return frame.verdict == VERDICT_NONE || frame.text == NULL ? malformed : frame;
	case FRAME_FAULT:
		frame.text = decode_fields(rest, FAULT_KEYS);
		return frame.text == NULL ? malformed : frame;
	default:
		frame.text = rest;
		return rest == NULL || !decode(rest) ? malformed : frame;
	}
}

static void append(struct line *line, const char *bytes, size_t count)
{
	/* One byte stays free for the line feed. */
	if (line->too_long || count >= sizeof(line->text) - line->length) {
		line->too_long = true;
		return;
	}
	memcpy(line->text + line->length, bytes, count);
	line->length += count;
}

void line_begin(struct line *line, const char *words)
{
	line->length = 0;
	line->too_long = false;
	append(line, words, strlen(words));
}

void line_add(struct line *line, const char *before, const char *value)
{
	static const char DIGITS[] = "0123456789ABCDEF";

	append(line, before, strlen(before));
	for (; *value != '\0'; value++) {
		unsigned char byte = (unsigned char)*value;
		char escaped[3] = { '%', DIGITS[byte >> 4], DIGITS[byte & 15] };
		bool plain = strchr(UNRESERVED, *value) != NULL;

		append(line, plain ? value : escaped, plain ? 1 : sizeof(escaped));
	}
}

bool line_end(struct line *line)
{
	if (line->too_long)
		return false;
	line->text[line->length++] = '\n';
	return true;
}
