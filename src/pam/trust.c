#include "countersign.h"

#include <pwd.h>
#include <security/pam_modutil.h>

/* Longer than any path an argument can name. */
#define PATH_SIZE 512
/* Files looked at for one path, those of its links included. */
#define STEPS_MAX 64

static bool is_ours(pam_handle_t *pamh, uid_t uid, mode_t type)
{
	const struct passwd *entry;

	/* No look-up for root's: it may ask a directory service. A program is to run as root. */
	if (uid == 0 || type != S_IFSOCK)
		return uid == 0;
	entry = pam_modutil_getpwnam(pamh, "countersign");
	return entry != NULL && entry->pw_uid == uid;
}

/*
 * Looks at every step from the root, as sshd does (safe_path), and so at each link's way too:
 * realpath(3) says nothing of the directories that hold the links. An empty path is the root.
 */
static int walk(pam_handle_t *pamh, const char *path, mode_t type, int *steps, struct stat *found)
{
	const char *name = strrchr(path, '/');
	size_t end = name == NULL ? 0 : (size_t)(name - path);
	struct stat holder = { 0 };
	char other[PATH_SIZE];
	ssize_t length;
	bool is_held;
	int error = --*steps < 0 ? ELOOP : 0;

	memcpy(other, path, end);
	other[end] = '\0';
	if (error == 0 && name != NULL)
		error = walk(pamh, other, type, steps, &holder);
	if (error != 0)
		return error;
	if (lstat(name == NULL ? "/" : path, found) != 0)
		return errno;
	/* Who can write to its directory can replace it; in a sticky one, only their own. */
	is_held = (holder.st_mode & 022) == 0 ||
		  ((holder.st_mode & S_ISVTX) != 0 && S_ISDIR(found->st_mode));
	if (!is_held || !is_ours(pamh, found->st_uid, type)) {
		pam_syslog(pamh, LOG_ERR, "others than root can replace %s", path);
		return EPERM;
	}
	if (!S_ISLNK(found->st_mode))
		return 0;
	other[end++] = '/';
	length = readlink(path, other + end, sizeof(other) - end);
	if (length <= 0 || (size_t)length == sizeof(other) - end)
		return ENAMETOOLONG;
	other[end + (size_t)length] = '\0';
	return walk(pamh, other[end] == '/' ? other + end : other, type, steps, found);
}

int trust_path(pam_handle_t *pamh, const char *path, mode_t type)
{
	int steps = STEPS_MAX;
	struct stat found;
	int error = walk(pamh, path, type, &steps, &found);

	/* The holder of a program that others can write to does not help. */
	if (error == 0 && ((found.st_mode & S_IFMT) != type ||
			   (type == S_IFREG && (found.st_mode & 022) != 0)))
		error = EPERM;
	return error;
}

bool trust_peer(pam_handle_t *pamh, int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
	       is_ours(pamh, peer.uid, S_IFSOCK);
}
