/**
 * Waits until this tab leads under a name, then does it until it is done; the next tab follows.
 * Where the browser has no locks (a page that came over plain HTTP from elsewhere) each tab leads for itself.
 */
export async function lead(name: string, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  if (navigator.locks === undefined) return work();
  try {
    await navigator.locks.request(name, { signal }, work);
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
  }
}
