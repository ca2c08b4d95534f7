import {
  type ChatSummary,
  type ChatsNow,
  type NotificationItem,
  type ParleyClient,
  Refusal,
  refuse,
  type UserInbox,
} from '@parley/client';
import { type ChatsAction, deletesUnread, readBeyond, receiptEffect } from '../state/chats.js';
import type { Link } from '../state/link.js';
import { refusalWords } from '../state/refusal-words.js';
import { steadyNow } from '../state/steady-now.js';
import type { Chat } from './chat.js';
import { type ChatsToStore, storeChats } from './chat-prefetch.js';
import { type InboxBatch, type InboxNews, readInbox } from './inbox-reader.js';
import { runAsLeader } from './leadership.js';

/** Something that may concern the user: a notification of the server, or new messages in a chat. */
export type InboxNotice =
  | { readonly type: 'notification'; readonly notification: NotificationItem }
  | { readonly type: 'entries'; readonly batch: InboxBatch };

/** The chats to which a session applies events. */
export interface ChatsOfInbox extends ChatsToStore {
  /** Applies an action of the list in every tab. */
  share(action: ChatsAction): void;
  /** Returns a chat with its stored lines. */
  chat(id: number): Promise<Chat>;
  /** Returns the chats that are in memory. */
  loaded(): readonly Chat[];
  /** Returns the ids of the stored chats that have unsent messages or changes. */
  unsentIds(): Promise<readonly number[]>;
  /** Passes a summary of the server to the chat, if it is in memory. */
  summarize(chat: ChatSummary): void;
  /** Fetches one chat again from the server, if the server responds. */
  tryRefresh(id: number): Promise<void>;
  /** Forgets a chat that the user has left. */
  removed(id: number): Promise<void>;
  /** Forgets the stored chats that are no longer in the list. */
  forgetOthers(): Promise<void>;
  tell(notice: InboxNotice): void;
}

/** Parts of the page that an inbox session uses. */
export interface PageInboxDeps {
  readonly client: ParleyClient;
  readonly chats: ChatsOfInbox;
  readonly onRefused: (reason: string) => void;
}

const typingShownMs = 6_000;
/** Wait before Overview is called again, in milliseconds. */
const overviewAgainMs = 2_000;

function endOf({ reason, message }: { reason: string; message: string }): Link {
  return { state: 'ended', reason: reason as Extract<Link, { state: 'ended' }>['reason'], message };
}

/** Runs the inbox while this tab leads, and applies its events to the chats. */
export class PageInbox {
  readonly #deps: PageInboxDeps;
  #inbox: UserInbox | undefined;
  #isLeading = false;
  #storing: AbortController | undefined;
  #isStored = false;
  #hurry: () => void = () => {};

  constructor(deps: PageInboxDeps) {
    this.#deps = deps;
  }

  /** The open inbox; undefined in tabs that do not lead. */
  get inbox(): UserInbox | undefined {
    return this.#inbox;
  }

  get isLeading(): boolean {
    return this.#isLeading;
  }

  /** Waits until this tab leads under the name `lock`, then runs inboxes until the signal aborts. */
  run(lock: string, signal: AbortSignal): Promise<void> {
    return runAsLeader(lock, signal, async () => {
      this.#isLeading = true;
      for (const type of ['online', 'offline']) addEventListener(type, () => this.reconnect(), { signal });
      while (!signal.aborted) {
        await this.#runOne(signal);
        if (!signal.aborted) await this.#wait(signal);
      }
      this.#isLeading = false;
    });
  }

  /** Reconnects at once. */
  reconnect(): void {
    this.#inbox?.reconnect();
    this.#hurry();
  }

