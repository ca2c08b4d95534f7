import { type ChatSummary, type NotifyLevel, type ParleyClient, Refusal } from '@parley/client';
import { type ChatsAction, type ChatsState, chatsReducer, isChat, noChats, receiptsOf } from '../state/chats.js';
import type { SharedAction } from '../state/conversation-state.js';
import { Store } from '../state/store.js';
import { type ChatsListingSaver, listingSaver, loadListing } from '../storage/chat-listing.js';
import { dropLines, forgetConversation, visitedChannels } from '../storage/conversations.js';
import type { BrowserDatabase, ChannelRecord } from '../storage/database.js';
import { Chat } from './chat.js';
import { type ChatTabMessage, ChatTabs } from './chat-tabs.js';
import type { KnownPeople } from './known-people.js';
import { NameResolver } from './name-resolver.js';
import { type ChatsOfInbox, type InboxNotice, PageInbox } from './page-inbox.js';

export interface UserChatsDeps {
  readonly client: ParleyClient;
  readonly people: KnownPeople;
  readonly database: BrowserDatabase;
  readonly me: string;
  readonly myName: string;
  /** Called with the reason of a refusal. Some reasons mean that the session is over. */
  readonly onRefused: (reason: string) => void;
  /** Called when the browser does not store the chats. */
  readonly onUnsaved: () => void;
}

const expireEveryMs = 1_000;
/** Maximum number of chats in memory that the user does not see. */
const mostLoaded = 30;
/** Number of chats at the top of the list whose last sender is named. */
const mostNamed = 30;

/**
 * All chats of the user, in one tab. One of the user's tabs leads. It has the inbox, shares the
 * events with the other tabs, sends unsent messages and changes, and writes the cache.
 */
export class UserChats implements ChatsOfInbox {
  readonly #deps: UserChatsDeps;
  readonly #store: Store<ChatsState, ChatsAction>;
  readonly #tabs: ChatTabs;
  readonly #resolver: NameResolver;
  readonly #saver: ChatsListingSaver;
  readonly #stopping = new AbortController();
  readonly #loaded = new Map<number, Chat>();
  readonly #session: PageInbox;
  readonly #notices = new Set<(notice: InboxNotice) => void>();
  #expiring: ReturnType<typeof setInterval> | undefined;
  #leading: Promise<void> = Promise.resolve();

