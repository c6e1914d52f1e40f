/*
 * pam_countersign.so: one login, asked of countersignd over its socket.
 *
 *   entry.c      what libpam calls
 *   arguments.c  the module's line in a stack
 *   trust.c      whom an answer may be sent to
 *   verifier.c   a verifier of our own, where no daemon is
 *   channel.c    lines over a descriptor, until a deadline
 *   frames.c     what the lines say
 *   text.c       UTF-8 from outside; it and frames.c are pure, and fuzzed by test/pam/fuzz.c
 *   dialogue.c   from the opening line to the verdict
 *   answers.c    what a person answers
 */
#pragma once

#include <errno.h>
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

/* Longest line of the protocol, its line feed included. */
#define LINE_BYTES_MAX 8192

struct login {
	pam_handle_t *pamh;
	/*
	 * The module's arguments; the timeout is in seconds. `enroll`: what an enrollment may be
	 * drawn with, where the first factor is right by now; NULL where that is not said.
	 */
	const char *socket, *verifier, *prompt, *enroll;
	int timeout, digits;
	bool try_first_pass, use_first_pass, forward_pass;
	bool quiet, debug;
	/* No errors are shown. sudo asks for that always, so the rest is: what to wait for or open. */
	bool is_silent;
	/* The password given before, where it is to be the first answer. */
	const char *first_pass;
	/* PAM_USER. */
	const char *user;
	/* How many prompts were asked, and how many messages heard. */
	unsigned int asked, heard;
	/* Something was asked and not answered: from then on nothing can be accepted. */
	bool is_cancelled;
	/* The host's conversation failed, which is how it tells of a person who gave up. */
	bool has_failed;
};

/* False, and a line in the log, for an argument that is not known: nobody gets in by a typo. */
bool arguments_read(struct login *login, int argc, const char **argv);

enum characters { ANY, PRINTABLE };

/* True for UTF-8 of such characters: no overlong form, no surrogate. */
bool text_is_utf8(const char *text, enum characters allowed);
/* Makes UTF-8 one line, drops what is not printable, and cuts it to `size` bytes. */
void text_clean(char *text, size_t size);

enum frame_kind { FRAME_MALFORMED, FRAME_PROMPT, FRAME_TEXT, FRAME_ADDRESS, FRAME_ENDING };

struct frame {
	const char *words;
	enum frame_kind kind;
	/* PAM's style of a message, or PAM's return code of an ending. */
	int pam;
	/* Within the line: the message, or the user whom a verdict is about. */
	char *text;
	/* The host's own words to whoever is refused, cleaned, or NULL. */
	char *refusal;
};

/* Parses a line without its line feed, in place. */
struct frame frame_parse(char *line);

/* A line to send; longer than its text has room for when it cannot be sent. */
struct line {
	size_t length;
	char text[LINE_BYTES_MAX];
};

/* `words` as they stand, and `value` percent-encoded. */
void line_add(struct line *line, const char *words, const char *value);

struct channel {
	int fd;
	int64_t deadline;
	struct line out;
	/* Bytes that have come in behind the last line. */
	size_t count;
	char in[LINE_BYTES_MAX];
	char line[LINE_BYTES_MAX];
};

/* By CLOCK_MONOTONIC, in milliseconds. */
int64_t time_in(int seconds);
/* 0, or the error: ENOENT and ECONNREFUSED where nobody listens. */
int channel_connect(struct channel *channel, const char *path);
/* Ends the line, sends and wipes it; false and errno where that is not possible. */
bool channel_send(struct channel *channel);
/* The next line without its line feed, good until the next call; NULL and errno for none. */
char *channel_line(struct channel *channel);

/*
 * 0 where only root can have put the socket (S_IFSOCK) or program (S_IFREG) there, or, for a
 * socket, the daemon's own user. Otherwise an error: ENOENT where there is none.
 */
int trust_path(pam_handle_t *pamh, const char *path, mode_t type);
/* True when the kernel says that root or the daemon's user listens at the other end. */
bool trust_peer(pam_handle_t *pamh, int fd);

/*
 * Runs `PATH verify --protocol` and gives the socket to it. 0 or the error. Closing the
 * socket ends the verifier; it is no child of the host's, so there is none to wait for.
 */
int verifier_start(const char *path, int *fd);

/* Writes who logs in, and from where. False where an item is nothing that a login can have. */
bool opening_write(struct login *login, struct line *line);
/* PAM's return code: PAM_SUCCESS for one whole `verdict accept` about this user alone. */
int dialogue(struct login *login, struct channel *channel);

/* True when `text` is a code, or ends in one where a password may come before it. */
bool has_code(const struct login *login, const char *text);
/* The answer to a prompt, to be wiped and freed with answer_drop(), or NULL for none. */
char *answer_take(struct login *login, const struct frame *prompt);
char *answer_drop(char *answer);
