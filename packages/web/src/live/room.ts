import { type Channel, type Conversation, type ParleyClient, Refusal, randomUuid } from '@parley/client';
import {
  type ConversationAction,
  type ConversationState,
  converse,
  firstSeq,
  lastSeq,
  noConversation,
  type SharedAction,
} from '../state/conversation.js';
import { keepMs } from '../state/keeping.js';
import { mayPage } from '../state/may.js';
import type { Outgoing } from '../state/outgoing.js';
import { steadyNow } from '../state/steady-now.js';
import { Store } from '../state/store.js';
import { ConversationKeeper, loadConversation } from '../storage/conversations.js';
import type { BrowserDatabase } from '../storage/database.js';
import { Bus, type Word } from './bus.js';
import { Introducer } from './introducer.js';
import { lead } from './leadership.js';
import { Postman } from './postman.js';
import { Reader } from './reader.js';

export interface RoomDeps {
  readonly client: ParleyClient;
  readonly database: BrowserDatabase;
  readonly me: string;
  /** What one is called oneself. */
  readonly myName: string;
  readonly channelId: number;
  /** The user left it, in this tab or another. */
  readonly onLeft: () => void;
  /** Ended for a reason that may end the session. */
  readonly onRefused: (reason: string) => void;
}

const saveAfterMs = 150;
const expireEveryMs = 1_000;
/** What is in memory while one reads at the end, what is left of it when that is too much, and what is never passed. */
const most = { lines: 2_000, characters: 4_000_000 };
const fewer = { lines: 1_000, characters: 1_000_000 };
const ever = { lines: 20_000, characters: 16_000_000 };
const pageSize = 50;

/** One channel in one tab. Of all tabs on it one leads: it has the stream, and the others hear from it. */
export class Room {
  readonly channelId: number;
  readonly #deps: RoomDeps;
  readonly #store: Store<ConversationState, ConversationAction>;
  readonly #bus: Bus;
  readonly #keeper: ConversationKeeper;
  readonly #introducer: Introducer;
  readonly #closing = new AbortController();
  readonly #expiring: ReturnType<typeof setInterval>;
  #conversation: Conversation | undefined;
  #returning: () => void = () => {};
  #saveTimer: ReturnType<typeof setTimeout> | undefined;
  #leads = false;
  #paging = false;
  #led: Promise<void> = Promise.resolve();

