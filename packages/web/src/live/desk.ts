import { type Channel, createClient, type NewChannel, type ParleyClient } from '@parley/client';
import { webTransport } from '@parley/client/web';
import type { Session } from '../state/session.js';
import { Store } from '../state/store.js';
import type { Unsent } from '../state/unsent.js';
import { countUnsent, forgetConversation } from '../storage/conversations.js';
import type { BrowserDatabase, DraftKey } from '../storage/database.js';
import { type Begun, begunKey, loadBegun } from '../storage/drafts.js';
import { Room } from './room.js';
import { RoomsWatch } from './rooms-watch.js';

export interface DeskDeps {
  readonly database: BrowserDatabase;
  readonly session: Session;
  /** The server says that the session is over, and why. */
  readonly onRefused: (reason: string) => void;
}

/** Everything that a user who is signed in can do: the rooms, and the one that is open in this tab. */
export class Desk {
  readonly session: Session;
  readonly rooms: RoomsWatch;
  readonly #client: ParleyClient;
  readonly #deps: DeskDeps;
  readonly #open = new Store<Room | undefined, Room | undefined>((_, room) => room, undefined);

  constructor(deps: DeskDeps) {
    const { session, database, onRefused } = deps;
    this.session = session;
    this.#deps = deps;
    this.#client = createClient({ transport: webTransport(), token: session.token });
    this.rooms = new RoomsWatch({ client: this.#client, database, me: session.userId, onRefused });
    this.rooms.subscribe(() => this.#describe());
  }

  /** The room that is open. */
  readonly room = () => this.#open.state();
  readonly subscribe = (listener: () => void) => this.#open.subscribe(listener);

  start(): Promise<void> {
    return this.rooms.start();
  }

  /** Makes a room; rejects with a Refusal. */
  async create(channel: NewChannel): Promise<Channel> {
    const made = await this.#client.create(channel);
    this.rooms.look();
    return made;
  }

  /** Deletes a room for everybody; rejects with a Refusal. */
  async delete(id: number): Promise<void> {
    await this.#client.delete(id);
    this.rooms.dispatch({ type: 'deleted', id });
    if (this.room()?.channelId === id) await this.#close();
    await forgetConversation(this.#deps.database, id);
  }

  /** Goes into a room, and out of the one before. */
  async enter(id: number): Promise<void> {
    this.rooms.openId = id;
    this.rooms.dispatch({ type: 'unread', id, count: 0 });
    if (this.room()?.channelId === id) return;
    const { database, session, onRefused } = this.#deps;
    const before = this.room();
    const onLeft = () => this.#goneFrom(id);
    const { userId: me, name: myName } = session;
    const room = new Room({ client: this.#client, database, me, myName, channelId: id, onLeft, onRefused });
    this.#open.dispatch(room);
    this.rooms.roomId = id;
    room.subscribe(() => this.rooms.dispatch({ type: 'unsent', id, count: room.state().outgoing.length }));
    this.#learn(room);
    const closed = before?.close();
    await room.enter();
    await closed;
  }

  /** Looks at the list, and stays in the room. */
  glance(): void {
    this.rooms.openId = undefined;
    this.rooms.soon();
  }

  /** Looks at no room; other tabs stay where they are. */
  async look(): Promise<void> {
    await this.#close();
  }

  /** Leaves the open room, in every tab. What was not sent stays in this browser, and goes when the user comes back. */
  async leave(): Promise<void> {
    const room = this.room();
    this.#open.dispatch(undefined);
    this.#nowhere();
    if (room !== undefined) this.rooms.dispatch({ type: 'left', id: room.channelId, userId: this.session.userId });
    await room?.leave();
    this.rooms.soon();
  }

  draft(key: DraftKey): Promise<string | undefined> {
    return this.#deps.database.get('drafts', key);
  }

  async keepDraft(key: DraftKey, text: string): Promise<void> {
    const { database } = this.#deps;
    if (text === '') await database.delete('drafts', key);
    else await database.put('drafts', text, key);
  }

  /** The replies and edits that were begun in a room. */
  begun(id: number): Promise<Begun[]> {
    return loadBegun(this.#deps.database, id);
  }

  /** Keeps that a reply was begun; the text is the draft of the room. */
  async keepReply(id: number, target: Begun['target']): Promise<void> {
    await this.#deps.database.put('drafts', '', begunKey(id, { do: 'reply', target }));
  }

  async forgetBegun(id: number, begun: Begun): Promise<void> {
    await this.#deps.database.delete('drafts', begunKey(id, begun));
  }

  /** What was not sent yet, in all rooms. */
  async unsent(): Promise<Unsent> {
    await this.room()?.saved();
    return countUnsent(this.#deps.database);
  }

  /** Ends the session on the server; rejects with a Refusal. */
  logout(): Promise<void> {
    return this.#client.logout();
  }

  async stop(): Promise<void> {
    this.rooms.stop();
    await this.#close();
  }

  /** The open room is told what the lists say of it. */
  #describe(room = this.room()): boolean {
    const channel = room && this.rooms.state().channels[room.channelId];
    if (channel !== undefined && channel.version !== room?.state().channel?.version) room?.describe(channel);
    return channel !== undefined;
  }

  /** What is not listed is asked for; where nobody answers, the room itself says why. */
  async #learn(room: Room): Promise<void> {
    if (this.#describe(room)) return;
    const channel = await this.#client.channel(room.channelId).catch(() => undefined);
    if (channel !== undefined) room.describe(channel);
  }

  async #goneFrom(id: number): Promise<void> {
    if (this.room()?.channelId === id) await this.#close();
  }

  async #close(): Promise<void> {
    const room = this.room();
    this.#open.dispatch(undefined);
    this.#nowhere();
    await room?.close();
    this.rooms.soon();
  }

  #nowhere(): void {
    this.rooms.openId = undefined;
    this.rooms.roomId = undefined;
  }
}
