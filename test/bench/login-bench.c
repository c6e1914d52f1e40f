/*
 * Times many logins: login-bench MODE PLACE [processes=N] [clock=FILE]
 *
 *   pam PLACE         a whole login through libpam; PLACE is a directory of PAM services
 *   socket PLACE      the same conversation with a daemon's socket, without libpam
 *   connect PLACE     a connection to an echo server, one line there and back, its end
 *   round-trip PLACE  one line there and back over a connection that stays
 *   echo PLACE        is that server, until its standard input ends
 *   log PLACE         takes what syslog(3) sends, and forgets it, until its standard input ends
 *
 * Standard input has a line a login: SERVICE USER CODE MILLISECONDS. All are read before the
 * first begins. MILLISECONDS, unless 0, is what the daemon's clock is set to by then: written
 * to the clock file, eight bytes. Prints `wall NANOSECONDS`, then a line a login, in their
 * order: 1 for one let in or 0, its nanoseconds, and those of pam_authenticate alone.
 */
#include <fcntl.h>
#include <poll.h>
#include <security/pam_appl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LINE "countersign/1 echo user=user0000000 service=bench answer=123456\n"

struct login {
	char service[32], user[32], code[16];
	int64_t clock;
};

struct outcome {
	int is_in;
	int64_t whole, authenticate;
};

/* Shared by the processes, which take one login after the other. */
struct board {
	int next, is_open;
	struct outcome outcomes[];
};

typedef void (*way)(const struct login *login, struct outcome *outcome);

static const char *place;
static int clock_fd = -1;
static int standing_fd = -1;

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static int answer(int count, const struct pam_message **messages, struct pam_response **responses,
		  void *data)
{
	const struct login *login = data;
	struct pam_response *given = calloc((size_t)count, sizeof(*given));

	for (int i = 0; i < count; i++)
		if (messages[i]->msg_style <= PAM_PROMPT_ECHO_ON)
			given[i].resp = strdup(login->code);
	*responses = given;
	return PAM_SUCCESS;
}

static void through_pam(const struct login *login, struct outcome *outcome)
{
	const struct pam_conv conversation = { answer, (void *)login };
	pam_handle_t *pamh = NULL;
	int64_t begun, authenticated = now();
	int returned = pam_start_confdir(login->service, login->user, &conversation, place, &pamh);

	if (returned != PAM_SUCCESS)
		return;
	begun = now();
	returned = pam_authenticate(pamh, 0);
	authenticated = now();
	outcome->authenticate = authenticated - begun;
	outcome->is_in = returned == PAM_SUCCESS;
	pam_end(pamh, returned);
}

static int reach(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strncpy(address.sun_path, place, sizeof(address.sun_path) - 1);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		fail(place);
	return fd;
}

/* Sends one line and reads one; true when its beginning is the one wanted. */
static bool exchange(int fd, const char *line, const char *wanted)
{
	char got[1024];
	size_t length = 0;

	if (send(fd, line, strlen(line), MSG_NOSIGNAL) < 0)
		return false;
	while (length < sizeof(got) && memchr(got, '\n', length) == NULL) {
		ssize_t more = recv(fd, got + length, sizeof(got) - length, 0);

		if (more <= 0)
			return false;
		length += (size_t)more;
	}
	return strncmp(got, wanted, strlen(wanted)) == 0;
}

static void at_socket(const struct login *login, struct outcome *outcome)
{
	char opening[128], reply[64];
	int fd = reach();

	snprintf(opening, sizeof(opening), "countersign/1 verify user=%s service=%s\n", login->user,
		 login->service);
	snprintf(reply, sizeof(reply), "answer %s\n", login->code);
	outcome->is_in = exchange(fd, opening, "prompt-secret ") &&
			 exchange(fd, reply, "verdict accept");
	close(fd);
}

static void by_connection(const struct login *login, struct outcome *outcome)
{
	int fd = reach();

	(void)login;
	outcome->is_in = exchange(fd, LINE, LINE);
	close(fd);
}

static void over_standing(const struct login *login, struct outcome *outcome)
{
	(void)login;
	if (standing_fd < 0)
		standing_fd = reach();
	outcome->is_in = exchange(standing_fd, LINE, LINE);
}

/* One connection after the other: nobody can answer with less work. */
static void echo(int listening)
{
	int fd = accept(listening, NULL, NULL);
	char line[1024];
	ssize_t length;

	while ((length = recv(fd, line, sizeof(line), 0)) > 0)
		if (send(fd, line, (size_t)length, MSG_NOSIGNAL) < 0)
			break;
	close(fd);
}

