#include "verifier.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Where the kernel has no close_range(2): descriptors up to here are closed one by one. */
#define DESCRIPTORS_MAX 65536

/* Old architectures keep 16-bit uids under the plain names. */
#ifdef SYS_setresuid32
#define SET_UIDS SYS_setresuid32
#define SET_GIDS SYS_setresgid32
#define SET_GROUPS SYS_setgroups32
#else
#define SET_UIDS SYS_setresuid
#define SET_GIDS SYS_setresgid
#define SET_GROUPS SYS_setgroups
#endif

/*
 * fork(2) without its SIGCHLD and without libc's fork handlers, which may wait for a lock
 * that another thread of the host holds. What follows in the child is system calls alone.
 */
static pid_t fork_quietly(void)
{
	return (pid_t)syscall(SYS_clone, 0L, 0L, 0L, 0L, 0L);
}

static void reset_signals(void)
{
	struct sigaction by_default = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		sigaction(number, &by_default, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The socket as standard input and output, and not one descriptor of the host's. */
static bool keep_only(int fd)
{
	/* The host may run with 0 or 1 closed, and the socket then be one of them. */
	int high = fcntl(fd, F_DUPFD, 3);
	int null = open("/dev/null", O_RDWR);

	if (high < 0 || null < 0 || dup2(null, 2) < 0 || dup2(high, 0) < 0 || dup2(high, 1) < 0)
		return false;
	if (syscall(SYS_close_range, 3U, ~0U, 0U) != 0)
		for (int each = 3; each < DESCRIPTORS_MAX; each++)
			close(each);
	return true;
}

/* Under su and sudo the real uid is the user's, who could then trace or stop the verifier. */
static bool be_root_alone(void)
{
	return syscall(SET_GROUPS, 0, NULL) == 0 && syscall(SET_GIDS, 0, 0, 0) == 0 &&
	       syscall(SET_UIDS, 0, 0, 0) == 0;
}

static _Noreturn void become_verifier(const char *path, int fd)
{
	/* Nothing of the login's environment: NODE_OPTIONS alone would be code run as root. */
	static char *const ENVIRONMENT[] = {
		(char *)"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", NULL
	};
	static char *const ARGUMENTS[] = { (char *)"countersign", (char *)"verify",
					   (char *)"--protocol", NULL };

	umask(077);
	/* A session of its own: Ctrl-C at the terminal is for the host to understand. */
	setsid();
	if (be_root_alone() && keep_only(fd) && chdir("/") == 0) {
		reset_signals();
		execve(path, ARGUMENTS, ENVIRONMENT);
	}
	_exit(127);
}

/*
 * Twice forked: execve(2) turns SIGCHLD on again, and a host that waits for any child would
 * find one it does not know. So the host's own child ends at once, and the verifier is init's.
 */
static bool start(const char *path, int fd)
{
	pid_t child = fork_quietly();

	if (child < 0)
		return false;
	if (child == 0) {
		if (fork_quietly() == 0)
			become_verifier(path, fd);
		_exit(0);
	}
	while (waitpid(child, NULL, __WCLONE) < 0 && errno == EINTR)
		;
	return true;
}

int verifier_start(const char *path)
{
	sigset_t all, before;
	bool is_started;
	int ends[2];

	if (geteuid() != 0) {
		errno = EPERM;
		return -1;
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return -1;
	/* No handler of the host's is to run in the children. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	is_started = start(path, ends[1]);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	close(ends[1]);
	if (is_started)
		return ends[0];
	close(ends[0]);
	errno = EAGAIN;
	return -1;
}
