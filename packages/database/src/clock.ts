import type pg from 'pg';

/** The database's clock, told without asking it each time. */
export class DatabaseClock {
  readonly #local: () => number;
  #offset = 0;
  #last = 0;

  /** `local` is a clock in milliseconds that does not jump; what it counts from does not matter. */
  private constructor(local: () => number) {
    this.#local = local;
  }

  /** A clock that has been measured once. Throws the database error. */
  static async start(pool: pg.Pool, local: () => number = () => performance.now()): Promise<DatabaseClock> {
    const clock = new DatabaseClock(local);
    await clock.measure(pool);
    return clock;
  }

  /** Sets the clock anew; off by half a round trip at most. Throws the database error and keeps the old setting. */
  async measure(pool: pg.Pool): Promise<void> {
    const client = await pool.connect();
    try {
      const sent = this.#local();
      const { rows } = await client.query<{ ms: number }>(
        'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS ms',
      );
      const received = this.#local();
      if (rows[0]) this.#offset = rows[0].ms - (sent + received) / 2;
    } finally {
      client.release();
    }
  }

  /** Unix ms, whole. Never less than an earlier answer of this clock. */
  now(): number {
    this.#last = Math.max(this.#last, Math.floor(this.#local() + this.#offset));
    return this.#last;
  }
}
