import { Channel, Invite } from '@parley/contract';
import type { Abortable, Ask } from './ask.js';
import { calls } from './methods.js';

/** Limits of an invite link. */
export interface NewInvite extends Abortable {
  /** Maximum number of users who can join with the link. Default: no limit. */
  readonly maxUses?: number;
  /** Expiry of the link, in Unix ms. Default: never. */
  readonly expiresAt?: number;
}

/**
 * Invite links of chats. The id of an invite is the secret that lets its holder join.
 * @example
 * ```ts
 * import type { Channel, ParleyClient } from '@parley/client';
 *
 * export async function invite(client: ParleyClient, channelId: number): Promise<string> {
 *   const { id } = await client.invites.create(channelId, { maxUses: 5, expiresAt: Date.now() + 86_400_000 });
 *   return id;
 * }
 *
 * export async function accept(client: ParleyClient, id: string): Promise<Channel> {
 *   const { name, memberCount } = await client.invites.preview(id);
 *   console.log(`Joining ${name}, which has ${memberCount} members.`);
 *   return client.invites.join(id);
 * }
 * ```
 */
export class Invites {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /**
   * Creates an invite link of a chat. Only its owner and admins may do this. With `channelId` 0,
   * creates an invitation to register; only operators may do that.
   * @throws {Refusal} `not-channel-admin`, `invalid-invite`, `too-many-invites` or `wrong-kind`
   */
  create(channelId: number, { maxUses = 0, expiresAt = 0, signal }: NewInvite = {}): Promise<Invite> {
    return this.#ask(calls.createInvite, Invite.fromPartial({ channelId, maxUses, expiresAt }), signal);
  }

  /**
   * Fetches the invite links of a chat: all valid ones, and then the newest others, at most 200 in
   * all. Both parts are sorted by age, the newest first.
   * @throws {Refusal} `not-channel-admin` or `channel-not-found`
   */
  async list(channelId: number, { signal }: Abortable = {}): Promise<readonly Invite[]> {
    return (await this.#ask(calls.listInvites, Channel.fromPartial({ id: channelId }), signal)).invites;
  }

  /**
   * Revokes an invite link. Nobody can join with it any more.
   * @throws {Refusal} `invite-not-found` or `not-channel-admin`
   */
  async revoke(id: string, { signal }: Abortable = {}): Promise<void> {
    await this.#ask(calls.revokeInvite, Invite.fromPartial({ id }), signal);
  }

  /**
   * Fetches id, name, description, icon, kind and `memberCount` of the chat of an invite link,
   * without joining. `myRole` is set for members.
   * @throws {Refusal} `invite-not-found` if it is unknown, expired, used up or revoked
   */
  preview(id: string, { signal }: Abortable = {}): Promise<Channel> {
    return this.#ask(calls.previewInvite, Invite.fromPartial({ id }), signal);
  }

  /**
   * Joins the chat of an invite link. Does nothing for a member.
   * @throws {Refusal} `invite-not-found`, `banned` or `channel-full`
   */
  join(id: string, { signal }: Abortable = {}): Promise<Channel> {
    return this.#ask(calls.join, Invite.fromPartial({ id }), signal);
  }
}
