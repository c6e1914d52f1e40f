#include "dialogue.h"

#include <errno.h>
#include <security/pam_ext.h>
#include <string.h>
#include <syslog.h>

/* Messages of one verification: more is no daemon of ours. */
#define MESSAGES_MAX 64
/* Bytes of one item; five of them, percent-encoded, fit a line. */
#define ITEM_MAX 512

static bool read_item(pam_handle_t *pamh, int type, const char **to)
{
	const void *item = NULL;

	if (pam_get_item(pamh, type, &item) != PAM_SUCCESS)
		return false;
	*to = item;
	if (item == NULL || **to == '\0') {
		*to = NULL;
		return true;
	}
	/* A control character would forge a line of some log, and two bad bytes one name. */
	return strnlen(item, ITEM_MAX + 1) <= ITEM_MAX && text_is_clean(item);
}

bool login_read(pam_handle_t *pamh, struct login *login)
{
	const char *asked = NULL;
	bool is_good;

	*login = (struct login){ NULL, NULL, NULL, NULL, NULL };
	/* Asks for the name where the host has not; what it returns is read as the item it sets. */
	is_good = pam_get_user(pamh, &asked, NULL) == PAM_SUCCESS &&
		  read_item(pamh, PAM_USER, &login->user) && login->user != NULL &&
		  read_item(pamh, PAM_SERVICE, &login->service) &&
		  read_item(pamh, PAM_RHOST, &login->rhost) &&
		  read_item(pamh, PAM_TTY, &login->tty) &&
		  read_item(pamh, PAM_RUSER, &login->ruser);
	if (!is_good)
		pam_syslog(pamh, LOG_NOTICE, "refused: the login's name or origin is not readable");
	return is_good;
}

static bool open_verification(struct channel *channel, const struct login *login)
{
	const struct {
		const char *before;
		const char *value;
	} fields[] = {
		{ " user=", login->user },   { " service=", login->service },
		{ " rhost=", login->rhost }, { " tty=", login->tty },
		{ " ruser=", login->ruser },
	};
	struct line line;

	line_begin(&line, "countersign/1 verify");
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (fields[i].value != NULL)
			line_add(&line, fields[i].before, fields[i].value);
	return line_end(&line) && channel_send(channel, line.text, line.length);
}

static bool reply(struct answers *answers, struct channel *channel, struct frame *frame)
{
	char *answer = answer_take(answers, frame->text, frame->kind == FRAME_PROMPT_SECRET);
	struct line line;
	bool is_sent;

	/* Nobody can stop a person who types in the host's own prompt; their answer comes late. */
	if (answer != NULL && deadline_is_past(channel->deadline)) {
		answers->is_cancelled = true;
		channel->deadline = deadline_in(1);
		line_begin(&line, "cancel timed-out");
	} else if (answer != NULL) {
		line_begin(&line, "answer");
		line_add(&line, " ", answer);
	} else {
		line_begin(&line, "cancel end-of-input");
	}
	if (line.too_long) {
		answers->is_cancelled = true;
		line_begin(&line, "cancel");
	}
	is_sent = line_end(&line) && channel_send(channel, line.text, line.length);
	answer_free(answer);
	explicit_bzero(&line, sizeof(line));
	return is_sent;
}

/* At once, in a message of its own: sshd keeps it and shows it with its next prompt. */
static void show(pam_handle_t *pamh, const struct frame *frame)
{
	if (frame->kind == FRAME_ERROR)
		pam_error(pamh, "%s", frame->text);
	else if (frame->kind == FRAME_OPEN)
		pam_info(pamh, "Open this address in a browser:\n\n%s\n", frame->text);
	else
		pam_info(pamh, "%s", frame->text);
}

static int conclude(const struct answers *answers, struct frame *frame, bool is_quiet)
{
	static const struct {
		const char *name;
		int returned;
	} RETURNS[] = {
		[VERDICT_NONE] = { "none", PAM_AUTHINFO_UNAVAIL },
		[VERDICT_ACCEPT] = { "accept", PAM_SUCCESS },
		/* Never PAM_SUCCESS: `sufficient` would become a bypass (pam-u2f, CVE-2025-23013). */
		[VERDICT_EXEMPT] = { "exempt", PAM_IGNORE },
		[VERDICT_REJECT] = { "reject", PAM_AUTH_ERR },
		[VERDICT_UNENROLLED] = { "unenrolled", PAM_AUTH_ERR },
		[VERDICT_THROTTLED] = { "throttled", PAM_MAXTRIES },
		[VERDICT_UNAVAILABLE] = { "unavailable", PAM_AUTHINFO_UNAVAIL },
	};
	int returned = RETURNS[frame->verdict].returned;
	bool lets_in = returned == PAM_SUCCESS || returned == PAM_IGNORE;

	text_clean(frame->text);
	pam_syslog(answers->pamh, lets_in ? LOG_INFO : LOG_NOTICE, "%s for %s",
		   RETURNS[frame->verdict].name, frame->text);
	if (frame->verdict == VERDICT_THROTTLED && !is_quiet)
		pam_error(answers->pamh, "Too many failed attempts; try again later.");
	/* yubico-pam took Ctrl-D for a code (CVE-2011-4120): no answer, no entry, whoever says so. */
	return lets_in && answers->is_cancelled ? PAM_AUTH_ERR : returned;
}

/* The last thing said, and, where it lets in, about the very user who was asked for. */
static bool is_conclusive(const struct channel *channel, const struct frame *frame,
			  const struct login *login)
{
	bool lets_in = frame->verdict == VERDICT_ACCEPT || frame->verdict == VERDICT_EXEMPT;

	return !channel_has_more(channel) && (!lets_in || strcmp(frame->text, login->user) == 0);
}

static int broken(struct answers *answers, const char *what)
{
	pam_syslog(answers->pamh, LOG_ERR, "unavailable: %s", what);
	return answers->is_cancelled ? PAM_AUTH_ERR : PAM_AUTHINFO_UNAVAIL;
}

int dialogue(struct answers *answers, struct channel *channel, const struct login *login,
	     bool is_quiet)
{
	if (!open_verification(channel, login))
		return broken(answers, "the daemon hung up");
	for (int count = 0; count < MESSAGES_MAX; count++) {
		size_t length;
		char *line = channel_line(channel, &length);
		struct frame frame;

		if (line == NULL)
			return broken(answers, errno == ETIMEDOUT ? "the daemon does not answer" :
							  errno == EMSGSIZE ? "a line is too long" :
									       "the daemon hung up");
		frame = frame_parse(line, length);
		if (frame.kind == FRAME_MALFORMED)
			return broken(answers, "the daemon speaks another protocol");
		if (frame.kind == FRAME_VERDICT) {
			if (!is_conclusive(channel, &frame, login))
				return broken(answers, "the verdict is not about this login");
			return conclude(answers, &frame, is_quiet);
		}
		text_clean(frame.text);
		if (frame.kind == FRAME_FAULT)
			return broken(answers, frame.text);
		if (frame.kind == FRAME_PROMPT || frame.kind == FRAME_PROMPT_SECRET) {
			if (!reply(answers, channel, &frame))
				return broken(answers, "the daemon hung up");
		} else if (!is_quiet) {
			show(answers->pamh, &frame);
		}
	}
	return broken(answers, "the daemon does not come to an end");
}
