import type { Channel, Conversation, ParleyClient } from '@parley/client';
import { canPage } from '../state/allowed-actions.js';
import { conversationReducer } from '../state/conversation.js';
import {
  type ConversationAction,
  type ConversationState,
  firstSeq,
  lastSeq,
  noConversation,
  type SharedAction,
} from '../state/conversation-state.js';
import type { MessageParts, Outgoing } from '../state/outgoing.js';
import { retentionMs } from '../state/retention.js';
import { steadyNow } from '../state/steady-now.js';
import { Store } from '../state/store.js';
import { ConversationSaver, loadConversation } from '../storage/conversations.js';
import type { BrowserDatabase } from '../storage/database.js';
import { EventReader } from './event-reader.js';
import { HistoryPager, type OnPage } from './history-pager.js';
import type { KnownPeople } from './known-people.js';
import { runAsLeader } from './leadership.js';
import { hardLimit, historyPageSize, saveAfterMs, softLimit, trimmedTo } from './limits.js';
import { NameResolver } from './name-resolver.js';
import type { OpenConversation } from './open-conversation.js';
import { OutboxSender } from './outbox-sender.js';
import { queued } from './queued.js';
import { TabChannel, type TabMessage } from './tab-channel.js';

export interface RoomDeps {
  readonly client: ParleyClient;
  readonly people: KnownPeople;
  readonly database: BrowserDatabase;
  readonly me: string;
  /** Display name of this user. */
  readonly myName: string;
  readonly channelId: number;
  /** Called when the user leaves, in this tab or another. */
  readonly onLeft: () => void;
  /** Called with the reason of a refusal. Some reasons mean that the session is over. */
  readonly onRefused: (reason: string) => void;
  /** Called when the browser does not store the conversation. */
  readonly onUnsaved: () => void;
}

const expireEveryMs = 1_000;

/**
 * One channel in one tab. One of the tabs on the same channel leads: it holds the stream and shares
 * its events with the others.
 */
export class Room implements OpenConversation {
  readonly channelId: number;
  readonly #deps: RoomDeps;
  readonly #store: Store<ConversationState, ConversationAction>;
  readonly #tabs: TabChannel;
  readonly #saver: ConversationSaver;
  readonly #resolver: NameResolver;
  readonly #closing = new AbortController();
  readonly #pager: HistoryPager;
  readonly #expiring: ReturnType<typeof setInterval>;
  #conversation: Conversation | undefined;
  #onRejoin: () => void = () => {};
  #saveTimer: ReturnType<typeof setTimeout> | undefined;
  #isLeading = false;
  #leading: Promise<void> = Promise.resolve();

