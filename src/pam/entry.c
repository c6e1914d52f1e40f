#include "countersign.h"

#include <fcntl.h>

#define EXPORTED __attribute__((visibility("default")))

/* A socket that somebody else may hold gets no answer of anybody's, and none in its place. */
static bool reach(const struct login *login, struct channel *channel)
{
	const char *path = login->socket;
	int error = trust_path(login->pamh, path, S_IFSOCK);

	if (error == 0)
		error = channel_connect(channel, path);
	if (error == 0 && !trust_peer(login->pamh, channel->fd))
		error = EPERM;
	/* Where no daemon is, the same verifier runs for this one login. */
	if (error == ENOENT || error == ECONNREFUSED) {
		close(channel->fd);
		channel->fd = -1;
		path = login->verifier;
		if (login->debug)
			pam_syslog(login->pamh, LOG_DEBUG, "no daemon; running %s", path);
		error = trust_path(login->pamh, path, S_IFREG);
		if (error == 0)
			error = verifier_start(path, &channel->fd);
	}
	errno = error;
	if (error != 0)
		pam_syslog(login->pamh, LOG_ERR, "unavailable: %s: %m", path);
	return error == 0;
}

static int verify(struct login login, int64_t deadline)
{
	struct channel channel = { .fd = -1, .deadline = deadline };
	int returned = PAM_AUTHINFO_UNAVAIL;

	if (!opening_write(&login, &channel.out)) {
		pam_syslog(login.pamh, LOG_NOTICE, "refused: a name or origin is not readable");
		return PAM_AUTH_ERR;
	}
	if (reach(&login, &channel)) {
		int low = channel.fd;

		/* A host that has closed its standard output would print into what got its number. */
		channel.fd = fcntl(low, F_DUPFD_CLOEXEC, 3);
		close(low);
		returned = dialogue(&login, &channel);
	}
	/* Nothing happens where it is -1. */
	close(channel.fd);
	if (login.debug)
		pam_syslog(login.pamh, LOG_DEBUG, "%u prompts, %d", login.asked, returned);
	/* yubico-pam took Ctrl-D for a code (CVE-2011-4120): no answer, no entry. */
	return login.is_cancelled ? PAM_AUTH_ERR : returned;
}

EXPORTED int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct login login = { .pamh = pamh };
	const void *given = NULL;
	int64_t deadline;
	int returned;

	if (!arguments_read(&login, argc, argv))
		return PAM_SERVICE_ERR;
	login.is_silent = login.quiet || (flags & (int)PAM_SILENT) != 0;
	deadline = time_in(login.timeout);
	pam_get_item(pamh, PAM_AUTHTOK, &given);
	/* A password that cannot be a code would only be counted as a failed attempt. */
	if (given != NULL &&
	    (login.use_first_pass || (login.try_first_pass && has_code(&login, given))))
		login.first_pass = given;
	returned = verify(login, deadline);
	if (returned != PAM_AUTH_ERR || login.first_pass == NULL || login.use_first_pass)
		return returned;
	login.first_pass = NULL;
	return verify(login, deadline);
}

/*
 * There are no credentials to set. PAM_SUCCESS, as pam_faillock does, opens nothing: libpam
 * goes through a stack for pam_setcred() on the path that each module's return from
 * pam_authenticate() took, and a refusal then stays a refusal. PAM_IGNORE would be wrong:
 * a stack of this module alone would fail after its code was accepted.
 */
EXPORTED int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	return PAM_SUCCESS;
}
