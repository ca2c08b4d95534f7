/** Yields values. If they break, passes the error to `report`, and throws it. */
export async function* reportingErrors<T>(values: AsyncIterable<T>, report: (err: unknown) => void): AsyncGenerator<T> {
  try {
    yield* values;
  } catch (err) {
    report(err);
    throw err;
  }
}
