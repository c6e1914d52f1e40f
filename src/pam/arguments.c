#include "countersign.h"

#include <langinfo.h>
#include <sys/un.h>

static bool read_text(const char *value, size_t size, const char **to)
{
	*to = value;
	return *value != '\0' && strlen(value) < size && text_is_utf8(value, PRINTABLE);
}

static bool read_number(const char *value, unsigned long least, unsigned long most, int *to)
{
	unsigned long number = strtoul(value, NULL, 10);

	*to = (int)number;
	return value[strspn(value, "0123456789")] == '\0' && number >= least && number <= most;
}

static bool starts(const char *argument, const char *name, const char **value)
{
	*value = argument + strlen(name);
	return strncmp(argument, name, strlen(name)) == 0;
}

static bool read_switch(const char *argument, const char *name, bool *to)
{
	return strcmp(argument, name) == 0 && (*to = true);
}

/* By the application's locale, unless it is said: sshd has none, whatever its clients have. */
static bool read_charset(const char *value, const char **to)
{
	*to = strcmp(value, "=utf8") == 0 || strcmp(nl_langinfo(CODESET), "UTF-8") == 0 ? "utf8" : "ascii";
	return *value == '\0' || strcmp(value, "=utf8") == 0;
}

static bool read_one(const char *argument, struct login *login)
{
	const size_t path_size = sizeof(((struct sockaddr_un *)NULL)->sun_path);
	const char *value;

	if (starts(argument, "socket=", &value))
		return *value == '/' && read_text(value, path_size, &login->socket);
	if (starts(argument, "verifier=", &value))
		return *value == '/' && read_text(value, PAM_MAX_MSG_SIZE, &login->verifier);
	if (starts(argument, "prompt=", &value))
		return read_text(value, PAM_MAX_MSG_SIZE, &login->prompt);
	if (starts(argument, "enroll", &value))
		return read_charset(value, &login->enroll);
	if (starts(argument, "timeout=", &value))
		return read_number(value, 1, 600, &login->timeout);
	if (starts(argument, "digits=", &value))
		return read_number(value, 6, 8, &login->digits);
	return read_switch(argument, "try_first_pass", &login->try_first_pass) ||
	       read_switch(argument, "use_first_pass", &login->use_first_pass) ||
	       read_switch(argument, "forward_pass", &login->forward_pass) ||
	       read_switch(argument, "quiet", &login->quiet) ||
	       read_switch(argument, "debug", &login->debug);
}

bool arguments_read(struct login *login, int argc, const char **argv)
{
	login->socket = COUNTERSIGN_SOCKET;
	login->verifier = COUNTERSIGN_VERIFIER;
	login->digits = 6;
	for (int i = 0; i < argc; i++) {
		if (read_one(argv[i], login))
			continue;
		pam_syslog(login->pamh, LOG_ERR, "unknown, so nobody gets in: %s", argv[i]);
		return false;
	}
	/* To set up an authenticator takes longer than to read a code off one. */
	if (login->timeout == 0)
		login->timeout = login->enroll != NULL ? 300 : 120;
	return true;
}
