#include "countersign.h"

#include <fcntl.h>

/* Messages of one login: more is no daemon of ours. */
#define MESSAGES_MAX 64
/* Bytes of one item, or of a command; five of them, percent-encoded, fit a line. */
#define ITEM_MAX 512
#define THROTTLED_TEXT "Too many failed attempts; try again later."
#define ADDRESS_TEXT "Open this address in a browser:\n\n%s\n"

/*
 * What is to be run by sudo, for whoever approves it to see: as it was typed, so it decides
 * nothing. Left out where it is not readable as a whole, or has no room.
 */
static void add_command(struct line *line)
{
	char command[ITEM_MAX + 1] = "";
	int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t size = read(fd, command, ITEM_MAX);

	close(fd);
	/* What is longer must not pass for the whole. */
	if (size == ITEM_MAX)
		memcpy(command + ITEM_MAX - 3, "...", 3);
	for (ssize_t i = 0; i < size - 1; i++)
		if (command[i] == '\0')
			command[i] = ' ';
	if (size > 0 && text_is_utf8(command, ANY) && line->length < LINE_BYTES_MAX - 4 * ITEM_MAX) {
		text_clean(command, sizeof(command));
		line_add(line, " command=", command);
	}
}

bool opening_write(struct login *login, struct line *line)
{
	static const struct {
		int type;
		const char *words;
	} ITEMS[] = {
		{ PAM_USER, " user=" }, { PAM_SERVICE, " service=" }, { PAM_RHOST, " rhost=" },
		{ PAM_TTY, " tty=" },	{ PAM_RUSER, " ruser=" },
	};
	const void *item = NULL;

	/* Asks for the name where the host has not; it is PAM_USER from then on. */
	if (pam_get_user(login->pamh, &login->user, NULL) != PAM_SUCCESS || *login->user == '\0')
		return false;
	line_add(line, "countersign/1 verify", "");
	for (size_t i = 0; i < sizeof(ITEMS) / sizeof(ITEMS[0]); i++) {
		item = NULL;
		pam_get_item(login->pamh, ITEMS[i].type, &item);
		if (item == NULL || *(const char *)item == '\0')
			continue;
		/* A control character would forge a line of some log, two bad bytes one name. */
		if (strlen(item) > ITEM_MAX || !text_is_utf8(item, PRINTABLE))
			return false;
		line_add(line, ITEMS[i].words, item);
	}
	pam_get_item(login->pamh, PAM_SERVICE, &item);
	if (item != NULL && (strcmp(item, "sudo") == 0 || strcmp(item, "sudo-i") == 0))
		add_command(line);
	return true;
}

/* From here on nothing is accepted; the daemon has a moment to record it. */
static bool cancel(struct login *login, struct channel *channel, const char *line)
{
	login->is_cancelled = true;
	channel->deadline = time_in(1);
	line_add(&channel->out, line, "");
	return channel_send(channel);
}

static bool reply(struct login *login, struct channel *channel, const struct frame *prompt)
{
	char *answer = answer_take(login, prompt);
	/* Nobody can stop a person who types in the host's own prompt; their answer comes late. */
	bool is_late = time_in(0) >= channel->deadline;
	const char *why = login->has_failed ? "cancel" : "cancel end-of-input";

	if (answer == NULL || is_late) {
		answer_drop(answer);
		return cancel(login, channel, is_late ? "cancel timed-out" : why);
	}
	line_add(&channel->out, "answer ", answer);
	answer_drop(answer);
	return channel_send(channel);
}

/*
 * The next frame, where it can be one of ours: an ending is the last thing said and, if it lets
 * in, about the very user who was asked for.
 */
static bool hear(struct login *login, struct channel *channel, struct frame *frame)
{
	char *line = channel_line(channel);
	bool lets_in;

	/* Ctrl-C. What the daemon has said by then is heard all the same, and lets nobody in. */
	if (line == NULL && errno == EINTR && !login->is_cancelled && cancel(login, channel, "cancel"))
		line = channel_line(channel);
	if (line == NULL)
		return false;
	errno = EPROTO;
	*frame = frame_parse(line);
	if (frame->kind != FRAME_ENDING)
		return frame->kind != FRAME_MALFORMED && ++login->heard <= MESSAGES_MAX;
	lets_in = frame->pam == PAM_SUCCESS || frame->pam == PAM_IGNORE;
	return channel->count == 0 && (!lets_in || strcmp(frame->text, login->user) == 0);
}

int dialogue(struct login *login, struct channel *channel)
{
	bool is_sent = channel_send(channel);
	struct frame frame;

	while (is_sent && hear(login, channel, &frame)) {
		text_clean(frame.text,
			   frame.kind == FRAME_PROMPT ? PAM_MAX_MSG_SIZE : LINE_BYTES_MAX);
		if (frame.kind == FRAME_ENDING) {
			pam_syslog(login->pamh, LOG_NOTICE, "%s%s", frame.words, frame.text);
			if (frame.pam == PAM_MAXTRIES && !login->is_silent)
				pam_error(login->pamh, THROTTLED_TEXT);
			return frame.pam;
		}
		/* Texts go out one by one: sshd keeps them and shows them with its next prompt. */
		if (frame.kind == FRAME_PROMPT)
			is_sent = reply(login, channel, &frame);
		else if (!(frame.pam == PAM_ERROR_MSG ? login->is_silent : login->quiet))
			pam_prompt(login->pamh, frame.pam, NULL,
				   frame.kind == FRAME_ADDRESS ? ADDRESS_TEXT : "%s", frame.text);
	}
	/* Somebody was asked: whoever lets the time run out, or interrupts, makes nothing unavailable. */
	if (login->asked > 0 && (errno == ETIMEDOUT || errno == EINTR))
		login->is_cancelled = true;
	pam_syslog(login->pamh, LOG_ERR, "unavailable: the daemon: %m");
	return PAM_AUTHINFO_UNAVAIL;
}
