import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { createClient, type ParleyClient, Refusal } from '@parley/client';
import { grpcTransport } from '@parley/client/node';
import { refusals } from '@parley/runtime';
import { eventually } from '../eventually.js';
import { retrying } from '../load.js';
import { freshPrefix } from '../person.js';
import type { System } from '../system.js';

const everyMs = 300;
/**
 * Number of turns between two logins of a user. All users together may log in only once a second, and
 * clients of the earlier release need some of these logins.
 */
const turnsPerLogin = 60;
/** Maximum time, at the end, until every call is served. */
const servedWithinMs = 30_000;
const temporary: ReadonlySet<string> = new Set(['UNAVAILABLE', 'RESOURCE_EXHAUSTED', 'DEADLINE_EXCEEDED', 'ABORTED']);

/** An account with a password, and the client that its user logged in with before the drill. */
interface Account {
  readonly id: string;
  readonly password: string;
  readonly client: ParleyClient;
  /** The client that logs in during the drill. */
  readonly again: ParleyClient;
}

/** `limited`: too many users logged in at this address, as a process says that serves. */
type Outcome = 'succeeded' | 'limited' | 'unserved' | 'refused';

/**
 * Users who registered and logged in. During a drill, each of them calls a user-service and a manager
 * with the token of that login, and logs in once more.
 */
export class SignedInPeople {
  readonly #accounts: Account[] = [];
  #isOver = false;
  #running: Promise<unknown> = Promise.resolve();
  /** Calls that succeeded. */
  calls = 0;
  logins = 0;
  /** Calls that found no process, or one that was too busy. The user tries again. */
  unserved = 0;
  /** Complaints about calls that no process served at the end. */
  readonly unservedAtEnd: string[] = [];
  /** Reasons of calls that a process refused for good. */
  readonly refused: string[] = [];

  async enter({ userService, managers }: System, count: number): Promise<void> {
    const prefix = freshPrefix();
    for (let n = 1; n <= count; n++) {
      const transport = grpcTransport({ userService, channelService: managers.join(',') });
      const [client, again] = [createClient({ transport }), createClient({ transport })];
      const [id, password] = [`${prefix}-${n}`, randomBytes(24).toString('base64url')];
      await retrying(() => client.register({ userId: id, password, name: id }));
      await retrying(() => client.login(id, password));
      this.#accounts.push({ id, password, client, again });
    }
  }

  start(): void {
    this.#running = Promise.all(this.#accounts.map((one) => this.#use(one)));
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#running;
  }

  async leave(): Promise<void> {
    await this.stop();
    await Promise.all(this.#accounts.map(({ client, again }) => Promise.all([client.close(), again.close()])));
  }

  async #use({ id, password, client, again }: Account): Promise<void> {
    const list = () => client.sessions.list();
    const overview = () => client.chats.overview().next();
    const login = () => again.login(id, password);
    for (let n = 0; !this.#isOver; n++) {
      await this.#try(list);
      await this.#try(overview);
      if (n % turnsPerLogin === 0 && (await this.#try(login)) === 'succeeded') this.logins += 1;
      await pause(everyMs);
    }
    await Promise.all([
      this.#expectServed(`${id} can list sessions`, list),
      this.#expectServed(`${id} can list chats`, overview),
      this.#expectServed(`${id} can log in`, login),
    ]);
  }

  async #expectServed(condition: string, call: () => Promise<unknown>): Promise<void> {
    const isServed = async () => (await this.#try(call)) !== 'unserved';
    await eventually(condition, isServed, servedWithinMs).catch(({ message }: Error) =>
      this.unservedAtEnd.push(message),
    );
  }

  async #try(call: () => Promise<unknown>): Promise<Outcome> {
    try {
      await call();
      this.calls += 1;
      return 'succeeded';
    } catch (thrown) {
      if (isTemporary(thrown)) {
        this.unserved += 1;
        return thrown.reason === 'login-too-often' ? 'limited' : 'unserved';
      }
      this.refused.push(thrown instanceof Refusal ? thrown.reason : String(thrown));
      return 'refused';
    }
  }
}

function isTemporary(thrown: unknown): thrown is Refusal {
  return thrown instanceof Refusal && (thrown.retryAfterMs > 0 || temporary.has(refusals[thrown.reason].status));
}
