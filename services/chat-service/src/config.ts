import { hostname } from 'node:os';
import type { MessageRate } from '@parley/fanout';
import { limits, type Settings } from '@parley/runtime';
import { type HostConfig, readHostConfig } from '@parley/service-kit';
import type { Quota } from './core/usage.js';

export interface ChatServiceConfig {
  readonly host: HostConfig;
  readonly name: string;
  /** What clients dial; undefined: where this process listens. */
  readonly addr: string | undefined;
  /** Clients dial it with TLS. */
  readonly addrTls: boolean;
  /** What managers dial; undefined: where this process listens. */
  readonly internalAddr: string | undefined;
  readonly managers: readonly string[];
  readonly messageBytes: number;
  readonly senderRate: MessageRate;
  readonly channelRate: MessageRate;
  readonly quota: Quota;
  readonly pingEveryMs: number;
}

const megabyte = 1_048_576;

/** Bytes per second in proportion to messages per second. */
function rateOf(messagesPerSecond: number, usualMessages: number, usualBytes: number): MessageRate {
  return { messagesPerSecond, bytesPerSecond: (usualBytes * messagesPerSecond) / usualMessages };
}

/**
 * What the chat server needs of the settings.
 * @throws {Error} one sentence where something is missing.
 */
export function readChatServiceConfig(settings: Settings): ChatServiceConfig {
  return {
    host: readHostConfig(settings, 'chat-service', 50_053, 'chat_server'),
    name: settings.NAME ?? hostname().slice(0, 64),
    addr: settings.ADDR,
    addrTls: settings.ADDR_TLS ?? settings.TLS_CERT !== undefined,
    internalAddr: settings.INTERNAL_ADDR,
    managers: settings.MANAGERS,
    messageBytes: settings.MESSAGE_BYTES,
    senderRate: rateOf(settings.SENDER_RATE, limits.senderMessagesPerSecond, limits.senderBytesPerSecond),
    channelRate: rateOf(settings.CHANNEL_RATE, limits.channelMessagesPerSecond, limits.channelBytesPerSecond),
    quota: {
      channel: { bytes: settings.CHANNEL_MEGABYTES * megabyte, rows: settings.CHANNEL_ROWS },
      user: { bytes: settings.USER_MEGABYTES * megabyte, rows: settings.USER_ROWS },
    },
    pingEveryMs: 25_000,
  };
}
