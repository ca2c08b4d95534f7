/**
 * Polls until a condition holds. A test uses this to wait for something that must happen soon. The
 * deadline is long, because a busy machine can stretch everything.
 * @throws {Error} after `withinMs`
 */
export async function until(condition: () => boolean | Promise<boolean>, withinMs = 60_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`The condition did not hold within ${withinMs} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
