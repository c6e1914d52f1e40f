/* The arguments of the module's line in a PAM stack. */
#ifndef COUNTERSIGN_ARGUMENTS_H
#define COUNTERSIGN_ARGUMENTS_H

#include <security/pam_modules.h>
#include <stdbool.h>

struct arguments {
	const char *socket;
	/* The launcher that is run where no daemon is. */
	const char *verifier;
	/* Instead of the daemon's first prompt; NULL for the daemon's own. */
	const char *prompt;
	/* Seconds that the whole of it may take. */
	int timeout;
	/* Digits of the code behind a password, for forward_pass. */
	int digits;
	bool try_first_pass;
	bool use_first_pass;
	bool forward_pass;
	bool quiet;
	bool debug;
};

/* False, and a line in the log, for an argument that is not known: nobody gets in by a typo. */
bool arguments_read(pam_handle_t *pamh, int argc, const char **argv, struct arguments *to);

#endif
