import { get } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { createPool, db, sql } from '@parley/database';
import type { ServiceFacts } from '../run-file.js';

const askEveryMs = 250;
const reportAfterMs = 10_000;

/** Returns why a process is not ready, or undefined if it is. */
function unreadyReason({ admin }: ServiceFacts): Promise<string | undefined> {
  return new Promise((resolve) => {
    const sent = get(`http://${admin}/readyz`, { timeout: 5_000 }, (response) => {
      let words = '';
      response.on('data', (chunk) => {
        words += String(chunk);
      });
      response.on('end', () => resolve(response.statusCode === 200 ? undefined : words.trim()));
    });
    sent.on('timeout', () => sent.destroy(new Error('it does not respond')));
    sent.on('error', (error) => resolve(error.message));
  });
}

/**
 * Waits until users can be served: every process is ready, and a manager has accepted each chat
 * server.
 */
export class Acceptance {
  readonly #ownerUrl: string;
  readonly #print: (line: string) => void;

  constructor(ownerUrl: string, print: (line: string) => void) {
    this.#ownerUrl = ownerUrl;
    this.#print = print;
  }

  /**
   * Resolves when nothing is missing, or `isOver` returns true. Reports the missing parts if this
   * takes more than ten seconds.
   */
  async wait(services: () => readonly ServiceFacts[], isOver: () => boolean): Promise<void> {
    let said = '';
    for (const from = performance.now(); !isOver(); await pause(askEveryMs)) {
      const missing = await this.#missing(services());
      if (missing.length === 0) return;
      const words = missing.join('; ');
      if (performance.now() - from < reportAfterMs || words === said) continue;
      this.#print(`not ready yet: ${words}`);
      said = words;
    }
  }

  async #missing(services: readonly ServiceFacts[]): Promise<string[]> {
    const sent = services.filter(({ admin }) => admin !== '');
    const complaints = await Promise.all(
      sent.map(async (one) => ({ name: one.name, words: await unreadyReason(one) })),
    );
    const unready = complaints.flatMap(({ name, words }) => (words === undefined ? [] : [`${name}: ${words}`]));
    const accepted = await this.#accepted();
    const unknown = services.filter(({ name, address }) => name.startsWith('chat-') && !accepted.has(address));
    return [...unready, ...unknown.map(({ name }) => `${name}: no manager has accepted it; logs/${name}.log says why`)];
  }

  async #accepted(): Promise<ReadonlySet<unknown>> {
    const pool = createPool({ url: this.#ownerUrl, applicationName: 'parley start', max: 1 });
    try {
      const rows = await db(pool)
        .selectFrom('server')
        .select('internalAddr')
        .where('leaseUntil', '>', sql<Date>`now()`)
        .where('state', '=', 'serving')
        .execute();
      return new Set(rows.map(({ internalAddr }) => internalAddr));
    } catch {
      return new Set();
    } finally {
      await pool.end();
    }
  }
}
