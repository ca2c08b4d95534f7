/**
 * Calls `act` once when the signal aborts, or immediately if it has already aborted. Returns a
 * function that removes the listener.
 */
export function onAbort(signal: AbortSignal | undefined, act: () => void): () => void {
  if (signal?.aborted === true) act();
  else signal?.addEventListener('abort', act, { once: true });
  return () => signal?.removeEventListener('abort', act);
}
