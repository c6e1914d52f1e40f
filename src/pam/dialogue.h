/* One verification over an open channel, from the opening line to PAM's return code. */
#ifndef COUNTERSIGN_DIALOGUE_H
#define COUNTERSIGN_DIALOGUE_H

#include "answers.h"
#include "channel.h"

/* Who logs in, and from where: PAM's items, looked at once. */
struct login {
	const char *user;
	const char *service;
	const char *rhost;
	const char *tty;
	const char *ruser;
};

/* False, and a line in the log, where an item is nothing that a login can have. */
bool login_read(pam_handle_t *pamh, struct login *login);

/* PAM_SUCCESS for one complete `verdict accept` about this very user, and for nothing else. */
int dialogue(struct answers *answers, struct channel *channel, const struct login *login,
	     bool is_quiet);

#endif
