/* Whom an answer may be sent to: only root and the daemon's own user can have put it there. */
#ifndef COUNTERSIGN_TRUST_H
#define COUNTERSIGN_TRUST_H

#include <security/pam_modules.h>
#include <stdbool.h>

/* 0, ENOENT where there is nothing, or EPERM where a user of the host could have planted it. */
int trust_socket(pam_handle_t *pamh, const char *path);
int trust_program(pam_handle_t *pamh, const char *path);
/* True when the kernel says that root or the daemon's user listens at the other end. */
bool trust_peer(pam_handle_t *pamh, int fd);

#endif
