import { type BotCommand, type CreateBotResponse, SetBotCommandsRequest, User } from '@parley/contract';
import { type Abortable, type Ask, allPages, type ListOptions } from './ask.js';
import { calls } from './methods.js';

/** Optional fields of a new bot. */
export interface NewBot extends Abortable {
  /** Display name. Default: the user id. */
  readonly name?: string;
  /**
   * The only channel that the bot may be in. Only operators may omit it: the bot may then be in any
   * channel.
   */
  readonly channelId?: number;
}

/** Range of bots to list. */
export interface BotRange extends ListOptions {
  /** Channel whose bots to list. Only operators may omit it, to list the bots of all channels. */
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
   * Creates a bot. The owner and admins of a channel can create one for that channel; operators can
   * create one for any channel. Returns the bot's user and its token. The token does not expire and
   * is shown only here.
   * @throws {Refusal} `user-id-taken`, `invalid-user-id`, `not-channel-admin`, `not-operator` or
   * `too-many-bots`
   */
  create(userId: string, { name = '', channelId = 0, signal }: NewBot = {}): Promise<CreateBotResponse> {
    return this.#ask(calls.createBot, { userId, name, channelId }, signal);
  }

  /**
   * Yields the bots of a channel with their `createdBy`, ordered by id, to its owner and admins.
   * Without a channel, yields all bots, to operators only.
   * @throws {Refusal} `channel-not-found`, `not-channel-admin` or `not-operator`
   */
  list({ channelId = 0, size = 0, signal }: BotRange = {}): AsyncGenerator<User, void> {
    return allPages(async (after) => {
      const { users, next } = await this.#ask(calls.listBots, { channelId, page: { size, after } }, signal);
      return { items: users, next };
    });
  }

  /**
   * Replaces the list of commands that a bot handles: messages that begin with `/name`. Clients
   * suggest them in the chats of the bot. Without `botId`, the caller is the bot.
   * @throws {Refusal} `invalid-command`, `change-too-often`, or `user-not-found` if there is no such
   * bot or the caller may not manage it
   */
  async setCommands(
    commands: readonly Pick<BotCommand, 'name' | 'description'>[],
    { botId = '', signal }: Abortable & { readonly botId?: string } = {},
  ): Promise<void> {
    await this.#ask(
      calls.setBotCommands,
      SetBotCommandsRequest.fromPartial({ botId, commands: [...commands] }),
      signal,
    );
  }

  /**
   * Yields the commands of the bots in a chat, ordered by name and then by bot, to its members. Two
   * bots can have the same command.
   * @throws {Refusal} `channel-not-found`, `not-a-member`, or `wrong-kind` for a room
   */
  commands(channelId: number, { size = 0, signal }: ListOptions = {}): AsyncGenerator<BotCommand, void> {
    return allPages(async (after) => {
      const { commands, next } = await this.#ask(calls.listCommands, { channelId, page: { size, after } }, signal);
      return { items: commands, next };
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
