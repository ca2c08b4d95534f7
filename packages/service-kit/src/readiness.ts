import { type Pool, transaction } from '@parley/database';
import { atMost, type Metrics, type Part, repeat } from '@parley/runtime';

const everyMs = 5_000;
const timeoutMs = 3_000;
/**
 * Number of rows that do not fit into `work_mem`, so that PostgreSQL writes a temporary file. The
 * query fails if the disk for that file is full.
 */
const rows = 20_000;
const probe = `SELECT current_setting('transaction_read_only') AS "readOnly", count(*) FROM generate_series(1, ${rows})`;

async function tryDatabase(pool: Pool): Promise<void> {
  const [found] = await transaction(pool, async (client) => {
    await client.query("SET LOCAL work_mem = '64kB'");
    return (await client.query<{ readOnly: string }>(probe)).rows;
  });
  if (found?.readOnly !== 'off') throw new Error('The database is read-only.');
}

async function inTime(check: Promise<void>, what: string): Promise<void> {
  const outcome = await atMost(
    check.then(() => true),
    timeoutMs,
  );
  if (outcome === undefined) throw new Error(`No response from ${what} within ${timeoutMs / 1_000} s.`);
}

/**
 * Checks whether the process can serve users: the database responds and takes writes, and all
 * required checks pass. Runs every 5 s for the metric, and on demand. Concurrent callers share one
 * run.
 */
export class Readiness implements Part {
  readonly #pool: Pool;
  readonly #checks: [what: string, check: () => Promise<void>][] = [];
  readonly #repeated: Part;
  #running: Promise<void> | undefined;
  #databaseUp = 0;

  constructor(pool: Pool, metrics: Metrics) {
    this.#pool = pool;
    const help = '1 if the database responds to this process and takes writes, else 0';
    metrics.gauge('parley_database_up', help, () => this.#databaseUp);
    this.#repeated = repeat(
      everyMs,
      0.2,
      () => this.check(),
      () => {},
    );
  }

  /**
   * Adds a check that must pass. `what` names the subject of the check. If `check` rejects, the
   * message of its error says what is wrong.
   */
  require(what: string, check: () => Promise<void>): void {
    this.#checks.push([what, check]);
  }

  /**
   * Resolves if the process can serve users now.
   * @throws {Error} one sentence that says what is wrong.
   */
  check(): Promise<void> {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #run(): Promise<void> {
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
