/*
 * An application of PAM for tests: harness CONFDIR SERVICE USER [name=value ...]
 *
 * Prompts are answered from standard input, a line each, in which \xNN is a byte, \null no
 * response, \fail a conversation that fails and \late an answer after one and a half seconds;
 * at its end there is no response. Prints what is said, then `returned N`, then `setcred N`.
 *
 *   rhost= tty= ruser=  PAM items, with \xNN
 *   count=N             as many authentications in this one process; the last is printed
 *   threads=N           as many threads, which do so at the same time
 *   flags=silent        PAM_SILENT
 *   locale=NAME         as an application sets it, for its characters
 *   pause=FILE          at the first prompt: makes FILE and waits until it is gone
 *
 * Afterwards `descriptors BEFORE AFTER`, and `children N`: how often a SIGCHLD arrived.
 */
#include <dirent.h>
#include <fcntl.h>
#include <locale.h>
#include <pthread.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANSWERS_MAX 4096

struct host {
	const char *confdir, *service, *user, *pause;
	char *rhost, *tty, *ruser;
	int count, threads, flags;
	char *answers[ANSWERS_MAX];
	size_t answer_count;
};

struct session {
	const struct host *host;
	size_t next;
	bool is_silent;
	int returned, setcred;
};

static volatile sig_atomic_t children;

static void count_child(int number)
{
	(void)number;
	children++;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

static char *unescape(const char *text)
{
	char *made = malloc(strlen(text) + 1), *to = made;

	for (; *text != '\0'; text++) {
		if (text[0] == '\\' && text[1] == 'x') {
			char digits[3] = { text[2], text[3], '\0' };

			*to++ = (char)strtol(digits, NULL, 16);
			text += 3;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
	return made;
}

static void wait_at(const char *path)
{
	if (path == NULL)
		return;
	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	while (access(path, F_OK) == 0)
		usleep(10000);
}

static const char *const STYLES[] = { "?", "secret", "shown", "error", "info" };

static int answer(struct session *session, const struct pam_message *message, char **to)
{
	const struct host *host = session->host;

	if (!session->is_silent)
		printf("%s %s\n", STYLES[message->msg_style], message->msg);
	*to = NULL;
	if (message->msg_style > PAM_PROMPT_ECHO_ON)
		return PAM_SUCCESS;
	fflush(stdout);
	wait_at(host->pause);
	if (host->answer_count == 0)
		return PAM_SUCCESS;
	const char *line = host->answers[session->next++ % host->answer_count];

	if (strcmp(line, "\\fail") == 0)
		return PAM_CONV_ERR;
	if (strcmp(line, "\\late") == 0)
		usleep(1500000);
	if (strcmp(line, "\\null") != 0)
		*to = unescape(line);
	return PAM_SUCCESS;
}

static int converse(int count, const struct pam_message **messages, struct pam_response **responses,
		    void *data)
{
	struct pam_response *given = calloc((size_t)count, sizeof(*given));
	int returned = PAM_SUCCESS;

	for (int i = 0; i < count && returned == PAM_SUCCESS; i++)
		returned = answer(data, messages[i], &given[i].resp);
	if (returned != PAM_SUCCESS) {
		free(given);
		return returned;
	}
	*responses = given;
	return PAM_SUCCESS;
}

static void authenticate(struct session *session)
{
	const struct host *host = session->host;
	const struct pam_conv conversation = { converse, session };
	pam_handle_t *pamh = NULL;

	session->returned = pam_start_confdir(host->service, host->user, &conversation,
					      host->confdir, &pamh);
	if (session->returned != PAM_SUCCESS)
		return;
	if (host->rhost != NULL)
		pam_set_item(pamh, PAM_RHOST, host->rhost);
	if (host->tty != NULL)
		pam_set_item(pamh, PAM_TTY, host->tty);
	if (host->ruser != NULL)
		pam_set_item(pamh, PAM_RUSER, host->ruser);
	session->returned = pam_authenticate(pamh, host->flags);
	session->setcred = pam_setcred(pamh, PAM_ESTABLISH_CRED);
	pam_end(pamh, session->returned);
}

static void *repeat(void *data)
{
	struct session *session = data;

	for (int i = 0; i < session->host->count; i++) {
		session->is_silent = i + 1 < session->host->count;
		authenticate(session);
	}
	return NULL;
}

static int descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	int count = -3; /* the directory's own, . and .. */

	while (readdir(directory) != NULL)
		count++;
	closedir(directory);
	return count;
}

static void read_answers(struct host *host)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t length;

	while (host->answer_count < ANSWERS_MAX && (length = getline(&line, &size, stdin)) > 0) {
		if (line[length - 1] == '\n')
			line[length - 1] = '\0';
		host->answers[host->answer_count++] = strdup(line);
	}
	free(line);
}

static void read_option(struct host *host, const char *option)
{
	const char *value = strchr(option, '=') + 1;

	if (strncmp(option, "rhost=", 6) == 0)
		host->rhost = unescape(value);
	else if (strncmp(option, "tty=", 4) == 0)
		host->tty = unescape(value);
	else if (strncmp(option, "ruser=", 6) == 0)
		host->ruser = unescape(value);
	else if (strncmp(option, "count=", 6) == 0)
		host->count = atoi(value);
	else if (strncmp(option, "threads=", 8) == 0)
		host->threads = atoi(value);
	else if (strcmp(option, "flags=silent") == 0)
		host->flags = PAM_SILENT;
	else if (strncmp(option, "pause=", 6) == 0)
		host->pause = value;
	else if (strncmp(option, "locale=", 7) == 0)
		setlocale(LC_CTYPE, value);
}

int main(int argc, char **argv)
{
	static struct host host = { .count = 1, .threads = 1 };
	struct session sessions[64] = { 0 };
	pthread_t threads[64];
	struct sigaction on_child = { .sa_handler = count_child, .sa_flags = SA_RESTART };

	if (argc < 4)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	host.confdir = argv[1];
	host.service = argv[2];
	host.user = unescape(argv[3]);
	for (int i = 4; i < argc; i++)
		read_option(&host, argv[i]);
	read_answers(&host);
	sigaction(SIGCHLD, &on_child, NULL);

	/* Once beforehand: libc opens the log and libpam its modules, and both keep what they have. */
	struct session first = { .host = &host, .is_silent = true };

	if (host.count > 1)
		authenticate(&first);
	int before = descriptors();

	for (int i = 0; i < host.threads; i++) {
		sessions[i].host = &host;
		if (host.threads == 1)
			repeat(&sessions[i]);
		else
			pthread_create(&threads[i], NULL, repeat, &sessions[i]);
	}
	for (int i = 0; i < host.threads; i++) {
		if (host.threads > 1)
			pthread_join(threads[i], NULL);
		printf("returned %d\nsetcred %d\n", sessions[i].returned, sessions[i].setcred);
	}
	printf("descriptors %d %d\nchildren %d\n", before, descriptors(), (int)children);
	return 0;
}
