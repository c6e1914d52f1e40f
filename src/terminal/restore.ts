/**
 * Gives the terminal back however the process ends: a shell left without echo, or on the
 * alternate screen with a secret on it, is the worst thing a prompt can leave behind.
 */

/** In a prompt SIGHUP is an end of input, and has a listener there; elsewhere it ends the process. */
const FATAL = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const;

/** What is to be undone, the latest last. */
const undo: (() => void)[] = [];

/**
 * Runs `restore` when the process exits or a signal ends it, unless released before.
 * @returns the release; it runs `restore` itself, once
 */
export function restoring(restore: () => void): () => void {
  if (undo.length === 0) watch();
  undo.push(restore);
  return () => {
    const place = undo.lastIndexOf(restore);
    if (place < 0) return;
    undo.splice(place, 1);
    if (undo.length === 0) unwatch();
    restore();
  };
}

function restoreAll(): void {
  for (let restore = undo.pop(); restore; restore = undo.pop()) {
    // The terminal may be gone; what else is to be restored still is.
    try {
      restore();
    } catch {}
  }
}

function onSignal(signal: NodeJS.Signals): void {
  // Another listener means that somebody turns the signal into an ordinary end.
  if (process.listenerCount(signal) > 1) return;
  restoreAll();
  unwatch();
  // Dies of the signal, as it would have without us: the caller sees the true status.
  process.kill(process.pid, signal);
}

function watch(): void {
  process.on("exit", restoreAll);
  for (const signal of FATAL) process.on(signal, onSignal);
}

function unwatch(): void {
  process.off("exit", restoreAll);
  for (const signal of FATAL) process.off(signal, onSignal);
}
