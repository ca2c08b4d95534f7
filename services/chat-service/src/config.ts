import { hostname } from 'node:os';
import { type HostConfig, readHostConfig } from '@parley/rpc';
import type { Settings } from '@parley/runtime';

export interface Config {
  readonly host: HostConfig;
  readonly name: string;
  /** What clients dial; undefined: where this process listens. */
  readonly addr: string | undefined;
  /** What managers dial; undefined: where this process listens. */
  readonly internalAddr: string | undefined;
  readonly managers: readonly string[];
  readonly messageBytes: number;
  readonly pingEveryMs: number;
}

/**
 * What the chat server needs of the settings.
 * @throws {Error} one sentence where something is missing.
 */
export function readConfig(settings: Settings): Config {
  return {
    host: readHostConfig(settings, 'chat-service', 50_053, 'chat_server'),
    name: settings.NAME ?? hostname().slice(0, 64),
    addr: settings.ADDR,
    internalAddr: settings.INTERNAL_ADDR,
    managers: settings.MANAGERS,
    messageBytes: settings.MESSAGE_BYTES,
    pingEveryMs: 25_000,
  };
}
