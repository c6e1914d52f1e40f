#include "channel.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* Milliseconds between two tries at a daemon whose queue of connections is full. */
#define AGAIN 10

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

int64_t deadline_in(int seconds)
{
	return now() + (int64_t)seconds * 1000;
}

bool deadline_is_past(int64_t deadline)
{
	return now() >= deadline;
}

/* Waits until the descriptor is ready, or fails with ETIMEDOUT. Signals of the host pass by. */
static bool await(const struct channel *channel, short events)
{
	for (;;) {
		struct pollfd polled = { .fd = channel->fd, .events = events };
		int64_t left = channel->deadline - now();
		int ready = left <= 0 ? 0 : poll(&polled, 1, (int)left);

		if (ready > 0)
			return true;
		if (ready == 0) {
			errno = ETIMEDOUT;
			return false;
		}
		if (errno != EINTR)
			return false;
	}
}

int channel_connect(struct channel *channel, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	memcpy(address.sun_path, path, strlen(path) + 1);
	channel->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (channel->fd < 0)
		return errno;
	while (connect(channel->fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		/* unix(7): a full queue is EAGAIN, and nothing tells when it has room again. */
		if (errno != EAGAIN && errno != EINTR)
			return errno;
		if (deadline_is_past(channel->deadline))
			return ETIMEDOUT;
		poll(NULL, 0, AGAIN);
	}
	return 0;
}

bool channel_send(struct channel *channel, const char *bytes, size_t count)
{
	while (count > 0) {
		/* A daemon that is gone is EPIPE here: no SIGPIPE may end sshd or sudo. */
		ssize_t sent = send(channel->fd, bytes, count, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent >= 0) {
			bytes += sent;
			count -= (size_t)sent;
		} else if (errno == EAGAIN) {
			if (!await(channel, POLLOUT))
				return false;
		} else if (errno != EINTR) {
			return false;
		}
	}
	return true;
}

/* More bytes behind those there are; they are moved to the front first. */
static bool fill(struct channel *channel)
{
	ssize_t got;

	memmove(channel->buffer, channel->buffer + channel->from, channel->to - channel->from);
	channel->to -= channel->from;
	channel->from = 0;
	if (channel->to == sizeof(channel->buffer)) {
		errno = EMSGSIZE;
		return false;
	}
	do {
		if (!await(channel, POLLIN))
			return false;
		got = recv(channel->fd, channel->buffer + channel->to,
			   sizeof(channel->buffer) - channel->to, MSG_DONTWAIT);
	} while (got < 0 && (errno == EAGAIN || errno == EINTR));
	if (got == 0)
		errno = ECONNRESET;
	if (got <= 0)
		return false;
	channel->to += (size_t)got;
	return true;
}

char *channel_line(struct channel *channel, size_t *length)
{
	for (;;) {
		char *line = channel->buffer + channel->from;
		char *end = memchr(line, '\n', channel->to - channel->from);

		if (end != NULL) {
			*end = '\0';
			*length = (size_t)(end - line);
			channel->from += *length + 1;
			return line;
		}
		if (!fill(channel))
			return NULL;
	}
}

bool channel_has_more(const struct channel *channel)
{
	return channel->from < channel->to;
}

void channel_close(struct channel *channel)
{
	if (channel->fd >= 0)
		close(channel->fd);
	channel->fd = -1;
	explicit_bzero(channel->buffer, sizeof(channel->buffer));
}
