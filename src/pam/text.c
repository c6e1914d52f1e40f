#include "countersign.h"

/* What moves a cursor, is not seen or turns a line around: as in core/printable.ts. */
static const uint32_t UNPRINTABLE[][2] = {
	{ 0x00, 0x1f },	    { 0x7f, 0x9f },	{ 0x61c, 0x61c },   { 0x200b, 0x200f },
	{ 0x2028, 0x202e }, { 0x2060, 0x2069 }, { 0xfeff, 0xfeff },
};

/* Bytes of the character at `text`; 0 at its end, and where there is none (RFC 3629, 3). */
static size_t character(const char *text, bool *is_printable)
{
	static const uint32_t LEAST[] = { 1, 1, 0x80, 0x800, 0x10000 };
	const unsigned char *bytes = (const unsigned char *)text;
	size_t size = bytes[0] < 0x80 ? 1 : bytes[0] < 0xe0 ? 2 : bytes[0] < 0xf0 ? 3 : 4;
	uint32_t point = size == 1 ? bytes[0] : bytes[0] & (0x7fU >> size);

	if (size > 1 && (bytes[0] < 0xc0 || bytes[0] > 0xf7))
		return 0;
	for (size_t i = 1; i < size; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (bytes[i] & 0x3f);
	}
	if (point < LEAST[size] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
		return 0;
	*is_printable = true;
	for (size_t i = 0; i < sizeof(UNPRINTABLE) / sizeof(UNPRINTABLE[0]); i++)
		if (point >= UNPRINTABLE[i][0] && point <= UNPRINTABLE[i][1])
			*is_printable = false;
	return size;
}

bool text_is_utf8(const char *text, enum characters allowed)
{
	bool is_printable = true;
	size_t size;

	while ((size = character(text, &is_printable)) > 0 && (is_printable || allowed == ANY))
		text += size;
	return *text == '\0';
}

void text_clean(char *text, size_t size)
{
	const char *from = text, *end = text + size - 1;
	bool is_printable;
	size_t count;

	while ((count = character(from, &is_printable)) > 0 && count <= (size_t)(end - text)) {
		/* One line: a second one could pass for the host's own, or for another log entry. */
		if (*from == '\n' || *from == '\r' || *from == '\t') {
			*text++ = ' ';
		} else if (is_printable) {
			memmove(text, from, count);
			text += count;
		}
		from += count;
	}
	*text = '\0';
}
