import type { IncomingWebhook } from '@parley/contract';
import { textTable } from '@parley/runtime';
import { dateAndClock } from './entry-lines.js';
import { usage } from './failure.js';
import { findOnly } from './find-channel.js';
import { terminalLine } from './plain-text.js';
import type { CommandSession } from './session.js';

/** The options of `webhooks`. */
export interface WebhookOptions {
  /** Name of an incoming webhook to create. */
  readonly create?: string;
  /** Id of an incoming webhook that gets a new address. */
  readonly rotate?: string;
  /** Id of an incoming webhook to end. */
  readonly delete?: string;
  /** URL of the gateway, with which addresses begin. */
  readonly gateway: string;
}

function webhookValue({ id, channelId, name, createdBy, createdAt }: IncomingWebhook) {
  return { id, channel_id: channelId, name, created_by: createdBy || undefined, created_at: createdAt };
}

function webhookTable(webhooks: readonly IncomingWebhook[]): string {
  const rows = webhooks.map(({ id, name, createdBy, createdAt }) => [
    ...[terminalLine(id), terminalLine(name), terminalLine(createdBy), dateAndClock(createdAt)],
  ]);
  return textTable(['id', 'name', 'created by', 'created'], rows);
}

/** Prints the address of an incoming webhook, which the server shows only now. */
function printAddress(session: CommandSession, webhook: IncomingWebhook, gateway: string): void {
  const url = new URL(webhook.path, gateway).href;
  const { id, name } = webhook;
  const words = `Programs post as ${terminalLine(name)} (${terminalLine(id)}) to this address. It is not shown again:`;
  session.print(`${words}\n${terminalLine(url)}`, { ...webhookValue(webhook), url });
}

/** Lists the incoming webhooks of a chat, or creates, rotates or ends one. */
export async function webhooks(session: CommandSession, wanted: string, options: WebhookOptions): Promise<void> {
  const { create, rotate, delete: ended, gateway } = options;
  if ([create, rotate, ended].filter((one) => one !== undefined).length > 1)
    throw usage('Give only one of --create, --rotate and --delete.');
  const client = await session.loggedIn();
  if (rotate !== undefined) return printAddress(session, await client.webhooks.rotateIncoming(rotate), gateway);
  if (ended !== undefined) {
    await client.webhooks.deleteIncoming(ended);
    return session.print(`The webhook ${terminalLine(ended)} has ended for good.`, { id: ended, deleted: true });
  }
  const { id } = await findOnly(client, wanted);
  if (create !== undefined) {
    return printAddress(session, await client.webhooks.createIncoming(id, create), gateway);
  }
  const found = await client.webhooks.listIncoming(id);
  session.print(found.length === 0 ? 'This chat has no webhooks.' : webhookTable(found), found.map(webhookValue));
}
