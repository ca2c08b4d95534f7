import type { ColumnType, Generated, GeneratedAlways, JSONColumnType } from 'kysely';
import type {
  ChannelHeadTable,
  ChannelTable,
  KeptTable,
  ListingTable,
  MemberTable,
  MessageTable,
  OfferTable,
  ReactionCountTable,
  ReactionTable,
  UsageTable,
} from './channel-tables.js';
import type {
  DefaultTime,
  EventKind,
  Json,
  KeyPurpose,
  OptionalTime,
  ServerState,
  Time,
  UserRole,
  UserStatus,
  Visibility,
} from './columns.js';

export type * from './channel-tables.js';
export type * from './columns.js';

export interface UserTable {
  id: string;
  name: string;
  password_hash: string;
  number: GeneratedAlways<number>;
  email: string | null;
  role: Generated<UserRole>;
  status: Generated<UserStatus>;
  about: Generated<string>;
  avatar_id: string | null;
  visibility: Generated<Visibility>;
  metadata: Json;
  created_at: DefaultTime;
  last_seen_at: OptionalTime;
}

export interface SessionTable {
  id: Generated<string>;
  user_id: string;
  device: Generated<string>;
  address: Generated<string>;
  created_at: DefaultTime;
  expires_at: Time;
  revoked_at: OptionalTime;
}

export interface SigningKeyTable {
  kid: string;
  purpose: KeyPurpose;
  owner: string;
  public_jwk: JSONColumnType<Record<string, unknown>, string, never>;
  created_at: GeneratedAlways<Date>;
  expires_at: Time;
  /** Identifies the secret of this owner's keys; maintained by a trigger, like the next two. */
  chain: GeneratedAlways<string>;
  nth: GeneratedAlways<number>;
  secret_hash: GeneratedAlways<Buffer | null>;
  /** The owner's secret; only its hash is stored. */
  proof: ColumnType<null, Buffer | undefined, never>;
}

export interface ServerTable {
  boot_id: string;
  name: string;
  addr: string;
  internal_addr: string;
  tls: Generated<boolean>;
  state: Generated<ServerState>;
  load: Generated<number>;
  seats: Generated<number>;
  metric: Json;
  started_at: DefaultTime;
  lease_until: Time;
  reported_at: DefaultTime;
  /** Maintained by a trigger. */
  lease_since: DefaultTime;
  /** Chain of the keys of the process that registered it. */
  chain: string | null;
}

export interface SeatTable {
  id: string;
  user_id: string;
  channel_id: number;
  boot_id: string;
  epoch: number;
  session_id: string | null;
  exclusive: boolean;
  live: Generated<boolean>;
  join_by: Time;
  created_at: DefaultTime;
}

export interface TicketTable {
  id_hash: Buffer;
  session_id: string;
  expires_at: Time;
}

export interface RateTable {
  key: string;
  tat: Time;
}

export interface InviteTable {
  id: string;
  channel_id: number;
  created_by: string;
  use_count: Generated<number>;
  max_uses: number | null;
  expires_at: OptionalTime;
  revoked_at: OptionalTime;
  created_at: DefaultTime;
}

export interface FileTable {
  id: Generated<string>;
  owner_id: string;
  name: string;
  content_type: string;
  size: number;
  sha256: Buffer;
  complete: Generated<boolean>;
  created_at: DefaultTime;
}

export interface FileChunkTable {
  file_id: string;
  n: number;
  data: Buffer;
}

export interface MessageFileTable {
  channel_id: number;
  seq: number;
  file_id: string;
}

export interface EventTable {
  id: GeneratedAlways<number>;
  at: GeneratedAlways<Date>;
  kind: EventKind;
  channel_id: number | null;
  user_ids: Generated<string[]>;
  body: Json;
}

export interface NotificationTable {
  id: GeneratedAlways<number>;
  user_id: string;
  kind: string;
  channel_id: number | null;
  seq: number | null;
  created_at: DefaultTime;
  read_at: OptionalTime;
}

export interface AuditTable {
  id: GeneratedAlways<number>;
  at: DefaultTime;
  actor: string;
  action: string;
  target: string;
  detail: Json;
}

/** A row that is only a lock, named for its purpose. */
export interface TurnTable {
  name: string;
}

/** Applied migrations; read only. */
export interface MigrationTable {
  name: GeneratedAlways<string>;
  timestamp: GeneratedAlways<string>;
}

/**
 * All tables of the schema `chat`, for Kysely. int8 columns are numbers on a pool of `createPool`.
 */
export interface Database {
  'chat.users': UserTable;
  'chat.session': SessionTable;
  'chat.signing_key': SigningKeyTable;
  'chat.server': ServerTable;
  'chat.channel': ChannelTable;
  'chat.channel_head': ChannelHeadTable;
  'chat.member': MemberTable;
  'chat.listing': ListingTable;
  'chat.offer': OfferTable;
  'chat.message': MessageTable;
  'chat.reaction': ReactionTable;
  'chat.reaction_count': ReactionCountTable;
  'chat.kept': KeptTable;
  'chat.usage': UsageTable;
  'chat.seat': SeatTable;
  'chat.ticket': TicketTable;
  'chat.rate': RateTable;
  'chat.invite': InviteTable;
  'chat.file': FileTable;
  'chat.file_chunk': FileChunkTable;
  'chat.message_file': MessageFileTable;
  'chat.event': EventTable;
  'chat.notification': NotificationTable;
  'chat.audit': AuditTable;
  'chat.turn': TurnTable;
  'chat.upkeep_turn': TurnTable;
  'chat.migration': MigrationTable;
}
