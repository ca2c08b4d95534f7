import { type Channel, createClient, type NewChannel, type ParleyClient } from '@parley/client';
import { allAttachments } from '../state/attachments.js';
import { roomWith } from '../state/rooms.js';
import type { Session } from '../state/session.js';
import { Store } from '../state/store.js';
import type { Unsent, UnsentItem } from '../state/unsent.js';
import { countUnsent, forgetConversation, listUnsent } from '../storage/conversations.js';
import { type BrowserDatabase, type DraftKey, putFor } from '../storage/database.js';
import { loadPendingIntents, type PendingIntent, pendingIntentKey } from '../storage/drafts.js';
import { Attachments } from './attachments.js';
import { BrowserPush } from './browser-push.js';
import { DraftSaver } from './draft-saver.js';
import { pageTransport } from './inbox-transport.js';
import { KnownPeople } from './known-people.js';
import { ChatMembership } from './membership.js';
import { MessageSearch } from './message-search.js';
import { Notices } from './notices.js';
import { PinnedMessages } from './pinned-messages.js';
import { Room } from './room.js';
import { RoomsWatch } from './rooms-watch.js';
import { StoredNoticeSettings } from './stored-notice-settings.js';
import { UserAccount } from './user-account.js';
import { UserChats } from './user-chats.js';
import { WorkspaceFiles } from './workspace-files.js';

export interface WorkspaceDeps {
  readonly database: BrowserDatabase;
  readonly session: Session;
  /** Called with the reason of each refusal. Some reasons mean that the session is over. */
  readonly onRefused: (reason: string) => void;
}

/** The chats and lists of rooms of the signed-in user, and the room that this tab has joined. */
export class Workspace {
  readonly session: Session;
  readonly rooms: RoomsWatch;
  readonly chats: UserChats;
  readonly membership: ChatMembership;
  readonly account: UserAccount;
  readonly people: KnownPeople;
  readonly search: MessageSearch;
  readonly notices: Notices;
  readonly pins: PinnedMessages;
  readonly files: WorkspaceFiles;
  readonly attachments: Attachments;
  readonly #client: ParleyClient;
  /** Ids of the rooms in which this tab was. */
  readonly #entered = new Set<number>();
  readonly #deps: WorkspaceDeps;
  /** Whether the browser refused to store something since the user signed in. */
  readonly unsaved = new Store<boolean, boolean>((_, isUnsaved) => isUnsaved, false);
  readonly #onUnsaved = () => this.unsaved.dispatch(true);
  readonly #drafts = new DraftSaver((key, text) => this.#writeDraft(key, text));
  readonly #open = new Store<Room | undefined, Room | undefined>((_, room) => room, undefined);

