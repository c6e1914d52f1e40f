#!/bin/sh -p
':' //; set -f # This is sh until the comment ends and JavaScript from there: it finds Node beside itself,
':' /* # -p: where sh is bash, no functions come in from the environment. It
# withholds what makes Node load code, write files or trust: a login's environment is hostile.
unset NODE_OPTIONS NODE_PATH NODE_ENV NODE_EXTRA_CA_CERTS NODE_USE_SYSTEM_CA NODE_USE_ENV_PROXY \
  NODE_TLS_REJECT_UNAUTHORIZED NODE_COMPILE_CACHE NODE_COMPILE_CACHE_PORTABLE NODE_V8_COVERAGE \
  NODE_COMPILE_CACHE_READONLY NODE_DISABLE_COMPILE_CACHE NODE_REDIRECT_WARNINGS NODE_NO_WARNINGS \
  NODE_PENDING_DEPRECATION NODE_PENDING_PIPE_INSTANCES NODE_DEBUG NODE_DEBUG_NATIVE NODE_ICU_DATA \
  NODE_PRESERVE_SYMLINKS NODE_PRESERVE_SYMLINKS_MAIN NODE_CHANNEL_FD NODE_UNIQUE_ID \
  NODE_CHANNEL_SERIALIZATION_MODE NODE_CLUSTER_SCHED_POLICY NODE_INSPECT_RESUME_ON_START \
  NODE_REPL_EXTERNAL_MODULE NODE_REPL_HISTORY NODE_SKIP_PLATFORM_CHECK NODE_TEST_CONTEXT \
  NODE_TEST_WORKER_ID WATCH_REPORT_DEPENDENCIES UV_THREADPOOL_SIZE UV_USE_IO_URING \
  OPENSSL_CONF OPENSSL_MODULES OPENSSL_ENGINES SSL_CERT_FILE SSL_CERT_DIR
ulimit -S -c 0 # a core dump would hold secrets
if [ -z "$PWD" ]; then cd /; fi # Node does not start in a directory that was removed
self=$0
if [ -L "$self" ]; then self=$(/usr/bin/readlink -f -- "$self"); fi
if [ "${self%/*}" = "$self" ]; then self=./$self; fi
node=${self%/*}/../node_modules/node/bin/node
# A young generation of 2 MiB keeps the daemon small: what a login leaves is soon garbage.
main=${self%/*}/../dist/daemon.js
if [ -x "$node" ]; then
  program=$self # says what is missing
  if [ -f "$main" ]; then program=$main; fi
  exec "$node" --disable-sigusr1 --no-global-search-paths --max-semi-space-size=2 "$program" "$@"
fi
if command -v node >/dev/null; then exec node --no-global-search-paths --max-semi-space-size=2 "$self" "$@"; fi
printf '%s\n' 'error: there is no Node.js here' 'try: install Node.js 26 or newer' >&2
exit 2
*/;
const fail = (what, mend) => {
  process.stderr.write(`error: ${what}\ntry: ${mend}\n`);
  process.exit(2);
};
if (Number.parseInt(process.versions.node, 10) < 26) {
  fail(`this is Node.js ${process.versions.node}, too old`, "install Node.js 26 or newer");
}
const main = new URL("../dist/daemon.js", import.meta.url);
await import(main.href).catch((error) => {
  if (error.code !== "ERR_MODULE_NOT_FOUND" || error.url !== main.href) throw error;
  fail("countersignd is not built: dist/daemon.js is missing", "run: npm run build");
});
