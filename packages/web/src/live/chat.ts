import type { EntryEvent, ParleyClient, UserInbox } from '@parley/client';
import type { ChatItem } from '../state/chats.js';
import { conversationReducer } from '../state/conversation.js';
import {
  type ConversationAction,
  type ConversationState,
  firstSeq,
  lastSeq,
  noConversation,
  type SharedAction,
} from '../state/conversation-state.js';
import type { Names } from '../state/names.js';
import type { MessageParts, Outgoing } from '../state/outgoing.js';
import { retentionMs } from '../state/retention.js';
import { steadyNow } from '../state/steady-now.js';
import { Store } from '../state/store.js';
import { ConversationSaver, loadConversation } from '../storage/conversations.js';
import type { BrowserDatabase } from '../storage/database.js';
import { HistoryPager } from './history-pager.js';
import { hardLimit, hiddenLimit, historyPageSize, saveAfterMs, softLimit, trimmedTo } from './limits.js';
import type { OpenConversation } from './open-conversation.js';
import { OutboxSender, type SendMethods } from './outbox-sender.js';
import { queued } from './queued.js';

/** The parts of the list of chats that one chat uses. */
export interface ChatDeps {
  readonly client: ParleyClient;
  readonly database: BrowserDatabase;
  readonly me: string;
  readonly channelId: number;
  /** Names that are known already. */
  readonly names: Names;
  /** Sends an action to the other tabs. */
  readonly post: (action: SharedAction) => void;
  /** Shows that the user is typing, in whichever tab has the inbox. */
  readonly onTyping: (stopped: boolean) => void;
  readonly onRead: (seq: number) => void;
  readonly onRejoin: () => void;
  readonly onEntries: (entries: readonly EntryEvent[]) => void;
  readonly onRefused: (reason: string) => void;
  readonly onUnsaved: () => void;
}

/** Returns the calls of an inbox that change something in one chat. */
function methodsOf(inbox: UserInbox, id: number): SendMethods {
  return {
    send: (data, options) => inbox.post(id, data, options),
    edit: (seq, data, signal) => inbox.edit(id, seq, data, signal),
    remove: (seq, signal) => inbox.remove(id, seq, signal),
    react: (seq, emoji, signal) => inbox.react(id, seq, emoji, signal),
    unreact: (seq, emoji, signal) => inbox.unreact(id, seq, emoji, signal),
    pin: (seq, signal) => inbox.pin(id, seq, signal),
    unpin: (seq, signal) => inbox.unpin(id, seq, signal),
  };
}

/** One chat in one tab. Its events come from the inbox of the leading tab. */
export class Chat implements OpenConversation {
  readonly channelId: number;
  /** Resolves when the stored lines have been read. */
  readonly loaded: Promise<void>;
  readonly #deps: ChatDeps;
  readonly #store: Store<ConversationState, ConversationAction>;
  readonly #saver: ConversationSaver;
  readonly #closing = new AbortController();
  readonly #pager: HistoryPager;
  #sender: OutboxSender | undefined;
  #inbox: UserInbox | undefined;
  #saveTimer: ReturnType<typeof setTimeout> | undefined;
  #isShown = false;

  constructor(deps: ChatDeps) {
    const { client, database, channelId, me, names, onRefused } = deps;
    this.#deps = deps;
    this.channelId = channelId;
    this.#store = new Store(conversationReducer, noConversation(me, names));
    this.#saver = new ConversationSaver(database, channelId);
    this.#pager = new HistoryPager({ client, channelId, signal: this.#closing.signal, onRefused });
    this.#store.subscribe(() => this.#afterChange());
    this.loaded = this.#load();
  }

  readonly state = () => this.#store.state();
  readonly subscribe = (listener: () => void) => this.#store.subscribe(listener);

  /** Whether the user sees this chat in this tab. */
  get isShown(): boolean {
    return this.#isShown;
  }

  /** Shows the chat to the user. Messages that are unread now count as new. */
  show(): void {
    this.#isShown = true;
    this.#store.dispatch({ type: 'opened' });
    this.#refresh();
  }

  hide(): void {
    this.#isShown = false;
    this.#store.dispatch({ type: 'cut', over: hiddenLimit, to: trimmedTo });
  }

  say(text: string, replyTo: number | undefined, parts?: MessageParts): void {
    this.share(queued('say', text, replyTo, parts));
  }

  change(what: Exclude<Outgoing['do'], 'say'>, target: number, text = ''): void {
    this.share(queued(what, text, target));
  }

  retry(id: string): void {
    this.share({ type: 'retried', id, at: Date.now() });
  }

  discard(id: string): void {
    this.share({ type: 'discarded', id });
  }

  read(): void {
    const state = this.state();
    if (state.isStale !== true) this.#deps.onRead(lastSeq(state));
  }

