/* What a person answers: from the password they gave before, or by asking them. */
#ifndef COUNTERSIGN_ANSWERS_H
#define COUNTERSIGN_ANSWERS_H

#include <security/pam_modules.h>
#include <stdbool.h>

#include "arguments.h"

struct answers {
	pam_handle_t *pamh;
	const struct arguments *arguments;
	/* The first answer is the password given before. */
	bool from_first_pass;
	unsigned int asked;
	/* Something was asked and not answered: from then on nothing can be accepted. */
	bool is_cancelled;
};

/* True when the password given before ends in something that can be a code. */
bool first_pass_has_code(pam_handle_t *pamh, const struct arguments *arguments);
/* True for `text` that is a code, or ends in one when a password may come before it. */
bool has_code(const char *text, const struct arguments *arguments);

/*
 * The answer to one prompt, to be wiped and freed with answer_free(), or NULL for none.
 * `prompt` is text of the daemon's, cleaned.
 */
char *answer_take(struct answers *answers, char *prompt, bool is_secret);
void answer_free(char *answer);

#endif