  constructor(deps: RoomDeps) {
    this.#deps = deps;
    this.channelId = deps.channelId;
    this.#store = new Store(conversationReducer, noConversation(deps.me, { [deps.me]: deps.myName }));
    this.#tabs = new TabChannel(deps.me, deps.channelId, (message) => this.#onTabMessage(message));
    this.#saver = new ConversationSaver(deps.database, deps.channelId);
    this.#resolver = new NameResolver(
      (id) => deps.people.find(id),
      (user) => this.#share({ type: 'introduced', user }),
      this.#closing.signal,
    );
    const { client, channelId, onRefused } = deps;
    this.#pager = new HistoryPager({ client, channelId, signal: this.#closing.signal, onRefused });
    this.#expiring = setInterval(() => this.#expire(), expireEveryMs);
  }

  readonly state = () => this.#store.state();
  readonly subscribe = (listener: () => void) => this.#store.subscribe(listener);

  /** Shows the cached conversation, then joins the other tabs. */
  async enter(): Promise<void> {
    const cached = await loadConversation(this.#deps.database, this.channelId);
    if (cached !== undefined) {
      const { place, readSeq, outgoing, names, channel, aheadMs = 0 } = cached.record;
      const bookmarked = { place, readSeq, outgoing, names, channel: this.state().channel ?? channel, aheadMs };
      this.#store.dispatch({ type: 'cached', bookmarked, lines: cached.lines });
    }
    this.#expire();
    this.#saver.markSaved(this.state());
    if (this.#closing.signal.aborted) return;
    this.#tabs.post({ type: 'hello' });
    this.#leading = runAsLeader(`parley ${this.#deps.me} ${this.channelId}`, this.#closing.signal, () =>
      this.#runAsLeader(),
    );
  }

  /** Queues a new message. */
  say(text: string, replyTo: number | undefined, parts?: MessageParts): void {
    this.#share(queued('say', text, replyTo, parts));
  }

  /** Queues a change of a message. `text` is the new text or the emoji. */
  change(what: Exclude<Outgoing['do'], 'say'>, target: number, text = ''): void {
    this.#share(queued(what, text, target));
  }

  retry(id: string): void {
    this.#share({ type: 'retried', id, at: Date.now() });
  }

  discard(id: string): void {
    this.#share({ type: 'discarded', id });
  }

  /** Marks everything as read. */
  read(): void {
    const seq = lastSeq(this.state());
    if (seq > this.state().readSeq) this.#share({ type: 'read', seq });
  }

  typing(stopped: boolean): void {
    if (this.#isLeading) this.#type(stopped);
    else this.#tabs.post({ type: 'typing', stopped });
  }

  /** Applies the description of this channel from the list of channels. */
  describe(channel: Channel): void {
    this.#store.dispatch({ type: 'described', channel });
  }

  /** Rejoins after the end of the conversation, or retries now instead of waiting. */
  rejoin(): void {
    if (this.#isLeading) this.#reconnect();
    else this.#tabs.post({ type: 'rejoin' });
  }

  /** Loads the next older page. */
  async older(): Promise<void> {
    const { hasOlder } = this.state();
    if (!hasOlder || !canPage(this.state())) return;
    const first = firstSeq(this.state());
    const range = Number.isFinite(first) ? { before: first, size: historyPageSize } : { size: historyPageSize };
    await this.#pager.older(range, this.#takePage);
  }

  /** Drops old lines while the user reads at the end. The server still has them. */
  atEnd(): void {
    this.#store.dispatch({ type: 'cut', over: softLimit, to: trimmedTo });
  }

  /** Resolves when the browser's database is up to date with this tab. */
  async saved(): Promise<void> {
    if (this.#isLeading) await this.#saver.save(this.state());
  }

  /** Leaves the room in every tab. */
  async leave(): Promise<void> {
    this.#tabs.post({ type: 'leave' });
    await this.close();
  }

  /** Closes the room in this tab. If this tab leads, another one takes over. */
  async close(): Promise<void> {
    this.#closing.abort();
    clearInterval(this.#expiring);
    await this.#leading;
    this.#tabs.close();
  }

  #apply(action: SharedAction): void {
    this.#store.dispatch(action);
    if (action.type === 'queued') this.saved().catch(this.#deps.onUnsaved); // The tab may close before the next save.
    if (action.type !== 'entries') return;
    this.#pager.note(action.entries);
    this.#expire();
    this.#store.dispatch({ type: 'cut', over: hardLimit, to: trimmedTo });
    if (this.#isLeading) this.#resolver.resolve(action.entries, this.state().names);
  }

  #share(action: SharedAction): void {
    this.#apply(action);
    this.#tabs.post({ type: 'action', action });
  }

  #type(stopped: boolean): void {
    if (this.state().link.state === 'live') this.#conversation?.typing(stopped);
  }

  #onTabMessage(message: TabMessage): void {
    if (message.type === 'action') this.#apply(message.action);
    else if (message.type === 'leave') this.#deps.onLeft();
    else if (!this.#isLeading) return;
    else if (message.type === 'hello') this.#shareSnapshot();
    else if (message.type === 'typing') this.#type(message.stopped);
    else this.#reconnect();
  }

  #reconnect(): void {
    this.#conversation?.reconnect();
    this.#onRejoin();
  }

  /** Hides messages that the server no longer stores. */
  #expire(): void {
    const { channel, aheadMs } = this.state();
    const ms = channel && retentionMs(channel);
    if (ms !== undefined) this.#store.dispatch({ type: 'expired', beforeMs: steadyNow() + aheadMs - ms });
  }

  #shareSnapshot(): void {
    this.#tabs.post({ type: 'action', action: { type: 'snapshot', state: this.state() } });
  }

  async #runAsLeader(): Promise<void> {
    this.#isLeading = true;
    const unsubscribe = this.#store.subscribe(() => this.#saveSoon());
    const { signal } = this.#closing;
    addEventListener('online', () => this.#conversation?.reconnect(), { signal });
    addEventListener('offline', () => this.#conversation?.reconnect(), { signal });
    while (!signal.aborted) {
      await this.#runConversation(signal);
      if (!signal.aborted) await this.#untilRejoin(signal);
    }
    unsubscribe();
    clearTimeout(this.#saveTimer);
    await this.#saver.save(this.state()).catch(this.#deps.onUnsaved);
    this.#isLeading = false;
  }

  /** Runs one conversation from start to end. */
  async #runConversation(signal: AbortSignal): Promise<void> {
    const { client, onRefused } = this.#deps;
    this.#share({ type: 'link', link: { state: 'connecting' } });
    this.#shareSnapshot();
    const { place } = this.state();
    const conversation = client.open(this.channelId, {
      ...(place !== undefined && { after: place }),
      waitWhenFull: true,
      signal,
    });
    this.#conversation = conversation;
    const dispatch = (action: SharedAction) => signal.aborted || this.#share(action);
    const sender = new OutboxSender(conversation, dispatch);
    const unsubscribe = this.#store.subscribe(() => sender.sendPending(this.state()));
    signal.addEventListener('abort', () => sender.stop());
    await new EventReader(conversation, dispatch).read((from) => this.#reloadOlder(from));
    unsubscribe();
    const { link } = this.state();
    if (!signal.aborted && link.state === 'ended') onRefused(link.reason);
  }

  #untilRejoin(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#onRejoin = resolve;
      signal.addEventListener('abort', () => resolve());
    });
  }

  /** Loads older lines again after a filled gap, because changes to them were missed. */
  #reloadOlder(from: number): void {
    this.#share({ type: 'stale', beforeSeq: from });
    this.#pager.latest(100, this.#takePage);
  }

  readonly #takePage: OnPage = ({ log, entries, more }, changes) => {
    this.#store.dispatch({ type: 'page', log, entries, more });
    if (changes.length > 0) this.#store.dispatch({ type: 'entries', entries: changes, place: undefined });
    this.#expire(); // The server drops expired messages with a delay.
    this.#resolver.resolve(entries, this.state().names);
  };

  #saveSoon(): void {
    this.#saveTimer ??= setTimeout(() => {
      this.#saveTimer = undefined;
      this.#saver.save(this.state()).catch(this.#deps.onUnsaved);
    }, saveAfterMs);
  }
}
