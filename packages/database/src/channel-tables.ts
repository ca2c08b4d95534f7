import type { Generated } from 'kysely';
import type { ChannelKind, DefaultTime, Json, MemberRole, NotifyLevel, OptionalTime, Time } from './columns.js';

export interface ChannelTable {
  id: Generated<number>;
  name: string;
  alias: string | null;
  user_limit: Generated<number>;
  owner_id: string;
  kind: Generated<ChannelKind>;
  description: Generated<string>;
  icon_id: string | null;
  keep_seconds: number | null;
  keep_count: number | null;
  open_history: Generated<boolean>;
  slow_mode_s: Generated<number>;
  pair_low: string | null;
  pair_high: string | null;
  metadata: Json;
  created_at: DefaultTime;
  updated_at: DefaultTime;
  deleted_at: OptionalTime;
}

export interface ChannelHeadTable {
  channel_id: number;
  epoch: Generated<number>;
  boot_id: string | null;
  log_id: Generated<string>;
  last_seq: Generated<number>;
  first_seq: Generated<number>;
  last_at: DefaultTime;
  roster: Generated<number>;
  stored_bytes: Generated<number>;
  stored_rows: Generated<number>;
}

/** Bytes and rows each user has stored in all channels. */
export interface UsageTable {
  user_id: string;
  bytes: number;
  rows: number;
}

export interface MemberTable {
  channel_id: number;
  user_id: string;
  role: Generated<MemberRole>;
  joined_seq: number;
  left_seq: number | null;
  delivered_seq: Generated<number>;
  read_seq: Generated<number>;
  muted_until: OptionalTime;
  banned_until: OptionalTime;
  notify: Generated<NotifyLevel>;
  joined_at: DefaultTime;
  receipt_at: OptionalTime;
  left_by_choice: Generated<boolean>;
}

/** Activity of channels anyone may find; maintained by a trigger. */
export interface ListingTable {
  channel_id: number;
  folded_name: string;
  active_at: DefaultTime;
}

export interface OfferTable {
  channel_id: number;
  user_id: string;
  role: 'owner' | 'member';
  offered_by: string;
  lapses_at: DefaultTime;
}

export interface MessageTable {
  channel_id: number;
  seq: number;
  kind: Generated<number>;
  sender_id: string;
  client_id: string;
  sent_at: Time;
  target_seq: number | null;
  content_type: Generated<string>;
  data: Buffer;
  digest: Buffer;
  mentions: Generated<string[]>;
  edited_at: OptionalTime;
  deleted_at: OptionalTime;
  pinned_at: OptionalTime;
  pinned_by: string | null;
}

export interface ReactionTable {
  channel_id: number;
  seq: number;
  user_id: string;
  emoji: string;
}

/** Maintained by a trigger. */
export interface ReactionCountTable {
  channel_id: number;
  seq: number;
  emoji: string;
  people: number;
}

/** Number of messages in a channel from `first_seq` to `counted_seq`. */
export interface KeptTable {
  channel_id: number;
  log_id: string;
  first_seq: number;
  counted_seq: number;
  messages: number;
}
