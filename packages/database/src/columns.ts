import type { ColumnType, JSONColumnType } from 'kysely';

export type UserRole = 'user' | 'admin' | 'guest';
export type UserStatus = 'active' | 'suspended' | 'deleted';
export type Visibility = 'everyone' | 'users' | 'contacts' | 'nobody';
export type ChannelKind = 'room' | 'direct' | 'group' | 'public' | 'private';
export type MemberRole = 'admin' | 'member';
export type NotifyLevel = 'all' | 'mentions' | 'none';
export type ServerState = 'serving' | 'draining' | 'stopped';
export type KeyPurpose = 'user' | 'join' | 'manager' | 'chat' | 'gateway';
export type EventKind =
  | 'chat_created'
  | 'chat_changed'
  | 'chat_deleted'
  | 'member_added'
  | 'member_changed'
  | 'member_removed';

export type Json = JSONColumnType<Record<string, unknown>, string | undefined, string>;

/** A time with a database default; `infinity` is read as the last possible Date. */
export type DefaultTime = ColumnType<Date, Date | string | undefined, Date | string>;
export type Time = ColumnType<Date, Date | string, Date | string>;
export type OptionalTime = ColumnType<Date | null, Date | string | null | undefined, Date | string | null>;
