import type { Pool, PoolClient, Queryable, Rate } from '@parley/database';
import { refuse } from '@parley/runtime';
import type { UserCaller } from '@parley/service-kit';
import { noChannelId, withoutTrace } from '../invites/invites.js';
import { withManagedChat } from '../members/managed-chat.js';
import { throttleChanges } from '../members/membership.js';
import type { LockedChannel } from '../transactions/locks.js';

/** Limits the creations, rotations and resumptions of one user: each adds a line to the audit. */
export const secretRate: Rate = { key: 'webhook', secondsPerCall: 60, burst: 30 };

/** Incoming or outgoing webhooks: the form of their ids, and the statement that reads one. */
export interface WebhookSort<W> {
  readonly idForm: RegExp;
  readonly read: { readonly run: (client: Queryable, parameters: { readonly id: string }) => Promise<readonly W[]> };
}

/**
 * Runs `work` with a webhook, and its chat locked, for a caller who may manage it.
 * @throws {Refusal} `webhook-not-found`, and those of `withManagedChat` to a caller who sees the chat.
 */
export async function withManagedWebhook<W extends { readonly channelId: number | null }, T>(
  pool: Pool,
  me: UserCaller,
  { id, sort: { idForm, read } }: { readonly id: string; readonly sort: WebhookSort<W> },
  work: (client: PoolClient, webhook: W, channel: LockedChannel) => Promise<T>,
): Promise<T> {
  await throttleChanges(pool, me);
  if (!idForm.test(id)) throw refuse('webhook-not-found');
  const [found] = await read.run(pool, { id });
  try {
    const chat = { channelId: found?.channelId ?? noChannelId, things: 'webhooks' } as const;
    return await withManagedChat(pool, me, chat, async (client, channel) => {
      const [webhook] = await read.run(client, { id });
      if (webhook === undefined) throw refuse('webhook-not-found');
      return work(client, webhook, channel);
    });
  } catch (thrown) {
    throw withoutTrace(thrown, 'webhook-not-found');
  }
}
