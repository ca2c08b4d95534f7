import type pg from 'pg';

/**
 * Smallest difference, in milliseconds, that counts as a step of the clock. A smaller one may come
 * from the round trip.
 */
const stepMs = 1_000;

/** Returns the database's time without asking the database each time. */
export class DatabaseClock {
  readonly #local: () => number;
  #offset: number | undefined;
  #last = 0;

  /** Creates a clock. `local` is a monotonic clock in milliseconds with any origin. */
  private constructor(local: () => number) {
    this.#local = local;
  }

  /**
   * Opens a clock and measures it once.
   * @throws the database error.
   */
  static async start(pool: pg.Pool, local: () => number = () => performance.now()): Promise<DatabaseClock> {
    const clock = new DatabaseClock(local);
    await clock.measure(pool);
    return clock;
  }

  /**
   * Reads the database's clock again, accurate to half a round trip. Keeps an earlier reading that
   * the new one does not contradict, because a slow round trip is inaccurate. Returns by how many
   * milliseconds that clock was set forward since the last reading (negative: back); 0 if it was
   * not set.
   * @throws the database error, and keeps the previous reading.
   */
  async measure(pool: pg.Pool): Promise<number> {
    const client = await pool.connect();
    try {
      const sent = this.#local();
      const { rows } = await client.query<{ ms: number }>(
        'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS ms',
      );
      return rows[0] === undefined ? 0 : this.#set(rows[0].ms, sent, this.#local());
    } finally {
      client.release();
    }
  }

  #set(ms: number, sent: number, received: number): number {
    const before = this.#offset;
    const [least, most] = [ms - received, ms - sent];
    if (before !== undefined && before >= least && before <= most) return 0;
    this.#offset = (least + most) / 2;
    if (before === undefined) return 0;
    if (most < before - stepMs) {
      this.#last = 0;
      return Math.round(most - before);
    }
    return least > before + stepMs ? Math.round(least - before) : 0;
  }

  /**
   * Returns whole Unix ms. Never goes back, unless the database's clock was set back by more than a
   * second.
   */
  now(): number {
    this.#last = Math.max(this.#last, Math.floor(this.#local() + (this.#offset ?? 0)));
    return this.#last;
  }
}
