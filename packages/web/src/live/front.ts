import { createClient, type NewUser, Refusal } from '@parley/client';
import { webTransport } from '@parley/client/web';
import {
  attend,
  endsSession,
  type Session,
  type SessionAction,
  type SessionState,
  untoldNotice,
} from '../state/session.js';
import { Store } from '../state/store.js';
import { unsentWords } from '../state/unsent.js';
import { type BrowserDatabase, wipe } from '../storage/database.js';
import { Desk } from './desk.js';

const notices: Readonly<Record<string, string>> = {
  'expired-token': 'Your session has expired. Sign in again.',
  suspended: 'This account is suspended.',
};

/** Signing up, in and out, the same in every tab; the token is in this origin's database, and gone with the session. */
export class Front {
  readonly #database: BrowserDatabase;
  readonly #tabs = new BroadcastChannel('parley session');
  readonly #store = new Store<SessionState, SessionAction>(attend, { state: 'unknown' });
  #desk: Desk | undefined;

  constructor(database: BrowserDatabase) {
    this.#database = database;
    this.#tabs.onmessage = () => this.#readAgain();
  }

  readonly state = () => this.#store.state();
  readonly subscribe = (listener: () => void) => this.#store.subscribe(listener);

  /** Of who is signed in. */
  get desk(): Desk | undefined {
    return this.#desk;
  }

  async start(): Promise<void> {
    const session = await this.#database.get('session', 'now');
    if (session === undefined) await this.#end(undefined);
    else this.#begin(session); // whether it has expired the server says: the clock of this device may be wrong
  }

  /** Makes an account and signs in; rejects with a Refusal. */
  async signUp(user: NewUser): Promise<void> {
    await createClient({ transport: webTransport() }).register(user);
    await this.signIn(user.userId, user.password);
  }

  /** Rejects with a Refusal. */
  async signIn(userId: string, password: string): Promise<void> {
    const client = createClient({ transport: webTransport() });
    const { token, user } = await client.login(userId, password, { device: 'browser' });
    const session: Session = { userId: user?.id ?? userId, name: user?.name ?? userId, token };
    await wipe(this.#database);
    await this.#database.put('session', session, 'now');
    this.#tabs.postMessage('changed');
    this.#begin(session);
  }

  /** Ends the session here at once, and on the server as soon as that hears of it. */
  async signOut(): Promise<void> {
    const desk = this.#desk;
    await this.#end(undefined);
    this.#tabs.postMessage('changed');
    await desk?.logout().catch((thrown) => this.#untold(thrown));
  }

  /** The server may not know that the session is over. */
  #untold(thrown: unknown): void {
    const notice = untoldNotice(thrown instanceof Refusal ? thrown.reason : undefined);
    if (notice !== undefined && this.state().state === 'out') this.#store.dispatch({ type: 'out', notice });
  }

  #begin(session: Session): void {
    this.#desk = new Desk({ database: this.#database, session, onRefused: (reason) => this.#refused(reason) });
    this.#desk.start();
    this.#store.dispatch({ type: 'in', session });
  }

  async #end(notice: string | undefined): Promise<void> {
    const desk = this.#desk;
    this.#desk = undefined;
    this.#store.dispatch({ type: 'out', ...(notice !== undefined && { notice }) });
    await wipe(this.#database);
    await desk?.stop();
  }

  async #refused(reason: string): Promise<void> {
    if (!endsSession(reason) || this.state().state !== 'in') return;
    const lost = await this.#desk?.unsent().then(unsentWords, () => undefined);
    if (this.state().state !== 'in') return; // another refusal came first
    const why = notices[reason] ?? 'Your session has ended. Sign in again.';
    await this.#end(lost === undefined ? why : `${why} ${lost}, and this browser no longer has a copy.`);
    this.#tabs.postMessage('changed');
  }

  /** Another tab signed in or out. */
  async #readAgain(): Promise<void> {
    const session = await this.#database.get('session', 'now');
    const now = this.state();
    if (now.state === 'in' && now.session.token === session?.token) return;
    const desk = this.#desk;
    this.#desk = undefined;
    if (session === undefined) this.#store.dispatch({ type: 'out' });
    else this.#begin(session);
    await desk?.stop();
  }
}