  typing(stopped: boolean): void {
    this.#deps.onTyping(stopped);
  }

  rejoin(): void {
    this.#deps.onRejoin();
  }

  async older(): Promise<void> {
    const { hasOlder, place, isStale } = this.state();
    if (!hasOlder || place === undefined || isStale === true) return;
    const first = firstSeq(this.state());
    const range = Number.isFinite(first) ? { before: first, size: historyPageSize } : { size: historyPageSize };
    await this.#pager.older(range, ({ log, entries, more }, changes) => {
      this.#store.dispatch({ type: 'page', log, entries, more });
      this.#correct(changes);
      this.#deps.onEntries(entries);
    });
  }

  atEnd(): void {
    this.#store.dispatch({ type: 'cut', over: softLimit, to: trimmedTo });
  }

  /** Applies an action of the inbox or of another tab. */
  apply(action: SharedAction): void {
    this.#store.dispatch(action);
    if (action.type === 'queued') this.saved().catch(this.#deps.onUnsaved); // The tab may close before the next save.
    if (action.type === 'read') this.#inbox?.markRead(this.channelId, action.seq);
    if (action.type === 'summary' || action.type === 'outdated' || action.type === 'link') this.#refresh();
    if (action.type !== 'entries' && action.type !== 'latest') return;
    this.#pager.note(action.entries);
    this.expire();
    this.#store.dispatch({ type: 'cut', over: this.#isShown ? hardLimit : hiddenLimit, to: trimmedTo });
    this.#deps.onEntries(action.entries);
  }

  /** Applies an action in every tab. */
  share(action: SharedAction): void {
    this.apply(action);
    this.#deps.post(action);
  }

  /** Applies the facts about this chat that the list has. */
  describe({ channel, log, lastSeq: seq, readSeq, receipts: before }: ChatItem): void {
    const receipts = { ...before, ...this.state().receipts };
    this.apply({ type: 'summary', channel, place: { log, seq }, readSeq, receipts });
  }

  /** Sends unsent messages and changes through an inbox, and stores every change. */
  lead(inbox: UserInbox): void {
    this.#inbox = inbox;
    this.#sender?.stop();
    this.#sender = new OutboxSender(methodsOf(inbox, this.channelId), (action) => this.share(action));
    this.#afterChange();
  }

  /** Stops sending. Another tab or another inbox takes over everything that is unconfirmed. */
  unlead(): void {
    this.#sender?.stop();
    this.#sender = undefined;
    this.#inbox = undefined;
  }

  /** Hides messages that the server no longer stores. */
  expire(): void {
    const { channel, aheadMs } = this.state();
    const ms = channel && retentionMs(channel);
    if (ms !== undefined) this.#store.dispatch({ type: 'expired', beforeMs: steadyNow() + aheadMs - ms });
  }

  /** Resolves when the browser's database is up to date with this tab. */
  async saved(): Promise<void> {
    await this.#saver.save(this.state());
  }

  /** Forgets the chat in this tab. */
  async close(): Promise<void> {
    const wasLeading = this.#sender !== undefined;
    this.unlead();
    this.#closing.abort();
    clearTimeout(this.#saveTimer);
    if (wasLeading) await this.saved().catch(this.#deps.onUnsaved);
  }

  async #load(): Promise<void> {
    const cached = await loadConversation(this.#deps.database, this.channelId).catch(() => undefined);
    if (cached !== undefined) {
      const { place, readSeq, outgoing, names, channel, aheadMs = 0, isStale = false } = cached.record;
      const bookmarked = { place, readSeq, outgoing, names, channel, aheadMs, isStale };
      this.#store.dispatch({ type: 'cached', bookmarked, lines: cached.lines });
      this.expire();
    }
    this.#saver.markSaved(this.state());
  }

  /** Loads the latest page if the user sees lines that may be wrong. */
  #refresh(): void {
    const { isStale, link } = this.state();
    if (isStale === true && this.#isShown && link.state === 'live') this.loadLatest();
  }

  /** Loads the latest page for every tab. */
  async loadLatest(): Promise<void> {
    await this.#pager.latest(100, ({ log, entries, more }, changes) => {
      this.share({ type: 'latest', log, entries, more });
      this.#correct(changes);
    });
  }

  #correct(changes: readonly EntryEvent[]): void {
    if (changes.length > 0) this.#store.dispatch({ type: 'entries', entries: changes, place: undefined });
  }

  #afterChange(): void {
    if (this.#sender === undefined) return;
    this.#sender.sendPending(this.state());
    this.#saveTimer ??= setTimeout(() => {
      this.#saveTimer = undefined;
      if (this.#sender !== undefined) this.saved().catch(this.#deps.onUnsaved);
    }, saveAfterMs);
  }
}
