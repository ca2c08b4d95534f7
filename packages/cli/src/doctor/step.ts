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

/** Returns the code of an error of Node, of OpenSSL or of PostgreSQL; empty if it has none. */
export function errorCode(thrown: unknown): string {
  const { code } = (thrown ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : '';
}

/** Returns the text of an error, without a full stop at its end. */
export function errorText(thrown: unknown): string {
  if (thrown instanceof AggregateError && thrown.message === '') return thrown.errors.map(errorText).join('; ');
  const words = thrown instanceof Error ? thrown.message || errorCode(thrown) : String(thrown);
  return words.replace(/\.$/, '');
}
