import { MemberRole, type User, UserRole, UserStatus, Visibility } from '@parley/contract';
import * as z from 'zod';
import { textOrNull, timeField, timeOf } from './fields.js';
import { enumWords } from './words.js';

export const memberRoleWords = enumWords(MemberRole);
export const visibilityWords = enumWords(Visibility);
export const userRoleWords = enumWords(UserRole);
export const userStateWords = enumWords(UserStatus);

/** The part of a user that the caller may see. */
export const userShape = z
  .strictObject({
    id: z.string(),
    number: z.int(),
    name: z.string(),
    role: userRoleWords.schema.nullable(),
    status: userStateWords.schema.nullable(),
    about: z.string(),
    avatar_id: z.string().nullable(),
    bot: z.boolean(),
    online: z.boolean(),
    last_seen: timeField.nullable(),
    blocked: z.boolean().meta({ description: 'the caller has blocked this user' }),
  })
  .meta({ id: 'User' });

/** The caller. */
export const ownProfileShape = userShape
  .extend({
    email: z.string().nullable(),
    email_verified: z.boolean(),
    visibility: visibilityWords.schema.nullable(),
    private_reads: z.boolean(),
    created_at: timeField.nullable(),
  })
  .meta({ id: 'OwnProfile' });

/** A user in the list of members of a channel. */
export const memberShape = userShape
  .extend({
    member_role: memberRoleWords.schema.nullable().meta({ description: 'null: not a member any more' }),
    offered: memberRoleWords.schema.nullable().meta({ description: 'role offered and not accepted yet' }),
    joined_at: timeField.nullable(),
  })
  .meta({ id: 'Member' });

export function userJson(user: User): z.infer<typeof userShape> {
  return {
    id: user.id,
    number: user.number,
    name: user.name,
    role: userRoleWords.wordOf(user.role) ?? null,
    status: userStateWords.wordOf(user.status) ?? null,
    about: user.about,
    avatar_id: textOrNull(user.avatarId),
    bot: user.bot,
    online: user.online,
    last_seen: timeOf(user.lastSeen),
    blocked: user.blocked,
  };
}

export function ownProfileJson(user: User): z.infer<typeof ownProfileShape> {
  return {
    ...userJson(user),
    email: textOrNull(user.email),
    email_verified: user.emailVerified,
    visibility: visibilityWords.wordOf(user.visibility) ?? null,
    private_reads: user.privateReads,
    created_at: timeOf(user.createdAt),
  };
}

export function memberJson(user: User): z.infer<typeof memberShape> {
  return {
    ...userJson(user),
    member_role: memberRoleWords.wordOf(user.memberRole) ?? null,
    offered: memberRoleWords.wordOf(user.offered) ?? null,
    joined_at: timeOf(user.joinedAt),
  };
}
