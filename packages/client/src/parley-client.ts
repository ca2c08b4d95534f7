import { Channel, ChannelKind, type ListChannelsResponse, User } from '@parley/contract';
import { refuse } from '@parley/runtime/refusal';
import { OwnAccount } from './calls/account.js';
import type { Abortable, Ask } from './calls/ask.js';
import { Bots } from './calls/bots.js';
import { Chats } from './calls/chats.js';
import { Invites } from './calls/invites.js';
import { Members } from './calls/members.js';
import { calls } from './calls/methods.js';
import { Notifications } from './calls/notifications.js';
import { PeopleDirectory } from './calls/people.js';
import { type FoundMessage, type SearchOptions, searchMessages } from './calls/search.js';
import { OwnSessions } from './calls/sessions.js';
import { WebPush } from './calls/web-push.js';
import { Webhooks } from './calls/webhooks.js';
import type { ChannelsRange, ClientOptions, HistoryRange, NewChannel, NewUser, OpenSession } from './client-options.js';
import { Conversation } from './conversation.js';
import type { ListenOptions } from './conversation-options.js';
import { type HistoryPage, pageOf } from './history.js';
import type { InboxOptions } from './inbox/inbox-options.js';
import { UserInbox } from './inbox/user-inbox.js';
import { isToken } from './token.js';
import type { CallOptions, Transport, UnaryCall } from './transport.js';

const noGateway = 'This transport has no address of a gateway. Pass `grpcTransport` the option `gateway`.';

/** Number of seats of a room that is created without a limit. */
const roomLimit = 10;

/**
 * One user's connection to Parley. Every call rejects with a `Refusal`, or with the reason of its
 * signal.
 * @example
 * ```ts
 * import { createClient, textOf } from '@parley/client';
 * import { grpcTransport } from '@parley/client/node';
 *
 * const transport = grpcTransport({ userService: 'localhost:50051', channelService: 'localhost:50052' });
 * const client = createClient({ transport });
 * await client.login('ann', 'correct horse');
 * const channel = await client.listen(1);
 * await channel.send('hello');
 * for await (const event of channel) {
 *   if (event.type === 'message') console.log(event.sender, textOf(event));
 * }
 * ```
 */
export class ParleyClient {
  /** The user's own account: profile, password, email address. */
  readonly account: OwnAccount;
  /** Chats that the user belongs to. */
  readonly chats: Chats;
  /** Members of channels. */
  readonly members: Members;
  /** Invite links of chats. */
  readonly invites: Invites;
  /** Other users: search, blocks and reports of abuse. */
  readonly people: PeopleDirectory;
  /** Bots: accounts of programs. */
  readonly bots: Bots;
  /** Webhooks of chats. */
  readonly webhooks: Webhooks;
  /** Notifications of the user. */
  readonly notifications: Notifications;
  /** Web Push to the browser of the session. */
  readonly push: WebPush;
  /** The user's sessions. */
  readonly sessions: OwnSessions;
  readonly #transport: Transport;
  readonly #conversations = new Set<Conversation>();
  readonly #inboxes = new Set<UserInbox>();
  #token: string | undefined;

  constructor({ transport, token }: ClientOptions) {
    this.#transport = transport;
    this.#token = token;
    const ask: Ask = (call, request, signal) => this.#ask(call, request, signal);
    this.account = new OwnAccount(ask);
    this.chats = new Chats(ask);
    this.members = new Members(ask);
    this.invites = new Invites(ask);
    this.people = new PeopleDirectory(ask);
    this.bots = new Bots(ask);
    this.webhooks = new Webhooks(ask);
    this.notifications = new Notifications(ask);
    this.push = new WebPush(ask);
    this.sessions = new OwnSessions(ask);
  }

  /**
   * The session token, or undefined without a session. Give it to `createClient` later to continue
   * the session.
   */
  get token(): string | undefined {
    return this.#token;
  }

  /**
   * Creates an account. It does not log in.
   * @throws {Refusal} `user-id-taken`, `invalid-user-id`, `invalid-password`, `common-password`,
   * `registration-closed` or `invite-not-found` and others
   * @example
   * ```ts
   * import type { ParleyClient } from '@parley/client';
   *
   * export async function signUp(client: ParleyClient): Promise<void> {
   *   await client.register({ userId: 'ann', password: 'correct horse', name: 'Ann' });
   *   await client.login('ann', 'correct horse');
   * }
   * ```
   */
  async register({ email = '', invite = '', ...user }: NewUser, options: Abortable = {}): Promise<void> {
    await this.#transport.ask(calls.register, { ...user, email, invite }, options);
  }

