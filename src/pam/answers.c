#include "answers.h"
#include "frames.h"

#include <security/pam_ext.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#define BOTH_PROMPT "Password and verification code: "
/* XXXXX-XXXXX */
#define BACKUP_CODE_LENGTH 11
#define BACKUP_CODE_DASH 5

static bool is_digits(const char *text, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (text[i] < '0' || text[i] > '9')
			return false;
	return true;
}

static bool is_backup_code(const char *text)
{
	for (size_t i = 0; i < BACKUP_CODE_LENGTH; i++) {
		bool is_alphanumeric = is_digits(text + i, 1) ||
				       ((text[i] | 0x20) >= 'a' && (text[i] | 0x20) <= 'z');

		if (i == BACKUP_CODE_DASH ? text[i] != '-' : !is_alphanumeric)
			return false;
	}
	return true;
}

/*
 * Bytes of the code at the end of `text`, 0 for none. How many digits a code has is told and
 * not guessed: a password may end in digits of its own.
 */
static size_t code_length(const char *text, int digits)
{
	size_t length = strlen(text), count = (size_t)digits;

	if (length >= BACKUP_CODE_LENGTH && is_backup_code(text + length - BACKUP_CODE_LENGTH))
		return BACKUP_CODE_LENGTH;
	return length >= count && is_digits(text + length - count, count) ? count : 0;
}

bool has_code(const char *text, const struct arguments *arguments)
{
	size_t length = strlen(text);

	if (arguments->forward_pass)
		return code_length(text, arguments->digits) > 0;
	return (length >= 6 && length <= 8 && is_digits(text, length)) ||
	       (length == BACKUP_CODE_LENGTH && is_backup_code(text));
}

static const char *first_pass(pam_handle_t *pamh)
{
	const void *item = NULL;

	return pam_get_item(pamh, PAM_AUTHTOK, &item) == PAM_SUCCESS ? item : NULL;
}

bool first_pass_has_code(pam_handle_t *pamh, const struct arguments *arguments)
{
	const char *given = first_pass(pamh);

	return given != NULL && has_code(given, arguments);
}

static char *ask(struct answers *answers, char *prompt, bool is_secret)
{
	const struct arguments *arguments = answers->arguments;
	bool asks_both = arguments->forward_pass && answers->asked == 0;
	const char *text = arguments->prompt != NULL && answers->asked == 0 ? arguments->prompt :
			   asks_both					    ? BOTH_PROMPT :
									      prompt;
	/* A password is never shown, whatever the daemon asks for. */
	int style = is_secret || asks_both ? PAM_PROMPT_ECHO_OFF : PAM_PROMPT_ECHO_ON;
	char *answer = NULL;

	text_cut(prompt, PAM_MAX_MSG_SIZE);
	if (pam_prompt(answers->pamh, style, &answer, "%s", text) == PAM_SUCCESS)
		return answer;
	answer_free(answer);
	return NULL;
}

/*
 * Takes the password off the front of what was typed, and hands it to the next module. It
 * is handed on before the code is judged: a stack that goes on says nothing of the code.
 */
static char *split(struct answers *answers, char *typed)
{
	size_t length = strlen(typed), code = code_length(typed, answers->arguments->digits);
	char *answer = code == 0 ? NULL : strdup(typed + length - code);

	/* What is no code is a password, perhaps, and no business of the daemon's. */
	if (answer != NULL) {
		explicit_bzero(typed + length - code, code);
		if (code < length &&
		    pam_set_item(answers->pamh, PAM_AUTHTOK, typed) != PAM_SUCCESS) {
			answer_free(answer);
			answer = NULL;
		}
	}
	answer_free(typed);
	return answer;
}

char *answer_take(struct answers *answers, char *prompt, bool is_secret)
{
	bool is_first = answers->asked == 0;
	char *answer = NULL;

	if (is_first && answers->from_first_pass) {
		const char *given = first_pass(answers->pamh);

		answer = given == NULL ? NULL : strdup(given);
	} else if (!answers->arguments->use_first_pass) {
		answer = ask(answers, prompt, is_secret);
	}
	if (answer != NULL && is_first && answers->arguments->forward_pass)
		answer = split(answers, answer);
	answers->asked++;
	if (answer != NULL && text_is_utf8(answer, strlen(answer)))
		return answer;
	answers->is_cancelled = true;
	answer_free(answer);
	return NULL;
}

void answer_free(char *answer)
{
	if (answer == NULL)
		return;
	explicit_bzero(answer, strlen(answer));
	free(answer);
}
