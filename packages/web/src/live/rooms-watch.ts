import { type Channel, type ParleyClient, Refusal } from '@parley/client';
import { refusalWords } from '../state/refusal-words.js';
import { isRoom, noRooms, type RoomsAction, type RoomsPart, type RoomsState, roomsReducer } from '../state/rooms.js';
import { Store } from '../state/store.js';
import { expireLines, visitedChannels } from '../storage/conversations.js';
import { type BrowserDatabase, type ChannelRecord, putFor } from '../storage/database.js';
import { UnreadCounter } from './unread.js';

const soonMs = 500;
/**
 * Milliseconds between two polls. The interval is `busyMs` while the lists change. It then grows by
 * the factor `growth` up to `idleMs`. While the page is hidden, it is `hiddenMs`.
 */
const intervals = { busyMs: 4_000, idleMs: 15_000, hiddenMs: 60_000, growth: 1.5 };
const pageSize = 100;
/** Maximum number of pages of the user's own rooms and of what others have offered. */
const mostPages = 10;

export interface RoomsWatchDeps {
  readonly client: ParleyClient;
  readonly database: BrowserDatabase;
  readonly me: string;
  readonly onRefused: (reason: string) => void;
  /** Called when the browser does not store the lists. */
  readonly onUnsaved: () => void;
}

/** Polls the lists of rooms, offers and public channels, and counts the unread messages of visited channels. */
export class RoomsWatch {
  readonly #deps: RoomsWatchDeps;
  readonly #unread: UnreadCounter;
  readonly #store = new Store<RoomsState, RoomsAction>(roomsReducer, noRooms);
  readonly #stopping = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #waitMs = intervals.busyMs;
  #listedPages = 1;
  /** The channels when the lists were last stored. */
  #stored: RoomsState['channels'] | undefined;
  /** The room on screen, where new messages count as read. */
  openId: number | undefined;
  /** The room that this tab has joined. */
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
    document.addEventListener('visibilitychange', () => document.hidden || this.poll(), { signal });
    addEventListener('online', () => this.poll(), { signal });
    for (const type of ['pointerdown', 'keydown'])
      addEventListener(type, () => this.#wake(), { signal, passive: true });
    const listing = await this.#deps.database.get('rooms', 'listing');
    if (listing !== undefined) this.dispatch({ type: 'cached', listing });
    this.poll();
  }

  stop(): void {
    this.#stopping.abort();
    clearTimeout(this.#timer);
  }

  /** Polls soon. Call this when someone came or went. */
  readonly pollSoon = (): void => this.#pollIn(soonMs);

  /** Loads one more page of the public list. */
  more(): void {
    this.#listedPages += 1;
    this.poll();
  }

  /** Polls now and schedules the next poll. */
  async poll(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { signal } = this.#stopping;
    const before = this.state();
    await this.#list(signal).catch((thrown) => this.#failed(thrown));
    await this.#expireLines(signal).catch(this.#deps.onUnsaved);
    const { channels } = this.state();
    this.#waitMs =
      channels === before.channels ? Math.min(this.#waitMs * intervals.growth, intervals.idleMs) : intervals.busyMs;
    if (this.#timer === undefined) this.#pollIn(document.hidden ? intervals.hiddenMs : this.#waitMs);
  }

  #pollIn(ms: number): void {
    clearTimeout(this.#timer);
    if (!this.#stopping.signal.aborted) this.#timer = setTimeout(() => this.poll(), ms);
  }

  /** Returns to the short interval. Called when the user is active. */
  #wake(): void {
    if (this.#waitMs > intervals.busyMs) this.pollSoon();
    this.#waitMs = intervals.busyMs;
  }

  async #list(signal: AbortSignal): Promise<void> {
    await this.#listPart('mine', mostPages, signal);
    await this.#listPart('listed', this.#listedPages, signal);
    const { channels, mine, listed } = this.state();
    const { database, me, onUnsaved } = this.#deps;
    if (channels !== this.#stored) {
      this.#stored = channels;
      const listing = { channels, mine, listed };
      await putFor(database, me, 'rooms', listing, 'listing').catch(onUnsaved);
    }
    const visited = await visitedChannels(this.#deps.database);
    const rooms = visited.filter(({ id, channel }) => isRoom(channels[id] ?? channel ?? { kind: 0 }));
    this.#markUnsent(rooms);
    const others = rooms.filter(({ id }) => id !== this.openId);
    await this.#unread.count(others, channels, signal);
  }

  /** Deletes stored messages whose retention is over, with or without a network. */
  async #expireLines(signal: AbortSignal): Promise<void> {
    const { channels } = this.state();
    for (const record of await visitedChannels(this.#deps.database)) {
      if (signal.aborted) return;
      await expireLines(this.#deps.database, { ...record, channel: channels[record.id] ?? record.channel });
    }
  }

  /**
   * Updates the numbers of unsent messages of all rooms except the joined one, which reports its
   * own number.
   */
  #markUnsent(visited: readonly ChannelRecord[]): void {
    for (const { id, outgoing } of visited) {
      if (id !== this.roomId) this.dispatch({ type: 'unsent', id, count: outgoing.length });
    }
  }

  async #listPart(part: RoomsPart, pages: number, signal: AbortSignal): Promise<void> {
    const [ids, changed]: [number[], Channel[]] = [[], []];
    const before = this.state();
    const isOwn = part === 'mine'; // The inbox has the user's chats.
    let after = '';
    for (let page = 0; page < pages && (page === 0 || after !== ''); page++) {
      const slice = before[part].slice(page * pageSize, (page + 1) * pageSize);
      const known = slice.map((id) => before.channels[id]).filter((channel) => channel !== undefined);
      const answer = await this.#deps.client.listChannels({ mine: isOwn, withoutChats: isOwn, after, known, signal });
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
