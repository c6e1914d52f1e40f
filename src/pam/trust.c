#include "trust.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <security/pam_modutil.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define DAEMON_USER "countersign"
/* As many links as the kernel follows: path_resolution(7). */
#define LINKS_MAX 40

/* Root's uid needs no look-up, which may ask a directory service. */
static bool is_ours(pam_handle_t *pamh, uid_t uid)
{
	const struct passwd *entry;

	if (uid == 0)
		return true;
	entry = pam_modutil_getpwnam(pamh, DAEMON_USER);
	return entry != NULL && entry->pw_uid == uid;
}

/* Puts what the link at `path` names in its place; `rest` is what follows it. */
static int follow(char *path, size_t size, const char *rest)
{
	char target[PATH_MAX], whole[PATH_MAX];
	ssize_t length = readlink(path, target, sizeof(target) - 1);
	char *parent_end = strrchr(path, '/');
	int written;

	if (length <= 0)
		return EPERM;
	target[length] = '\0';
	*parent_end = '\0';
	written = snprintf(whole, sizeof(whole), "%s/%s%s", *target == '/' ? "" : path, target, rest);
	if (written < 0 || (size_t)written >= size)
		return EPERM;
	memcpy(path, whole, (size_t)written + 1);
	return 0;
}

/* A directory on the way. In a sticky one nobody can replace what is another's. */
static bool is_safe_directory(const struct stat *found, bool is_last)
{
	if (!S_ISDIR(found->st_mode))
		return false;
	return (found->st_mode & 022) == 0 || (!is_last && (found->st_mode & S_ISVTX) != 0);
}

/*
 * Looks at every step from the root, as sshd does (safe_path): who can write to one of them
 * can put another file in this one's place. Links are followed by hand, for realpath(3) says
 * nothing of the directories that hold them.
 */
static int walk(pam_handle_t *pamh, const char *given, struct stat *found)
{
	char path[PATH_MAX];
	int links = 0;

	if (strlen(given) >= sizeof(path) || given[0] != '/')
		return EPERM;
	strcpy(path, given);
	for (char *end = path; end != NULL;) {
		char *next = strchr(end + 1, '/');
		char rest[PATH_MAX] = "";
		int error;

		if (next != NULL) {
			strcpy(rest, next);
			*next = '\0';
		}
		if (lstat(path, found) != 0)
			return errno == ENOENT ? ENOENT : EPERM;
		if (!is_ours(pamh, found->st_uid))
			return EPERM;
		if (S_ISLNK(found->st_mode)) {
			error = ++links > LINKS_MAX ? EPERM : follow(path, sizeof(path), rest);
			if (error != 0)
				return error;
			end = path;
			continue;
		}
		if (next != NULL) {
			if (!is_safe_directory(found, strchr(rest + 1, '/') == NULL))
				return EPERM;
			*next = '/';
		}
		end = next;
	}
	return 0;
}

int trust_socket(pam_handle_t *pamh, const char *path)
{
	struct stat found;
	int error = walk(pamh, path, &found);

	return error != 0 ? error : S_ISSOCK(found.st_mode) ? 0 : EPERM;
}

int trust_program(pam_handle_t *pamh, const char *path)
{
	struct stat found;
	int error = walk(pamh, path, &found);

	if (error != 0)
		return error;
	/* It runs as root, so the daemon's user is not to be its owner. */
	if (!S_ISREG(found.st_mode) || found.st_uid != 0 || (found.st_mode & 022) != 0)
		return EPERM;
	return 0;
}

bool trust_peer(pam_handle_t *pamh, int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || size != sizeof(peer))
		return false;
	return is_ours(pamh, peer.uid);
}
