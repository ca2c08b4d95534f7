import {
  isDuplicate,
  type Queryable,
  statements,
  type UserRole,
  type UserStatus,
  type Visibility,
} from '@parley/database';
import { refuse } from '@parley/runtime';

const sql = statements(import.meta.url);

/** A user as the caller may see them. */
export interface ProfileRow {
  readonly id: string;
  readonly number: number;
  readonly name: string;
  readonly role: UserRole;
  readonly status: UserStatus;
  readonly about: string;
  readonly avatar_id: string | null;
  readonly last_seen_at: Date | null;
  /** Null if there is none or the caller may not see it. */
  readonly email: string | null;
  readonly online: boolean;
}

/** Account data that Login reads. */
export interface UserAccountRow {
  readonly id: string;
  readonly password_hash: string;
  readonly status: UserStatus;
  /** The account has a session from the caller's address. */
  readonly familiar: boolean;
}

type Registration = [id: string, name: string, hash: string, email: string | null];
type Change = [
  id: string,
  name: string | null,
  about: string | null,
  visibility: Visibility | null,
  email: string | null,
  avatarId: string | null,
  newHash: string | null,
  verifiedHash: string | null,
];

const insert = sql<never, Registration>('register');
const update = sql<ProfileRow, Change>('update-user');

export const findAccount = sql<UserAccountRow, [userId: string, address: string]>('find-account');
export const hashPrefixes = sql<{ prefix: string }>('hash-prefixes');
export const hashOf = sql<{ password_hash: string }, [id: string]>('hash-of');
export const rehash = sql<never, [id: string, old: string, fresh: string]>('rehash');
export const ownsFile = sql<object, [id: string, fileId: string]>('owns-file');
export const profile = sql<
  ProfileRow,
  [viewer: string, viewerRole: UserRole, id: string | null, number: number | null]
>('profile');

function asTaken(error: unknown): unknown {
  return isDuplicate(error) ? refuse('user-id-taken') : error;
}

/**
 * Creates an account.
 * @throws {Refusal} `user-id-taken`
 */
export async function register(pool: Queryable, ...registration: Registration): Promise<void> {
  await insert.run(pool, registration).catch((error: unknown) => {
    throw asTaken(error);
  });
}

/**
 * Changes an account; null leaves a field unchanged. Returns undefined if the password has changed
 * meanwhile.
 */
export async function updateUser(client: Queryable, ...change: Change): Promise<ProfileRow | undefined> {
  const [row] = await update.run(client, change);
  return row;
}
