import { type Pool, transaction } from '@parley/database';
import { atMost, type Metrics, type Part, repeat } from '@parley/runtime';

const everyMs = 5_000;
const answerWithinMs = 3_000;
/** More than fits into `work_mem`, so that PostgreSQL writes a temporary file: that fails where its disk is full. */
const rows = 20_000;
const lookAtDisk = `SELECT current_setting('transaction_read_only') AS "readOnly", count(*) FROM generate_series(1, ${rows})`;

async function tryDatabase(pool: Pool): Promise<void> {
  const [found] = await transaction(pool, async (client) => {
    await client.query("SET LOCAL work_mem = '64kB'");
    return (await client.query<{ readOnly: string }>(lookAtDisk)).rows;
  });
  if (found?.readOnly !== 'off') throw new Error('the database takes no changes: it is read-only');
}

async function inTime(check: Promise<void>, what: string): Promise<void> {
  const outcome = await atMost(
    check.then(() => true),
    answerWithinMs,
  );
  if (outcome === undefined) throw new Error(`${what} did not answer for ${answerWithinMs / 1_000} s`);
}

/**
 * Whether users can be served: the database answers and takes data, and all else that was asked for holds. It is looked
 * at every 5 s, so that a metric tells it, and whenever somebody asks; those who ask meanwhile share one look.
 */
export class Readiness implements Part {
  readonly #pool: Pool;
  readonly #checks: [what: string, check: () => Promise<void>][] = [];
  readonly #repeated: Part;
  #looking: Promise<void> | undefined;
  #databaseUp = 0;

  constructor(pool: Pool, metrics: Metrics) {
    this.#pool = pool;
    const help = '1 while the database answers this process and takes data';
    metrics.gauge('parley_database_up', help, () => this.#databaseUp);
    this.#repeated = repeat(
      everyMs,
      0.2,
      () => this.check(),
      () => {},
    );
  }

  /** One more thing without which nobody can be served; its rejection says what is wrong. */
  require(what: string, check: () => Promise<void>): void {
    this.#checks.push([what, check]);
  }

  /** Rejects with one sentence where users cannot be served now. */
  check(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #look(): Promise<void> {
    try {
      await inTime(tryDatabase(this.#pool), 'the database');
      this.#databaseUp = 1;
    } catch (cause) {
      this.#databaseUp = 0;
      throw cause;
    }
    await Promise.all(this.#checks.map(([what, check]) => inTime(check(), what)));
  }

  async stop(): Promise<void> {
    await this.#repeated.stop();
  }
}
