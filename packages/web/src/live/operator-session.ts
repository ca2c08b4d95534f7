import { createClient } from '@parley/client';
import { webTransport } from '@parley/client/web';
import {
  type Session,
  type SessionAction,
  type SessionState,
  sessionReducer,
  unconfirmedNotice,
} from '../state/session.js';
import { Store } from '../state/store.js';
import { type BrowserDatabase, wipe } from '../storage/database.js';
import { adminWords } from '../words/admin.js';
import { Operator } from './operator.js';
import { endNotice, logIn, setFirstPassword } from './sign-in.js';

/** Returns the sentence that says why a session ended. */
function noticeOf(reason: string): string {
  return reason === 'not-operator' ? adminWords().notOperator : endNotice(reason);
}

/** Signs operators in and out of the admin page. The browser's database stores the token until the session ends. */
export class OperatorSession {
  readonly #database: BrowserDatabase;
  readonly #store = new Store<SessionState, SessionAction>(sessionReducer, { state: 'unknown' });
  #operator: Operator | undefined;

  constructor(database: BrowserDatabase) {
    this.#database = database;
  }

  readonly state = () => this.#store.state();
  readonly subscribe = (listener: () => void) => this.#store.subscribe(listener);

  /** The calls of the operator who is signed in; undefined while nobody is. */
  get operator(): Operator | undefined {
    return this.#operator;
  }

  async start(): Promise<void> {
    const session = await this.#database.get('session', 'now');
    if (session === undefined) this.#store.dispatch({ type: 'out' });
    else this.#begin(session);
  }

  /** Opens a session. Rejects with `not-operator`, and ends the session, if the user is no operator. @throws {Refusal} */
  async signIn(userId: string, password: string): Promise<void> {
    const session = await logIn(userId, password);
    // A one-time password opens only one session, so a reload must not lose it.
    if (session.mustChangePassword) await this.#keep(session);
    else await this.#admit(session);
  }

  /** Sets a password in place of a one-time password. @throws {Refusal} */
  async replacePassword(current: string, newPassword: string): Promise<void> {
    const now = this.state();
    if (now.state === 'restricted') await this.#admit(await setFirstPassword(now.session, current, newPassword));
  }

  /** Signs the operator out in this browser at once, then ends the session on the server. */
  async signOut(): Promise<void> {
    const now = this.state();
    await this.#end(undefined);
    if (!('session' in now)) return;
    await this.#logout(now.session).catch((thrown: { readonly reason?: string }) => {
      const notice = unconfirmedNotice(thrown.reason);
      if (notice !== undefined && this.state().state === 'out') this.#store.dispatch({ type: 'out', notice });
    });
  }

  /** Keeps the session if its user is an operator; else ends it. */
  async #admit(session: Session): Promise<void> {
    try {
      await new Operator(session.token, () => {}).calls.servers();
    } catch (thrown) {
      await this.#end(undefined);
      await this.#logout(session).catch(() => {}); // The refusal of the operator matters more.
      throw thrown;
    }
    await this.#keep(session);
  }

  #logout({ token }: Session): Promise<void> {
    return createClient({ transport: webTransport(), token }).logout();
  }

  async #keep(session: Session): Promise<void> {
    await this.#database.put('session', session, 'now');
    this.#begin(session);
  }

  #begin(session: Session): void {
    this.#operator = session.mustChangePassword
      ? undefined
      : new Operator(session.token, (reason) => void this.#end(noticeOf(reason)));
    this.#store.dispatch({ type: 'in', session });
  }

  async #end(notice: string | undefined): Promise<void> {
    this.#operator = undefined;
    this.#store.dispatch({ type: 'out', ...(notice !== undefined && { notice }) });
    await wipe(this.#database);
  }
}
