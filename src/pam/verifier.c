#include "countersign.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/*
 * fork(2) without its SIGCHLD and without libc's fork handlers, which may wait for a lock
 * that another thread of the host holds. What follows in the child is system calls alone.
 */
static pid_t fork_quietly(void)
{
	return (pid_t)syscall(SYS_clone, 0L, 0L, 0L, 0L, 0L);
}

/* With the socket as standard input and output, and not one descriptor of the host's. */
static _Noreturn void become_verifier(const char *path, int fd)
{
	/* Nothing of the login's environment: NODE_OPTIONS alone would be code run as root. */
	static const char *const ENVIRONMENT[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", NULL
	};
	static const char *const ARGUMENTS[] = { "countersign", "verify", "--protocol", NULL };
	struct sigaction by_default = { .sa_handler = SIG_DFL };
	/* The host may run with 0 or 1 closed, and the socket then be one of them. */
	int high = fcntl(fd, F_DUPFD, 3), null = open("/dev/null", O_RDWR);
	sigset_t none;

	umask(077);
	/* A session of its own: Ctrl-C at the terminal is for the host to understand. */
	setsid();
	for (int number = 1; number < NSIG; number++)
		sigaction(number, &by_default, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/*
	 * Under su and sudo the real uid is the user's, who could then trace or stop it. By system
	 * call: libc would change the uids of threads that this process has not got.
	 */
	if (syscall(SYS_setgroups, 0, NULL) == 0 && syscall(SYS_setresgid, 0, 0, 0) == 0 &&
	    syscall(SYS_setresuid, 0, 0, 0) == 0 && chdir("/") == 0 &&
	    dup2(null, 2) == 2 && dup2(high, 0) == 0 && dup2(high, 1) == 1) {
		closefrom(3);
		execve(path, (char *const *)ARGUMENTS, (char *const *)ENVIRONMENT);
	}
	_exit(127);
}

/*
 * Twice forked: execve(2) turns SIGCHLD on again, and a host that waits for any child would
 * find one it does not know. So the host's own child ends at once, and the verifier is init's.
 */
int verifier_start(const char *path, int *fd)
{
	sigset_t all, before;
	pid_t child;
	int ends[2];

	if (geteuid() != 0)
		return EPERM;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
		return errno;
	*fd = ends[0];
	/* No handler of the host's is to run in the children. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	child = fork_quietly();
	if (child == 0) {
		if (fork_quietly() == 0)
			become_verifier(path, ends[1]);
		_exit(0);
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	close(ends[1]);
	while (child > 0 && waitpid(child, NULL, (int)__WCLONE) < 0 && errno == EINTR)
		;
	return child < 0 ? EAGAIN : 0;
}
