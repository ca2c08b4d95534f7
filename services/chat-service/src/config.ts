import { hostname } from 'node:os';
import type { MessageRate } from '@parley/fanout';
import { limits, type Settings } from '@parley/runtime';
import { type HostConfig, readHostConfig } from '@parley/service-kit';
import type { Quota } from './core/usage.js';

export interface ChatServiceConfig {
  readonly host: HostConfig;
  readonly name: string;
  /** Address that clients dial. If undefined, the address that this process listens on. */
  readonly addr: string | undefined;
  /** True if clients dial `addr` with TLS. */
  readonly addrTls: boolean;
  /** Address that managers dial. If undefined, the address that this process listens on. */
  readonly internalAddr: string | undefined;
  readonly managers: readonly string[];
  readonly messageBytes: number;
  readonly senderRate: MessageRate;
  readonly channelRate: MessageRate;
  readonly quota: Quota;
  readonly pingEveryMs: number;
}

const megabyte = 1_048_576;

/** Scales the usual bytes per second in proportion to the messages per second. */
function rateOf(messagesPerSecond: number, usualMessages: number, usualBytes: number): MessageRate {
  return { messagesPerSecond, bytesPerSecond: (usualBytes * messagesPerSecond) / usualMessages };
}

/**
 * Reads the configuration of a chat server from the settings.
 * @throws {Error} one sentence if a setting is missing.
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
