import { MemberRole } from '@parley/contract';
import type { Pool, PoolClient } from '@parley/database';
import { Refusal } from '@parley/runtime';
import { deleteChannel, handOver } from '../members/heirs.js';
import { leave, readMembershipRows } from '../members/member-store.js';
import { recordChange } from '../members/membership.js';
import type { ChatServers } from '../placement/chat-servers.js';
import { type Owner, readChannelState } from '../placement/seat-store.js';
import { withChannel } from '../transactions/locked.js';
import type { LockedChannel } from '../transactions/locks.js';
import { inTurn, type KeepTurn } from '../transactions/turns.js';
import {
  beginPass,
  type Deletion,
  endPass,
  findChannelsOf,
  findChannelsToPurge,
  findDeletions,
  isPairGone,
  purgeMessages,
  savePass,
} from './deletion-store.js';
import { firstUuid } from './export-store.js';

const deletionsPerRun = 10;
const channelsPerPage = 1_000;
const messagesPerSlice = 100;

/**
 * Background task that ends the memberships of deleted accounts and, if requested, deletes their
 * messages. Works in small transactions, and continues where another manager stopped.
 */
export class Deletions {
  readonly #pool: Pool;
  readonly #servers: ChatServers;

  constructor(pool: Pool, servers: ChatServers) {
    this.#pool = pool;
    this.#servers = servers;
  }

  /**
   * Does the work that is due for up to 10 deletions, unless another manager is doing it.
   * @throws the error of the database.
   */
  async run(): Promise<void> {
    const find = () => findDeletions.run(this.#pool, { size: deletionsPerRun });
    if ((await find()).length === 0) return;
    await inTurn(this.#pool, 'deletion', async (keep) => {
      for (const one of await find()) await this.#pass(one, keep);
    });
  }

  async #pass({ userId, purge, afterChannel }: Deletion, keep: KeepTurn): Promise<void> {
    await beginPass.run(this.#pool, { userId });
    await this.#leaveAll(userId, keep);
    if (purge) await this.#purge(userId, afterChannel, keep);
    await endPass.run(this.#pool, { userId });
  }

  async #leaveAll(userId: string, keep: KeepTurn): Promise<void> {
    for (;;) {
      const channels = await findChannelsOf.run(this.#pool, { userId, size: channelsPerPage });
      if (channels.length === 0) return;
      for (const { id } of channels) {
        await keep();
        await this.#leave(id, userId);
      }
    }
  }

  async #leave(id: number, userId: string): Promise<void> {
    try {
      const owner = await withChannel(this.#pool, id, (client, channel) => leaveIn(client, channel, userId));
      if (owner !== undefined) this.#servers.endChannel(owner, id);
    } catch (thrown) {
      if (!(thrown instanceof Refusal && thrown.reason === 'channel-not-found')) throw thrown;
    }
  }

  async #purge(userId: string, from: number, keep: KeepTurn): Promise<void> {
    let afterChannel = from;
    for (;;) {
      await keep();
      const page = await findChannelsToPurge.run(this.#pool, { userId, afterChannel, size: channelsPerPage });
      for (const { id, hasText } of page) if (hasText) await this.#purgeChannel(id, userId, keep);
      const last = page.at(-1);
      if (last === undefined) return;
      afterChannel = last.id;
      await savePass.run(this.#pool, { userId, afterChannel });
    }
  }

  async #purgeChannel(channelId: number, userId: string, keep: KeepTurn): Promise<void> {
    let afterId: string | null = firstUuid;
    while (afterId !== null) {
      await keep();
      const purged: readonly { readonly lastId: string | null }[] = await purgeMessages.run(this.#pool, {
        channelId,
        userId,
        afterId,
        size: messagesPerSlice,
      });
      afterId = purged[0]?.lastId ?? null;
    }
  }
}

/**
 * Ends the membership of a deleted account in one channel. If the account owns the channel, gives
 * the channel to an heir, or deletes it if there is none. Deletes a direct chat whose users are both
 * deleted. Returns the live server that owned a deleted channel, otherwise undefined.
 */
async function leaveIn(client: PoolClient, channel: LockedChannel, userId: string): Promise<Owner | undefined> {
  const { id: channelId, kind, ownerId } = channel;
  if (kind !== 'direct' && ownerId === userId) {
    const state = await readChannelState(client, channelId, userId);
    if (!(await handOver(client, channel))) return state?.owner;
  }
  if (kind === 'direct' && (await isPairGone.run(client, { channelId }))[0]?.isGone === true) {
    const state = await readChannelState(client, channelId, userId);
    await deleteChannel.run(client, { channelId });
    return state?.owner;
  }
  const [left] = await readMembershipRows.run(client, { channelId, userId, otherId: null });
  if (left?.inside !== true) return undefined;
  const { at } = await recordChange(client, channel, {
    userId,
    joined: false,
    role: MemberRole.UNSPECIFIED,
    by: userId,
  });
  await leave.run(client, { channelId, userId, lastSeq: at, byChoice: true });
  return undefined;
}
