import { type Channel, type ParleyClient, Refusal } from '@parley/client';
import { furnish, keeps, mostUnread, noRooms, type RoomsAction, type RoomsState } from '../state/rooms.js';
import { Store } from '../state/store.js';
import { visitedChannels } from '../storage/conversations.js';
import type { BrowserDatabase, ChannelRecord } from '../storage/database.js';

const everyMs = 5_000;
const soonMs = 500;
/** At each look the channels that were visited last are counted, at some looks more of them. */
const counted = 3;
const manyCounted = 20;
const manyEvery = 3;

/** Keeps the list of rooms true while the page is looked at, and counts what was not read in those that were visited. */
export class RoomsWatch {
  readonly #client: ParleyClient;
  readonly #database: BrowserDatabase;
  readonly #me: string;
  readonly #onRefused: (reason: string) => void;
  readonly #store = new Store<RoomsState, RoomsAction>(furnish, noRooms);
  readonly #stopping = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #looks = 0;
  /** The room that is open: there, what comes is read. */
  openId: number | undefined;

  constructor(client: ParleyClient, database: BrowserDatabase, me: string, onRefused: (reason: string) => void) {
    this.#client = client;
    this.#database = database;
    this.#me = me;
    this.#onRefused = onRefused;
  }

  readonly state = () => this.#store.state();
  readonly subscribe = (listener: () => void) => this.#store.subscribe(listener);
  readonly dispatch = (action: RoomsAction) => this.#store.dispatch(action);

  async start(): Promise<void> {
    const { signal } = this.#stopping;
    document.addEventListener('visibilitychange', () => document.hidden || this.look(), { signal });
    const rooms = await this.#database.get('rooms', 'now');
    if (rooms !== undefined) this.dispatch({ type: 'cached', rooms });
    this.look();
  }

  stop(): void {
    this.#stopping.abort();
    clearTimeout(this.#timer);
  }

  /** Somebody came or went: looks before long. */
  readonly soon = (): void => {
    clearTimeout(this.#timer);
    if (!this.#stopping.signal.aborted) this.#timer = setTimeout(() => this.look(), soonMs);
  };

  /** Looks now, and then again and again. */
  async look(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { signal } = this.#stopping;
    await this.#list(signal).catch((thrown) => this.#failed(thrown));
    if (signal.aborted || this.#timer !== undefined) return; // meanwhile another look was wanted
    this.#timer = setTimeout(() => document.hidden || this.look(), everyMs);
  }

  async #list(signal: AbortSignal): Promise<void> {
    const rooms = await this.#client.channels({ signal });
    this.dispatch({ type: 'listed', rooms });
    if (signal.aborted) return;
    await this.#database.put('rooms', rooms, 'now');
    await this.#countUnread(rooms, signal);
  }

  async #countUnread(rooms: readonly Channel[], signal: AbortSignal): Promise<void> {
    const kept = new Set(rooms.filter(keeps).map(({ id }) => id));
    const visited = (await visitedChannels(this.#database)).filter(({ id }) => kept.has(id));
    const latest = visited
      .toSorted((a, b) => b.visitedAt - a.visitedAt)
      .slice(0, this.#looks++ % manyEvery === 0 ? manyCounted : counted);
    for (const record of latest) if (record.id !== this.openId) await this.#count(record, signal);
  }

  async #count({ id, readSeq, place }: ChannelRecord, signal: AbortSignal): Promise<void> {
    const after = Math.max(1, readSeq);
    const { entries, log } = await this.#client.history(id, { after, size: mostUnread + 1, signal });
    if (id === this.openId || log !== place?.log) return;
    const unread = entries.filter(({ type, sender }) => type === 'message' && sender !== this.#me);
    this.dispatch({ type: 'unread', id, count: unread.length });
  }

  #failed(thrown: unknown): void {
    if (this.#stopping.signal.aborted || !(thrown instanceof Refusal)) return;
    this.dispatch({ type: 'trouble', words: thrown.message });
    this.#onRefused(thrown.reason);
  }
}
