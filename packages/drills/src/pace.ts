/**
 * Share of the period between the messages of two consecutive users. Multiples of the golden ratio
 * spread any number of consecutive users over the whole period.
 */
const turn = (Math.sqrt(5) - 1) / 2;

/** Returns the time of the first message of user number `n`, as a share of the period. */
export function firstTurn(n: number): number {
  return (n * turn) % 1;
}

/**
 * Calls `send` at a steady rate, as user number `n` of a load. All users start at once, but send at
 * different times. Returns a function that stops the calls.
 */
export function sendSteadily(send: () => void, perSecond: number, n: number): () => void {
  const periodMs = 1_000 / perSecond;
  let timer = setTimeout(() => {
    send();
    timer = setInterval(send, periodMs);
  }, firstTurn(n) * periodMs);
  return () => clearTimeout(timer);
}
