/**
 * Waits until this tab holds the lock of that name, then runs `work`. When the work ends, the next
 * tab gets the lock. Without Web Locks (a page over plain HTTP from another host), each tab leads
 * on its own.
 */
export async function runAsLeader(name: string, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
  if (navigator.locks === undefined) return work();
  try {
    await navigator.locks.request(name, { signal }, work);
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
  }
}
