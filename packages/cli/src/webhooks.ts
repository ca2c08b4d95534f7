import type { DeadLetter, IncomingWebhook, OutgoingWebhook } from '@parley/contract';
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
  /** URL of an outgoing webhook to create. */
  readonly to?: string;
  /** Types of the events that the new outgoing webhook posts. Default: all. */
  readonly types?: readonly string[];
  /** Id of a webhook that gets a new address or a new secret. */
  readonly rotate?: string;
  /** Id of an outgoing webhook whose dead letters are listed. */
  readonly dead?: string;
  /** Id of an outgoing webhook that is resumed. */
  readonly resume?: string;
  /** Id of a webhook to end. */
  readonly delete?: string;
  /** URL of the gateway, with which addresses begin. */
  readonly gateway: string;
}

const isOutgoing = (id: string) => id.startsWith('outgoing-');

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

function outgoingValue(webhook: OutgoingWebhook) {
  const { id, channelId, url, types, createdBy, createdAt, disabledReason, deadLetters } = webhook;
  return {
    ...{ id, channel_id: channelId, url, types, created_by: createdBy || undefined, created_at: createdAt },
    ...{ disabled_reason: disabledReason || undefined, dead_letters: deadLetters },
  };
}

function outgoingTable(webhooks: readonly OutgoingWebhook[]): string {
  const rows = webhooks.map(({ id, url, types, disabledReason, deadLetters }) => [
    ...[terminalLine(id), terminalLine(url), terminalLine(types.join(' ') || 'all')],
    ...[terminalLine(disabledReason === '' ? 'enabled' : `disabled: ${disabledReason}`), String(deadLetters)],
  ]);
  return textTable(['id', 'url', 'types', 'state', 'dead letters'], rows);
}

/** Prints the secret of an outgoing webhook, which the server shows only now. */
function printSecret(session: CommandSession, webhook: OutgoingWebhook): void {
  const { id, url, secret } = webhook;
  const words = `The gateways post to ${terminalLine(url)} (${terminalLine(id)}) and sign with this secret. It is not shown again:`;
  session.print(`${words}\n${terminalLine(secret)}`, { ...outgoingValue(webhook), secret });
}

function deadTable(letters: readonly DeadLetter[]): string {
  const rows = letters.map(({ seq, attempts, failedAt, why }) => [
    ...[String(seq), String(attempts), dateAndClock(failedAt), terminalLine(why)],
  ]);
  return textTable(['seq', 'attempts', 'last attempt', 'why'], rows);
}

/** Rotates, resumes or ends one webhook, or lists its dead letters. */
async function changeWebhook(
  session: CommandSession,
  { rotate, dead, resume, delete: ended = '', gateway }: WebhookOptions,
): Promise<void> {
  const client = await session.loggedIn();
  if (rotate !== undefined) {
    if (isOutgoing(rotate)) return printSecret(session, await client.webhooks.rotateOutgoing(rotate));
    return printAddress(session, await client.webhooks.rotateIncoming(rotate), gateway);
  }
  if (dead !== undefined) {
    const letters = await client.webhooks.deadLetters(dead);
    const values = letters.map(({ failedAt, ...rest }) => ({ ...rest, failed_at: failedAt }));
    return session.print(letters.length === 0 ? 'This webhook has no dead letters.' : deadTable(letters), values);
  }
  if (resume !== undefined) {
    const webhook = await client.webhooks.resumeOutgoing(resume);
    return session.print(`The webhook ${terminalLine(resume)} sends again.`, outgoingValue(webhook));
  }
  await (isOutgoing(ended) ? client.webhooks.deleteOutgoing(ended) : client.webhooks.deleteIncoming(ended));
  session.print(`The webhook ${terminalLine(ended)} has ended for good.`, { id: ended, deleted: true });
}

/** Lists the webhooks of a chat, or creates or changes one. */
export async function webhooks(session: CommandSession, wanted: string, options: WebhookOptions): Promise<void> {
  const { create, to, types = [], rotate, dead, resume, delete: ended, gateway } = options;
  const changes = [rotate, dead, resume, ended].filter((one) => one !== undefined).length;
  if (changes + [create, to].filter((one) => one !== undefined).length > 1)
    throw usage('Give only one of --create, --to, --rotate, --dead, --resume and --delete.');
  if (types.length > 0 && to === undefined) throw usage('Give --types only with --to.');
  if (changes > 0) return changeWebhook(session, options);
  const client = await session.loggedIn();
  const { id } = await findOnly(client, wanted);
  if (create !== undefined) return printAddress(session, await client.webhooks.createIncoming(id, create), gateway);
  if (to !== undefined) return printSecret(session, await client.webhooks.createOutgoing(id, to, { types }));
  const incoming = await client.webhooks.listIncoming(id);
  const outgoing = await client.webhooks.listOutgoing(id);
  const tables = [
    ...(incoming.length === 0 ? [] : [webhookTable(incoming)]),
    ...(outgoing.length === 0 ? [] : [outgoingTable(outgoing)]),
  ];
  const values = [...incoming.map(webhookValue), ...outgoing.map(outgoingValue)];
  session.print(tables.length === 0 ? 'This chat has no webhooks.' : tables.join('\n\n'), values);
}
