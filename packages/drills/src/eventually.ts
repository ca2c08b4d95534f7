import { setTimeout as pause } from 'node:timers/promises';

const patienceMs = 60_000;

/**
 * Waits until a condition holds, checking every tenth of a second. An error counts as false.
 * @throws {Error} after `withinMs`
 */
export async function eventually(
  condition: string,
  holds: () => Promise<boolean>,
  withinMs = patienceMs,
): Promise<void> {
  for (const end = performance.now() + withinMs; !(await holds().catch(() => false)); await pause(100)) {
    if (performance.now() > end) throw new Error(`Still not true after ${withinMs / 1_000} s: ${condition}.`);
  }
}
