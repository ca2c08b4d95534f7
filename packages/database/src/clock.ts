import type pg from 'pg';

/** A difference that the round trip does not explain, and larger than this, is a clock that was set. */
const stepMs = 1_000;

/** The database's clock, told without asking it each time. */
export class DatabaseClock {
  readonly #local: () => number;
  #offset: number | undefined;
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

  /**
   * Reads the database's clock again; the result is off by half a round trip at most. Answers by how many milliseconds
   * that clock was set forward, or (negative) back, since the last time; 0 where it was not.
   * Throws the database error and keeps the old setting.
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
    this.#offset = (least + most) / 2;
    if (before === undefined) return 0;
    if (most < before - stepMs) {
      this.#last = 0;
      return Math.round(most - before);
    }
    return least > before + stepMs ? Math.round(least - before) : 0;
  }

  /** Unix ms, whole. Never less than an earlier answer of this clock, unless the database's clock was set back by more than a second. */
  now(): number {
    this.#last = Math.max(this.#last, Math.floor(this.#local() + (this.#offset ?? 0)));
    return this.#last;
  }
}
