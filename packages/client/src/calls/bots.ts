import { type CreateBotResponse, User } from '@parley/contract';
import { type Abortable, type Ask, allPages, type ListOptions } from './ask.js';
import { calls } from './methods.js';

/** Optional fields of a new bot. */
export interface NewBot extends Abortable {
  /** Display name. Default: the user id. */
  readonly name?: string;
  /** The only channel that the bot may be in. Default, for operators: it may be in any. */
  readonly channelId?: number;
}

/** The bots to list. */
export interface BotRange extends ListOptions {
  /** Default, for operators: the bots of all channels. */
  readonly channelId?: number;
}

/**
 * Bots: accounts of programs. A bot has a token instead of a password, and is an ordinary member of
 * the chats to which it is added.
 * @example
 * ```ts
 * import { createClient, type ParleyClient, type Transport } from '@parley/client';
 *
 * export async function makeBot(client: ParleyClient, channelId: number): Promise<string> {
 *   const { token } = await client.bots.create('helper', { name: 'Helper', channelId });
 *   await client.members.add(channelId, 'helper');
 *   return token;
 * }
 *
 * export async function greet(transport: Transport, token: string, channelId: number): Promise<void> {
 *   const bot = createClient({ transport, token });
 *   const channel = await bot.listen(channelId);
 *   await channel.send('Hello!');
 *   await bot.close();
 * }
 * ```
 */
export class Bots {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /**
   * Creates a bot: for one channel, by its owner and admins; for any channel, by operators. Returns
   * its user and its token, which does not expire and is shown only here.
   * @throws {Refusal} `user-id-taken`, `invalid-user-id`, `not-channel-admin`, `not-operator` or
   * `too-many-bots`
   */
  create(userId: string, { name = '', channelId = 0, signal }: NewBot = {}): Promise<CreateBotResponse> {
    return this.#ask(calls.createBot, { userId, name, channelId }, signal);
  }

  /**
   * Yields the bots of a channel, by id. For its owner and admins; without a channel, for operators.
   * @throws {Refusal} `channel-not-found`, `not-channel-admin` or `not-operator`
   */
  list({ channelId = 0, size = 0, signal }: BotRange = {}): AsyncGenerator<User, void> {
    return allPages(async (after) => {
      const { users, next } = await this.#ask(calls.listBots, { channelId, page: { size, after } }, signal);
      return { items: users, next };
    });
  }

  /**
   * Ends a bot for good: its token, its session and its streams. Its messages stay.
   * @throws {Refusal} `user-not-found` if there is no such bot or the caller may not revoke it
   */
  async revoke(userId: string, { signal }: Abortable = {}): Promise<void> {
    await this.#ask(calls.revokeBot, User.fromPartial({ id: userId }), signal);
  }
}
