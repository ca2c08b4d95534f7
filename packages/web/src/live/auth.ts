import { createClient, type NewUser, Refusal } from '@parley/client';
import { webTransport } from '@parley/client/web';
import {
  endsSession,
  type Session,
  type SessionAction,
  type SessionState,
  sessionReducer,
  unconfirmedNotice,
} from '../state/session.js';
import { Store } from '../state/store.js';
import { unsentWords } from '../state/unsent.js';
import { type BrowserDatabase, wipe } from '../storage/database.js';
import { words } from '../words/words.js';
import { endPush } from './browser-push.js';
import { endNotice, logIn, setFirstPassword } from './sign-in.js';
import { closeNotices } from './system-notices.js';
import { Workspace } from './workspace.js';
import { changeFileCookie } from './workspace-files.js';

/**
 * Signs users up, in and out, in all tabs. The browser's database stores the token until the
 * session ends.
 */
export class Auth {
  readonly #database: BrowserDatabase;
  readonly #tabs = new BroadcastChannel('parley session');
  readonly #store = new Store<SessionState, SessionAction>(sessionReducer, { state: 'unknown' });
  #workspace: Workspace | undefined;

  constructor(database: BrowserDatabase) {
    this.#database = database;
    this.#tabs.onmessage = () => this.#readAgain();
  }

  readonly state = () => this.#store.state();
  readonly subscribe = (listener: () => void) => this.#store.subscribe(listener);

  /** The workspace of the signed-in user; undefined while signed out. */
  get workspace(): Workspace | undefined {
    return this.#workspace;
  }

  async start(): Promise<void> {
    const session = await this.#database.get('session', 'now');
    if (session === undefined) await this.#end(undefined);
    // Only the server knows whether the session has expired, because this device's clock may be wrong.
    else this.#begin(session);
  }

  /**
   * Creates an account and signs in.
   * @throws {Refusal}
   */
  async signUp(user: NewUser): Promise<void> {
    await createClient({ transport: webTransport() }).register(user);
    await this.signIn(user.userId, user.password);
  }

  /** Opens a session and shows the user as signed in, in every tab. @throws {Refusal} */
  async signIn(userId: string, password: string): Promise<void> {
    const session = await logIn(userId, password);
    await wipe(this.#database);
    await this.#keep(session); // A one-time password opens only one session, so a reload must not lose it.
  }

  /**
   * Sets a password in place of a one-time password.
   * @throws {Refusal}
   */
  async replacePassword(current: string, newPassword: string): Promise<void> {
    const now = this.state();
    if (now.state === 'restricted') await this.#keep(await setFirstPassword(now.session, current, newPassword));
  }

  async #keep(session: Session): Promise<void> {
    await this.#database.put('session', session, 'now');
    this.#tabs.postMessage('changed');
    this.#begin(session);
  }

  /** Signs the user out in this browser at once, then ends the session on the server. */
  async signOut(): Promise<void> {
    const now = this.state();
    await this.#end(undefined);
    this.#tabs.postMessage('changed');
    if ('session' in now) {
      const client = createClient({ transport: webTransport(), token: now.session.token });
      await changeFileCookie('DELETE', now.session.token).catch(() => {}); // Without a session, it opens nothing.
      await client.logout().catch((thrown: unknown) => this.#noticeUnconfirmed(thrown));
    }
  }

  /** Shows a notice if the server may not know that the session is over. */
  #noticeUnconfirmed(thrown: unknown): void {
    const notice = unconfirmedNotice(thrown instanceof Refusal ? thrown.reason : undefined);
    if (notice !== undefined && this.state().state === 'out') this.#store.dispatch({ type: 'out', notice });
  }

  #begin(session: Session): void {
    if (!session.mustChangePassword) {
      const onRefused = (reason: string) => this.#refused(reason);
      this.#workspace = new Workspace({ database: this.#database, session, onRefused });
      this.#workspace.start();
    }
    this.#store.dispatch({ type: 'in', session });
  }

  async #end(notice: string | undefined): Promise<void> {
    const workspace = this.#workspace;
    this.#workspace = undefined;
    this.#store.dispatch({ type: 'out', ...(notice !== undefined && { notice }) });
    closeNotices().catch(() => {}); // They show messages of the user.
    endPush().catch(() => {}); // The server forgets the subscription with the session.
    await wipe(this.#database);
    await workspace?.stop();
  }

  async #refused(reason: string): Promise<void> {
    if (!endsSession(reason) || this.state().state !== 'in') return;
    const lost = await this.#workspace?.unsent().then(unsentWords, () => undefined);
    if (this.state().state !== 'in') return; // An earlier refusal has already ended the session.
    const why = endNotice(reason);
    await this.#end(lost === undefined ? why : words().entry.lost(why, lost));
    this.#tabs.postMessage('changed');
  }

  /** Reads the session again after another tab has signed in or out. */
  async #readAgain(): Promise<void> {
    const session = await this.#database.get('session', 'now');
    const now = this.state();
    if (now.state === 'in' && now.session.token === session?.token) return;
    const workspace = this.#workspace;
    this.#workspace = undefined;
    if (session === undefined) this.#store.dispatch({ type: 'out' });
    else this.#begin(session);
    await workspace?.stop();
  }
}