static void forget(int receiving)
{
	char message[8192];

	if (recv(receiving, message, sizeof(message), 0) < 0)
		fail(place);
}

static int serve(int type, void (*one)(int fd))
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	struct pollfd ends[] = { { .fd = fd, .events = POLLIN },
				 { .fd = STDIN_FILENO, .events = POLLIN } };

	strncpy(address.sun_path, place, sizeof(address.sun_path) - 1);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    (type == SOCK_STREAM && listen(fd, 512) != 0))
		fail(place);
	printf("listening\n");
	fflush(stdout);
	while (poll(ends, 2, -1) > 0 && ends[1].revents == 0)
		one(fd);
	return 0;
}

static void set_clock(int64_t milliseconds)
{
	if (milliseconds != 0 && clock_fd >= 0 &&
	    pwrite(clock_fd, &milliseconds, sizeof(milliseconds), 0) != sizeof(milliseconds))
		fail("clock");
}

static void work(way try, const struct login *logins, int count, struct board *board)
{
	for (;;) {
		int own = __atomic_fetch_add(&board->next, 1, __ATOMIC_RELAXED);
		int64_t begun;

		if (own >= count)
			return;
		set_clock(logins[own].clock);
		begun = now();
		try(&logins[own], &board->outcomes[own]);
		board->outcomes[own].whole = now() - begun;
	}
}

/* Nanoseconds from the start signal to the end of the last. */
static int64_t work_in_processes(int processes, way try, const struct login *logins, int count,
				 struct board *board)
{
	int64_t begun;

	for (int i = 0; i < processes; i++) {
		pid_t child = fork();

		if (child < 0)
			fail("fork");
		if (child > 0)
			continue;
		while (!__atomic_load_n(&board->is_open, __ATOMIC_ACQUIRE))
			usleep(1000);
		work(try, logins, count, board);
		_exit(0);
	}
	usleep(50000);
	begun = now();
	__atomic_store_n(&board->is_open, 1, __ATOMIC_RELEASE);
	while (wait(NULL) > 0)
		;
	return now() - begun;
}

static struct login *read_logins(int *count)
{
	struct login *logins = NULL, read;
	int room = 0;

	*count = 0;
	while (scanf("%31s %31s %15s %ld", read.service, read.user, read.code, &read.clock) == 4) {
		if (*count == room) {
			room = room * 2 + 1024;
			logins = realloc(logins, (size_t)room * sizeof(*logins));
			if (logins == NULL)
				fail("logins");
		}
		logins[(*count)++] = read;
	}
	return logins;
}

static int bench(way try, int processes)
{
	int count;
	struct login *logins = read_logins(&count);
	size_t size = sizeof(struct board) + (size_t)count * sizeof(struct outcome);
	struct board *board = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
				   -1, 0);
	int64_t wall = now();

	if (board == MAP_FAILED)
		fail("mmap");
	if (processes == 1) {
		work(try, logins, count, board);
		wall = now() - wall;
	} else {
		wall = work_in_processes(processes, try, logins, count, board);
	}
	printf("wall %ld\n", wall);
	for (int i = 0; i < count; i++)
		printf("%d %ld %ld\n", board->outcomes[i].is_in, board->outcomes[i].whole,
		       board->outcomes[i].authenticate);
	return 0;
}

int main(int argc, char **argv)
{
	const struct {
		const char *mode;
		way try;
	} ways[] = { { "pam", through_pam },
		     { "socket", at_socket },
		     { "connect", by_connection },
		     { "round-trip", over_standing } };
	int processes = 1;

	if (argc < 3)
		return 2;
	place = argv[2];
	for (int i = 3; i < argc; i++) {
		if (strncmp(argv[i], "processes=", 10) == 0)
			processes = atoi(argv[i] + 10);
		else if (strncmp(argv[i], "clock=", 6) == 0)
			clock_fd = open(argv[i] + 6, O_WRONLY | O_CLOEXEC);
	}
	if (strcmp(argv[1], "echo") == 0)
		return serve(SOCK_STREAM, echo);
	if (strcmp(argv[1], "log") == 0)
		return serve(SOCK_DGRAM, forget);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (strcmp(argv[1], ways[i].mode) == 0)
			return bench(ways[i].try, processes);
	return 2;
}
