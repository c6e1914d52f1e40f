#include "countersign.h"

#include <sys/time.h>
#include <sys/un.h>
#include <time.h>

int64_t time_in(int seconds)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return ((int64_t)now.tv_sec + seconds) * 1000 + now.tv_nsec / 1000000;
}

/*
 * Before each call that waits: the kernel then ends the wait at the deadline, with EAGAIN. Such
 * a call is made again, and so is one that a signal of the host's ends, until this says no.
 */
static bool may_wait(const struct channel *channel)
{
	int64_t left = channel->deadline - time_in(0);
	struct timeval limit = { .tv_sec = left / 1000, .tv_usec = left % 1000 * 1000 };

	if (left <= 0) {
		errno = ETIMEDOUT;
		return false;
	}
	return setsockopt(channel->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0 &&
	       setsockopt(channel->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) == 0;
}

int channel_connect(struct channel *channel, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	memcpy(address.sun_path, path, strlen(path) + 1);
	channel->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	/* Waits for as long as the daemon's queue of connections is full. */
	while (channel->fd >= 0 && may_wait(channel)) {
		if (connect(channel->fd, (struct sockaddr *)&address, sizeof(address)) == 0)
			return 0;
		if (errno != EINTR && errno != EAGAIN)
			break;
	}
	return errno;
}

bool channel_send(struct channel *channel)
{
	struct line *out = &channel->out;
	size_t length, sent = 0;

	line_add(out, "\n", "");
	length = out->length;
	errno = EMSGSIZE;
	while (length <= sizeof(out->text) && sent < length && may_wait(channel)) {
		/* A daemon that is gone is EPIPE here: no SIGPIPE may end sshd or sudo. */
		ssize_t count = send(channel->fd, out->text + sent, length - sent, MSG_NOSIGNAL);

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
		if (room == 0 || !may_wait(channel))
			return NULL;
		got = recv(channel->fd, channel->in + channel->count, room, 0);
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