  /** Runs one inbox: fetches the state of all chats, then reads events until the inbox ends. */
  async #runOne(signal: AbortSignal): Promise<void> {
    const { client, chats, onRefused } = this.#deps;
    this.#link({ state: 'connecting' });
    const now = await this.#overview(signal);
    if (now === undefined) return;
    const unreported = this.#unreported(now);
    await this.#settle(now);
    const seen = now.chats.map(({ channel, log }) => ({ channelId: channel.id, log, seq: channel.lastSeq }));
    const after = { after: now.position, seen: seen.filter(({ log }) => log !== '') };
    const inbox = client.inbox({ after, fillGaps: false, signal });
    this.#inbox = inbox;
    this.#isStored = false;
    for (const chat of chats.loaded()) chat.lead(inbox);
    for (const [id, seq] of unreported) inbox.markRead(id, seq);
    await this.#loadUnsent();
    await readInbox(inbox, {
      onEntries: (batch) => this.#takeEntries(batch),
      onNews: (event) => this.#takeNews(event),
    });
    this.#storing?.abort();
    for (const chat of chats.loaded()) chat.unlead();
    this.#inbox = undefined;
    const { link } = chats.state();
    if (!signal.aborted && link.state === 'ended') onRefused(link.reason);
  }

  /** Fetches all chats. Resolves with undefined if the session is over. */
  async #overview(signal: AbortSignal): Promise<ChatsNow | undefined> {
    while (!signal.aborted) {
      try {
        return await this.#deps.client.chats.all({ signal, onPage: (some) => this.#take(some) });
      } catch (thrown) {
        if (signal.aborted) return undefined;
        const { reason, message, retryAfterMs } =
          thrown instanceof Refusal ? thrown : refuse('internal', { cause: thrown });
        if (retryAfterMs === 0) {
          this.#link(endOf({ reason, message }));
          this.#deps.onRefused(reason);
          return undefined;
        }
        const waitMs = Math.max(overviewAgainMs, retryAfterMs);
        this.#link({ state: 'waiting', reason, message, untilMs: Date.now() + waitMs });
        await this.#wait(signal, waitMs);
      }
    }
    return undefined;
  }

  /** Waits `ms` milliseconds, or until the user asks to connect or the signal aborts. */
  async #wait(signal: AbortSignal, ms?: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((resolve) => {
      this.#hurry = resolve;
      signal.addEventListener('abort', this.#hurry);
      if (ms !== undefined) timer = setTimeout(resolve, ms);
    });
    clearTimeout(timer);
    signal.removeEventListener('abort', this.#hurry);
  }

  /** Shows some chats before the others have arrived. */
  #take(some: readonly ChatSummary[]): void {
    const { chats } = this.#deps;
    chats.share({ type: 'some', chats: some });
    for (const summary of some) chats.summarize(summary);
  }

  async #settle({ chats: all }: Pick<ChatsNow, 'chats'>): Promise<void> {
    const { chats } = this.#deps;
    chats.share({ type: 'all', chats: all });
    for (const summary of all) chats.summarize(summary);
    await chats.forgetOthers();
  }

  /** Returns the chats that the user has read further than the server knows, with the seqs. */
  #unreported({ chats: all }: Pick<ChatsNow, 'chats'>): [id: number, seq: number][] {
    const { items } = this.#deps.chats.state();
    return all.flatMap((summary): [number, number][] => {
      const { id } = summary.channel;
      const seq = readBeyond(summary, items[id]);
      return seq === undefined ? [] : [[id, seq]];
    });
  }

  /** Loads the chats that have unsent messages or changes, so that these are sent. */
  async #loadUnsent(): Promise<void> {
    const { chats } = this.#deps;
    for (const id of await chats.unsentIds()) await chats.chat(id);
  }

  async #takeEntries(batch: InboxBatch): Promise<void> {
    const { chats } = this.#deps;
    const { channelId: id, log, entries } = batch;
    const chat = await chats.chat(id);
    const last = entries.at(-1)?.seq ?? 0;
    const known = chats.state().items[id]?.lastSeq ?? 0;
    if (log !== '' && (entries[0]?.seq ?? 0) > known + 1 && known > 0) chat.share({ type: 'outdated' });
    chats.share({ type: 'entries', id, log, entries });
    chat.share({ type: 'entries', entries, place: { log, seq: last } });
    const item = chats.state().items[id];
    if (item !== undefined && deletesUnread(item, entries)) await chats.tryRefresh(id);
    chats.tell({ type: 'entries', batch });
  }

  async #takeNews(event: InboxNews): Promise<void> {
    const { chats } = this.#deps;
    switch (event.type) {
      case 'connected':
        chats.share({ type: 'connected', aheadMs: event.now - steadyNow(), maxBytes: this.#inbox?.maxBytes });
        this.#link({ state: 'live' });
        return void this.#storeChats();
      case 'reconnecting': {
        const { reason, message, inMs } = event;
        return this.#link({ state: 'waiting', reason, message, untilMs: Date.now() + inMs });
      }
      case 'ended':
        return this.#link(endOf(event));
      case 'notification':
        return chats.tell({ type: 'notification', notification: event.notification });
      case 'reset':
        return this.#settle(event);
      case 'added':
        return chats.tryRefresh(event.channel.id);
      case 'removed':
        return chats.removed(event.channelId);
      case 'changed':
        return chats.share({ type: 'changed', channel: event.channel });
      case 'membership': {
        const { channelId: id, role, markedUnread, notify } = event;
        return chats.share({ type: 'membership', id, role, markedUnread, notify });
      }
      default:
        return this.#takeOfChat(event);
    }
  }

  async #takeOfChat(event: Extract<InboxNews, { channelId: number }>): Promise<void> {
    const { chats } = this.#deps;
    const { channelId: id } = event;
    if (event.type === 'presence') return chats.share({ type: 'presence', came: event.came, went: event.went });
    const chat = await chats.chat(id);
    switch (event.type) {
      case 'typing': {
        const untilMs = event.stopped ? 0 : Date.now() + typingShownMs;
        return chat.share({ type: 'typing', userId: event.userId, untilMs });
      }
      case 'receipt': {
        const { userId, deliveredSeq, readSeq } = event;
        chat.share({ type: 'receipt', userId, seqs: { deliveredSeq, readSeq } });
        if (userId === chats.state().me) await this.#readElsewhere(id, readSeq);
        return;
      }
      case 'gap':
        chat.share({ type: 'outdated' });
        if (event.to > (chats.state().items[id]?.lastSeq ?? 0)) await chats.tryRefresh(id);
        return;
      case 'chat-reset':
        chats.share({ type: 'restarted', id, log: event.log });
        chat.share({ type: 'reset', place: { log: event.log, seq: 0 } });
        return chats.tryRefresh(id);
      case 'held': {
        const { clientId, reason, message, inMs } = event;
        const held = { why: refusalWords({ reason, message }), untilMs: Date.now() + inMs };
        return chat.share({ type: 'held', id: clientId, held });
      }
    }
  }

  /** Applies a receipt of this user, mostly from another device. */
  async #readElsewhere(id: number, readSeq: number): Promise<void> {
    const { chats } = this.#deps;
    const item = chats.state().items[id];
    const effect = item === undefined ? 'nothing' : receiptEffect(item, readSeq);
    if (effect === 'read') chats.share({ type: 'read', id, seq: readSeq });
    if (effect === 'recount') await chats.tryRefresh(id);
  }

  /** Stores chats in advance, once for each inbox. After a lost connection, goes on with the next one. */
  async #storeChats(): Promise<void> {
    if (this.#isStored) return;
    this.#storing?.abort();
    this.#storing = new AbortController();
    this.#isStored = await storeChats(this.#deps.chats, this.#storing.signal);
  }

  #link(link: Link): void {
    this.#deps.chats.share({ type: 'linked', link });
  }
}
