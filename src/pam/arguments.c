#include "arguments.h"
#include "frames.h"

#include <security/pam_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <syslog.h>

#ifndef COUNTERSIGN_SOCKET
#define COUNTERSIGN_SOCKET "/run/countersign/socket"
#endif
#ifndef COUNTERSIGN_VERIFIER
#define COUNTERSIGN_VERIFIER "/usr/local/bin/countersign"
#endif

#define TIMEOUT_DEFAULT 120
#define TIMEOUT_MAX 600
#define DIGITS_DEFAULT 6

static const char *value_of(const char *argument, const char *name)
{
	size_t length = strlen(name);

	return strncmp(argument, name, length) == 0 ? argument + length : NULL;
}

static bool read_path(const char *value, size_t size, const char **to)
{
	*to = value;
	return value[0] == '/' && strlen(value) < size;
}

static bool read_number(const char *value, long least, long most, int *to)
{
	char *end;
	long number;

	if (*value < '0' || *value > '9')
		return false;
	number = strtol(value, &end, 10);
	*to = (int)number;
	return *end == '\0' && number >= least && number <= most;
}

static bool read_prompt(const char *value, const char **to)
{
	*to = value;
	return *value != '\0' && strlen(value) < PAM_MAX_MSG_SIZE && text_is_clean(value);
}

static bool read_switch(const char *argument, struct arguments *to)
{
	const struct {
		const char *name;
		bool *is_on;
	} switches[] = {
		{ "try_first_pass", &to->try_first_pass }, { "use_first_pass", &to->use_first_pass },
		{ "forward_pass", &to->forward_pass },	   { "quiet", &to->quiet },
		{ "debug", &to->debug },
	};

	for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++)
		if (strcmp(argument, switches[i].name) == 0)
			return *switches[i].is_on = true;
	return false;
}

static bool read_one(const char *argument, struct arguments *to)
{
	const size_t socket_size = sizeof(((struct sockaddr_un *)NULL)->sun_path);
	const char *value;

	if ((value = value_of(argument, "socket=")) != NULL)
		return read_path(value, socket_size, &to->socket);
	if ((value = value_of(argument, "verifier=")) != NULL)
		return read_path(value, PAM_MAX_MSG_SIZE, &to->verifier);
	if ((value = value_of(argument, "prompt=")) != NULL)
		return read_prompt(value, &to->prompt);
	if ((value = value_of(argument, "timeout=")) != NULL)
		return read_number(value, 1, TIMEOUT_MAX, &to->timeout);
	if ((value = value_of(argument, "digits=")) != NULL)
		return read_number(value, 6, 8, &to->digits);
	return read_switch(argument, to);
}

bool arguments_read(pam_handle_t *pamh, int argc, const char **argv, struct arguments *to)
{
	*to = (struct arguments){
		.socket = COUNTERSIGN_SOCKET,
		.verifier = COUNTERSIGN_VERIFIER,
		.timeout = TIMEOUT_DEFAULT,
		.digits = DIGITS_DEFAULT,
	};
	for (int i = 0; i < argc; i++) {
		if (read_one(argv[i], to))
			continue;
		pam_syslog(pamh, LOG_ERR, "argument not understood, so nobody gets in: %s", argv[i]);
		return false;
	}
	return true;
}
