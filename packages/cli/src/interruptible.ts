import { exitCodes, Failure } from './failure.js';
import { output } from './output.js';

/**
 * Calls `work` with a signal for Ctrl-C. After a second Ctrl-C, the process ends at once.
 * @param state sentence about the state after Ctrl-C
 */
export async function interruptible<T>(
  work: (signal: AbortSignal) => Promise<T>,
  state = 'Nothing was changed.',
): Promise<T> {
  const control = new AbortController();
  const interrupt = () => control.abort();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupt);
  try {
    return await work(control.signal);
  } catch (thrown) {
    if (!control.signal.aborted) throw thrown;
    throw new Failure('interrupted', exitCodes.refused, `Interrupted. ${state}`);
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupt);
    output.progress('');
  }
}