  /**
   * Opens a session, which every later call uses. Open inboxes of the same user continue with the
   * new session, so that they do not end when the previous session ends. `device` is the name of
   * the new session in the user's list of sessions.
   * @throws {Refusal} `wrong-credentials`, for an unknown user id or a wrong password alike
   * @example
   * ```ts
   * import type { ParleyClient } from '@parley/client';
   *
   * export async function logIn(client: ParleyClient, password: string, newPassword: () => Promise<string>) {
   *   const { mustChangePassword } = await client.login('ann', password);
   *   if (mustChangePassword) await client.account.changePassword(password, await newPassword());
   * }
   * ```
   */
  async login(userId: string, password: string, { device = '', signal }: Abortable & { device?: string } = {}) {
    const session: OpenSession = await this.#transport.ask(calls.login, { userId, password, device }, { signal });
    if (!isToken(session.token)) throw refuse('internal', { message: 'The server sent a malformed token.' });
    this.#token = session.token;
    for (const inbox of this.#inboxes) inbox.renew(session.user?.id ?? '', session.token);
    return session;
  }

  /** Ends the session on the server, and with it every conversation. Then forgets the token. */
  async logout({ signal }: Abortable = {}): Promise<void> {
    await this.#ask(calls.logout, { everywhere: false, sessionId: '' }, signal);
    this.#token = undefined;
  }

  /**
   * Fetches the profile of a user, as far as its privacy settings allow.
   * @throws {Refusal} `user-not-found` if there is no such user or the profile is hidden
   */
  async user(id: string, { signal }: Abortable = {}): Promise<User> {
    return this.#ask(calls.user, User.fromPartial({ id }), signal);
  }

  /**
   * Fetches the channels that the user may see: at most 1,000 of the user's own, and at most 1,000
   * that are listed for everyone. Prefer `listChannels` if there are many.
   */
  async channels({ signal }: Abortable = {}): Promise<Channel[]> {
    return this.#transport.list(0, this.#call(signal));
  }

  /**
   * Fetches one channel.
   * @throws {Refusal} `channel-not-found` if there is none or the user may not see it
   */
  async channel(id: number, { signal }: Abortable = {}): Promise<Channel> {
    const [channel] = await this.#transport.list(id, this.#call(signal));
    if (channel === undefined) throw refuse('channel-not-found');
    return channel;
  }

  /**
   * Fetches a page of channels. In the result, `ids` is the page in order, `channels` holds those
   * of them that differ from `known`, and `next` is the `after` of the next page, empty at the end.
   * @example
   * ```ts
   * import type { Channel, ParleyClient } from '@parley/client';
   *
   * export async function myChannels(client: ParleyClient): Promise<Channel[]> {
   *   const all: Channel[] = [];
   *   let after = '';
   *   do {
   *     const page = await client.listChannels({ mine: true, after });
   *     all.push(...page.channels);
   *     after = page.next;
   *   } while (after !== '');
   *   return all;
   * }
   * ```
   */
  async listChannels(range: ChannelsRange = {}): Promise<ListChannelsResponse> {
    const { mine = false, withoutChats = false, name = '', after = '', size = 0, known = [], signal } = range;
    const all = known.map(({ id, version }) => ({ id, version }));
    return this.#ask(calls.listChannels, { page: { size, after }, mine, withoutChats, name, known: all }, signal);
  }

  /**
   * Creates a channel and returns it as stored. The default is a room for 10 users that stores
   * nothing; other kinds store everything and have the server's limit.
   * @throws {Refusal} `invalid-channel`, `invalid-limit`, `too-many-channels`, `create-too-often`
   * @example
   * ```ts
   * import { type Channel, ChannelKind, type ParleyClient } from '@parley/client';
   *
   * export function createTeam(client: ParleyClient): Promise<Channel> {
   *   const retention = { seconds: 30 * 86_400 };
   *   return client.create({ name: 'team', kind: ChannelKind.GROUP, limit: 50, retention });
   * }
   * ```
   */
  async create(channel: NewChannel, { signal }: Abortable = {}): Promise<Channel> {
    const isRoom = (channel.kind || ChannelKind.ROOM) === ChannelKind.ROOM;
    const limit = channel.limit ?? (isRoom ? roomLimit : 0);
    return this.#ask(calls.create, Channel.fromPartial({ ...channel, limit }), signal);
  }

  /**
   * Deletes a channel that the user owns.
   * @throws {Refusal} `channel-not-found` or `not-owner`
   */
  async delete(id: number, { signal }: Abortable = {}): Promise<void> {
    await this.#ask(calls.delete, Channel.fromPartial({ id }), signal);
  }

  /**
   * Fetches a page of a channel's history.
   * @throws {Refusal} `channel-not-found` or `not-a-member`
   * @example
   * ```ts
   * import { type ParleyClient, textOf } from '@parley/client';
   *
   * export async function lastWords(client: ParleyClient, channelId: number): Promise<string[]> {
   *   const { entries } = await client.history(channelId, { size: 10 });
   *   return entries.flatMap((entry) => (entry.type === 'message' ? [textOf(entry) ?? ''] : []));
   * }
   * ```
   */
  async history(channelId: number, range: HistoryRange = {}): Promise<HistoryPage> {
    const { before = 0, after, size = 0, pinned = false, signal } = range;
    const forward = { afterSeq: after ?? 0, oldestFirst: after !== undefined };
    const request = { channelId, beforeSeq: before, ...forward, size, pinned };
    return pageOf(await this.#ask(calls.history, request, signal));
  }

  /**
   * Yields the messages that have all words of `text`, the newest first. Words in double quotes
   * must follow each other.
   * @throws {Refusal} `invalid-search`, `search-too-broad` or `channel-not-found`
   * @example
   * ```ts
   * import { type ParleyClient, textOf } from '@parley/client';
   *
   * export async function lastLunch(client: ParleyClient): Promise<string | undefined> {
   *   for await (const message of client.search('lunch', { sender: 'bob' })) return textOf(message);
   *   return undefined;
   * }
   * ```
   */
  search(text: string, options: SearchOptions = {}): AsyncGenerator<FoundMessage, void> {
    return searchMessages((call, request, signal) => this.#ask(call, request, signal), text, options);
  }

  /**
   * Joins a channel. Resolves with the conversation after the server's first welcome. If the user
   * was removed since `options.after`, it resolves too: the conversation yields the entries up to the
   * removal and ends with `removed`. If `options.signal` aborts first, it rejects with the signal's
   * reason.
   * @throws {Refusal} if the user cannot join: `channel-full`, `channel-not-found`, `banned` and
   * others
   * @example
   * ```ts
   * import type { Conversation, ParleyClient } from '@parley/client';
   *
   * export async function join(client: ParleyClient, channelId: number): Promise<Conversation> {
   *   const onWait = (why: Error, inMs: number) => console.log(`${why.message} Retrying in ${inMs} ms.`);
   *   return client.listen(channelId, { waitWhenFull: true, onWait });
   * }
   * ```
   */
  async listen(channelId: number, options: ListenOptions = {}): Promise<Conversation> {
    options.signal?.throwIfAborted();
    const conversation = this.open(channelId, options);
    await conversation.entered();
    return conversation;
  }

  /**
   * Joins a channel and returns the conversation immediately. Waits before the first welcome arrive
   * as `reconnecting` events, and a refusal as the event `ended`.
   * @throws {Refusal} `unauthenticated` without a session
   */
  open(channelId: number, options: ListenOptions = {}): Conversation {
    this.#call(undefined);
    const conversation: Conversation = new Conversation(
      {
        transport: this.#transport,
        channelId,
        token: () => this.#token,
        history: (range) => this.history(channelId, range),
        chat: (signal) => this.chats.get(channelId, { ...(signal && { signal }) }),
        onEnd: () => this.#conversations.delete(conversation),
      },
      options,
    );
    this.#conversations.add(conversation);
    return conversation;
  }

  /**
   * Opens the inbox: all chats of the user on one stream. It retries temporary failures, which
   * arrive as events, and ends with the event `ended`.
   * @throws {Refusal} `unauthenticated` without a session, or `not-implemented` if the transport
   * has no address of a gateway
   * @example
   * ```ts
   * import { type InboxPlace, type ParleyClient, textOf } from '@parley/client';
   *
   * export async function run(client: ParleyClient, after: InboxPlace | undefined, store: (place: InboxPlace) => void) {
   *   const inbox = client.inbox({ after });
   *   for await (const event of inbox) {
   *     if (event.type === 'message') console.log(event.channelId, event.sender, textOf(event));
   *     store(inbox.place);
   *   }
   * }
   * ```
   */
  inbox(options: InboxOptions = {}): UserInbox {
    this.#call(undefined);
    const { watch } = this.#transport;
    if (watch === undefined) throw refuse('not-implemented', { message: noGateway });
    const inbox: UserInbox = new UserInbox(
      {
        open: (stream) => watch(stream),
        token: () => this.#token,
        history: (channelId, range) => this.history(channelId, range),
        overview: () => this.chats.all(),
        onEnd: () => this.#inboxes.delete(inbox),
      },
      options,
    );
    this.#inboxes.add(inbox);
    return inbox;
  }

  /** Leaves every channel, closes the inboxes and the connections. The session on the server stays open. */
  async close(): Promise<void> {
    const leaving = [...this.#conversations].map((one) => one.leave());
    await Promise.all([...leaving, ...[...this.#inboxes].map((one) => one.close())]);
    this.#transport.close();
  }

  async #ask<Q, S>(call: UnaryCall<Q, S>, request: Q, signal: AbortSignal | undefined): Promise<S> {
    return this.#transport.ask(call, request, this.#call(signal));
  }

  #call(signal: AbortSignal | undefined): CallOptions {
    if (this.#token === undefined) throw refuse('unauthenticated', { message: 'Log in first.' });
    if (!isToken(this.#token)) throw refuse('invalid-token');
    return { token: this.#token, signal };
  }
}

/**
 * Creates a client. It connects on the first call.
 * @example
 * ```ts
 * import { createClient } from '@parley/client';
 * import { webTransport } from '@parley/client/web';
 *
 * const client = createClient({ transport: webTransport({ origin: 'https://chat.example.org' }) });
 * await client.login('ann', 'correct horse', { device: 'browser' });
 * ```
 */
export function createClient(options: ClientOptions): ParleyClient {
  return new ParleyClient(options);
}
