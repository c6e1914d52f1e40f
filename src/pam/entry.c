/* What libpam calls: pam_sm_authenticate and pam_sm_setcred. */
#include <errno.h>
#include <security/pam_ext.h>
#include <syslog.h>

#include "arguments.h"
#include "channel.h"
#include "dialogue.h"
#include "trust.h"
#include "verifier.h"

#define EXPORTED __attribute__((visibility("default")))

static bool say_why(pam_handle_t *pamh, const char *path, int error)
{
	errno = error;
	if (error == EPERM)
		pam_syslog(pamh, LOG_ERR, "unavailable: %s: anybody could have put it there", path);
	else
		pam_syslog(pamh, LOG_ERR, "unavailable: %s: %m", path);
	return false;
}

/* Where no daemon is, the same verifier runs for this one login. */
static bool reach_verifier(pam_handle_t *pamh, const char *path, struct channel *channel)
{
	int error = trust_program(pamh, path);

	if (error != 0)
		return say_why(pamh, path, error);
	channel->fd = verifier_start(path);
	return channel->fd >= 0 || say_why(pamh, path, errno);
}

/* A socket that somebody else may hold gets no answer of anybody's, and none in its place. */
static bool reach(pam_handle_t *pamh, const struct arguments *arguments, struct channel *channel)
{
	int error = trust_socket(pamh, arguments->socket);

	if (error == 0)
		error = channel_connect(channel, arguments->socket);
	if (error == 0 && !trust_peer(pamh, channel->fd))
		error = EPERM;
	if (error == 0)
		return true;
	if (error != ENOENT && error != ECONNREFUSED)
		return say_why(pamh, arguments->socket, error);
	channel_close(channel);
	if (arguments->debug)
		pam_syslog(pamh, LOG_DEBUG, "no daemon; running %s", arguments->verifier);
	return reach_verifier(pamh, arguments->verifier, channel);
}

static int verify(pam_handle_t *pamh, const struct arguments *arguments, int64_t deadline,
		  bool from_first_pass, bool is_quiet)
{
	struct answers answers = { .pamh = pamh,
				   .arguments = arguments,
				   .from_first_pass = from_first_pass };
	struct channel channel = { .fd = -1, .deadline = deadline };
	int returned = PAM_AUTHINFO_UNAVAIL;
	struct login login;

	if (!login_read(pamh, &login))
		returned = PAM_AUTH_ERR;
	else if (reach(pamh, arguments, &channel))
		returned = dialogue(&answers, &channel, &login, is_quiet);
	channel_close(&channel);
	if (arguments->debug)
		pam_syslog(pamh, LOG_DEBUG, "%u prompts, returning %d", answers.asked, returned);
	return returned;
}

EXPORTED int pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	struct arguments arguments;
	bool has_first_pass, is_quiet;
	int64_t deadline;
	int returned;

	if (!arguments_read(pamh, argc, argv, &arguments))
		return PAM_SERVICE_ERR;
	is_quiet = arguments.quiet || (flags & PAM_SILENT) != 0;
	deadline = deadline_in(arguments.timeout);
	/* A password that cannot be a code would only be counted as a failed attempt. */
	has_first_pass = arguments.use_first_pass || (arguments.try_first_pass &&
						      first_pass_has_code(pamh, &arguments));
	returned = verify(pamh, &arguments, deadline, has_first_pass, is_quiet);
	if (returned == PAM_AUTH_ERR && has_first_pass && !arguments.use_first_pass)
		returned = verify(pamh, &arguments, deadline, false, is_quiet);
	return returned;
}

/*
 * There are no credentials to set. PAM_SUCCESS, as pam_faillock does, opens nothing: libpam
 * goes through a stack for pam_setcred() on the path that each module's return from
 * pam_authenticate() took, and a refusal then stays a refusal. PAM_IGNORE would be wrong:
 * a stack of this module alone would fail after its code was accepted.
 */
EXPORTED int pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh;
	(void)flags;
	(void)argc;
	(void)argv;
	return PAM_SUCCESS;
}
