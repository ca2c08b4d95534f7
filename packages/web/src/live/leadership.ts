/**
 * Waits until this tab holds the lock `name`, then runs `work`. When the work ends, the next tab
 * gets the lock. A page that another host serves over plain HTTP has no Web Locks; there, each tab
 * leads on its own.
 */
export async function runAsLeader(name: string, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  if (navigator.locks === undefined) return work();
  try {
    await navigator.locks.request(name, { signal }, work);
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
  }
}
