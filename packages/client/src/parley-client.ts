import { Channel, type Keep, type ListChannelsResponse, type User } from '@parley/contract';
import { refuse } from '@parley/runtime/refusal';
import { Conversation } from './conversation.js';
import type { ListenOptions } from './conversation-options.js';
import { type HistoryPage, pageOf } from './history.js';
import { isToken } from './token.js';
import type { CallOptions, Transport } from './transport.js';

export interface ClientOptions {
  readonly transport: Transport;
  /** The token of an earlier login. */
  readonly token?: string;
}

/** Aborting rejects the call with the signal's reason. */
export interface Abortable {
  readonly signal?: AbortSignal;
}

export interface NewUser {
  readonly userId: string;
  readonly password: string;
  /** What others see. */
  readonly name: string;
  readonly email?: string;
  /** Where registration is by invitation. */
  readonly invite?: string;
}

export interface OpenSession {
  readonly token: string;
  readonly user: User | undefined;
  /** Unix ms. */
  readonly expiresAt: number;
}

export type NewChannel = Partial<Pick<Channel, 'name' | 'limit' | 'kind' | 'description' | 'metadata'>> & {
  /** How much is kept; absent: nothing in a room, everything elsewhere. */
  readonly keep?: Partial<Keep>;
};

/** Which entries: the last ones, those before a seq (newest first), or those after one (oldest first). */
export interface HistoryRange extends Abortable {
  readonly before?: number;
  readonly after?: number;
  /** At most 100, which is the default. */
  readonly size?: number;
}

/** A page of channels, the most active first. */
export interface ChannelsRange extends Abortable {
  /** Those that the user belongs to, was offered or owns; else those that are listed for everybody. */
  readonly mine?: boolean;
  /** Only channels of this name, in capital letters or not. */
  readonly name?: string;
  /** `next` of the page before. */
  readonly after?: string;
  /** At most 100, which is the default. */
  readonly size?: number;
  /** Channels that the caller has already: they come again only if they have changed. At most 100. */
  readonly known?: readonly Pick<Channel, 'id' | 'version'>[];
}

/** One user's way into a Parley. Every call rejects with a Refusal, or with the reason of its signal. */
export class ParleyClient {
  readonly #transport: Transport;
  readonly #conversations = new Set<Conversation>();
  #token: string | undefined;

  constructor({ transport, token }: ClientOptions) {
    this.#transport = transport;
    this.#token = token;
  }

  /** The token of the session; it can be given to `createClient` later. */
  get token(): string | undefined {
    return this.#token;
  }

  /** Makes an account. */
  register({ email = '', invite = '', ...user }: NewUser, options: Abortable = {}): Promise<void> {
    return this.#transport.register({ ...user, email, invite }, options);
  }

  /** Opens a session, for all that follows. `device` is its name in the user's list of sessions. */
  async login(userId: string, password: string, { device = '', signal }: Abortable & { device?: string } = {}) {
    const session: OpenSession = await this.#transport.login({ userId, password, device }, { signal });
    if (!isToken(session.token)) throw refuse('internal', { words: 'the server gave a token that cannot be one' });
    this.#token = session.token;
    return session;
  }

  /** Ends the session on the server, and with it every conversation; the token is forgotten. */
  async logout({ signal }: Abortable = {}): Promise<void> {
    await this.#transport.logout(this.#call(signal));
    this.#token = undefined;
  }

  /**
   * The profile of a user, as far as its owner lets it be seen.
   * @throws {Refusal} `user-not-found` where there is nobody, or nobody to be seen.
   */
  async user(id: string, { signal }: Abortable = {}): Promise<User> {
    return this.#transport.user(id, this.#call(signal));
  }

  /** Every channel that the user may see. */
  async channels({ signal }: Abortable = {}): Promise<Channel[]> {
    return this.#transport.list(0, this.#call(signal));
  }

  /**
   * One channel.
   * @throws {Refusal} `channel-not-found` where there is none, or none that the user may see.
   */
  async channel(id: number, { signal }: Abortable = {}): Promise<Channel> {
    const [channel] = await this.#transport.list(id, this.#call(signal));
    if (channel === undefined) throw refuse('channel-not-found');
    return channel;
  }

  /** A page of channels: `ids` is the whole page in its order, `channels` are those of it that `known` does not have. */
  async listChannels(range: ChannelsRange = {}): Promise<ListChannelsResponse> {
    const { mine = false, name = '', after = '', size = 0, known = [], signal } = range;
    const all = known.map(({ id, version }) => ({ id, version }));
    return this.#transport.listChannels({ page: { size, after }, mine, name, known: all }, this.#call(signal));
  }

  /** Makes a channel: a room unless `kind` says otherwise. */
  async create(channel: NewChannel, { signal }: Abortable = {}): Promise<Channel> {
    return this.#transport.create(Channel.fromPartial(channel), this.#call(signal));
  }

  /** Deletes a channel of the user. */
  async delete(id: number, { signal }: Abortable = {}): Promise<void> {
    return this.#transport.delete(id, this.#call(signal));
  }

  /** A page of what was said. */
  async history(channelId: number, range: HistoryRange = {}): Promise<HistoryPage> {
    const { before = 0, after, size = 0, signal } = range;
    const request = { channelId, beforeSeq: before, afterSeq: after ?? 0, size, oldestFirst: after !== undefined };
    return pageOf(await this.#transport.history(request, this.#call(signal)));
  }

  /**
   * Takes a place in a channel. Resolves when the server has said welcome.
   * @throws {Refusal} where there is none to be had; with the signal's reason where it aborts.
   */
  async listen(channelId: number, options: ListenOptions = {}): Promise<Conversation> {
    options.signal?.throwIfAborted();
    const conversation = this.open(channelId, options);
    await conversation.entered();
    return conversation;
  }

  /**
   * The same at once: the way to the first welcome is told by events too, and a refusal is the event `ended`.
   * @throws {Refusal} where nobody is logged in.
   */
  open(channelId: number, options: ListenOptions = {}): Conversation {
    this.#call(undefined);
    const conversation: Conversation = new Conversation(
      {
        transport: this.#transport,
        channelId,
        token: () => this.#token,
        history: (range) => this.history(channelId, range),
        onEnd: () => this.#conversations.delete(conversation),
      },
      options,
    );
    this.#conversations.add(conversation);
    return conversation;
  }

  /** Leaves every channel and closes the connections; the session stays. */
  async close(): Promise<void> {
    await Promise.all([...this.#conversations].map((one) => one.leave()));
    this.#transport.close();
  }

  #call(signal: AbortSignal | undefined): CallOptions {
    if (this.#token === undefined) throw refuse('unauthenticated', { words: 'log in first' });
    if (!isToken(this.#token)) throw refuse('invalid-token');
    return { token: this.#token, signal };
  }
}

/** A client over that transport. It connects when it is first asked for something. */
export function createClient(options: ClientOptions): ParleyClient {
  return new ParleyClient(options);
}
