#include "countersign.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/un.h>
#include <time.h>

int64_t time_in(int seconds)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return ((int64_t)now.tv_sec + seconds) * 1000 + now.tv_nsec / 1000000;
}

/*
 * Waits until the socket is ready; false at the deadline, and for Ctrl-C. sudo catches that
 * signal and would only look at it once we return. It is held back meanwhile, not taken: the
 * host gets it after all.
 */
static bool wait_for(const struct channel *channel, short event)
{
	int64_t left = channel->deadline - time_in(0);
	struct pollfd waits[] = { { .fd = channel->fd, .events = event }, { .events = POLLIN } };
	sigset_t interrupt, before;

	errno = ETIMEDOUT;
	if (left <= 0 || channel->fd < 0)
		return false;
	sigemptyset(&interrupt);
	sigaddset(&interrupt, SIGINT);
	pthread_sigmask(SIG_BLOCK, &interrupt, &before);
	waits[1].fd = signalfd(-1, &interrupt, SFD_CLOEXEC);
	poll(waits, 2, (int)left);
	close(waits[1].fd);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = EINTR;
	return waits[1].revents == 0;
}

int channel_connect(struct channel *channel, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timeval limit = { .tv_usec = 100000 };

	memcpy(address.sun_path, path, strlen(path) + 1);
	channel->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(channel->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	/* Waits for as long as the daemon's queue of connections is full. */
	while (connect(channel->fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		if ((errno != EINTR && errno != EAGAIN) || time_in(0) >= channel->deadline)
			return errno;
	return 0;
}

bool channel_send(struct channel *channel)
{
	struct line *out = &channel->out;
	size_t length, sent = 0;

	line_add(out, "\n", "");
	length = out->length;
	errno = EMSGSIZE;
	while (length <= sizeof(out->text) && sent < length && wait_for(channel, POLLOUT)) {
		/* A daemon that is gone is EPIPE here: no SIGPIPE may end sshd or sudo. */
		ssize_t count = send(channel->fd, out->text + sent, length - sent,
				     MSG_NOSIGNAL | MSG_DONTWAIT);

		if (count >= 0)
			sent += (size_t)count;
		else if (errno != EINTR && errno != EAGAIN)
			break;
	}
	explicit_bzero(out, sizeof(*out));
	return sent == length;
}

char *channel_line(struct channel *channel)
{
	char *end;
	size_t size;

	while ((end = memchr(channel->in, '\n', channel->count)) == NULL) {
		size_t room = sizeof(channel->in) - channel->count;
		ssize_t got;

		errno = EMSGSIZE;
		if (room == 0 || !wait_for(channel, POLLIN))
			return NULL;
		got = recv(channel->fd, channel->in + channel->count, room, MSG_DONTWAIT);
		if (got == 0)
			errno = ECONNRESET;
		if (got > 0)
			channel->count += (size_t)got;
		else if (errno != EINTR && errno != EAGAIN)
			return NULL;
	}
	*end++ = '\0';
	size = (size_t)(end - channel->in);
	memcpy(channel->line, channel->in, size);
	channel->count -= size;
	memmove(channel->in, end, channel->count);
	/* With a NUL in it, it would seem to end before its end. */
	errno = EPROTO;
	return strlen(channel->line) + 1 == size ? channel->line : NULL;
}