  constructor(deps: UserChatsDeps) {
    const { client, database, me, myName } = deps;
    this.#deps = deps;
    this.#store = new Store(chatsReducer, noChats(me, { [me]: myName }));
    this.#tabs = new ChatTabs(me, (message) => this.#onTabMessage(message));
    this.#saver = listingSaver(database, me, deps.onUnsaved);
    this.#resolver = new NameResolver(
      (id) => deps.people.find(id),
      (user) => this.share({ type: 'introduced', user: { id: user.id, name: user.name } }),
      this.#stopping.signal,
    );
    this.#session = new PageInbox({ client, chats: this, onRefused: deps.onRefused });
  }

  readonly state = () => this.#store.state();
  readonly subscribe = (listener: () => void) => this.#store.subscribe(listener);

  /**
   * Calls the listener with each notice for the user, in the leading tab only. Returns a function
   * that unsubscribes it.
   */
  readonly onNotice = (listener: (notice: InboxNotice) => void): (() => void) => {
    this.#notices.add(listener);
    return () => this.#notices.delete(listener);
  };

  /** Paints the stored list, then waits to lead. */
  async start(): Promise<void> {
    const { signal } = this.#stopping;
    const listing = await loadListing(this.#deps.database).catch(() => undefined);
    if (listing !== undefined) this.#apply({ type: 'cached', listing });
    if (signal.aborted) return;
    this.#tabs.post({ type: 'hello' });
    this.#expiring = setInterval(() => this.#expire(), expireEveryMs);
    this.#leading = this.#session.run(`parley chats ${this.#deps.me}`, signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    clearInterval(this.#expiring);
    await this.#leading;
    await Promise.all([...this.#loaded.values()].map((chat) => chat.close()));
    await this.#saver.flush(this.state());
    this.#tabs.close();
  }

  /** Returns a chat with its stored lines. */
  async chat(id: number): Promise<Chat> {
    const known = this.#loaded.get(id);
    const chat = known ?? this.#create(id);
    this.#loaded.delete(id);
    this.#loaded.set(id, chat); // The most recently used chat comes last.
    if (known === undefined) {
      this.#describe(chat);
      this.#forgetSome(id);
    }
    await chat.loaded;
    return chat;
  }

  /** Returns the chats that are in memory. */
  loaded(): readonly Chat[] {
    return [...this.#loaded.values()];
  }

  /** Shows a chat to the user in this tab. */
  async show(id: number): Promise<Chat> {
    const chat = await this.chat(id);
    if (!this.#session.isLeading) this.#tabs.post({ type: 'open', id });
    chat.show();
    return chat;
  }

  hide(chat: Chat): void {
    chat.hide();
    this.#forgetSome();
  }

  /** Marks a chat as unread, or removes the mark. @throws {Refusal} */
  async markUnread(id: number, isUnread: boolean): Promise<void> {
    const { log, readSeq = 0 } = this.state().items[id] ?? {};
    const read = log ? { log, seq: readSeq } : undefined;
    this.refreshed(await this.#deps.client.chats.markUnread(id, isUnread, { read }));
  }

  /** Sets which messages of a chat notify the user. @throws {Refusal} */
  async notify(id: number, level: NotifyLevel): Promise<void> {
    await this.#deps.client.chats.notify(id, level);
    this.share({ type: 'notify', id, level });
  }

  favourite(id: number, isFavourite: boolean): void {
    this.share({ type: 'favourite', id, isFavourite });
  }

  /**
   * Fetches one chat again from the server, for example after the user has joined it. @throws
   * {Refusal}
   */
  async refresh(id: number): Promise<void> {
    this.refreshed(await this.#deps.client.chats.get(id));
  }

  /** Fetches one chat again if the server responds. Otherwise later events show the changes. */
  async tryRefresh(id: number): Promise<void> {
    await this.refresh(id).catch((thrown) => {
      if (thrown instanceof Refusal) this.#deps.onRefused(thrown.reason);
    });
  }

  /** Applies the state of one chat from the server. */
  refreshed(chat: ChatSummary): void {
    this.share({ type: 'refreshed', chat });
    this.summarize(chat);
  }

  /** Passes a summary of the server to the chat, if it is in memory. */
  summarize({ channel, log, mine, others }: ChatSummary): void {
    const place = { log, seq: channel.lastSeq };
    const chat = this.#loaded.get(channel.id);
    chat?.share({ type: 'summary', channel, place, readSeq: mine.readSeq, receipts: receiptsOf(others) });
    if (chat?.state().link.state === 'ended') chat.share({ type: 'link', link: this.state().link }); // The user is a member again.
  }

  /** Forgets a chat that the user has left, in every tab. */
  async removed(id: number): Promise<void> {
    this.share({ type: 'removed', id });
    const link = { state: 'ended', reason: 'removed', message: '' } as const;
    this.#loaded.get(id)?.share({ type: 'link', link });
    await forgetConversation(this.#deps.database, id).catch(this.#deps.onUnsaved);
  }

  /** Forgets the stored chats that are no longer in the list. */
  async forgetOthers(): Promise<void> {
    const { items } = this.state();
    const gone = (await this.#stored()).filter(({ id }) => items[id] === undefined);
    for (const { id } of gone) await this.removed(id);
  }

  /**
   * Loads and stores the latest messages of a chat, unless they are stored already. If some are
   * unread, tells the others that they have arrived: the inbox reports only messages that it carried.
   */
  async storeLatest(id: number): Promise<void> {
    const chat = await this.chat(id);
    if (chat.state().isStale === true) await chat.loadLatest();
    const isUnread = (this.state().items[id]?.unread ?? 0) > 0;
    if (isUnread && chat.state().isStale !== true) this.#session.inbox?.markDelivered(id);
    this.#forgetSome();
  }

  /** Deletes the stored messages of all chats but these. Those in memory stay for now. */
  async storeOnly(ids: ReadonlySet<number>): Promise<void> {
    const others = (await this.#stored()).filter(({ id }) => !ids.has(id) && !this.#loaded.has(id));
    for (const { id } of others) await dropLines(this.#deps.database, id).catch(this.#deps.onUnsaved);
  }

  async unsentIds(): Promise<readonly number[]> {
    return (await this.#stored()).flatMap(({ id, outgoing }) => (outgoing.length > 0 ? [id] : []));
  }

  /** Returns the stored records of chats. */
  async #stored(): Promise<readonly ChannelRecord[]> {
    const visited = await visitedChannels(this.#deps.database).catch(() => []);
    return visited.filter(({ channel }) => channel !== undefined && isChat(channel));
  }

  /** Applies an action of the list in every tab. */
  share(action: ChatsAction): void {
    this.#apply(action);
    this.#tabs.post({ type: 'list', action });
  }

  /** Notifies the listeners of `onNotice`. */
  tell(notice: InboxNotice): void {
    for (const listener of this.#notices) listener(notice);
  }

  /** Reconnects at once. */
  rejoin(): void {
    if (this.#session.isLeading) this.#session.reconnect();
    else this.#tabs.post({ type: 'rejoin' });
  }

  #create(id: number): Chat {
    const { client, database, me, onRefused, onUnsaved } = this.#deps;
    const chat: Chat = new Chat({
      ...{ client, database, me, channelId: id, names: this.state().names, onRefused, onUnsaved },
      post: (action) => this.#tabs.post({ type: 'chat', id, action }),
      onTyping: (stopped) => this.#typing(id, stopped),
      onRead: (seq) => this.#read(chat, seq),
      onRejoin: () => this.rejoin(),
      onEntries: (entries) => this.#resolver.resolve(entries, chat.state().names),
    });
    chat.subscribe(() => this.#countUnsent(chat));
    return chat;
  }

  /** Passes the facts from the list to a new chat, after its stored lines. */
  async #describe(chat: Chat): Promise<void> {
    await chat.loaded;
    const { items, link, aheadMs, maxBytes } = this.state();
    const item = items[chat.channelId];
    if (item !== undefined) chat.describe(item);
    chat.apply({ type: 'server', aheadMs, maxBytes });
    chat.apply({ type: 'link', link });
    if (this.#session.inbox !== undefined) chat.lead(this.#session.inbox);
  }

  #countUnsent({ channelId: id, state }: Chat): void {
    const count = state().outgoing.length;
    if ((this.state().unsent[id] ?? 0) !== count) this.#apply({ type: 'unsent', id, count });
  }

  #read(chat: Chat, seq: number): void {
    const item = this.state().items[chat.channelId];
    const isUnread = item !== undefined && (item.unread > 0 || item.markedUnread);
    if (seq <= chat.state().readSeq && !isUnread) return;
    chat.share({ type: 'read', seq });
    this.share({ type: 'read', id: chat.channelId, seq });
    // A receipt that does not move leaves the mark, so this call removes it.
    if (item?.markedUnread) this.markUnread(chat.channelId, false).catch(() => {});
  }

  #typing(id: number, stopped: boolean): void {
    if (this.#session.isLeading) this.#session.inbox?.typing(id, stopped);
    else this.#tabs.post({ type: 'typing', id, stopped });
  }

  #apply(action: ChatsAction): void {
    const { names } = this.state();
    this.#store.dispatch(action);
    if (action.type === 'all' || action.type === 'some') {
      const peers = action.chats.flatMap(({ peer }) => peer ?? []);
      this.#deps.people.learn(peers);
      for (const { id, name } of peers)
        if (names[id] !== name) this.#toLoaded({ type: 'introduced', user: { id, name } });
    }
    if (action.type === 'introduced') this.#toLoaded({ type: 'introduced', user: action.user });
    if (action.type === 'connected')
      this.#toLoaded({ type: 'server', aheadMs: action.aheadMs, maxBytes: action.maxBytes });
    if (action.type === 'linked') this.#toLoaded({ type: 'link', link: action.link });
    if (action.type === 'changed') this.#describeAgain(action.channel.id);
    if (action.type === 'membership') this.#describeAgain(action.id);
    if (!this.#session.isLeading) return;
    this.#saver.saveSoon(this.state);
    if (action.type === 'all' || action.type === 'some' || action.type === 'entries') this.#nameSenders();
  }

  #describeAgain(id: number): void {
    const item = this.state().items[id];
    if (item !== undefined) this.#loaded.get(id)?.describe(item);
  }

  #toLoaded(action: SharedAction): void {
    for (const chat of this.#loaded.values()) chat.apply(action);
  }

  /** Loads the names of the last senders at the top of the list. */
  #nameSenders(): void {
    const { items, names } = this.state();
    const last = Object.values(items).flatMap((item) => (item.last === undefined ? [] : [item.last]));
    const top = last.sort((a, b) => b.at - a.at).slice(0, mostNamed);
    this.#resolver.resolve(top, names);
  }

  #onTabMessage(message: ChatTabMessage): void {
    if (message.type === 'list') this.#apply(message.action);
    else if (message.type === 'chat') this.#applyTo(message.id, message.action);
    else if (!this.#session.isLeading) return;
    else if (message.type === 'hello')
      this.#tabs.post({ type: 'list', action: { type: 'snapshot', state: this.state() } });
    else if (message.type === 'open') this.#shareSnapshot(message.id);
    else if (message.type === 'typing') this.#typing(message.id, message.stopped);
    else this.rejoin();
  }

  /** Applies an action of another tab to a chat. If the leading tab has dropped the chat, still reports a receipt. */
  #applyTo(id: number, action: SharedAction): void {
    const chat = this.#loaded.get(id);
    if (chat !== undefined) chat.apply(action);
    else if (action.type === 'read') this.#session.inbox?.markRead(id, action.seq);
  }

  async #shareSnapshot(id: number): Promise<void> {
    const chat = await this.chat(id);
    this.#tabs.post({ type: 'chat', id, action: { type: 'snapshot', state: chat.state() } });
  }

  #expire(): void {
    for (const chat of this.#loaded.values()) chat.expire();
  }

  /** Drops chats from memory that were not used for the longest time, except one. */
  #forgetSome(keptId?: number): void {
    for (const [id, chat] of this.#loaded) {
      if (this.#loaded.size <= mostLoaded) return;
      if (id === keptId || chat.isShown || chat.state().outgoing.length > 0) continue;
      this.#loaded.delete(id);
      chat.close();
    }
  }
}
