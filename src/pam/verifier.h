/* The verifier as a process of its own, for a host where no daemon runs. */
#ifndef COUNTERSIGN_VERIFIER_H
#define COUNTERSIGN_VERIFIER_H

/*
 * Runs `PATH verify --protocol` and gives the socket to it, or -1 and errno. Closing the
 * socket ends the verifier; it is no child of the host's, so there is none to wait for.
 */
int verifier_start(const char *path);

#endif
