import { loadSql, type Pool, text, transaction } from '@parley/database';
import { KeyedSemaphore } from '@parley/service-kit';

const sql = loadSql('conditions.sql', import.meta.url);
const lockResource = sql.statement('lockResource', { resource: text }, { locked: text });

/** Changes that hold a database connection at once in this process, and that wait for one. */
const atOnce = 4;
const mostWaiting = 100;
/** Changes of one resource that wait in this process. */
const mostOfResource = 20;

/** Changes of resources that depend on their state. Only one at a time, of all gateways, changes a resource. */
export class ConditionalChanges {
  readonly #pool: Pool;
  readonly #resources = new KeyedSemaphore(1, mostOfResource);
  readonly #connections = new KeyedSemaphore(atOnce, mostWaiting);

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /**
   * Runs `work` while no other conditional change of the resource runs, and returns its result.
   * @throws {Refusal} `too-busy` if too many changes wait, or the error of `work`.
   */
  run<T>(resource: string, work: () => Promise<T>): Promise<T> {
    const locked = () =>
      transaction(this.#pool, async (client) => {
        await lockResource.run(client, { resource });
        return work();
      });
    return this.#resources.run(resource, () => this.#connections.run('all', locked));
  }
}
