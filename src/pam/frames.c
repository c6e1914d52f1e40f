#include "countersign.h"

/* RFC 3986, 2.3: what stands for itself. */
static const char UNRESERVED[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~-";

static const struct frame FRAMES[] = {
	{ "prompt ", FRAME_PROMPT, PAM_PROMPT_ECHO_ON, NULL, NULL },
	{ "prompt-secret ", FRAME_PROMPT, PAM_PROMPT_ECHO_OFF, NULL, NULL },
	{ "info ", FRAME_TEXT, PAM_TEXT_INFO, NULL, NULL },
	{ "error ", FRAME_TEXT, PAM_ERROR_MSG, NULL, NULL },
	{ "open ", FRAME_ADDRESS, PAM_TEXT_INFO, NULL, NULL },
	{ "verdict accept user=", FRAME_ENDING, PAM_SUCCESS, NULL, NULL },
	/* Never PAM_SUCCESS: `sufficient` would become a bypass (pam-u2f, CVE-2025-23013). */
	{ "verdict exempt user=", FRAME_ENDING, PAM_IGNORE, NULL, NULL },
	{ "verdict reject user=", FRAME_ENDING, PAM_AUTH_ERR, NULL, NULL },
	{ "verdict unenrolled user=", FRAME_ENDING, PAM_AUTH_ERR, NULL, NULL },
	{ "verdict throttled user=", FRAME_ENDING, PAM_MAXTRIES, NULL, NULL },
	{ "verdict unavailable user=", FRAME_ENDING, PAM_AUTHINFO_UNAVAIL, NULL, NULL },
	{ "fault code=", FRAME_ENDING, PAM_AUTHINFO_UNAVAIL, NULL, NULL },
};

#define REFUSAL "refusal="

/* What may follow in an ending; but for the refusal nothing here asks for it. */
static const char *const FIELDS[] = {
	"method=", "reason=", "retryAt=", "message=", "hint=", REFUSAL,
};

/* In place: what is decoded is never longer. */
static bool decode(char *value)
{
	char *to = value;

	for (const char *from = value; *from != '\0'; from++) {
		char byte = *from;

		if (byte == '%' && strspn(from + 1, "0123456789ABCDEFabcdef") >= 2) {
			const char digits[] = { from[1], from[2], '\0' };

			byte = (char)strtol(digits, NULL, 16);
			from += 2;
		} else if (strchr(UNRESERVED, byte) == NULL) {
			return false;
		}
		*to++ = byte;
	}
	*to = '\0';
	/* A NUL that was encoded ends it before its end. */
	return value + strlen(value) == to && text_is_utf8(value, ANY);
}

static void take_field(struct frame *frame, char *field)
{
	char *value = NULL;

	for (size_t i = 0; i < sizeof(FIELDS) / sizeof(FIELDS[0]); i++)
		if (strncmp(field, FIELDS[i], strlen(FIELDS[i])) == 0)
			value = field + strlen(FIELDS[i]);
	if (frame->kind != FRAME_ENDING || value == NULL || !decode(value))
		frame->kind = FRAME_MALFORMED;
	else if (strncmp(field, REFUSAL, strlen(REFUSAL)) == 0)
		text_clean(frame->refusal = value, PAM_MAX_MSG_SIZE);
}

struct frame frame_parse(char *line)
{
	struct frame frame = { .kind = FRAME_MALFORMED };
	char *rest = NULL, *field;

	/* None of the words is the beginning of another's. */
	for (size_t i = 0; i < sizeof(FRAMES) / sizeof(FRAMES[0]); i++) {
		if (strncmp(line, FRAMES[i].words, strlen(FRAMES[i].words)) != 0)
			continue;
		frame = FRAMES[i];
		rest = line + strlen(frame.words);
	}
	frame.text = strsep(&rest, " ");
	if (frame.text == NULL || !decode(frame.text))
		frame.kind = FRAME_MALFORMED;
	while ((field = strsep(&rest, " ")) != NULL)
		take_field(&frame, field);
	return frame;
}

static void append(struct line *line, const char *bytes, size_t count)
{
	if (line->length + count <= sizeof(line->text))
		memcpy(line->text + line->length, bytes, count);
	line->length += count;
}

void line_add(struct line *line, const char *words, const char *value)
{
	static const char DIGITS[] = "0123456789ABCDEF";

	append(line, words, strlen(words));
	for (; *value != '\0'; value++) {
		unsigned char byte = (unsigned char)*value;
		const char escaped[] = { '%', DIGITS[byte >> 4], DIGITS[byte & 15] };
		bool is_plain = strchr(UNRESERVED, byte) != NULL;

		append(line, is_plain ? value : escaped, is_plain ? 1 : sizeof(escaped));
	}
}
