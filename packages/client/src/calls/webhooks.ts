import { Channel, type DeadLetter, IncomingWebhook, OutgoingWebhook } from '@parley/contract';
import type { Abortable, Ask } from './ask.js';
import { calls } from './methods.js';

/**
 * Webhooks of chats, for their owners and admins. An incoming webhook is a bot that only posts:
 * programs send it messages with one HTTP request. An outgoing webhook is a URL to which the
 * gateways post the new entries of the chat.
 * @example
 * ```ts
 * import type { ParleyClient } from '@parley/client';
 *
 * export async function reportBuilds(client: ParleyClient, channelId: number, gateway: string): Promise<void> {
 *   const { path } = await client.webhooks.createIncoming(channelId, 'builds');
 *   const body = JSON.stringify({ text: 'The build has passed.' });
 *   await fetch(gateway + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
 * }
 * ```
 */
export class Webhooks {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /**
   * Creates an incoming webhook, whose messages have this name. The result has the `path` at which
   * programs post, below the address of the gateways. It contains a secret, and is shown only here.
   * @throws {Refusal} `not-channel-admin`, `wrong-kind`, `too-many-bots`, `channel-full` or
   * `create-too-often`
   */
  createIncoming(channelId: number, name: string, { signal }: Abortable = {}): Promise<IncomingWebhook> {
    return this.#ask(calls.createIncomingWebhook, IncomingWebhook.fromPartial({ channelId, name }), signal);
  }

  /**
   * Fetches the incoming webhooks of a chat, the oldest first, without their paths.
   * @throws {Refusal} `not-channel-admin` or `channel-not-found`
   */
  async listIncoming(channelId: number, { signal }: Abortable = {}): Promise<readonly IncomingWebhook[]> {
    return (await this.#ask(calls.listIncomingWebhooks, Channel.fromPartial({ id: channelId }), signal)).webhooks;
  }

  /**
   * Gives an incoming webhook a new `path`. The old one ends at once.
   * @throws {Refusal} `webhook-not-found`, `not-channel-admin` or `create-too-often`
   */
  rotateIncoming(id: string, { signal }: Abortable = {}): Promise<IncomingWebhook> {
    return this.#ask(calls.rotateIncomingWebhook, IncomingWebhook.fromPartial({ id }), signal);
  }

  /**
   * Ends an incoming webhook, and removes it from the chat. Its messages stay.
   * @throws {Refusal} `webhook-not-found` or `not-channel-admin`
   */
  async deleteIncoming(id: string, { signal }: Abortable = {}): Promise<void> {
    await this.#ask(calls.deleteIncomingWebhook, IncomingWebhook.fromPartial({ id }), signal);
  }

  /**
   * Creates an outgoing webhook: from now on, the gateways post events of these types to an https
   * URL. Default: all types. The result has the `secret` that verifies the posts, which is shown
   * only here.
   * @throws {Refusal} `invalid-webhook`, `not-channel-admin`, `wrong-kind`, `too-many-bots` or
   * `create-too-often`
   */
  createOutgoing(
    channelId: number,
    url: string,
    { types = [], signal }: Abortable & { readonly types?: readonly string[] } = {},
  ): Promise<OutgoingWebhook> {
    const request = OutgoingWebhook.fromPartial({ channelId, url, types: [...types] });
    return this.#ask(calls.createOutgoingWebhook, request, signal);
  }

  /**
   * Fetches the outgoing webhooks of a chat, the oldest first, without their secrets.
   * @throws {Refusal} `not-channel-admin` or `channel-not-found`
   */
  async listOutgoing(channelId: number, { signal }: Abortable = {}): Promise<readonly OutgoingWebhook[]> {
    return (await this.#ask(calls.listOutgoingWebhooks, Channel.fromPartial({ id: channelId }), signal)).webhooks;
  }

  /**
   * Gives an outgoing webhook a new `secret`. For 24 hours, the gateways sign with the old one too.
   * @throws {Refusal} `webhook-not-found`, `not-channel-admin` or `create-too-often`
   */
  rotateOutgoing(id: string, { signal }: Abortable = {}): Promise<OutgoingWebhook> {
    return this.#ask(calls.rotateOutgoingWebhook, OutgoingWebhook.fromPartial({ id }), signal);
  }

  /**
   * Sends the dead letters of an outgoing webhook again, and enables it if it was disabled. This
   * user then counts as its creator.
   * @throws {Refusal} `webhook-not-found`, `not-channel-admin` or `create-too-often`
   */
  resumeOutgoing(id: string, { signal }: Abortable = {}): Promise<OutgoingWebhook> {
    return this.#ask(calls.resumeOutgoingWebhook, OutgoingWebhook.fromPartial({ id }), signal);
  }

  /**
   * Fetches the entries that an outgoing webhook did not deliver and does not try again, the oldest
   * first.
   * @throws {Refusal} `webhook-not-found` or `not-channel-admin`
   */
  async deadLetters(id: string, { signal }: Abortable = {}): Promise<readonly DeadLetter[]> {
    return (await this.#ask(calls.listDeadLetters, OutgoingWebhook.fromPartial({ id }), signal)).deadLetters;
  }

  /**
   * Deletes an outgoing webhook with its dead letters.
   * @throws {Refusal} `webhook-not-found` or `not-channel-admin`
   */
  async deleteOutgoing(id: string, { signal }: Abortable = {}): Promise<void> {
    await this.#ask(calls.deleteOutgoingWebhook, OutgoingWebhook.fromPartial({ id }), signal);
  }
}
