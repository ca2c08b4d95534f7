import type { Selectable } from 'kysely';
import type { ChannelTable, MemberTable, NotificationTable, ServerTable, UsersTable } from './gen/tables.js';

/** Unions of the words that a column allows. */
export type UserRole = Selectable<UsersTable>['role'];
export type UserStatus = Selectable<UsersTable>['status'];
export type Visibility = Selectable<UsersTable>['visibility'];
export type ChannelKind = Selectable<ChannelTable>['kind'];
export type MemberRole = Selectable<MemberTable>['role'];
export type ServerState = Selectable<ServerTable>['state'];
export type Notify = Selectable<MemberTable>['notify'];
export type NotificationKind = Selectable<NotificationTable>['kind'];
