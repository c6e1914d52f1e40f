#include "countersign.h"

#include <fcntl.h>
#include <stdio.h>

/* Messages of one login: more is no daemon of ours. */
#define MESSAGES_MAX 128
/* Bytes of one item, or of a command; five of them, percent-encoded, fit a line. */
#define ITEM_MAX 512
#define THROTTLED_TEXT "Too many failed attempts; try again later."
#define ADDRESS_TEXT "Open this address in a browser:\n\n%s\n"

/* The beginning of a file, and a NUL behind it; how much of it there is. */
static size_t read_start(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t count = read(fd, text, size - 1);

	close(fd);
	text[count > 0 ? count : 0] = '\0';
	return count > 0 ? (size_t)count : 0;
}

/*
 * What is to be run by sudo, for whoever approves it to see: as it was typed, so it decides
 * nothing. Left out where it is not readable as a whole, or has no room.
 */
static void add_command(struct line *line)
{
	char command[ITEM_MAX + 1];
	size_t size = read_start("/proc/self/cmdline", command, sizeof(command));

	/* What is longer must not pass for the whole. */
	if (size == ITEM_MAX)
		memcpy(command + ITEM_MAX - 3, "...", 3);
	for (size_t i = 0; i + 1 < size; i++)
		if (command[i] == '\0')
			command[i] = ' ';
	if (size > 0 && text_is_utf8(command, ANY) && line->length < LINE_BYTES_MAX - 4 * ITEM_MAX) {
		text_clean(command, sizeof(command));
		line_add(line, " command=", command);
	}
}

/*
 * Which login session asks, for what an accepted code covers: this boot, the session's leader
 * and when that was started, so that no later session is taken for it. Where any of it is not
 * to be had, the daemon asks for a code.
 */
static void add_session(struct line *line)
{
	char boot[sizeof("xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")], path[32], stat[1024], session[96];
	const char *field;

	read_start("/proc/sys/kernel/random/boot_id", boot, sizeof(boot));
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)getsid(0));
	read_start(path, stat, sizeof(stat));
	/* The 22nd field. The name of the program, the second, may hold anything: proc_pid_stat(5). */
	field = strrchr(stat, ')');
	for (int i = 0; field != NULL && i < 20; i++)
		field = strchr(field + 1, ' ');
	if (field == NULL)
		return;
	snprintf(session, sizeof(session), "%s.%d.%.*s", boot, (int)getsid(0),
		 (int)strspn(field + 1, "0123456789"), field + 1);
	line_add(line, " session=", session);
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
	add_session(line);
	/* Not where the password is judged after the code, or what is said would not be seen. */
	if (login->enroll != NULL && !login->quiet && !login->forward_pass &&
	    !login->use_first_pass && login->first_pass == NULL)
		line_add(line, " enroll=", login->enroll);
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
	/* What was taken for a code unasked: refused, the person is asked next. */
	bool is_unasked = login->first_pass != NULL && !login->use_first_pass;
	struct frame frame;

	while (is_sent && hear(login, channel, &frame)) {
		text_clean(frame.text,
			   frame.kind == FRAME_PROMPT ? PAM_MAX_MSG_SIZE : LINE_BYTES_MAX);
		if (frame.kind == FRAME_ENDING) {
			pam_syslog(login->pamh, LOG_NOTICE, "%s%s", frame.words, frame.text);
			if (frame.pam == PAM_MAXTRIES && !login->is_silent)
				pam_error(login->pamh, THROTTLED_TEXT);
			/* Also where sudo asks for silence, as it does always: it is for its users. */
			if (frame.refusal != NULL && !login->quiet &&
			    !(is_unasked && frame.pam == PAM_AUTH_ERR))
				pam_info(login->pamh, "%s", frame.refusal);
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
