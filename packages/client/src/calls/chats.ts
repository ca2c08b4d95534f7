import { type Channel, Invite, UpdateChannelRequest, User } from '@parley/contract';
import type { Abortable, Ask } from './ask.js';
import { calls } from './methods.js';

/** Settings of a channel to change; absent ones stay as they are. */
export type ChannelChange = Omit<Parameters<typeof UpdateChannelRequest.fromPartial>[0], 'id'>;

/**
 * Chats: the channels that a user belongs to.
 * @example
 * ```ts
 * import type { Conversation, ParleyClient } from '@parley/client';
 *
 * export async function talkTo(client: ParleyClient, userId: string): Promise<Conversation> {
 *   const { id } = await client.chats.direct(userId);
 *   return client.listen(id);
 * }
 * ```
 */
export class Chats {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /**
   * Fetches the direct chat with a user, and creates it if there is none.
   * @throws {Refusal} `user-not-found` or `create-too-often`
   */
  direct(userId: string, { signal }: Abortable = {}): Promise<Channel> {
    return this.#ask(calls.openDirect, User.fromPartial({ id: userId }), signal);
  }

  /**
   * Joins a public chat, a chat whose offer the user accepts, or a direct chat that the user left.
   * Does nothing for a member.
   * @throws {Refusal} `channel-not-found`, `banned`, `channel-full` or `wrong-kind`
   */
  join(channelId: number, { signal }: Abortable = {}): Promise<Channel> {
    return this.#ask(calls.join, Invite.fromPartial({ channelId }), signal);
  }

  /**
   * Changes the settings of a channel, for its owner and admins. Returns it as it then is.
   * @throws {Refusal} `not-channel-admin`, `not-owner`, `invalid-channel` or `wrong-kind`
   */
  update(channelId: number, change: ChannelChange, { signal }: Abortable = {}): Promise<Channel> {
    return this.#ask(calls.updateChannel, UpdateChannelRequest.fromPartial({ ...change, id: channelId }), signal);
  }
}