  constructor(deps: WorkspaceDeps) {
    const { session, database, onRefused } = deps;
    this.session = session;
    this.#deps = deps;
    this.#client = createClient({ transport: pageTransport(), token: session.token });
    const callbacks = { onRefused, onUnsaved: this.#onUnsaved };
    this.files = new WorkspaceFiles(session.token);
    this.people = new KnownPeople({
      fetchUser: (id, signal) => this.#client.user(id, { signal }),
      allowBrowser: () => this.files.allowBrowser(),
    });
    this.rooms = new RoomsWatch({ client: this.#client, database, me: session.userId, ...callbacks });
    this.rooms.subscribe(() => this.#describe());
    const { userId: me, name: myName } = session;
    this.chats = new UserChats({ client: this.#client, database, people: this.people, me, myName, ...callbacks });
    this.membership = new ChatMembership(this.#client, this.chats, this.people, me);
    this.account = new UserAccount({
      client: this.#client,
      chats: this.chats,
      people: this.people,
      files: this.files,
      database,
      me,
    });
    this.search = new MessageSearch(this.#client);
    const noticeSettings = new StoredNoticeSettings(database, me, this.#onUnsaved);
    this.notices = new Notices(this.chats, noticeSettings, new BrowserPush(this.#client, noticeSettings));
    this.pins = new PinnedMessages(this.#client);
    this.attachments = new Attachments(this.files);
  }

  /** Returns the open room. */
  readonly room = () => this.#open.state();
  readonly subscribe = (listener: () => void) => this.#open.subscribe(listener);

  async start(): Promise<void> {
    await Promise.all([this.chats.start(), this.rooms.start(), this.notices.start()]);
  }

  /**
   * Creates a room.
   * @throws {Refusal}
   */
  async create(channel: NewChannel): Promise<Channel> {
    const made = await this.#client.create(channel);
    this.rooms.poll();
    return made;
  }

  /**
   * Deletes a room for everyone.
   * @throws {Refusal}
   */
  async delete(id: number): Promise<void> {
    await this.#client.delete(id);
    this.rooms.dispatch({ type: 'deleted', id });
    if (this.room()?.channelId === id) await this.#close();
    await forgetConversation(this.#deps.database, id);
  }

  /**
   * Returns the room that the user would leave, on another device or in another tab, by entering a
   * room here. Rooms in which this tab was do not count, because the lists show the user there a
   * little longer.
   */
  roomElsewhere(id: number): Channel | undefined {
    return roomWith(this.rooms.state(), this.session.userId, new Set([...this.#entered, id]));
  }

  /** Enters a room and closes the previous one. */
  async enter(id: number): Promise<void> {
    this.#entered.add(id);
    this.rooms.openId = id;
    this.rooms.dispatch({ type: 'unread', id, count: 0 });
    if (this.room()?.channelId === id) return;
    const { database, session, onRefused } = this.#deps;
    const before = this.room();
    const onLeft = () => this.#closeIfOpen(id);
    const { userId: me, name: myName } = session;
    const callbacks = { onLeft, onRefused, onUnsaved: this.#onUnsaved };
    const { people } = this;
    const room = new Room({ client: this.#client, people, database, me, myName, channelId: id, ...callbacks });
    this.#open.dispatch(room);
    this.rooms.roomId = id;
    room.subscribe(() => this.rooms.dispatch({ type: 'unsent', id, count: room.state().outgoing.length }));
    this.#loadDescription(room);
    const closed = before?.close();
    await room.enter();
    await closed;
  }

  /** Shows the list of rooms. The user stays in the open room. */
  showList(): void {
    this.rooms.openId = undefined;
    this.rooms.pollSoon();
  }

  /** Closes the room in this tab only. */
  async closeRoom(): Promise<void> {
    await this.#close();
  }

  /**
   * Leaves the open room in every tab. Unsent messages stay in this browser and are sent on the
   * next visit.
   */
  async leave(): Promise<void> {
    const room = this.room();
    this.#open.dispatch(undefined);
    this.#clearRoomIds();
    if (room !== undefined) this.rooms.dispatch({ type: 'left', id: room.channelId, userId: this.session.userId });
    await room?.leave();
    this.rooms.pollSoon();
  }

  /** Returns the stored draft, if there is one. */
  async draft(key: DraftKey): Promise<string | undefined> {
    return this.#drafts.waiting(key) ?? this.#deps.database.get('drafts', key);
  }

  /** Stores a draft; an empty text deletes it. */
  saveDraft(key: DraftKey, text: string): void {
    this.#drafts.save(key, text);
  }

  async #writeDraft(key: DraftKey, text: string): Promise<void> {
    const { database } = this.#deps;
    await (text === ''
      ? database.delete('drafts', key)
      : putFor(database, this.session.userId, 'drafts', text, key)
    ).catch(this.#onUnsaved);
  }

  /** Returns the replies and edits that were begun in a room. */
  pendingIntents(id: number): Promise<PendingIntent[]> {
    return loadPendingIntents(this.#deps.database, id);
  }

  /** Stores that the user began a reply. Its text is the draft of the room. */
  async saveReply(id: number, target: PendingIntent['target']): Promise<void> {
    const key = pendingIntentKey(id, { do: 'reply', target });
    await putFor(this.#deps.database, this.session.userId, 'drafts', '', key).catch(this.#onUnsaved);
  }

  async forgetPendingIntent(id: number, intent: PendingIntent): Promise<void> {
    await this.#deps.database.delete('drafts', pendingIntentKey(id, intent)).catch(this.#onUnsaved);
  }

  /** Counts unsent messages, changes, drafts and files in all rooms. */
  async unsent(): Promise<Unsent> {
    await Promise.all([this.#drafts.saved(), this.room()?.saved(), ...this.chats.loaded().map((chat) => chat.saved())]);
    const files = allAttachments(this.attachments.state()).length;
    return { ...(await countUnsent(this.#deps.database)), files };
  }

  /** Returns all unsent messages, changes and drafts of all rooms. */
  unsentItems(): Promise<readonly UnsentItem[]> {
    return listUnsent(this.#deps.database);
  }

  async stop(): Promise<void> {
    this.rooms.stop();
    this.notices.stop();
    this.attachments.stop();
    this.people.stop();
    await Promise.all([this.chats.stop(), this.#close()]);
  }

  /**
   * Passes the room's description from the lists to the room. Returns whether the lists have one.
   */
  #describe(room = this.room()): boolean {
    const channel = room && this.rooms.state().channels[room.channelId];
    if (channel !== undefined && channel.version !== room?.state().channel?.version) room?.describe(channel);
    return channel !== undefined;
  }

  /** Loads the description of an unlisted room. If that fails, the room itself shows the reason. */
  async #loadDescription(room: Room): Promise<void> {
    if (this.#describe(room)) return;
    const channel = await this.#client.channel(room.channelId).catch(() => undefined);
    if (channel !== undefined) room.describe(channel);
  }

  async #closeIfOpen(id: number): Promise<void> {
    if (this.room()?.channelId === id) await this.#close();
  }

  async #close(): Promise<void> {
    const room = this.room();
    this.#open.dispatch(undefined);
    this.#clearRoomIds();
    await room?.close();
    this.rooms.pollSoon();
  }

  #clearRoomIds(): void {
    this.rooms.openId = undefined;
    this.rooms.roomId = undefined;
  }
}
