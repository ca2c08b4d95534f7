import { type Channel, type ParleyClient, Refusal } from '@parley/client';
import { refusalWords } from '../state/refusal-words.js';
import { furnish, noRooms, type RoomsAction, type RoomsPart, type RoomsState } from '../state/rooms.js';
import { Store } from '../state/store.js';
import { expireLines, visitedChannels } from '../storage/conversations.js';
import type { BrowserDatabase, ChannelRecord } from '../storage/database.js';
import { UnreadCounter } from './unread.js';

const soonMs = 500;
/** Between two looks: while something changes, while nothing does (it grows up to that), and where nobody looks at the page. */
const pace = { busyMs: 4_000, idleMs: 15_000, hiddenMs: 60_000, growth: 1.5 };
const pageSize = 100;
/** Of one's own channels so many pages are asked for. */
const mostPages = 10;

export interface RoomsWatchDeps {
  readonly client: ParleyClient;
  readonly database: BrowserDatabase;
  readonly me: string;
  readonly onRefused: (reason: string) => void;
}

/** Keeps the lists of channels true, and counts what was not read in those that were visited. */
export class RoomsWatch {
  readonly #deps: RoomsWatchDeps;
  readonly #unread: UnreadCounter;
  readonly #store = new Store<RoomsState, RoomsAction>(furnish, noRooms);
  readonly #stopping = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #waitMs = pace.busyMs;
  #listedPages = 1;
  /** The room that is looked at: there, what comes is read. */
  openId: number | undefined;
  /** The room that this tab is in. */
  roomId: number | undefined;

  constructor(deps: RoomsWatchDeps) {
    this.#deps = deps;
    this.#unread = new UnreadCounter(deps.client, deps.me, (id, count) => {
      if (id !== this.openId) this.dispatch({ type: 'unread', id, count });
    });
  }

  readonly state = () => this.#store.state();
  readonly subscribe = (listener: () => void) => this.#store.subscribe(listener);
  readonly dispatch = (action: RoomsAction) => this.#store.dispatch(action);

  async start(): Promise<void> {
    const { signal } = this.#stopping;
    document.addEventListener('visibilitychange', () => document.hidden || this.look(), { signal });
    addEventListener('online', () => this.look(), { signal });
    for (const type of ['pointerdown', 'keydown'])
      addEventListener(type, () => this.#wake(), { signal, passive: true });
    const listing = await this.#deps.database.get('rooms', 'listing');
    if (listing !== undefined) this.dispatch({ type: 'cached', listing });
    this.look();
  }

  stop(): void {
    this.#stopping.abort();
    clearTimeout(this.#timer);
  }

  /** Somebody came or went: looks before long. */
  readonly soon = (): void => this.#lookIn(soonMs);

  /** Asks for a page more of the listed channels. */
  more(): void {
    this.#listedPages += 1;
    this.look();
  }

  /** Looks now, and then again and again. */
  async look(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { signal } = this.#stopping;
    const before = this.state();
    await this.#list(signal).catch((thrown) => this.#failed(thrown));
    const { channels } = this.state();
    this.#waitMs = channels === before.channels ? Math.min(this.#waitMs * pace.growth, pace.idleMs) : pace.busyMs;
    if (this.#timer === undefined) this.#lookIn(document.hidden ? pace.hiddenMs : this.#waitMs);
  }

  #lookIn(ms: number): void {
    clearTimeout(this.#timer);
    if (!this.#stopping.signal.aborted) this.#timer = setTimeout(() => this.look(), ms);
  }

  /** Somebody is at the page: what is shown is not to be older than it is to who is busy. */
  #wake(): void {
    if (this.#waitMs > pace.busyMs) this.soon();
    this.#waitMs = pace.busyMs;
  }

  async #list(signal: AbortSignal): Promise<void> {
    await this.#listPart('mine', mostPages, signal);
    await this.#listPart('listed', this.#listedPages, signal);
    const { channels, mine, listed } = this.state();
    await this.#deps.database.put('rooms', { channels, mine, listed }, 'listing');
    const visited = await visitedChannels(this.#deps.database);
    for (const record of visited) {
      await expireLines(this.#deps.database, { ...record, channel: channels[record.id] ?? record.channel });
    }
    this.#markUnsent(visited);
    const others = visited.filter(({ id }) => id !== this.openId);
    await this.#unread.count(others, channels, signal);
  }

  /** Of the rooms that are not open: what waits in an open one is told by the room itself. */
  #markUnsent(visited: readonly ChannelRecord[]): void {
    for (const { id, outgoing } of visited) {
      if (id !== this.roomId) this.dispatch({ type: 'unsent', id, count: outgoing.length });
    }
  }

  async #listPart(part: RoomsPart, pages: number, signal: AbortSignal): Promise<void> {
    const [ids, changed]: [number[], Channel[]] = [[], []];
    const before = this.state();
    let after = '';
    for (let page = 0; page < pages && (page === 0 || after !== ''); page++) {
      const slice = before[part].slice(page * pageSize, (page + 1) * pageSize);
      const known = slice.map((id) => before.channels[id]).filter((channel) => channel !== undefined);
      const answer = await this.#deps.client.listChannels({ mine: part === 'mine', after, known, signal });
      ids.push(...answer.ids);
      changed.push(...answer.channels);
      after = answer.next;
    }
    signal.throwIfAborted();
    this.dispatch({ type: 'listed', part, ids: [...new Set(ids)], changed, more: after !== '' });
  }

  #failed(thrown: unknown): void {
    if (this.#stopping.signal.aborted || !(thrown instanceof Refusal)) return;
    this.dispatch({ type: 'trouble', words: refusalWords(thrown) });
    this.#deps.onRefused(thrown.reason);
  }
}
