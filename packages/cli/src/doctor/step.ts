/** A step did not finish in time. */
export class StepTimeout extends Error {
  override readonly name = 'StepTimeout';
}

/**
 * Returns the result of a step.
 * @throws {StepTimeout} if it does not finish within `timeoutMs`, after `onTimeout` was called
 */
export async function inTime<T>(step: Promise<T>, timeoutMs: number, onTimeout = () => {}): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      // If this process stood still, the response may have arrived meanwhile: it is read before the second callback.
      setImmediate(() =>
        setImmediate(() => reject(new StepTimeout(`There was no response within ${timeoutMs / 1_000} s.`))),
      );
    }, timeoutMs);
  });
  step.catch(() => {}); // It may fail after the timeout.
  return Promise.race([step, late])
    .catch((thrown: unknown) => {
      if (thrown instanceof StepTimeout) onTimeout();
      throw thrown;
    })
    .finally(() => clearTimeout(timer));
}
