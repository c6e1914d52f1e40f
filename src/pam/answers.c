#include "countersign.h"

#define DIGITS "0123456789"
#define ALPHANUMERIC DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
/* Bytes of an answer: percent-encoded they still fit a line. */
#define ANSWER_MAX 2048

/*
 * Bytes of the code at the end of `text`, 0 for none. How many digits a code has is told and
 * not guessed: a password may end in digits of its own.
 */
static size_t code_length(const char *text, size_t digits)
{
	const size_t backup_code = strlen("XXXXX-XXXXX");
	size_t length = strlen(text);
	const char *end = text + length;

	if (length >= backup_code && strspn(end - 11, ALPHANUMERIC) == 5 && end[-6] == '-' &&
	    strspn(end - 5, ALPHANUMERIC) == 5)
		return backup_code;
	return length >= digits && strspn(end - digits, DIGITS) == digits ? digits : 0;
}

bool has_code(const struct login *login, const char *text)
{
	size_t length = strlen(text);

	if (login->forward_pass)
		return code_length(text, (size_t)login->digits) > 0;
	return length >= 6 && code_length(text, length <= 8 ? length : 8) == length;
}

/*
 * Takes the password off the front of what was typed, and hands it to the next module. It
 * is handed on before the code is judged: a stack that goes on says nothing of the code.
 */
static char *split(const struct login *login, char *typed)
{
	size_t length = code_length(typed, (size_t)login->digits);
	char *code = typed + strlen(typed) - length;
	/* What is no code is a password, perhaps, and no business of the daemon's. */
	char *answer = length == 0 ? NULL : strdup(code);

	explicit_bzero(code, length);
	if (answer != NULL && code > typed &&
	    pam_set_item(login->pamh, PAM_AUTHTOK, typed) != PAM_SUCCESS)
		answer = answer_drop(answer);
	answer_drop(typed);
	return answer;
}

char *answer_take(struct login *login, const struct frame *prompt)
{
	bool is_first = login->asked++ == 0, asks_both = is_first && login->forward_pass;
	/* A password is never shown, whatever the daemon asks for. */
	int style = asks_both ? PAM_PROMPT_ECHO_OFF : prompt->pam;
	const char *text = asks_both ? "Password and verification code: " : prompt->text;
	char *answer = NULL;

	/* Where something is set up, other words come first, and questions of its own. */
	if (is_first && login->heard == 1 && login->prompt != NULL)
		text = login->prompt;
	if (is_first && login->first_pass != NULL)
		answer = strdup(login->first_pass);
	else if (!login->use_first_pass)
		login->has_failed =
			pam_prompt(login->pamh, style, &answer, "%s", text) != PAM_SUCCESS;
	if (login->has_failed)
		answer = answer_drop(answer);
	if (answer != NULL && asks_both)
		answer = split(login, answer);
	if (answer == NULL || strlen(answer) > ANSWER_MAX || !text_is_utf8(answer, ANY))
		return answer_drop(answer);
	return answer;
}

char *answer_drop(char *answer)
{
	if (answer != NULL)
		explicit_bzero(answer, strlen(answer));
	free(answer);
	return NULL;
}
