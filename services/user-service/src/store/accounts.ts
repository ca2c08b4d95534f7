import {
  bool,
  db,
  int4,
  int8,
  isDuplicate,
  loadSql,
  nullable,
  type Queryable,
  type RowOf,
  text,
  type UserRole,
  type UserStatus,
  type Visibility,
} from '@parley/database';
import { type Reason, refuse } from '@parley/runtime';
import { profileColumns } from '@parley/service-kit';

const accounts = loadSql('accounts.sql', import.meta.url);

export const findAccount = accounts.statement(
  'findAccount',
  { userId: text, address: text },
  { id: text, passwordHash: text, status: text.as<UserStatus>(), isFamiliar: bool },
);
export const readProfile = accounts.statement(
  'readProfile',
  { readerId: text, readerRole: text.as<UserRole>(), userId: nullable(text), number: nullable(int4) },
  {
    id: text,
    number: int4,
    name: text,
    role: text.as<UserRole>(),
    status: text.as<UserStatus>(),
    ...profileColumns,
    /** Email address; null if there is none or the reader may not see it. */
    email: nullable(text),
    emailVerified: bool,
    /** Visibility of the profile; null unless the reader is the user. */
    visibility: nullable(text.as<Visibility>()),
    privateReads: bool,
    /** Time of creation in Unix ms; null if the reader may not see it. */
    createdMs: nullable(int8),
    /** Whether the reader has blocked the user. */
    blocked: bool,
  },
);
export const updateAccount = accounts.statement(
  'updateAccount',
  {
    userId: text,
    name: nullable(text),
    about: nullable(text),
    visibility: nullable(text.as<Visibility>()),
    privateReads: nullable(bool),
    email: nullable(text),
    avatarId: nullable(text),
    newHash: nullable(text),
    verifiedHash: nullable(text),
  },
  { id: text },
);

export const resetPassword = accounts.statement(
  'resetPassword',
  { actorId: text, userId: text, hash: text },
  { outcome: text.as<Reason | 'done'>() },
);

/** Finds the distinct hash schemes and costs of all accounts: the first characters of the hashes. */
export const findHashPrefixes = accounts.statement('findHashPrefixes', {}, { prefix: text });

/** A user as the reader may see them. */
export type Profile = RowOf<typeof readProfile>;

/** Account data that Login reads. */
export type LoginAccount = RowOf<typeof findAccount>;

/** Returns a user's own profile. */
export async function ownProfile(client: Queryable, userId: string): Promise<Profile> {
  const own = { readerId: userId, readerRole: 'user', userId, number: null } as const;
  const [profile] = await readProfile.run(client, own);
  if (profile === undefined) throw refuse('logged-out');
  return profile;
}

/** Data of a new account. */
export interface NewAccount {
  readonly id: string;
  readonly name: string;
  readonly passwordHash: string;
  readonly email: string | null;
}

/**
 * Creates an account.
 * @throws {Refusal} `user-id-taken`
 */
export async function createAccount(client: Queryable, account: NewAccount): Promise<void> {
  try {
    await db(client).insertInto('users').values(account).execute();
  } catch (error) {
    throw isDuplicate(error) ? refuse('user-id-taken') : error;
  }
}

/** The password of an account. */
export interface StoredPassword {
  readonly passwordHash: string;
  readonly passwordState: 'own' | 'one-time' | 'used';
}

/** Returns the password of a user, or undefined if there is no such user. */
export function passwordOf(client: Queryable, userId: string): Promise<StoredPassword | undefined> {
  const columns = ['passwordHash', 'passwordState'] as const;
  return db(client).selectFrom('users').select(columns).where('id', '=', userId).executeTakeFirst();
}

/** Replaces the hash of a password, unless the password has changed meanwhile. */
export async function rehash(client: Queryable, userId: string, oldHash: string, newHash: string): Promise<void> {
  await db(client)
    .updateTable('users')
    .set({ passwordHash: newHash })
    .where('id', '=', userId)
    .where('passwordHash', '=', oldHash)
    .execute();
}

/** Returns whether a file is complete and belongs to the user. */
export async function ownsFile(client: Queryable, userId: string, fileId: string): Promise<boolean> {
  const file = await db(client)
    .selectFrom('file')
    .select('id')
    .where('id', '=', fileId)
    .where('ownerId', '=', userId)
    .where('complete', '=', true)
    .executeTakeFirst();
  return file !== undefined;
}