  constructor(deps: RoomDeps) {
    this.#deps = deps;
    this.channelId = deps.channelId;
    this.#store = new Store(converse, noConversation(deps.me, { [deps.me]: deps.myName }));
    this.#bus = new Bus(deps.me, deps.channelId, (word) => this.#hear(word));
    this.#keeper = new ConversationKeeper(deps.database, deps.channelId);
    this.#introducer = new Introducer(
      (id) => deps.client.user(id, { signal: this.#closing.signal }),
      (user) => this.#share({ type: 'introduced', user }),
    );
    this.#expiring = setInterval(() => this.#expire(), expireEveryMs);
  }

  readonly state = () => this.#store.state();
  readonly subscribe = (listener: () => void) => this.#store.subscribe(listener);

  /** Shows what is kept, then goes where the others are. */
  async enter(): Promise<void> {
    const cached = await loadConversation(this.#deps.database, this.channelId);
    if (cached !== undefined) {
      const { place, readSeq, outgoing, names, channel, aheadMs = 0 } = cached.record;
      const bookmarked = { place, readSeq, outgoing, names, channel: this.state().channel ?? channel, aheadMs };
      this.#store.dispatch({ type: 'cached', bookmarked, lines: cached.lines });
    }
    this.#expire();
    this.#keeper.known(this.state());
    if (this.#closing.signal.aborted) return;
    this.#bus.tell({ type: 'hello' });
    this.#led = lead(`parley ${this.#deps.me} ${this.channelId}`, this.#closing.signal, () => this.#lead());
  }

  say(text: string, replyTo: number | undefined): void {
    this.#queue('say', text, replyTo);
  }

  /** Does something to a message; `text` is the new text or the emoji. */
  change(what: Exclude<Outgoing['do'], 'say'>, target: number, text = ''): void {
    this.#queue(what, text, target);
  }

  retry(id: string): void {
    this.#share({ type: 'retried', id, at: Date.now() });
  }

  discard(id: string): void {
    this.#share({ type: 'discarded', id });
  }

  /** Everything was seen. */
  read(): void {
    const seq = lastSeq(this.state());
    if (seq > this.state().readSeq) this.#share({ type: 'read', seq });
  }

  typing(stopped: boolean): void {
    if (this.#leads) this.#type(stopped);
    else this.#bus.tell({ type: 'typing', stopped });
  }

  /** What the list of channels says of this one. */
  describe(channel: Channel): void {
    this.#store.dispatch({ type: 'described', channel });
  }

  /** Takes a seat again after the conversation has ended, or does not wait until the next try. */
  return(): void {
    if (this.#leads) this.#again();
    else this.#bus.tell({ type: 'return' });
  }

  /** Reads a page further back. */
  async older(): Promise<void> {
    const { hasOlder } = this.state();
    if (this.#paging || !hasOlder || !mayPage(this.state())) return;
    this.#paging = true;
    const first = firstSeq(this.state());
    await this.#page(Number.isFinite(first) ? { before: first, size: pageSize } : { size: pageSize });
  }

  /** While one reads at the end, what is far back is forgotten; the server has it. */
  atEnd(): void {
    this.#store.dispatch({ type: 'cut', over: most, to: fewer });
  }

  /** Resolves when the browser keeps everything that this tab has to keep. */
  async saved(): Promise<void> {
    if (this.#leads) await this.#keeper.save(this.state());
  }

  /** Leaves, in every tab. */
  async leave(): Promise<void> {
    this.#bus.tell({ type: 'leave' });
    await this.close();
  }

  /** This tab looks elsewhere; where it has the stream, another tab takes over. */
  async close(): Promise<void> {
    this.#closing.abort();
    clearInterval(this.#expiring);
    await this.#led;
    this.#bus.close();
  }

  #queue(what: Outgoing['do'], text: string, target: number | undefined): void {
    const outgoing = { id: randomUuid(), at: Date.now(), do: what, text, target, failed: undefined };
    this.#share({ type: 'queued', outgoing });
  }

  #take(action: SharedAction): void {
    this.#store.dispatch(action);
    if (action.type === 'queued') this.saved().catch(() => {}); // the tab may be closed before the next save
    if (action.type !== 'entries') return;
    this.#expire();
    this.#store.dispatch({ type: 'cut', over: ever, to: fewer });
    if (this.#leads) this.#introducer.meet(action.entries, this.state().names);
  }

  #share(action: SharedAction): void {
    this.#take(action);
    this.#bus.tell({ type: 'action', action });
  }

  #type(stopped: boolean): void {
    if (this.state().link.state === 'live') this.#conversation?.typing(stopped);
  }

  #hear(word: Word): void {
    if (word.type === 'action') this.#take(word.action);
    else if (word.type === 'leave') this.#deps.onLeft();
    else if (!this.#leads) return;
    else if (word.type === 'hello') this.#tellAll();
    else if (word.type === 'typing') this.#type(word.stopped);
    else this.#again();
  }

  #again(): void {
    this.#conversation?.reconnect();
    this.#returning();
  }

  /** What the server does not keep any more is not shown any more. */
  #expire(): void {
    const { channel, aheadMs } = this.state();
    const ms = channel && keepMs(channel);
    if (ms !== undefined) this.#store.dispatch({ type: 'expired', beforeMs: steadyNow() + aheadMs - ms });
  }

  #tellAll(): void {
    this.#bus.tell({ type: 'action', action: { type: 'snapshot', state: this.state() } });
  }

  async #lead(): Promise<void> {
    this.#leads = true;
    const forget = this.#store.subscribe(() => this.#saveSoon());
    const { signal } = this.#closing;
    addEventListener('online', () => this.#conversation?.reconnect(), { signal });
    addEventListener('offline', () => this.#conversation?.reconnect(), { signal });
    while (!signal.aborted) {
      await this.#converse(signal);
      if (!signal.aborted) await this.#wantedAgain(signal);
    }
    forget();
    clearTimeout(this.#saveTimer);
    await this.#keeper.save(this.state()).catch(() => {});
    this.#leads = false;
  }

  /** One conversation, from its beginning to its end. */
  async #converse(signal: AbortSignal): Promise<void> {
    const { client, onRefused } = this.#deps;
    this.#share({ type: 'link', link: { state: 'connecting' } });
    this.#tellAll();
    const { place } = this.state();
    const conversation = client.open(this.channelId, {
      ...(place !== undefined && { after: place }),
      waitWhenFull: true,
      signal,
    });
    this.#conversation = conversation;
    const tell = (action: SharedAction) => signal.aborted || this.#share(action);
    const postman = new Postman(conversation, tell);
    const forget = this.#store.subscribe(() => postman.look(this.state()));
    signal.addEventListener('abort', () => postman.stop());
    await new Reader(conversation, tell).read((from) => this.#mend(from));
    forget();
    const { link } = this.state();
    if (!signal.aborted && link.state === 'ended') onRefused(link.reason);
  }

  #wantedAgain(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#returning = resolve;
      signal.addEventListener('abort', () => resolve());
    });
  }

  /** History filled a gap, and what was changed before it is not told: all that is older is asked for again. */
  #mend(from: number): void {
    this.#share({ type: 'stale', beforeSeq: from });
    this.#page({ size: 100 });
  }

  async #page(range: { before?: number; size: number }): Promise<void> {
    try {
      const { signal } = this.#closing;
      const { log, entries, more } = await this.#deps.client.history(this.channelId, { ...range, signal });
      this.#paging = false; // who is told of this page may ask for the next
      this.#store.dispatch({ type: 'page', log, entries, more });
      this.#expire(); // the server may take a while to drop what it does not keep any more
      this.#introducer.meet(entries, this.state().names);
    } catch (thrown) {
      this.#paging = false;
      if (thrown instanceof Refusal) this.#deps.onRefused(thrown.reason);
    }
  }

  #saveSoon(): void {
    this.#saveTimer ??= setTimeout(() => {
      this.#saveTimer = undefined;
      this.#keeper.save(this.state()).catch(() => {});
    }, saveAfterMs);
  }
}
