import { isDeepStrictEqual } from 'node:util';
import { ServiceProcess } from '../../src/index.js';
import { encoded } from './calls.js';
import { RawClient } from './raw-call.js';
import { StatementTap } from './statement-tap.js';
import type { World } from './world.js';

/** Two requests of one caller that services must handle in the same way. */
export interface Pair {
  readonly call: string;
  readonly what: string;
  readonly token: string;
  readonly hidden: object;
  readonly unknown: object;
}

/** Many, because on a loaded machine the statements of a timer come into most calls. */
const tries = 200;

/** A user-service and a manager whose statements a proxy records. */
export class WatchedServices {
  readonly #tap: StatementTap;
  readonly #processes: readonly ServiceProcess[];
  readonly #clients: readonly [users: RawClient, manager: RawClient];

  private constructor(tap: StatementTap, processes: readonly ServiceProcess[]) {
    this.#tap = tap;
    this.#processes = processes;
    const [users, manager] = processes.map(({ grpc }) => new RawClient(grpc));
    this.#clients = [users as RawClient, manager as RawClient];
  }

  static async open({ trio: { database } }: World): Promise<WatchedServices> {
    const tap = await StatementTap.open(database.ownerUrl);
    const start = (name: 'user-service' | 'channel-service', role: 'chat_user' | 'chat_manager') =>
      ServiceProcess.start(name, { PARLEY_BCRYPT_COST: '4', PARLEY_DATABASE_URL: tap.through(database.urlFor(role)) });
    const started = [start('user-service', 'chat_user'), start('channel-service', 'chat_manager')];
    return new WatchedServices(tap, await Promise.all(started));
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.close();
    await Promise.all(this.#processes.map((one) => one.stop()));
    this.#tap.close();
  }

  call(name: string, request: object, token: string) {
    const { path, bytes } = encoded(name, request);
    const [users, manager] = this.#clients;
    return (name.startsWith('UserService') ? users : manager).call(path, bytes, token);
  }

  /**
   * Returns the statements of both requests of a pair if they differ. Compares several times,
   * because timers of the services run statements at any time.
   */
  async differences({ call, what, token, hidden, unknown }: Pair): Promise<readonly unknown[]> {
    let found: readonly unknown[] = [];
    for (let n = 0; n < tries; n++) {
      const [one, other] = [
        await this.#statementsOf(call, hidden, token),
        await this.#statementsOf(call, unknown, token),
      ];
      if (isDeepStrictEqual(one, other)) return [];
      found = [{ call, what, one, other }];
    }
    return found;
  }

  /** Leaves out wake-ups of gateways: a service sends them later, one for several calls. */
  async #statementsOf(call: string, request: object, token: string): Promise<readonly string[]> {
    const statements = await this.#tap.during(() => this.call(call, request, token));
    return statements.filter((statement) => !statement.includes('pg_notify'));
  }

  /** Returns the milliseconds that the two requests of a pair take, one after the other. */
  async times({ call, token, hidden, unknown }: Pair, isHiddenFirst: boolean): Promise<readonly [number, number]> {
    const time = async (request: object) => {
      const started = performance.now();
      await this.call(call, request, token);
      return performance.now() - started;
    };
    if (isHiddenFirst) return [await time(hidden), await time(unknown)];
    const after = await time(unknown);
    return [await time(hidden), after];
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

/** Returns the name of a pair, which is the same for all callers. */
export function nameOf({ call, what }: Pair): string {
  return `${call} (${what})`;
}

/** Maximum relative difference between the medians of a pair that counts as no difference. */
const mostDifference = 0.1;

/** Times of pairs that were measured in turns. */
export class Ratios {
  readonly #times = new Map<string, (readonly [number, number])[]>();

  add(pair: Pair, times: readonly [number, number]): void {
    const name = nameOf(pair);
    this.#times.set(name, [...(this.#times.get(name) ?? []), times]);
  }

  /**
   * Ratio of two median times for each pair: that for something hidden, and that for something that
   * never existed.
   */
  get all(): readonly (readonly [name: string, ratio: number])[] {
    return [...this.#times].map(([name, times]) => {
      const [hidden, unknown] = [times.map(([one]) => one), times.map(([, one]) => one)];
      return [name, median(hidden) / median(unknown)] as const;
    });
  }

  /** The ratios that are too far from 1. */
  get far(): readonly (readonly [name: string, ratio: number])[] {
    return this.all.filter(([, ratio]) => Math.abs(ratio - 1) > mostDifference);
  }
}
