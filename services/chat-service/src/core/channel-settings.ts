import type { ChannelSettingValues } from '@parley/contract';
import type { MessageRate, RingMemory } from '@parley/fanout';
import type { DedupeMemory } from './dedupe-cache.js';

/** Settings of a channel that may change while one server owns it. */
export interface ChannelSettings extends ChannelSettingValues {
  readonly ownerId: string;
  /** Grows with every change of members and settings. */
  readonly revision: number;
}

/** Facts about a channel that do not change while one server owns it. */
export interface ChannelFacts {
  readonly id: number;
  readonly kind: 'room' | 'direct' | 'group' | 'public' | 'private';
  readonly epoch: number;
  /** Id of the log. Without history, each load of the channel makes a new one. */
  readonly log: string;
  /**
   * Whether the channel has history. If not, messages are relayed and numbered from 1 in memory.
   */
  readonly hasHistory: boolean;
  /** The last seq that was given before this server loaded the channel. */
  readonly lastSeq: number;
}

/** A channel as read from the database when this server loads it. */
export interface LoadedChannel {
  readonly facts: ChannelFacts;
  readonly settings: ChannelSettings;
}

/** Limits of a live channel in memory, and its rates. */
export interface ChannelBounds {
  readonly ringBytes: number;
  readonly lossyRingBytes: number;
  readonly writeBytes: number;
  readonly rate: MessageRate;
  readonly senderRate: MessageRate;
  /** Memory for client ids, which all channels share. */
  readonly memory: DedupeMemory;
  /** Memory for rings, which all channels share. */
  readonly ringMemory?: RingMemory;
}
